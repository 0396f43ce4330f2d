"""The study's settings beside ours: a table transcribed by hand, and what the protocols and GPU forms really say."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from urlvr_bench import protocol
from urlvr_bench.protocol import Run
from urlvr_bench.records.measured import Frozen
from urlvr_bench.studies import definition
from urlvr_bench.system import plain_yaml

TABLE = Path(__file__).with_name("paper") / "settings.yaml"


class Row(Frozen):
    """One setting of the study, where it says so, and ours where we differ on purpose."""

    place: str
    setting: str
    reads: str
    where: str
    paper: Any
    ours: Any = None
    why: str | None = None

    @property
    def expected(self) -> list[Any]:
        """The values that ours should be."""
        value = self.paper if self.why is None else self.ours
        return list(value) if isinstance(value, list | tuple) else [value]


def rows() -> list[Row]:
    """Return the table."""
    return [Row.model_validate({"place": row.pop("in"), **row}) for row in plain_yaml.parse(TABLE.read_text())]


def _judged(run: Run) -> list[str]:
    asked = run.protocol.evaluation
    return asked.tasks(0, run.protocol.training.steps, asked.task or run.task)


def _along(run: Run) -> list[str]:
    asked = run.protocol.evaluation
    return asked.tasks(asked.every, run.protocol.training.steps, asked.task or run.task)


DERIVED: dict[str, Callable[[Run], list[Any]]] = {
    "model": lambda run: [run.model],
    "models": lambda run: [run.model],
    "task": lambda run: [run.task],
    "tasks": lambda run: [run.task],
    "methods": lambda run: [run.method],
    "mini_batch": lambda run: [run.protocol.training.prompts_per_step / run.protocol.training.mini_batches],
    "judged": _judged,
    "along": _along,
}
FIXED = {"order": "drawn by the seed", "prompt_limit": "none", "verdict": "greedy", "first_votes": 64}
"""What no setting holds: `tests/studies/test_paper_settings.py` reads the last from the code that uses it."""


def runs(place: str) -> list[Run]:
    """Return the runs of a study's GPU form, or one of a protocol."""
    if place in definition.names():
        return definition.load(place).gpu.runs()
    settings = protocol.load(place)
    return [Run(settings, settings.model, settings.task, "majority_vote", 0)]


def found(row: Row, made: Sequence[Run]) -> list[Any]:
    """Return the values that runs have of a setting, each once, in order."""
    if row.reads in FIXED:
        return [FIXED[row.reads]]
    if row.reads == "seeds":
        return [len({run.seed for run in made})]
    section, _, name = row.reads.partition(".")
    read = DERIVED.get(row.reads) or (lambda run: [getattr(getattr(run.protocol, section), name)])
    values = {value for run in made for value in read(run) if value is not None}
    return sorted(values)


HEAD = """# The paper's settings, and ours

What the study (arXiv 2603.08660) says of its settings, from summaries of it and its released scripts, and what the
protocols `paper` and `paper-mcs` and the GPU forms of the studies have. None of them was run yet. In brackets: the
paper's section, table or figure; *code*, its scripts; *verl*, the defaults of the framework under them.
"""


def page() -> str:
    """Return the table as a page for people."""
    shown = [
        {
            "in": f"`{row.place}`",
            "setting": row.setting,
            "paper": f"{said(row.paper)} ({row.where})",
            "ours": "the same" if row.why is None else said(row.ours),
            "why": row.why or "",
        }
        for row in rows()
    ]
    return f"{HEAD}\n{tabulate(shown, headers='keys', tablefmt='pipe', disable_numparse=True)}\n"


def said(value: Any) -> str:
    """Return a value in words; a long list by its ends."""
    if not isinstance(value, list | tuple):
        return str(value)
    return ", ".join(map(str, value)) if len(value) < 10 else f"{value[0]} to {value[-1]}"
