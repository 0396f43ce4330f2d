"""What a run's page says: what became of the policy, the command that repeats it and where it comes from."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from urlvr_bench.board.words import count, number, percent
from urlvr_bench.records.record import Eval, Record
from urlvr_bench.statistics import collapse, metrics

SILENT = "at every step no answer could be read, or every gradient was 0, so there was nothing to learn from"


@dataclass(frozen=True)
class Judged:
    """One evaluation of a run."""

    task: str
    step: int
    scores: tuple[float, ...]
    unparsed: float
    truncated: float


@dataclass(frozen=True)
class Run:
    """A record with what is worked out of it once for all pages."""

    record: Record

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics of its evaluations, the average first."""
        asked = self.record.protocol.evaluation
        return [f"avg@{asked.samples}", *(f"pass@{k}" for k in asked.k if k > 1), f"maj@{asked.samples}"]

    @cached_property
    def evaluations(self) -> list[Judged]:
        """Every evaluation: on the task of the training by step, then on others."""
        task = self.record.task.name
        found = sorted(self.record.evals, key=lambda part: (part.task != task, part.task, part.step))
        return [_judged(evaluation, self.metrics) for evaluation in found]

    @cached_property
    def accuracy(self) -> list[tuple[int, float]]:
        """Step and held-out accuracy of each evaluation on the task of the training."""
        return list(zip(*collapse.eval_curve(self.record), strict=True))

    @cached_property
    def shape(self) -> collapse.RiseAndFall:
        """The rise and fall of the accuracy."""
        return collapse.rise_and_fall(*collapse.eval_curve(self.record))

    @cached_property
    def collapses(self) -> dict[str, int]:
        """The step of collapse by each definition that was met."""
        found = {part.name: part.step(self.record) for part in collapse.DEFINITIONS if part.applies(self.record)}
        return {name: step for name, step in found.items() if step is not None}

    @property
    def collapse(self) -> int | None:
        """The collapse step, by the headline definition."""
        return self.collapses.get(collapse.HEADLINE.name)

    @property
    def minutes(self) -> float:
        return (self.record.provenance.train_seconds + self.record.provenance.eval_seconds) / 60

    @property
    def command(self) -> str:
        """The one line that repeats it."""
        record = self.record
        words = ["urlvr-bench", "run", "--protocol", record.protocol.exact, "--model", record.model.name]
        words += ["--task", record.task.name, "--method", record.method.id, "--seed", str(record.seed)]
        for key, value in record.overrides.items():
            words += ["--set", f"{key}={value}"]
        return shlex.join(words)

    @property
    def story(self) -> str:
        """What became of the policy, in a sentence or two."""
        shape = self.shape
        if self.record.without_signal:
            return f"No signal: {SILENT}. Accuracy on held-out problems ended at {percent(shape.final)} %."
        text = f"Accuracy on held-out problems went from {percent(shape.base)} % to {percent(shape.final)} %"
        if shape.peak > max(shape.base, shape.final):
            text += f", with {percent(shape.peak)} % at step {shape.peak_step} as the best anyone could have picked"
        if not self.collapses:
            return f"{text}. No collapse within {len(self.record.steps.step)} steps."
        found = ", ".join(f"{name} from step {step}" for name, step in self.collapses.items())
        return f"{text}. {'No collapse, but ' if self.collapse is None else 'Collapse: '}{found}."


def _judged(found: Eval, names: Sequence[str]) -> Judged:
    total = found.n * len(found.correct)
    scores = tuple(metrics.means(found, names))
    return Judged(found.task, found.step, scores, sum(found.unparsed) / total, sum(found.truncated) / total)


def provenance(record: Record) -> list[tuple[str, str]]:
    """Return where a run comes from, in words."""
    source = record.provenance
    commit = source.git_commit or "unknown"
    return [
        ("protocol", f"{record.protocol.name}, version {record.protocol.version}, hash {record.protocol_hash}"),
        ("settings changed", ", ".join(f"{key}={value}" for key, value in record.overrides.items()) or "none"),
        ("method source", f"SHA-256 {record.method.source_sha256}…"),
        (
            "model",
            f"{record.model.name}, {count(record.model.parameters)} parameters, weights {record.model.weights_sha256}…",
        ),
        ("task", f"{record.task.name}, version {record.task.version}, from {record.task.source}"),
        ("prompts", f"SHA-256 {record.task.prompts_sha256}…"),
        ("git commit", commit + (", with uncommitted changes" if source.git_dirty else "")),
        ("ran on", f"{source.device}, {source.processes} process(es), {source.platform}, Python {source.python}"),
        ("ran from", f"{source.started} to {source.finished}"),
        ("training", f"{number(source.train_seconds)} s, {count(source.train_tokens)} tokens"),
        ("evaluation", f"{number(source.eval_seconds)} s, {count(source.eval_tokens)} tokens"),
    ]


def details(record: Record) -> tuple[tuple[str, str], ...]:
    """Return package versions and trainer settings."""
    source = record.provenance
    settings = ((name, str(value)) for name, value in sorted(source.trainer_config.items()))
    return (*sorted(source.packages.items()), *settings)
