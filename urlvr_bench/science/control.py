"""The equal-compute control: a trained policy against the vote of the model that it started from, at the same cost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import Row, number
from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.science.sharpening import best, reached
from urlvr_bench.statistics.intervals import Floats, basis_of, two_way
from urlvr_bench.statistics.metrics import evaluation_at, per_problem
from urlvr_bench.statistics.summaries import spread

NOTES = (
    "Untrained vote: maj@k of step 0, with k samples per problem that cost, in tokens, what training and one sample "
    "per problem of the trained policy cost; k is cut to the samples that the record holds, which favours training.",
    "One sample: avg@n of the trained policy. Vote: its maj@n, against the untrained vote of the same n. The best "
    "checkpoint is oracle-picked, with the test labels. Differences are paired by seed and problem; brackets: 95 % "
    "interval over new seeds and problems.",
)


def start_evaluation(record: Record) -> Eval:
    """Return the evaluation of step 0 with the most samples, drawn as the protocol's own are."""
    own = evaluation_at(record, 0)
    asked = record.protocol.evaluation.temperature
    same = [c for c in record.controls if (c.step, c.task, c.temperature) == (0, own.task, asked)]
    return max([own, *same], key=lambda evaluation: evaluation.n)


def affordable(record: Record, task: str | None = None) -> int:
    """Return how many samples per test problem the untrained model could draw for what the run cost to train and use.

    Cost is completion tokens: all of the training, then one sample per problem of the trained policy.
    """
    start, last = evaluation_at(record, 0, task), evaluation_at(record, record.last_step, task)
    spent = record.provenance.train_tokens + last.tokens / last.n
    return max(1, int(spent / max(1.0, start.tokens / start.n)))


def votes_at(records: Sequence[Record], steps: Sequence[int | None], k: int) -> Floats:
    """Return (S, P): maj@k of each record at its own step, None for its last one."""
    chosen = [record.last_step if step is None else step for record, step in zip(records, steps, strict=True)]
    found = [evaluation_at(record, step) for record, step in zip(records, chosen, strict=True)]
    return np.stack([per_problem(each, f"maj@{k}") for each in found])


def row(records: Sequence[Record]) -> Row:
    """Return one method on one model: the untrained vote, the last and the best checkpoint, and the differences."""
    starts = [start_evaluation(record) for record in records]
    wanted, held = min(map(affordable, records)), min(start.n for start in starts)
    k, n = min(wanted, held), records[0].protocol.evaluation.samples
    base = np.stack([per_problem(start, f"maj@{k}") for start in starts])
    same = votes_at(records, [0] * len(records), n)
    peaks = [best(record) for record in records]
    top = np.concatenate([reached([one], step) for one, step in zip(records, peaks, strict=True)])
    last, last_vote = reached(records), votes_at(records, [None] * len(records), n)
    found: Row = {"model": records[0].model.name, "method": records[0].method.id, "seeds": len(records)}
    found |= {
        "problems": base.shape[1],
        "samples": n,
        "k": k,
        "k_affordable": wanted,
        "basis": basis_of(len(records), base.shape[1]),
    }
    found |= {"train_tokens": int(np.mean([record.provenance.train_tokens for record in records]))}
    singles = {"base_vote": base, "last": last, "best": top, "last_vote": last_vote}
    for name, array in singles.items():
        found |= spread(name, two_way(array))
    gaps = {"last_gap": last - base, "best_gap": top - base, "vote_gap": last_vote - same}
    for name, array in gaps.items():
        found |= spread(name, two_way(array, (-1.0, 1.0)))
    return found | {"best_step_first": min(peaks), "best_step_last": max(peaks)}


def frame(groups: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """Return one row per method and model."""
    return pd.DataFrame([row(group) for group in groups])


def text(row: Row) -> dict[str, str]:
    """Return a row as people read it."""
    cut = f"maj@{row['k']}" + (f" of {row['k_affordable']} affordable" if row["k"] < row["k_affordable"] else "")
    first, last = row["best_step_first"], row["best_step_last"]
    return {
        "model": row["model"],
        "method": row["method"],
        "seeds": str(row["seeds"]),
        "training, tokens": f"{row['train_tokens']:,}",
        "untrained vote": f"{number(row, 'base_vote')} ({cut})",
        "last: one sample": number(row, "last"),
        "last - untrained vote": number(row, "last_gap"),
        "best (oracle-picked): one sample": f"{number(row, 'best')} @ {first if first == last else f'{first}-{last}'}",
        "best (oracle-picked) - untrained vote": number(row, "best_gap"),
        f"last vote - untrained vote, maj@{row['samples']} both": number(row, "vote_gap"),
    }
