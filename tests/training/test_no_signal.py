"""A run whose first steps give nothing to learn from ends at once and says why."""

import math
from types import SimpleNamespace

import pytest
from transformers import TrainerControl, TrainerState

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.training.rollout_metrics import ScoredGroup, batch_metrics
from urlvr_bench.training.steplog import NO_SIGNAL_STEPS, SignalCheck

TRAINING = protocol.load("pocket").training


def feed(norms: list[float], unread: list[float], updates: int = 1, earlier: int = 0) -> None:
    """Log steps as the trainer does, the first `earlier` of them before the run was continued."""
    training = TRAINING.model_copy(update={"mini_batches": updates})
    rows = [{"grad_norm": norms[i], "unparsed": unread[i]} for i in range(earlier)]
    check = SignalCheck(training, rows)
    for step in range(earlier, len(norms)):
        for update in range(updates):
            logs = {"grad_norm": norms[step]} | ({"urlvr/unparsed": unread[step]} if update == 0 else {})
            check.on_log(SimpleNamespace(), TrainerState(), TrainerControl(), logs)


@pytest.mark.parametrize("updates", [1, 2])
def test_gradients_that_are_all_zero_end_the_run(updates: int) -> None:
    with pytest.raises(UsageError, match=r"no signal in the first 5 steps: every gradient is 0.*without_signal=go_on"):
        feed([0.0] * NO_SIGNAL_STEPS, [0.2] * NO_SIGNAL_STEPS, updates)
    feed([0.0] * (NO_SIGNAL_STEPS - 1) + [0.1], [0.2] * NO_SIGNAL_STEPS, updates)
    feed([0.1] + [0.0] * 20, [0.2] * 21, updates)  # later silence is what a policy that has converged does


@pytest.mark.parametrize("updates", [1, 2])
def test_rollouts_without_any_answer_end_the_run(updates: int) -> None:
    with pytest.raises(UsageError, match=r"no answer can be read.*max_completion_tokens"):
        feed([0.3] * NO_SIGNAL_STEPS, [1.0] * NO_SIGNAL_STEPS, updates)
    feed([0.3] * NO_SIGNAL_STEPS, [1.0] * (NO_SIGNAL_STEPS - 1) + [0.99], updates)


def test_a_run_that_goes_on_from_a_checkpoint_counts_the_steps_before_it() -> None:
    with pytest.raises(UsageError, match="no signal"):
        feed([0.0] * NO_SIGNAL_STEPS, [0.0] * NO_SIGNAL_STEPS, earlier=3)
    feed([0.0] * 30, [0.0] * 30, earlier=NO_SIGNAL_STEPS)  # it was told to go on, or had begun well


def test_rewards_of_no_answers_agree_with_nothing() -> None:
    def accuracy(*answers: str | None) -> float:
        group = ScoredGroup(list(answers), [0.0, 0.0], [False, False], [3, 3], [0.0, 0.0], [False, False])
        return batch_metrics([group], binary=True)["reward_accuracy"]

    assert math.isnan(accuracy(None, None))
    assert accuracy("7", None) == 1.0
