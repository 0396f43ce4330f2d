"""The columns of the board, in their order."""

from collections.abc import Sequence
from dataclasses import dataclass

from urlvr_bench.board import outcomes, values
from urlvr_bench.board.boards import FACETS, Board
from urlvr_bench.board.values import Writer
from urlvr_bench.statistics import downfall, verdicts
from urlvr_bench.statistics.collapse import FEWEST, HEADLINE, LABELS_LOST, PAPER, WINDOW, Definition
from urlvr_bench.stopping.known import RECOMMENDED

FACET_NAMES = {"judged": "judged on"}
FACET_HELP = {
    "protocol": "The frozen settings of training and evaluation",
    "model": "The model that training starts from",
    "task": "The task that the runs train on",
    "judged": "The task that the scores are from",
}
COLLAPSE = {"collapse": HEADLINE, "labelslost": LABELS_LOST, "mcs": PAPER}
"""The column of each definition of collapse; the first one alone is called the collapse step."""


@dataclass(frozen=True)
class Column:
    """A column: `fields` are the names of its raw values, the first of which it is sorted by."""

    key: str
    name: str
    help: str
    cell: Writer
    fields: tuple[str, ...]
    numeric: bool = True
    shown: bool = True


def columns(boards: Sequence[Board]) -> list[Column]:
    """Return the columns for some boards: pass@k for each k that a protocol asks for."""
    sizes = sorted({k for board in boards for k in board.first.protocol.evaluation.k if k > 1})
    names = {board.metric for board in boards}
    metric = names.pop() if len(names) == 1 else "avg@k"
    return [
        _measured("rank", "rank", RANK, values.rank),
        _text("method", "method", "The reward method, and its family", values.method, shown=True),
        Column("outcome", "outcome", OUTCOME, outcomes.outcome, ("outcome", "fell"), numeric=False),
        Column("course", "start, peak, end", COURSE, outcomes.course, ("start", "peak_mean", "peak_mean_step")),
        _text("family", "family", "What the reward is made of", values.family),
        _text("labels", "labels", "Whether the method reads the ground truth", values.labels, "uses_labels"),
        _text("signals", "signals", "What the method reads beside the answers", values.signals),
        *(_text(key, FACET_NAMES.get(key, key), FACET_HELP[key], values.facet(key)) for key in FACETS),
        _measured("avg", metric, "Share of correct samples at the last step, %", values.average, shown=False),
        _measured("gain", "gain", "Points over step 0, paired by seed and problem", values.gain, shown=False),
        *(_pass_at(k, shown=False) for k in sizes),
        _measured("stopped", "stopped, no labels", STOPPED, values.stopped, shown=False),
        _measured("peak", "peak, oracle-picked", PEAK, values.peak, "peak_oracle_picked", shown=False),
        _measured("rewardacc", "reward accuracy", REWARD, values.reward_accuracy, "reward_accuracy", shown=False),
        _measured("labelacc", "label accuracy", LABEL, values.label_accuracy, "label_accuracy", shown=False),
        *(_collapse(key, definition) for key, definition in COLLAPSE.items()),
        Column("tokens", "tokens", TOKENS, values.tokens, ("train_tokens", "train_tokens_x_supervised")),
        Column("hours", "hours", "Device hours of all seeds", values.cost, ("device_hours", "device"), shown=False),
        Column("seeds", "seeds", "Training runs", values.seeds, ("seeds",), shown=False),
        _text("badge", "scores", "Who computed the scores", values.badge),
    ]


RANK = (
    "By accuracy at the last step. =1: cannot be told from the best; tied rows are ordered by what differs, their "
    "training tokens. 3\N{EN DASH}5: the 95 % interval of the rank"
)
OUTCOME = f"What became of the mean accuracy. {verdicts.RULE} {downfall.SHORT}"
COURSE = (
    "Mean accuracy before training (tick), at its best (ring, picked with the test labels) and at the last step (dot, "
    "with its 95 % interval), on a scale from 0 to 100 %"
)
PEAK = "Mean over seeds of the best evaluation of a run, %: picked with hindsight"
STOPPED = f"Accuracy at the checkpoint that the label-free rule {RECOMMENDED} picks, %: as a practitioner may have it"
REWARD = (
    "Share of rollouts that are paid what they deserve; real-valued rewards: chance that a correct rollout "
    f"out-scores a wrong one; last {WINDOW} steps, %"
)
TOKENS = "Completion tokens of a training, mean of its runs; x: how many times those of the supervised reference"
LABEL = f"Share of prompts whose pseudo-label is correct, last {WINDOW} steps, %"


def _measured(key: str, name: str, text: str, cell: Writer, field: str = "", shown: bool = True) -> Column:
    field = field or key
    return Column(key, name, text, cell, (field, f"{field}_low", f"{field}_high"), shown=shown)


def _text(key: str, name: str, text: str, cell: Writer, field: str = "", shown: bool = False) -> Column:
    return Column(key, name, text, cell, (field or key,), numeric=False, shown=shown)


def _pass_at(k: int, shown: bool) -> Column:
    text = f"Chance that one of {k} samples is correct, unbiased, %"
    return _measured(f"pass{k}", f"pass@{k}", text, values.metric(f"pass@{k}"), f"pass@{k}", shown)


def _collapse(key: str, definition: Definition) -> Column:
    name = "collapse step" if definition is HEADLINE else definition.name
    text = (
        f"Seeds that collapsed, the Kaplan-Meier median step and, from {FEWEST} seeds on, its 95 % interval, else the "
        f"steps themselves: {definition.name}"
    )
    fields = (f"{key}_step", f"{key}_step_low", f"{key}_step_high", f"{key}_seeds", f"{key}_of_seeds")
    return Column(key, name, text, values.collapsed(definition), fields, numeric=False, shown=definition is HEADLINE)
