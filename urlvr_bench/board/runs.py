"""What a run's page says: what became of the policy, the command that repeats it and where it comes from."""

import shlex
from dataclasses import dataclass

from urlvr_bench import collapse, metrics
from urlvr_bench.board.words import count, number, percent
from urlvr_bench.record import Record


@dataclass(frozen=True)
class Judged:
    """One evaluation of a run."""

    task: str
    step: int
    scores: tuple[float, ...]
    unparsed: float
    truncated: float


def command(record: Record) -> str:
    """Return the one line that repeats a run."""
    words = ["urlvr-bench", "run", "--protocol", record.protocol.name, "--model", record.model.name]
    words += ["--task", record.task.name, "--method", record.method.id, "--seed", str(record.seed)]
    for key, value in record.overrides.items():
        words += ["--set", f"{key}={value}"]
    return shlex.join(words)


def story(record: Record) -> str:
    """Say in a sentence or two what became of the policy."""
    steps, values = collapse.eval_curve(record)
    shape = collapse.rise_and_fall(steps, values)
    text = f"Accuracy on held-out problems went from {percent(shape.base)} % to {percent(shape.final)} %"
    if shape.peak > max(shape.base, shape.final):
        text += f", with {percent(shape.peak)} % at step {shape.peak_step} as the best anyone could have picked"
    ends = [(part, part.step(record)) for part in collapse.DEFINITIONS if part.applies(record)]
    fallen = [f"{part.name} from step {step}" for part, step in ends if step is not None]
    last = record.protocol.training.steps
    return f"{text}. " + (f"Collapse: {', '.join(fallen)}." if fallen else f"No collapse within {last} steps.")


def fallen_at(record: Record) -> int | None:
    """Return the earliest step of collapse by any definition."""
    found = [part.step(record) for part in collapse.DEFINITIONS if part.applies(record)]
    return min((step for step in found if step is not None), default=None)


def evaluations(record: Record) -> tuple[list[str], list[Judged]]:
    """Return the names of the metrics and every evaluation of a run."""
    asked = record.protocol.evaluation
    names = [f"avg@{asked.samples}", *(f"pass@{k}" for k in asked.k if k > 1), f"maj@{asked.samples}"]
    rows = []
    for found in sorted(record.evals, key=lambda e: (e.task != record.task.name, e.task, e.step)):
        total = found.n * len(found.correct)
        scores = tuple(float(metrics.per_problem(found, name).mean()) for name in names)
        rows.append(Judged(found.task, found.step, scores, sum(found.unparsed) / total, sum(found.truncated) / total))
    return names, rows


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


def details(record: Record) -> list[tuple[str, str]]:
    """Return package versions and trainer settings."""
    source = record.provenance
    return [
        *sorted(source.packages.items()),
        *((name, str(value)) for name, value in sorted(source.trainer_config.items())),
    ]
