"""What a study's records say, one row per arm: the runs that differ in nothing but the seed."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row, Table, number
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, cells
from urlvr_bench.statistics.collapse import FEWEST, HEADLINE, WINDOW, step_curve
from urlvr_bench.statistics.downfall import COLUMN, MANNERS, SHORT, Downfall, of_records
from urlvr_bench.statistics.falling import collapse_rows
from urlvr_bench.statistics.intervals import over_seeds
from urlvr_bench.statistics.metrics import evaluation_at
from urlvr_bench.statistics.summaries import frame, spread
from urlvr_bench.statistics.verdicts import NOISE
from urlvr_bench.studies import alignment, foretelling, verifying
from urlvr_bench.studies.definition import Study

COURSE_NOTES = (
    f"base, final, gain: test accuracy (avg@n) at step 0, at the last step, and their paired difference; train "
    f"peak: the best {WINDOW}-step mean of the train accuracy of each run, oracle-picked. Collapse step: "
    f"{HEADLINE.name}; Kaplan-Meier median, below {FEWEST} seeds the steps themselves.",
    f"Brackets: 95 % intervals over seeds and problems. Reward and votes at the end: mean of the last {WINDOW} steps.",
    SHORT,
)
FALLEN = ("hacked", "destroyed")
WITHOUT_NOISE = "Noise was not trained beside these runs: they do not tell what of a fall is the reward's own doing."
TASKS_NOTES = (
    "base, final, gain: test accuracy (avg@n) at step 0, at the last step, and their paired difference, with 95 % "
    "intervals over seeds and problems.",
)
TRANSITION_NOTES = (
    "right: most samples of the problem are correct. Trained: the one problem that a run trains on; others: the "
    "problems that it is judged on besides. One run per problem and method.",
)


Arm = tuple[Cell, str, list[Record]]
"""The cell of some runs, what sets their protocol apart in the study, and the runs, one per seed."""


def arms(study: Study, records: Sequence[Record]) -> list[Arm]:
    """Return the runs of each arm, judged on the task that they were trained on, in the order of the study."""
    common, place = _common(records), {path: i for i, path in enumerate(study.paths())}
    found = [
        (cell, setting(runs[0], common), runs)
        for cell, rows in cells(records).items()
        if cell.main and cell.judged
        for runs in rows.values()
    ]
    return sorted(found, key=lambda arm: place.get(arm[2][0].path, len(place)))


def setting(record: Record, common: dict[str, str]) -> str:
    """Return what sets a run's protocol apart from the other runs of a study."""
    own = {key: value for key, value in record.overrides.items() if common.get(key) != value}
    return ", ".join(f"{key.rpartition('.')[2]}={json.loads(value)}" for key, value in own.items()) or "default"


def _common(records: Sequence[Record]) -> dict[str, str]:
    first = records[0].overrides
    return {key: value for key, value in first.items() if all(r.overrides.get(key) == value for r in records)}


def manners(known: Sequence[Arm]) -> list[Downfall | None]:
    """Return how each arm fell, beside the noise of its cell, if that is among them."""
    noise = {cell: runs for cell, _, runs in known if runs[0].method.name == NOISE}
    return [of_records(runs, noise.get(cell, ())) for cell, _, runs in known]


def arms_table(study: Study, records: Sequence[Record]) -> Table:
    """Return one row per arm: where it started, how it ended, and when it collapsed."""
    rows: list[Row] = []
    known = arms(study, records)
    for (cell, name, found), how in zip(known, manners(known), strict=True):
        [row] = collapse_rows(cell, {found[0].method.id: found})
        shares = (0.0, 1.0)
        reward_bounds = shares if found[0].method.binary else (-math.inf, math.inf)
        for column, bounds in (("proxy_reward", reward_bounds), ("majority_ratio", shares)):
            ends = [end for r in found if math.isfinite(end := step_curve(r, column)[1][-1])]
            row |= spread(column, over_seeds(ends, bounds))
        rows.append({"setting": name, **row, "fell": how and how.word, "fell_runs": how and how.runs})
    notes: tuple[str, ...] = COURSE_NOTES
    if any(row["fell"] in FALLEN for row in rows) and not any(found[0].method.name == NOISE for _, _, found in known):
        notes += (WITHOUT_NOISE,)
    return Table(study.title, notes, pd.DataFrame(rows), _arm_text(rows))


def _arm_text(rows: Sequence[Row]) -> Callable[[Row], dict[str, str]]:
    """Return how a row is written: of setting, model and task only those that differ between rows."""
    told = [name for name in ("setting", "model", "task", "method") if len({row[name] for row in rows}) > 1]

    def text(row: Row) -> dict[str, str]:
        return {
            **{name: str(row[name]) for name in told or ["method"]},
            "seeds": str(row["seeds"]),
            "base": number(row, "base"),
            "train peak": number(row, "train_peak"),
            "final": number(row, "final"),
            "gain": number(row, "gain"),
            "collapse step": str(row[HEADLINE.column]),
            COLUMN: _fell(row),
            "reward at the end": number(row, "proxy_reward"),
            "majority's share at the end": number(row, "majority_ratio"),
        }

    return text


def _fell(row: Row) -> str:
    return str(Downfall(row["fell"], int(row["fell_runs"]), row["seeds"])) if row["fell"] in MANNERS else DASH


def tasks_table(study: Study, records: Sequence[Record]) -> Table:
    """Return one row per method, task trained on and task judged on: the accuracy at the start and at the end."""
    course = [f"{name}{end}" for name in ("base", "final", "gain") for end in ("", "_low", "_high", "_parts")]
    found = pd.concat([frame(collapse_rows(cell, methods)) for cell, methods in cells(records).items()])
    found = found.rename(columns={"task": "trained on", "judged": "judged on"})
    found = found[["model", "trained on", "judged on", "method", "seeds", "basis", *course]]

    def text(row: Row) -> dict[str, str]:
        named = {name: str(row[name]) for name in ("model", "trained on", "judged on", "method", "seeds")}
        return named | {name: number(row, name) for name in ("base", "final", "gain")}

    return Table(study.title, TASKS_NOTES, found.sort_values(["trained on", "method", "judged on"]), text)


def moves(records: Sequence[Record]) -> pd.DataFrame:
    """Return, per run and judged problem, the share of right samples at the start and the end."""
    rows = []
    for record in records:
        first, last = evaluation_at(record, 0), evaluation_at(record, record.last_step)
        for place in range(len(first.correct)):
            rows.append(
                {
                    "method": record.method.id,
                    "problem": place,
                    "trained": place == record.protocol.training.first_prompt,
                    "start": first.correct[place] / first.n,
                    "end": last.correct[place] / last.n,
                }
            )
    return pd.DataFrame(rows)


def transitions_table(study: Study, records: Sequence[Record]) -> Table:
    """Return how many problems went from right or wrong to right or wrong, for the trained problem and the others."""
    frame = moves(records)
    rows: list[Row] = []
    for (method, trained), part in frame.groupby(["method", "trained"]):
        began, ended = part["start"] > 0.5, part["end"] > 0.5
        row: dict[str, Any] = {"method": method, "problems": "trained" if trained else "others", "n": len(part)}
        for before, was in (("right", began), ("wrong", ~began)):
            for after, now in (("right", ended), ("wrong", ~ended)):
                row[f"{before} → {after}"] = int((was & now).sum())
        surer = (part["end"] - 0.5).abs() > (part["start"] - 0.5).abs()
        rows.append(
            row | {"surer": int(surer.sum()), "accuracy": f"{part['start'].mean():.3f} → {part['end'].mean():.3f}"}
        )
    return Table(study.title, TRANSITION_NOTES, pd.DataFrame(rows), lambda row: {k: str(v) for k, v in row.items()})


VIEWS = {
    "arms": arms_table,
    "tasks": tasks_table,
    "transitions": transitions_table,
    "alignment": alignment.summary,
    "foretelling": foretelling.summary,
    "verifying": verifying.summary,
}
DETAILS = {"alignment": alignment.details, "foretelling": foretelling.details, "verifying": verifying.details}
"""What a page shows below the table, of the views whose rows sum up more than a reader can do without."""


def summary(study: Study, records: Sequence[Record]) -> Table:
    """Return the study's table."""
    return VIEWS[study.view](study, records)
