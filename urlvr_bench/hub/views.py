"""Parquet views of records for the Hub's dataset viewer, pandas and DuckDB: derived, same records, same bytes."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from urlvr_bench.records.record import Provenance, Record, Steps, Timing
from urlvr_bench.statistics.metrics import accuracy, evaluation_at

Row = dict[str, Any]

RUNS = pa.schema(
    {
        "run": pa.string(),
        "protocol": pa.string(),
        "protocol_hash": pa.string(),
        "overrides": pa.string(),
        "model": pa.string(),
        "model_revision": pa.string(),
        "parameters": pa.int64(),
        "weights_sha256": pa.string(),
        "task": pa.string(),
        "task_version": pa.string(),
        "method": pa.string(),
        "method_name": pa.string(),
        "params": pa.string(),
        "family": pa.string(),
        "signals": pa.list_(pa.string()),
        "uses_labels": pa.bool_(),
        "method_sha256": pa.string(),
        "seed": pa.int64(),
        "steps": pa.int64(),
        "problems": pa.int64(),
        "samples": pa.int64(),
        "accuracy_start": pa.float64(),
        "accuracy_end": pa.float64(),
        "train_seconds": pa.float64(),
        "eval_seconds": pa.float64(),
        "train_tokens": pa.int64(),
        "eval_tokens": pa.int64(),
        "device": pa.string(),
        "processes": pa.int64(),
        "started": pa.string(),
        "finished": pa.string(),
        "git_commit": pa.string(),
        "git_dirty": pa.bool_(),
        "packages": pa.string(),
    }
)
COPIED = set(RUNS.names) & set(Provenance.model_fields) - {"packages"}
INTEGERS = ("step", "batch_answers", "tokens")
CURVES = pa.schema(
    {"run": pa.string()}
    | {name: pa.int64() if name in INTEGERS else pa.float64() for name in Steps.model_fields}
    | {f"{name}_seconds": pa.float64() for name in Timing.model_fields}
)
VOTES = pa.list_(pa.struct({"count": pa.int64(), "right": pa.bool_()}))
PROBLEMS = pa.schema(
    {"run": pa.string(), "step": pa.int64(), "task": pa.string(), "problem": pa.string(), "n": pa.int64()}
    | {name: pa.int64() for name in ("correct", "truncated", "unparsed")}
    | {"votes": VOTES}
)


def views(records: Sequence[Record]) -> dict[str, bytes]:
    """Return the Parquet file of each view by its path in the dataset; the order of the records does not matter."""
    ordered = sorted(records, key=name)
    tables = {
        "runs": pa.Table.from_pylist([_run(record) for record in ordered], RUNS),
        "curves": pa.concat_tables([CURVES.empty_table(), *map(_curve, ordered)]),
        "problems": pa.concat_tables([PROBLEMS.empty_table(), *(part for one in ordered for part in _problems(one))]),
    }
    return {f"data/{view}.parquet": _file(table) for view, table in tables.items()}


def name(record: Record) -> str:
    """Return what joins the views: the record's path under a results folder, without its ending."""
    return record.path.with_suffix("").as_posix()


def _run(record: Record) -> Row:
    first, last = (evaluation_at(record, step) for step in (0, record.last_step))
    source = record.provenance
    return {
        "run": name(record),
        "protocol": record.protocol_id,
        "protocol_hash": record.protocol_hash,
        "overrides": _json(record.overrides),
        "model": record.model.name,
        "model_revision": record.model.revision,
        "parameters": record.model.parameters,
        "weights_sha256": record.model.weights_sha256,
        "task": record.task.name,
        "task_version": record.task.version,
        "method": record.method.id,
        "method_name": record.method.name,
        "params": _json(record.method.params),
        "family": record.method.family,
        "signals": record.method.signals,
        "uses_labels": record.method.uses_labels,
        "method_sha256": record.method.source_sha256,
        "seed": record.seed,
        "steps": record.last_step,
        "problems": len(last.correct),
        "samples": last.n,
        "accuracy_start": accuracy(first),
        "accuracy_end": accuracy(last),
        "packages": _json(source.packages),
        **{column: getattr(source, column) for column in COPIED},
    }


def _curve(record: Record) -> pa.Table:
    unknown = [None] * record.last_step
    measured = {column: unknown if values is None else values for column, values in record.steps}
    columns = {"run": [name(record)] * record.last_step, **measured}
    columns |= {f"{part}_seconds": seconds for part, seconds in record.timing}
    return pa.table(columns, CURVES)


def _problems(record: Record) -> Iterator[pa.Table]:
    for evaluation in record.evals:
        ids = record.problems[evaluation.task]
        same = {"run": name(record), "step": evaluation.step, "task": evaluation.task, "n": evaluation.n}
        columns: dict[str, list[Any]] = {column: [value] * len(ids) for column, value in same.items()}
        columns |= {"problem": ids, "correct": evaluation.correct}
        columns |= {"truncated": evaluation.truncated, "unparsed": evaluation.unparsed}
        columns["votes"] = [[{"count": count, "right": right} for count, right in row] for row in evaluation.votes]
        yield pa.table(columns, PROBLEMS)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _file(table: pa.Table) -> bytes:
    """Return a table as a Parquet file in one go, so that equal tables of any chunking are equal files."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content
