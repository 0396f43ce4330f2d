"""Tables of records: numbers for machines (CSV, JSON), numbers with their intervals for people (Markdown, LaTeX)."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from urlvr_bench import methods
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.presentation.rendering import Row, Table, worded
from urlvr_bench.presentation.wording import latex, markdown
from urlvr_bench.records.schema import Record
from urlvr_bench.records.sets import lines
from urlvr_bench.reports.table_text import OLDER, STOPPED, TRAIN_PEAK, collapse_text, pass_text, probe_text, reward_text
from urlvr_bench.science.kinds import KINDS as SCIENCE
from urlvr_bench.statistics.cells import Cell, Rows, cells
from urlvr_bench.statistics.collapse import FEWEST, WINDOW
from urlvr_bench.statistics.downfall import COLUMN, SHORT
from urlvr_bench.statistics.falling import collapse_rows
from urlvr_bench.statistics.intervals import LEVEL
from urlvr_bench.statistics.ranking import LISTED, RESAMPLES, SEED
from urlvr_bench.statistics.summaries import REFERENCE, frame, pass_rows, reward_rows
from urlvr_bench.stopping.known import RECOMMENDED

FORMATS = ("markdown", "csv", "json", "latex")


def tables(records: Sequence[Record], kind: str) -> list[Table]:
    """Return the tables of a kind, one per cell: protocol, model, training task and, for `ood`, the task judged on."""
    if kind not in {**KINDS, **SCIENCE}:
        raise unknown("kind of table", kind, [*KINDS, *SCIENCE])
    if not records:
        raise UsageError("there are no records to make a table of; make some with `urlvr-bench run`")
    if kind in SCIENCE:
        return SCIENCE[kind](records)
    if kind == "probe":
        return _probe_tables(records)
    rows_of, text, notes = KINDS[kind]
    grouped = cells(records).items()
    return [
        Table(
            f"{kind}: {cell.title}", (*notes, *_set_aside(cell, rows)), frame(dated(cell, rows, rows_of)), text, ABOUT
        )
        for cell, rows in grouped
        if (cell.main == (kind != "ood")) and (cell.judged or kind == "reward")
    ]


def dated(cell: Cell, rows: Rows, rows_of: Callable[..., list[Row]]) -> list[Row]:
    """Return the rows of a cell, each with how many of its runs another version of the method's file has paid."""
    older = {method: sum(map(_is_older, records)) for method, records in rows.items()}
    return [{**row, "older": older.get(row["method"], 0)} for row in rows_of(cell, rows)]


def _is_older(one: Record) -> bool:
    """Whether the method's file is here and pays otherwise than the text that a run was paid by."""
    name, digest = one.method.name, one.method.source_sha256
    return name in methods.names() and methods.version(name, digest) != methods.source_hash(name)


def _set_aside(cell: Cell, rows: Rows) -> tuple[str, ...]:
    """Say of which sets that a cell was trained or judged on some problems were not asked."""
    found: dict[str, None] = {}
    for sets in (record.task.sets for records in rows.values() for record in records):
        for name in sorted({cell.task, cell.judged} & sets.keys()):
            splits = {split: one.model_dump() for split, one in sets[name].items() if one.left_out}
            found |= dict.fromkeys(lines({name: splits}) if splits else ())
    return tuple(found)


def table(records: Sequence[Record], kind: str, form: str = "markdown") -> str:
    """Return the tables of a kind as text in one of FORMATS."""
    return document({kind: tables(records, kind)}, form)


def document(found: Mapping[str, Sequence[Table]], form: str = "markdown") -> str:
    """Return tables by their kinds as one text in one of FORMATS.

    For programs, several kinds are one CSV with a first column `kind`, or one JSON list.
    """
    if form not in FORMATS:
        raise unknown("table format", form, FORMATS)
    if form == "csv":
        return _csv(found)
    if form == "json":
        parts = [_values(kind, each) for kind, each in found.items()]
        return json.dumps(parts if len(parts) > 1 else parts[0], indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write, words = latex if form == "latex" else markdown, [worded(one) for each in found.values() for one in each]
    return write(words) + "\n" if words else ""


def _csv(found: Mapping[str, Sequence[Table]]) -> str:
    frames = [
        each.frame if len(found) == 1 else each.frame.assign(kind=kind)[["kind", *each.frame]]
        for kind, several in found.items()
        for each in several
    ]
    return str(pd.concat(frames, ignore_index=True).to_csv(index=False, lineterminator="\n")) if frames else ""


def _values(kind: str, found: Sequence[Table]) -> dict[str, Any]:
    parts = [
        {
            "title": each.title,
            "notes": [*each.notes, *each.about.values()],
            "rows": json.loads(each.frame.to_json(orient="records")),
        }
        for each in found
    ]
    head = {"kind": kind, "level": LEVEL, "resamples": RESAMPLES, "resampling_seed": SEED}
    return {**head, "tables": parts}


def _probe_tables(records: Sequence[Record]) -> list[Table]:
    """Return one table per protocol, task and method: the ladder of models, weakest first."""
    frames = [
        frame(dated(cell, rows, collapse_rows)) for cell, rows in cells(records).items() if cell.main and cell.judged
    ]
    found = []
    keys = ["protocol", "protocol_hash", "task", "task_version", "method"]
    for (protocol, digest, task, version, method), rungs in pd.concat(frames, ignore_index=True).groupby(keys):
        ordered = rungs.sort_values(["base", "model"]).reset_index(drop=True)
        title = f"probe: {protocol} ({digest}) · {task} v{version} · {method}"
        found.append(Table(title, COLLAPSE_NOTES, ordered, probe_text, ABOUT))
    return found


ABOUT = {
    "^rank$": f"Rank [lowest, highest] among contenders with at least {LISTED} seeds; `=` cannot be told from the "
    "leader: the interval of its rank holds 1, by resampling or for want of a paired test that rejects (Holm).",
    "^training, tokens$": "Training, tokens: completion tokens of a run's training, and how many times those of the "
    f"supervised reference (`{REFERENCE}`). Forward passes that only score texts do not count.",
    f"^{re.escape(TRAIN_PEAK)}$": f"Train peak: best {WINDOW}-step mean of the train accuracy.",
    f"^{COLUMN}$": SHORT,
    f"^{re.escape(STOPPED)}$": "Stopped: the last checkpoint that was judged before the recommended label-free rule, "
    f"`{RECOMMENDED}`, would have ended the run (docs/stopping.md).",
    OLDER: "Older source: made by another version of the method's file than the one that is installed, which pays "
    "otherwise; CHANGELOG.md says what changed.",
    r"\(same runs as ": "Same runs: equal policies in every seed, since the rewards order the rollouts alike. They are "
    "one result, ranked once.",
}
"""Notes on columns and cells that only some tables have."""
PASS_NOTES = (
    "Scores of the last step; brackets: 95 % interval over new seeds and problems (two-way variance, Satterthwaite t; "
    "widened to Wilson's where few problems differ). A pass@k of skewed seeds lies between the lower end of pass@1 and "
    "1. docs/statistics.md has how often each holds.",
    "Gain is paired by seed and problem. Peak is the best step of each run, picked with the test labels.",
)
REWARD_NOTES = (
    f"Means over {WINDOW} training steps, then over seeds; brackets are 95 % t intervals over seeds.",
    "Reward accuracy: share of rollouts paid what they deserve (binary rewards). AUC: chance that a correct rollout "
    "out-scores a wrong one of its group, which is the reward accuracy of a real-valued reward.",
)
COLLAPSE_NOTES = (
    "Collapse step: runs that collapsed, with Wilson's bound where none did; Kaplan-Meier median over all runs [95 % "
    f"interval], `-)` where it is open; below {FEWEST} seeds the steps themselves.",
    "Reward accuracy is not defined for real-valued rewards: no share of rollouts is paid what it deserves.",
    "Base, peak, final: accuracy (avg@n) on the test problems with 95 % intervals, at evaluated steps only; peak step "
    "is the range over seeds.",
)
KINDS: dict[str, tuple[Callable[..., list[Row]], Callable[[Row], dict[str, str]], tuple[str, ...]]] = {
    "pass": (pass_rows, pass_text, PASS_NOTES),
    "ood": (pass_rows, pass_text, PASS_NOTES),
    "reward": (reward_rows, reward_text, REWARD_NOTES),
    "collapse": (collapse_rows, collapse_text, COLLAPSE_NOTES),
    "probe": (collapse_rows, probe_text, COLLAPSE_NOTES),
}
"""What each kind of table is made of: its numbers, its text and its notes."""
WANTED = {
    "ood": "that was judged on further tasks: run with --set 'ood=[NAME, ...]'",
    "sensitivity": "that fell below a threshold of collapse on a ladder of models: run pocket-1 to pocket-6",
    "indicators": "of the vote beside a supervised one of the same models: run --method majority_vote --method "
    "ground_truth --model ... --model ...",
}
"""What would fill a kind of table that is empty."""


def wanted(kind: str) -> str:
    """Return why a kind has no table, and what would fill it."""
    other = "that was trained to its end and judged on its own task: run without --set stop_at"
    return f"{kind}: no table, for there is no run {WANTED.get(kind, other)}"
