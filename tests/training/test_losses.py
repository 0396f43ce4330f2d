"""One real update by TRL, against what single tokens should do to the gradient, worked out from the plain model."""

import math
from dataclasses import dataclass

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.test_trainer import PRIOR, Everything, trainer_for
from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Group
from urlvr_bench.training import losses, teacher
from urlvr_bench.training.firewall import Here

pytestmark = pytest.mark.lab


def weight(length: int, token: int, kind: float) -> float:
    """Return what is said of one token: a number that belongs to its place in a completion of that length."""
    return math.cos(length + kind * token)


def rows(group: Group, kind: float) -> list[list[float]]:
    return [[weight(count, token, kind) for token in range(count)] for count in group.token_counts or []]


@dataclass(frozen=True)
class Shaped(Everything):
    """Pays every rollout the same, and each of its tokens something of its own."""

    needs = ("token_counts",)

    def reward(self, group):
        return [1.0] * len(group)

    def token_advantages(self, group):
        return rows(group, 1.0)


class Weighed(Shaped):
    def entropy_weights(self, group):
        return rows(group, 2.0)


class Held(Shaped):
    def kl_weights(self, group):
        return rows(group, 3.0)


def begun(method, folder, **changes):
    """Return a trainer and its first batch, ready for `training_step`."""
    trainer = trainer_for(method, folder, **changes)
    trainer.model.train()
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps
    return trainer, next(iter(trainer.get_train_dataloader()))


def plain(batch, model):
    """Return log-probabilities and entropies (B, T) of the completions under a plain model, and the three weights."""
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
    mask = torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1)
    width = batch["completion_ids"].shape[1]
    all_logps = model(input_ids=ids, attention_mask=mask).logits[:, -width - 1 : -1].log_softmax(2)
    logps = all_logps.gather(2, batch["completion_ids"][:, :, None]).squeeze(2)
    said = torch.zeros(3, *logps.shape)
    for i, count in enumerate(batch["completion_mask"].sum(1).tolist()):
        for kind in range(3):
            said[kind, i, :count] = torch.tensor([weight(count, token, kind + 1.0) for token in range(count)])
    return logps, -(all_logps.exp() * all_logps).sum(2), said


def gradients(model):
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


@pytest.mark.parametrize(("kind", "micro_batch"), [(Shaped, 8), (Weighed, 8), (Weighed, 4)])
def test_the_gradient_of_an_update_is_that_of_what_is_said_of_its_tokens(tmp_path, kind, micro_batch):
    trainer, inputs = begun(kind(), tmp_path, micro_batch=micro_batch)
    for _ in range(8 // micro_batch):
        trainer.training_step(trainer.model, inputs, None)
    model, total, tokens = AutoModelForCausalLM.from_pretrained(PRIOR, dtype=torch.float32), 0.0, 0
    for batch in trainer._buffered_inputs:
        logps, entropies, (advantages, weights, _) = plain(batch, model)
        total = total - (advantages * logps).sum()
        total = total + (weights * entropies).sum() * (kind is Weighed)
        tokens += int(batch["completion_mask"].sum())
    (total / tokens).backward()
    expected = gradients(model)
    assert expected.abs().max() > 1e-3
    assert torch.allclose(gradients(trainer.model), expected, atol=1e-5 * float(expected.abs().max()) + 1e-7)


def test_a_later_update_is_held_where_its_tokens_have_moved(tmp_path):
    trainer, inputs = begun(Held(), tmp_path, micro_batch=4, mini_batches=2)
    trainer.training_step(trainer.model, inputs, None)
    first = trainer._buffered_inputs[0]
    drawn = plain(first, trainer.model)[0] * first["completion_mask"]
    assert torch.allclose(first["old_per_token_logps"], drawn, atol=1e-5)
    trainer.model.zero_grad()
    torch.manual_seed(1)
    with torch.no_grad():  # as if the first update had moved every weight
        for parameter in trainer.model.parameters():
            parameter += 0.002 * torch.randn_like(parameter)
    trainer.training_step(trainer.model, inputs, None)
    batch = trainer._buffered_inputs[1]
    model = AutoModelForCausalLM.from_pretrained(PRIOR, dtype=torch.float32)
    with torch.no_grad():
        old = plain(batch, model)[0]
    model.load_state_dict(trainer.model.state_dict())
    logps, _, (advantages, _, weights) = plain(batch, model)
    moved = logps - old
    ratio, mask = moved.exp(), batch["completion_mask"]
    clipped = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
    tokens = sum(int(each["completion_mask"].sum()) for each in trainer._buffered_inputs) / 2  # a mean update's
    (((weights * moved.abs() - clipped) * mask).sum() / tokens).backward()
    expected = gradients(model)
    assert moved.abs().max() > 0.01
    assert torch.allclose(gradients(trainer.model), expected, atol=1e-4 * float(expected.abs().max()))


def test_what_no_engine_can_serve_is_refused_in_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"spy weighs how far the policy has moved .* --set mini_batches=4"):
        trainer_for(Held(), tmp_path)
    for name in ("spine", "spo"):
        with pytest.raises(UsageError, match=rf"{name} .*cannot be a term of a sum"):
            methods.build(f"{name}+0.1*format_only")
    assert losses.of_tokens({}, torch.ones(1, 1)) == {}


def test_a_teacher_that_samples_is_refused_under_vllm():
    taught = Here(methods.load("co_rewarding_2")(), "co_rewarding_2")
    with pytest.raises(UsageError, match=r"co_rewarding_2 samples from a teacher, .* training\.vllm=none"):
        teacher.refuse(taught, "co_rewarding_2", use_vllm=True)
    teacher.refuse(taught, "co_rewarding_2", use_vllm=False)
    teacher.refuse(Here(methods.load("sharpening")(), "sharpening"), "sharpening", use_vllm=True)  # it only scores
