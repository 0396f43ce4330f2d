"""Entries of a trained policy on the boards of the Hub's benchmarks: only for whole test sets, by what a task asks."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import Eval, Record
from urlvr_bench.statistics import metrics
from urlvr_bench.task import Task


@dataclass(frozen=True)
class Benchmark:
    """A board of the Hub: one of the tasks that a dataset registers in its eval.yaml, and what a result covers."""

    dataset: str
    config: str
    split: str
    revision: str
    task_id: str
    problems: int
    """Of the whole test set, as published."""

    def __str__(self) -> str:
        return f"{self.dataset} ({self.task_id})"


@dataclass(frozen=True)
class Judged:
    """The last judgement of a policy on a benchmark, and why it makes no entry, if it does not."""

    benchmark: Benchmark
    evaluation: Eval
    obstacle: str | None

    @property
    def percent(self) -> float:
        """Accuracy over all samples; the boards of the Hub are in percent."""
        return round(100 * metrics.accuracy(self.evaluation), 2)

    def __str__(self) -> str:
        said = f"no entry, {self.obstacle}" if self.obstacle else f"{self.percent} % of {self.benchmark.problems:,}"
        return f"{self.benchmark}: {said}"


def benchmark(task: Task) -> Benchmark | None:
    """Return the benchmark that a task's test split is, None where the Hub registers none.

    The task's file names the task of the Hub, in `metadata.benchmark`; data set and split are those that it reads, so
    a task that trains on a benchmark's data and is judged on other problems cannot pass for it.
    """
    registered = task.config["metadata"].get("benchmark")
    if registered is None:
        return None
    test = task.config["dataset_kwargs"].get("sources", {}).get("test", {})
    if "id" not in test or not isinstance(registered, dict) or set(registered) != {"task_id", "problems"}:
        raise UsageError(
            f"tasks/{task.name}.yaml: metadata.benchmark is {registered}; give {{task_id: ID, problems: NUMBER}} where "
            f"the test split is a data set of the Hub, and nothing elsewhere"
        )
    where = {"dataset": test["id"], "config": test.get("config", "default"), "split": test["split"]}
    return Benchmark(**where, revision=test["revision"], **registered)


def judgements(record: Record) -> Iterator[Judged]:
    """Yield the judgements of the trained policy on benchmarks of the Hub."""
    for evaluation in record.evals:
        if evaluation.step != record.last_step or not tasks.exists(evaluation.task):
            continue
        task = tasks.load(evaluation.task)
        if found := benchmark(task):
            yield Judged(found, evaluation, _obstacle(record, evaluation, task, found))


def entries(record: Record, dataset: str) -> dict[str, bytes]:
    """Return the entry of each benchmark that the trained policy was judged on as a whole, by its path."""
    sound = [one for one in judgements(record) if one.obstacle is None]
    return {path(one.evaluation.task): _file(_entry(record, one, dataset)) for one in sound}


def path(task: str) -> str:
    """Return where an entry of a judgement on a task is; each way of asking a benchmark has a file of its own."""
    return f".eval_results/{task}.yaml"


def _file(entry: EvalResultEntry) -> bytes:
    return yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False).encode()


def _entry(record: Record, one: Judged, dataset: str) -> EvalResultEntry:
    """Return an entry; records tell the version of the task that was trained on, and so the revision of its data."""
    trained = one.evaluation.task == record.task.name
    return EvalResultEntry(
        dataset_id=one.benchmark.dataset,
        task_id=one.benchmark.task_id,
        value=one.percent,
        dataset_revision=one.benchmark.revision if trained else None,
        date=record.provenance.finished,
        source_url=f"https://huggingface.co/datasets/{dataset}",
        source_name="urlvr-bench",
        notes=f"{record.method.id}, seed {record.seed}, protocol {record.protocol_id}, {one.evaluation.task}, "
        f"avg@{one.evaluation.n} over {one.benchmark.problems} problems",
    )


def _obstacle(record: Record, evaluation: Eval, task: Task, found: Benchmark) -> str | None:
    """Return why a judgement must not stand for the benchmark."""
    if len(evaluation.correct) != found.problems:
        return f"as {len(evaluation.correct):,} of {found.problems:,} problems were judged"
    if evaluation.task == record.task.name and (record.task.version, record.task.source) != (task.version, task.source):
        return f"as {task.name} {record.task.version} of {record.task.source} was judged, not {task.version}"
    return None
