"""Token statistics against the naive computation over full logits."""

import math

import pytest
import torch

from urlvr_bench import signals
from urlvr_bench.pocket.language import ALPHABET, tiny_llama


@pytest.fixture(scope="module")
def model():
    found = tiny_llama(3).eval()
    signals.attach(found)
    return found


PROMPTS = [[1, 2, 3, 4], [5, 6], [7, 8, 9], [1]]
COMPLETIONS = [[10, 11, 12], [13], [], [3, 3, 3, 3, 3, 14]]


def naive(model, prompt, completion, temperature):
    """One text at a time, unpadded, all logits at once, in float64."""
    logits = model(torch.tensor([prompt + completion])).logits[0].double() / temperature
    logp = logits.log_softmax(-1)[len(prompt) - 1 : len(prompt) + len(completion) - 1]
    return (
        [logp[i, token].item() for i, token in enumerate(completion)],
        (-(logp.exp() * logp).sum(-1)).tolist(),
        (-logp.mean(-1) - math.log(len(ALPHABET))).tolist(),
        (logp.exp().topk(2).values @ torch.tensor([1.0, -1.0], dtype=torch.float64)).tolist(),
    )


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("micro_batch", [1, 3, 8])
@torch.no_grad()
def test_statistics_equal_the_naive_ones_and_are_aligned_with_the_sampled_tokens(model, temperature, micro_batch):
    found = signals.score(model, PROMPTS, COMPLETIONS, temperature, 0, micro_batch, torch.device("cpu"))
    for i, (prompt, completion) in enumerate(zip(PROMPTS, COMPLETIONS, strict=True)):
        logprobs, entropies, certainties, gaps = naive(model, prompt, completion, temperature)
        assert found.logprobs[i] == pytest.approx(logprobs, abs=1e-5)
        assert found.entropies[i] == pytest.approx(entropies, abs=1e-5)
        assert found.self_certainties[i] == pytest.approx(certainties, abs=1e-5)
        assert found.top_gaps[i] == pytest.approx(gaps, abs=1e-5)


def test_chunks_do_not_change_the_result():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(100, 8, generator=generator)
    weight = torch.randn(50, 8, generator=generator)
    targets = torch.randint(50, (100,), generator=generator)
    whole = signals.statistics_of(hidden, weight, None, targets)
    chunked = signals.statistics_of(hidden, weight, None, targets, chunk_bytes=16 * 50 * 8)
    torch.testing.assert_close(whole, chunked)


def test_extreme_logits_stay_finite():
    hidden = torch.tensor([[1.0], [-1.0]])
    weight = torch.tensor([[1e4], [0.0], [-1e4]])
    found = signals.statistics_of(hidden, weight, None, torch.tensor([2, 2]))
    assert torch.isfinite(found).all()
    assert found[0].tolist() == pytest.approx([-2e4, 0.0])
    assert found[1].tolist() == pytest.approx([0.0, 0.0])


def test_uniform_logits_have_the_known_values():
    found = signals.statistics_of(torch.zeros(1, 4), torch.zeros(10, 4), None, torch.tensor([0]))
    assert found[:, 0].tolist() == pytest.approx([-math.log(10), math.log(10), 0.0, 0.0], abs=1e-6)


def test_softcap_and_scale_are_applied():
    hidden, weight, target = torch.tensor([[2.0]]), torch.tensor([[3.0], [0.0]]), torch.tensor([0])
    capped = signals.statistics_of(hidden, weight, None, target, scale=0.5, softcap=1.5)
    logit = 1.5 * math.tanh(3.0 / 1.5)
    assert capped[0, 0].item() == pytest.approx(-math.log1p(math.exp(-logit)), abs=1e-6)
