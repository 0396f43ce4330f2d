"""The tables of this package, by the names that `urlvr-bench table --kind` knows them by."""

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row, Table
from urlvr_bench.records.schema import Record
from urlvr_bench.science import agreement, calm, control, failure, forecast, sensitivity
from urlvr_bench.science.correlation import NO_INTERVAL
from urlvr_bench.science.indicators import correlations, pairs, per_model
from urlvr_bench.science.ladders import ladders
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.collapse import HEADLINE

Group = list[Record]


def per_protocol(records: Sequence[Record]) -> dict[str, list[Group]]:
    """Return, per protocol and task, the runs of each model and method; those that end early are no results."""
    found: dict[str, list[Group]] = {}
    for cell, rows in cells(records).items():
        title = f"{cell.protocol} ({cell.protocol_hash}) · {cell.task} v{cell.task_version}"
        whole = [group for group in rows.values() if not group[0].protocol.training.may_end_early]
        if cell.main and cell.judged and whole:
            found.setdefault(title, []).extend(whole)
    return found


def _by_group(
    name: str,
    frame: Callable[[Sequence[Group]], pd.DataFrame],
    text: Callable[[Row], dict[str, str]],
    notes: tuple[str, ...],
    kept: Callable[[Record], bool] = lambda record: True,
) -> Callable[[Sequence[Record]], list[Table]]:
    """Return a kind of table with one row per model and method, one table per protocol and task."""

    def made(records: Sequence[Record]) -> list[Table]:
        found = []
        for title, groups in per_protocol(records).items():
            shown = frame([group for group in groups if kept(group[0])])
            if len(shown):
                found.append(Table(f"{name}: {title}", notes, shown, text))
        return found

    return made


def _sensitivity(records: Sequence[Record]) -> list[Table]:
    """Return a table per ladder in which a run fell below any threshold; the others have nothing to vary."""
    return [
        Table(f"sensitivity: {ladder.title}", sensitivity.NOTES, frame, sensitivity.text)
        for ladder, rungs in ladders([one for one in records if not one.protocol.training.may_end_early]).items()
        if (frame := sensitivity.sensitivity(rungs)).filter(like="_runs").to_numpy().any()
    ]


def _agreement(records: Sequence[Record]) -> list[Table]:
    return [
        Table(f"agreement: {title}", agreement.NOTES, agreement.agreement(_flat(groups)), agreement.text)
        for title, groups in per_protocol(records).items()
    ]


def _flat(groups: Iterable[Group]) -> Group:
    return [record for group in groups for record in group]


PAIR_NOTES = (
    "Collapse step: Kaplan-Meier median over seeds [95 % interval] of the event that the probe stops at, else of "
    f"{HEADLINE.name}. Tokens: completion tokens generated, per run; the probe's up to its collapse, "
    "the supervised run's whole training.",
    "pass@k gain: pass@n - pass@1 at step 0. Vote share: mean share of the leading answer at step 0. Supervised gain: "
    "over step 0, 95 % t interval over seeds.",
)
CORRELATION_NOTES = (
    "Over models, each the geometric mean (steps) or mean of its seeds.",
    NO_INTERVAL,
    "Saving: tokens of the supervised run over tokens of the indicator, means per run. A run without the event costs "
    "its whole training and ranks last.",
)


def _indicators(records: Sequence[Record]) -> list[Table]:
    found = []
    for probe, probed, reference, trained in pairs(records):
        title = f"{probe.title} against {reference.method} under {reference.protocol} ({reference.protocol_hash})"
        found.append(Table(f"indicators: {title}", PAIR_NOTES, per_model(probed, trained), _model_text))
        told = correlations(probed, trained)
        found.append(Table(f"correlations: {title}", CORRELATION_NOTES, told, _correlation_text))
    return found


def _model_text(row: Row) -> dict[str, str]:
    gain = f"{row['gain']:+.3f}"
    gain += "" if pd.isna(row["gain_low"]) else f" [{row['gain_low']:+.3f}, {row['gain_high']:+.3f}]"
    return {
        "model": row["model"],
        "step 0": f"{row['base']:.3f}",
        "collapse step": row["mcs"],
        "pass@k gain": f"{row['pass_gain']:+.3f}",
        "vote share": f"{row['vote_share']:.3f}",
        "supervised gain": f"{gain} ({row['supervised_seeds']} seed{'' if row['supervised_seeds'] == 1 else 's'})",
        "supervised end": f"{row['final']:.3f}",
        "probe, tokens": f"{row['probe_tokens']:,.0f}",
        "supervised, tokens": f"{row['supervised_tokens']:,.0f}",
        "saving": f"{row['supervised_tokens'] / max(1, row['probe_tokens']):.1f} x",
    }


def _correlation_text(row: Row) -> dict[str, str]:
    def coefficient(kind: str) -> str:
        return DASH if pd.isna(row[kind]) else f"{row[kind]:.2f}"

    return {
        "judged on": row["judged"],
        "outcome": row["outcome"],
        "indicator": row["indicator"],
        "labels": "yes" if row["labels"] else "no",
        "models": str(row["models"]),
        "Spearman": coefficient("spearman"),
        "Pearson": coefficient("pearson"),
        "saving": DASH if pd.isna(row["saving"]) else f"{row['saving']:.1f} x",
    }


KINDS: dict[str, Callable[[Sequence[Record]], list[Table]]] = {
    "sensitivity": _sensitivity,
    "agreement": _agreement,
    "failure": _by_group("failure", failure.frame, failure.text, failure.NOTES),
    "sharpening": _by_group("sharpening", forecast.frame, forecast.text, forecast.NOTES),
    "control": _by_group("control", control.frame, control.text, control.NOTES, lambda one: not one.method.uses_labels),
    "indicators": _indicators,
    "calm": _by_group("calm", calm.frame, calm.text, calm.notes()),
}
"""What each kind of table is made of; the records are everything that was given."""
