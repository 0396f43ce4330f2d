"""Examine tasks as a reviewer would: what their YAML says, whether their splits meet, and what they call right."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from itertools import combinations

from urlvr_bench import protocol, task_config, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import data, remote

COMMIT = re.compile(r"[0-9a-f]{40}")
SCORED = 64
"""Problems of a split that are scored where each completion starts a program; of other tasks, all are."""

EXACTLY, LOOSELY = "", " but for blanks, case and signs"

Say = Callable[[str], None]
Problems = dict[str, list[tasks.Doc]]
"""The problems of a task by split."""


def check_tasks(names: Sequence[str] = (), say: Say = lambda _: None) -> list[str]:
    """Return everything that is wrong with tasks (all without names), one line each; `say` hears what was looked at.

    A task is checked in all its prompt styles. Without names, the protocols are checked too: what they train on must
    not meet what they judge on.
    """
    failures = []
    known: dict[str, Problems] = {}
    for name in dict.fromkeys(name.partition(task_config.AT)[0] for name in names or tasks.names()):
        try:
            task = tasks.load(name)
            known[name], unread = problems_of(task, say)
            found = [*unread, *check_task(task, known[name])]
        except UsageError as error:
            found = [str(error)]
        failures += [line if line.startswith(name) else f"{name}: {line}" for line in found]
    for spec in [] if names else map(protocol.load, protocol.names()):
        failures += [f"protocol {spec.exact}: {line}" for line in check_protocol(spec, known)]
    return failures


def problems_of(task: tasks.Task, say: Say) -> tuple[Problems, list[str]]:
    """Return a task's problems by split, and what is wrong with them; where they cannot be had, its sample rows."""
    samples: Problems = {split: task.sample(split) for split in task.splits} if task.revisions else {}
    try:
        problems: Problems = {split: task.docs(split) for split in task.splits}
    except UsageError as error:
        if not task.revisions or remote.has_local_copy(task.name):
            return samples, [str(error)]
        reason = str(error).removeprefix(f"{task.name}: ")
        say(f"{task.name}: only the sample rows of its YAML were looked at, the data cannot be had: {reason}")
        return samples, []
    say(f"{task.name}: {', '.join(f'{len(docs):,} {split}' for split, docs in problems.items())} problems")
    return problems, []


def check_task(task: tasks.Task, problems: Problems) -> list[str]:
    """Return what is wrong with one task and these problems of it."""
    failures = [*_described(task), *_changed(task, problems), *_unreadable(task, problems), *_meeting(task, problems)]
    return failures + [line for styled in (task, *_other_styles(task)) for line in _misjudged(styled, problems)]


def _other_styles(task: tasks.Task) -> list[tasks.Task]:
    return [tasks.load(f"{task.name}{task_config.AT}{style}") for style in tasks.prompt_styles(task.name)[1:]]


def check_protocol(spec: protocol.Protocol, known: dict[str, Problems]) -> list[str]:
    """Return which problems a protocol both trains on and judges on, exactly or loosely."""
    failures = []
    trained = known.get(spec.task, {}).get(spec.training.split, [])
    for name in (spec.task, *spec.evaluation.ood):
        base = name.partition(task_config.AT)[0]
        if not tasks.exists(name):
            failures.append(f"its task {name} is unknown")
        elif base == spec.task and spec.training.split == "test":
            continue  # test-time training says so
        else:
            same = data.sameness(None if {_form(spec.task), _form(base)} & data.SYMBOLIC else _form(base))
            judged = known.get(base, {}).get("test", [])
            for kind, key in ((EXACTLY, _text), (LOOSELY, same)):
                if shared := _shared(trained, judged, key):
                    failures.append(f"{spec.task} trains on {len(shared)} problems of {name}{kind}")
    return failures


def _form(name: str) -> str | None:
    form: str | None = tasks.load(name).config["dataset_kwargs"].get("form")
    return form


def fingerprint(task: tasks.Task, problems: Problems) -> str:
    """Return 16 hex digits that change with any prompt or gold answer of a generated task or of the sample rows."""
    rows = problems if not task.revisions else {split: task.sample(split) for split in task.splits}
    shown = [[split, doc["id"], task.prompt(doc), doc["gold"]] for split, docs in rows.items() for doc in docs]
    shown += [[other.name, other.prompt(other.sample("test")[0])] for other in _other_styles(task)]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def _changed(task: tasks.Task, problems: Problems) -> list[str]:
    """Return whether the prompts are others than those that the task's version stands for."""
    now, then = fingerprint(task, problems), task.config["metadata"].get("prompts")
    if now == then:
        return []
    what = "its metadata names no hash of its prompts" if then is None else "its prompts have changed"
    return [f"{what}: raise metadata.version where records exist, and write metadata.prompts: {now}"]


def _described(task: tasks.Task) -> list[str]:
    """Return what the YAML leaves open."""
    failures = [
        f"{name} is not pinned to a commit" for name, sha in task.revisions.items() if not COMMIT.fullmatch(sha)
    ]
    if task.revisions and task.source not in task.revisions:
        failures.append(f"its source {task.source} is none of the datasets that it reads")
    if "test" not in task.splits:
        failures.append("it has no test split")
    return failures


def _unreadable(task: tasks.Task, problems: Problems) -> list[str]:
    """Return how lm-eval's own loader disagrees; it leaves out a broken YAML in silence."""
    from lm_eval.tasks import TaskManager

    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it explains an option that nobody asked about
    manager = TaskManager(include_path=str(tasks.FOLDER), include_defaults=False)
    if task.name not in manager.all_tasks:
        return ["lm-eval does not list it"]
    config = manager.load([{**task.config, "custom_dataset": lambda **_: _datasets(problems)}])["tasks"][task.name]
    read = list(config.test_docs())
    shown = [config.doc_to_text(doc) for doc in read]
    return [] if shown == [task.prompt(doc) for doc in problems["test"]] else ["lm-eval shows other prompts"]


def _datasets(problems: Problems) -> dict[str, object]:
    import datasets

    return {split: datasets.Dataset.from_list(docs) for split, docs in problems.items()}


def _meeting(task: tasks.Task, problems: Problems) -> list[str]:
    """Return splits that are empty, show a prompt twice, or share one: exactly or loosely."""
    failures = []
    for split, docs in problems.items():
        if not docs:
            failures.append(f"{split} has no problems")
        if len({doc["id"] for doc in docs}) < len(docs) or len(set(map(task.prompt, docs))) < len(docs):
            failures.append(f"{split} shows a problem twice")
    same = data.sameness(task.config["dataset_kwargs"].get("form"))
    for one, other in combinations(problems, 2):
        for kind, key in ((EXACTLY, _text), (LOOSELY, same)):
            if shared := _shared(problems[one], problems[other], key):
                failures.append(f"{one} and {other} share {len(shared)} prompts{kind}, such as {min(shared)[:60]!r}")
    return failures


def _text(doc: tasks.Doc) -> data.Names:
    return ((doc["public"],),)


def _shared(one: Sequence[tasks.Doc], other: Sequence[tasks.Doc], key: Callable[[tasks.Doc], data.Names]) -> set[str]:
    """Return the problems of `one` that share a name with one of `other`; `key` gives the names of a problem."""
    names = {name for doc in other for name in key(doc)}
    return {doc["public"] for doc in one if not names.isdisjoint(key(doc))}


def _misjudged(task: tasks.Task, problems: Problems) -> list[str]:
    """Return problems whose solution is wrong, or whose corrupted or empty one is right."""
    failures, styled = [], f"{task.name}: " if task_config.AT in task.name else ""
    for split, docs in problems.items():
        for doc in docs[: SCORED if task.scorer.costly else None]:
            cases = [("its solution", task.scorer.solution(doc), True), ("the empty completion", "", False)]
            cases.append(("a corrupted solution", task.scorer.corrupted(doc), False))
            failures += [
                f"{styled}{split} problem {doc['id']}: {what} is {'wrong' if right else 'right'}"
                for what, completion, right in cases
                if completion is not None and task.correct(doc, completion) is not right
            ]
    return failures
