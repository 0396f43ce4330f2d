"""Examine one reward method as a reviewer would, and write what was found as Markdown for a pull request."""

import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import write_atomically
from urlvr_bench.review import contract, form, rehearsal
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.training.firewall import number, shown

LONG = 100_000
"""Tokens of a long completion."""
MOST_SHOWN = 3
"""Findings of one check that are listed."""


@dataclass(frozen=True)
class Examination:
    """What was found out about a method."""

    name: str
    method: Method
    findings: Mapping[Callable[..., Iterator[str]], Sequence[str]]
    paid: Mapping[str, tuple[Sequence[str | None], Sequence[float] | str]]
    """Per kind of group, its answers and its rewards, or the exception raised instead."""
    milliseconds: Mapping[str, float]
    """Per length of completions, the cost of 1,000 rollouts."""

    @property
    def keeps_contract(self) -> bool:
        """Whether the method keeps the whole contract."""
        return not any(self.findings[check] for check in contract.CHECKS)

    @property
    def sound(self) -> bool:
        """Whether the method keeps the whole contract, and its file the form."""
        return not any(self.findings.values())


def find(target: str) -> tuple[Path, Method]:
    """Return the file and the instance of a method given by name, alias, specification or path of its file."""
    if target.endswith(".py") or "/" in target:
        path = Path(target)
        return path, methods.load_file(path)()
    name, method = methods.build(target)
    return methods.FOLDER / f"{name}.py", method


def examine(target: str, further: Sequence[form.Check] = ()) -> Examination:
    """Run the contract on a method and look at its file, see what it pays to every kind of group, and take its time."""
    path, method = find(target)
    paid: dict[str, tuple[Sequence[str | None], Sequence[float] | str]] = {}
    cost: dict[str, float] = {}
    try:
        kinds = dict(rehearsal.groups(method))
        for kind, group in kinds.items():
            paid[kind] = (group.answers, _pay(method, group))
        for tokens, size in ((100, 8), (LONG, 2)):
            answers = ["7", "3", "7", None, "12", "3", "7", "0"][:size]
            group = rehearsal.group(method, answers, seed=0, tokens=tokens)
            label = f"{tokens:,} tokens"
            started = time.process_time()
            paid[f"completions of {label}"] = (group.answers, _pay(method, group))
            cost[label] = (time.process_time() - started) / size * 1e6
    except (Exception, SystemExit) as error:  # a turn before the reward may fail as well
        paid["any"] = ([], f"{type(error).__name__}: {error}")
    findings: dict[Callable[..., Iterator[str]], Sequence[str]] = {}
    findings.update(contract.results(method))
    findings.update(form.results(path, method, further))
    return Examination(path.stem, method, findings, paid, cost)


def _pay(method: Method, group: Group) -> Sequence[float] | str:
    try:
        return list(method.reward(group))
    except (Exception, SystemExit) as error:  # whatever a contributor's code raises is shown
        return f"{type(error).__name__}: {error}"


def markdown(found: Examination, training: str = "") -> str:
    """Return the examination as a block to paste into a pull request; `training` is added as it is."""
    method = found.method
    verdict = "keeps the contract" if found.keeps_contract else "**breaks the contract**"
    verdict += "" if found.sound or not found.keeps_contract else ", **but its file is not ready**"
    lines = [
        f"### `{found.name}` {verdict}",
        "",
        f"Family {method.family}. Signals: {', '.join(method.needs) or 'none'}. "
        f"Labels: {'**used**' if method.uses_labels() else 'none'}. Paper: {method.paper}",
        "",
        "Cost of 1,000 rollouts: "
        + ", ".join(f"{cost:.3g} ms with {length}" for length, cost in found.milliseconds.items()),
        "",
        "| | contract |",
        "|---|---|",
    ]
    for check, problems in found.findings.items():
        listed = "; ".join(map(_cell, problems[:MOST_SHOWN]))
        more = f" (and {len(problems) - MOST_SHOWN} more)" if len(problems) > MOST_SHOWN else ""
        what = (check.__doc__ or "").rstrip(".")
        lines.append(f"| {'no' if problems else 'yes'} | {what}{': ' + listed + more if problems else ''} |")
    lines += ["", "| group | answers | pays |", "|---|---|---|"]
    for kind, (answers, rewards) in found.paid.items():
        given = " ".join("-" if answer is None else answer for answer in answers)
        amounts = rewards if isinstance(rewards, str) else " ".join(map(_amount, rewards))
        lines.append(f"| {kind} | {given} | {_cell(amounts)} |")
    return "\n".join([*lines, *(["", training] if training else []), ""])


def _amount(reward: object) -> str:
    """Return a reward with three digits, and what is no finite number as it is."""
    found = number(reward)
    return shown(reward) if found is None else f"{found:.3g}"


def _cell(text: str) -> str:
    """Return text that stays in its cell of a Markdown table."""
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= 300 else f"{line[:299]}…"


TEMPLATE = '''
    """{title}: say in half a sentence what a rollout earns."""

    from dataclasses import dataclass

    from urlvr_bench import Group, Method


    @dataclass(frozen=True)
    class {cls}(Method):
        """Say in one sentence what is rewarded (name of the method, arXiv 2501.00000).

        >>> group = Group("3+4?", ["3+4=7", "hm"], ["7", None])
        >>> {cls}().reward(group)
        [1.0, 0.0]
        """

        family = "baseline"  # or intrinsic/certainty, intrinsic/ensemble, external/verification, ...
        paper = "https://arxiv.org/abs/2501.00000"
        needs = ()  # the signals that `reward` reads, such as ("token_entropies",); see urlvr_bench/needs.py
        formula = "bonus * 1[a_i is there]"
        differs = "Say where this differs from the published code, and why."

        bonus: float = 1.0
        """Say what this hyper-parameter does."""

        def reward(self, group: Group) -> list[float]:
            return [self.bonus * (answer is not None) for answer in group.answers]
'''


def new_method(name: str, folder: Path = methods.FOLDER) -> Path:
    """Write the template of a method, which keeps the contract as it stands, and return its path."""
    if not methods.NAME.fullmatch(name) or iskeyword(name):
        raise UsageError(
            f"method name {name!r} must be lower-case letters, digits and _, and no word of Python, such as my_method"
        )
    path = folder / f"{name}.py"
    if path.exists():
        raise UsageError(f"{path.name} is there already; choose another name or edit it")
    text = textwrap.dedent(TEMPLATE).strip() + "\n"
    title = name.replace("_", " ").capitalize()
    write_atomically(path, text.replace("{cls}", form.class_name(name)).replace("{title}", title))
    return path
