"""What every reward method is held to: one list of checks, run by the test suite and by `urlvr-bench check methods`."""

import copy
import dataclasses
import inspect
import json
import math
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.needs import SIGNALS, SOURCES, TOKEN_SIGNALS
from urlvr_bench.review import card, rehearsal, stage
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.firewall import Guarded, checked_note, number, shown

Check = Callable[[Method], Iterator[str]]
EXTREMES = {int: (0, 1, -1, 10**6), float: (0.0, 1.0, -1.0, 1e9, 1e-200, math.nan, math.inf)}
"""Tried as hyper-parameters, by the type of their default."""
LONG = 1000
"""Further rollouts from which on a rehearsal is no error, only long."""


def pays_one_finite_reward_per_rollout(method: Method) -> Iterator[str]:
    """One finite number per rollout, of every kind of group."""
    for name, group in rehearsal.groups(method):
        rewards = method.reward(group)
        if len(rewards) != len(group):
            yield f"{name}: {len(rewards)} rewards for {len(group)} rollouts"
        for i, reward in enumerate(rewards):
            if number(reward) is None:
                yield f"{name}, rollout {i}: {shown(reward)} is not a finite number"


def weighs_every_token(method: Method) -> Iterator[str]:
    """Turns for single tokens return one finite number per token of each rollout."""
    turns = method.token_turns()
    for name, group in rehearsal.groups(method) if turns else ():
        lengths = next((list(map(len, values)) for values in _per_token(group)), group.token_counts)
        for turn in turns:
            rows = getattr(method, turn)(group)
            if lengths is None:
                yield f"{turn}: no signal in needs says how many tokens a rollout has; declare token_counts"
            elif list(map(len, rows)) != lengths:
                yield f"{name}: {turn} returns {list(map(len, rows))} values for {lengths} tokens"
            if any(number(value) is None for row in rows for value in row):
                yield f"{name}: {turn} returns what is not a finite number"


def _per_token(group: Group) -> Iterator[list[list[float]]]:
    yield from (values for name in TOKEN_SIGNALS if (values := getattr(group, name)) is not None)


def notes_what_comes_back(method: Method) -> Iterator[str]:
    """What a method with a memory notes is JSON, the same in every order of the rollouts that pays the same."""
    kinds = {"prompt_notes", "run_notes"} & set(method.needs)
    if bool(kinds) != bool(method.memory()):
        yield f"memory is {method.memory()}, but needs has {', '.join(sorted(kinds)) or 'no notes'}"
    for _, group in rehearsal.groups(method) if method.memory() else ():
        checked_note(type(method).__name__, group, method.note(group))


def does_not_depend_on_the_order(method: Method) -> Iterator[str]:
    """Rollouts in another order earn the same rewards in that order."""
    rng = random.Random(0)
    for name, group in rehearsal.groups(method):
        straight = rehearsal.said(method, group)
        for order in ([*range(len(group))][::-1], rng.sample(range(len(group)), len(group))):
            moved = rehearsal.said(method, rehearsal.reorder(method, group, order))
            same = [zip(row, straight[i], strict=True) for row, i in zip(moved, order, strict=True)]
            if not all(math.isclose(a, b, abs_tol=1e-9) for row in same for a, b in row):
                yield f"{name}: pays {_flat(straight)}, but {_flat(moved)} to the same rollouts in the order {order}"
                break


def _flat(rows: Sequence[Sequence[float]]) -> list[Any]:
    """Return what was said of each rollout: its reward, if there is nothing else."""
    return [row[0] if len(row) == 1 else row for row in rows]


def sees_only_what_it_declares(method: Method) -> Iterator[str]:
    """Signals that are not declared, poisoned, do not move one bit of a reward."""
    for name, group in rehearsal.groups(method):
        poisoned = rehearsal.poison(method, group, [signal for signal in SIGNALS if signal not in method.needs])
        if rehearsal.said(method, poisoned) != rehearsal.said(method, group):
            yield f"{name}: rewards change with signals that are not in needs"


def declares_exactly_what_it_reads(method: Method) -> Iterator[str]:
    """Every declared signal is read, and none beside them."""
    read: set[str] = set()
    for name, group in rehearsal.groups(method):
        guarded = Guarded(group, method)
        try:
            rehearsal.act(method, guarded)
        except UsageError as error:
            yield f"{name}: {error}"
            return
        read |= guarded.read
    idle = [signal for signal in method.needs if signal not in read]
    if idle:
        yield f"declares {', '.join(idle)} but never reads it"


def refuses_a_group_that_lacks_a_signal(method: Method) -> Iterator[str]:
    """A declared signal that is missing is an error that names it, never an empty result."""
    group = dict(rehearsal.groups(method))["majority"]
    for signal in method.needs:
        if signal not in SOURCES or (signal.startswith("extra_") and not method.extras()):
            continue
        try:
            missing: dict[str, Any] = {signal: None}
            paid = method.reward(dataclasses.replace(group, **missing))
        except UsageError as error:
            if signal not in str(error):
                yield f"without {signal} it says: {error}"
        else:
            yield f"without {signal} it pays {paid}"


def is_pure(method: Method) -> Iterator[str]:
    """The same group earns the same again, and is left as it was."""
    for name, group in rehearsal.groups(method):
        before = copy.deepcopy(group)
        first, second = rehearsal.said(method, group), rehearsal.said(method, group)
        if first != second:
            yield f"{name}: pays {_flat(first)}, then {_flat(second)}"
        if group != before:
            yield f"{name}: reward changes the group that it is given"


def pays_0_or_1_if_binary(method: Method) -> Iterator[str]:
    """A method that calls itself binary pays nothing but 0 and 1."""
    for name, group in rehearsal.groups(method) if method.binary else ():
        strange = set(method.reward(group)) - {0, 1}
        if strange:
            yield f"{name}: binary, but pays {sorted(strange)}"


def survives_a_record(method: Method) -> Iterator[str]:
    """Hyper-parameters have defaults and come back from JSON and from another process."""
    params = json.loads(json.dumps(dataclasses.asdict(method)))
    if TypeAdapter(type(method)).validate_python(params) != method:
        yield f"hyper-parameters {params} do not come back from JSON"
    if pickle.loads(pickle.dumps(method)) != method:  # noqa: S301 (our own bytes)
        yield "does not survive pickling"


def pays_whatever_its_hyper_parameters_are(method: Method) -> Iterator[str]:
    """A number as hyper-parameter is refused, or every kind of group is paid by it."""
    kind = TypeAdapter(type(method))
    for field, default, _ in methods.hyper_parameters(type(method)):
        for value in EXTREMES.get(type(default), ()):
            try:
                changed = kind.validate_python(dataclasses.asdict(method) | {field: value})
            except ValidationError:
                continue
            if sum(extra.count for extra in changed.extras()) > LONG:
                continue
            yield from (f"{field}={value}: {said}" for said in pays_one_finite_reward_per_rollout(changed))


def earns_the_same_in_its_booth(method: Method) -> Iterator[str]:
    """In a process of its own, closed to labels, files, frames and all else, it earns the same, whatever the golds."""
    booth = _booth(method)
    if booth is None:
        return
    with booth:
        kinds = dict(rehearsal.groups(method))
        for (name, group), paid in zip(kinds.items(), booth.reward(list(kinds.values())), strict=True):
            if paid != (here := method.reward(group)):
                yield f"{name}: pays {here} here, {paid} there"
        stage.perform(booth)


def _booth(method: Method) -> Booth | None:
    """Return the booth of a method, None for a class that has no file of its own, as tests make them."""
    module = inspect.getmodule(type(method))
    package, _, name = module.__name__.rpartition(".") if module else ("", "", "")
    draft = name.removeprefix("methods_draft_")
    if module is None or not module.__file__ or (package != methods.__name__ and draft == name):
        return None
    return Booth(draft, dataclasses.asdict(method), None if draft == name else Path(module.__file__))


CHECKS: tuple[Check, ...] = (
    pays_one_finite_reward_per_rollout,
    weighs_every_token,
    notes_what_comes_back,
    does_not_depend_on_the_order,
    sees_only_what_it_declares,
    declares_exactly_what_it_reads,
    refuses_a_group_that_lacks_a_signal,
    is_pure,
    pays_0_or_1_if_binary,
    survives_a_record,
    earns_the_same_in_its_booth,
    pays_whatever_its_hyper_parameters_are,
    card.shows_an_example_that_holds,
    card.fills_its_card,
    card.describes_its_hyper_parameters,
    card.has_other_names_of_its_own,
)


def results(method: Method) -> dict[Check, list[str]]:
    """Return what a method breaks, check by check; an exception inside it is a finding."""
    found: dict[Check, list[str]] = {}
    for check in CHECKS:
        try:
            found[check] = list(check(method))
        except (Exception, SystemExit) as error:  # whatever a contributor's code raises is a finding
            found[check] = [f"{type(error).__name__}: {error}"]
    return found


def failures(method: Method) -> list[str]:
    """Return everything that a method breaks, one line each."""
    return [f"{check.__name__}: {problem}" for check, problems in results(method).items() for problem in problems]
