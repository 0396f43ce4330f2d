"""What runs will take on GPUs, judging included: hours by the formulas of `footprint`, estimates and upper bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Protocol, Run
from urlvr_bench.running import footprint, pace
from urlvr_bench.running.footprint import GB, PROMPT_TOKENS, Footprint, Gpu
from urlvr_bench.running.shapes import shape_of
from urlvr_bench.settings import split_batch

NUMBERS = (1, 2, 4, 8)
"""GPUs of one machine that a run may take."""
JUDGE_MEMORY = 0.9
"""What vLLM takes of a GPU when nothing else is on it."""


@dataclass(frozen=True)
class Cost:
    """What one run takes, on the fewest GPUs that hold it: while it is judged, on one of them, the others wait."""

    layout: str
    gpus: int
    training: float
    """Hours at most: every completion as long as it may be, and no run ends early."""
    judging: float

    @property
    def place(self) -> str:
        """The GPUs in words, with what `--config` says where they are several."""
        return "1 GPU" if self.gpus == 1 else f"{self.gpus} GPUs ({self.layout})"

    @property
    def hours(self) -> float:
        """Hours from the start to the record, at most."""
        return self.training + self.judging

    @property
    def gpu_hours(self) -> float:
        """Hours times GPUs."""
        return self.gpus * self.hours


def cost(run: Run, gpu: Gpu) -> Cost | None:
    """Return what a run takes of such GPUs; None where eight of them do not hold it."""
    settings = run.protocol.model_copy(update={"model": run.model})
    found = _fewest(settings, gpu)
    if found is None:
        return None
    hours = found.step_seconds * settings.training.steps / 3600
    return Cost(found.layout, found.gpus, hours, _judging(settings, pace.samples(run, settings.training.steps), gpu))


@cache
def _fewest(settings: Protocol, gpu: Gpu) -> Footprint | None:
    """Return the footprint on the fewest GPUs that hold the run and share its batch; whole copies before shards."""
    for number in NUMBERS:
        try:
            split_batch(settings.training, number)
            fitting = [one for one in footprint.table(settings, number, gpu) if one.fits]
        except UsageError:  # it would cut a group, or a mini-batch
            continue
        if fitting:
            return next((one for one in fitting if one.layout in ("multi_gpu", "fsdp2")), fitting[0])
    return None


def _judging(settings: Protocol, samples: int, gpu: Gpu) -> float:
    """Return hours to sample so many completions of full length on one GPU that nothing else is on."""
    shape, asked = shape_of(settings.model), settings.evaluation
    drawn = settings.training.model_copy(update={"max_completion_tokens": asked.max_tokens, "vllm": "colocate"})
    room = JUDGE_MEMORY * gpu.memory - 2 * shape.parameters
    return footprint.generation(shape, drawn, samples, room, gpu, PROMPT_TOKENS) / 3600


def lines(runs: Sequence[Run], gpu: Gpu) -> list[str]:
    """Return the cost of runs in words: how many GPU-hours, on what, and which do not fit."""
    costs = [cost(run, gpu) for run in runs]
    known = [one for one in costs if one is not None]
    lost = sorted({run.model for run, one in zip(runs, costs, strict=True) if one is None})
    card = f"GPUs of {gpu.memory / GB:.0f} GB"
    found = []
    if known:
        judged = sum(one.gpus * one.judging for one in known) / sum(one.gpu_hours for one in known)
        found.append(
            f"at most {sum(one.gpu_hours for one in known):,.0f} GPU-hours on {card}, {judged:.0%} of them judging: by "
            "the data sheet of an H100, not measured; every completion as long as it may be, and no run ends early; "
            "without what methods sample besides their rollouts"
        )
    found += [f"{model} does not fit on {NUMBERS[-1]} {card} and is not counted" for model in lost]
    return found
