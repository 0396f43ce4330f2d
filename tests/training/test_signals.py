"""Token statistics against the naive computation over full logits."""

import math

import pytest
import torch
from trl.trainer.utils import add_fused_lm_head

from urlvr_bench.evaluation.decoding import Decoding, Draw, cut, generating_with
from urlvr_bench.pocket.language import ALPHABET, tiny_llama
from urlvr_bench.training import signals, token_statistics


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


@torch.no_grad()
def test_watched_values_equal_the_scored_ones_for_rows_that_end_early_and_for_padded_prompts(model):
    prompts = [[0, 0, 1, 2], [3, 4, 5, 6], [0, 7, 8, 9]]
    ids, mask = torch.tensor(prompts), torch.tensor([[int(token != 0) for token in row] for row in prompts])
    watch, ends = signals.Watch(0.6), [6, 2, 6]
    with generating_with(model, Decoding(lambda width: [watch])):
        torch.manual_seed(0)
        settings = {"do_sample": True, "temperature": 0.6, "top_k": 0, "top_p": 1.0, "max_new_tokens": 6}
        out = model.generate(input_ids=ids, attention_mask=mask, eos_token_id=-1, pad_token_id=0, **settings)
    drawn = [row[4 : 4 + end].tolist() for row, end in zip(out, ends, strict=True)]
    found = watch.statistics(drawn)
    plain = [[token for token in row if token] for row in prompts]
    scored = signals.score(model, plain, drawn, 0.6, 0, 8, torch.device("cpu"))
    for kind in ("logprobs", "entropies", "self_certainties", "top_gaps"):
        for one, other in zip(getattr(found, kind), getattr(scored, kind), strict=True):
            assert one == pytest.approx(other, abs=1e-5)


def test_chunks_do_not_change_the_result():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(100, 8, generator=generator)
    weight = torch.randn(50, 8, generator=generator)
    targets = torch.randint(50, (100,), generator=generator)
    whole = token_statistics.statistics_of(hidden, weight, None, targets)
    chunked = token_statistics.statistics_of(hidden, weight, None, targets, chunk_bytes=16 * 50 * 8)
    torch.testing.assert_close(whole, chunked)


def test_extreme_logits_stay_finite():
    hidden = torch.tensor([[1.0], [-1.0]])
    weight = torch.tensor([[1e4], [0.0], [-1e4]])
    found = token_statistics.statistics_of(hidden, weight, None, torch.tensor([2, 2]))
    assert torch.isfinite(found).all()
    assert found[0].tolist() == pytest.approx([-2e4, 0.0])
    assert found[1].tolist() == pytest.approx([0.0, 0.0])


def test_uniform_logits_have_the_known_values():
    found = token_statistics.statistics_of(torch.zeros(1, 4), torch.zeros(10, 4), None, torch.tensor([0]))
    assert found[:, 0].tolist() == pytest.approx([-math.log(10), math.log(10), 0.0, 0.0], abs=1e-6)


def test_softcap_and_scale_are_applied():
    hidden, weight, target = torch.tensor([[2.0]]), torch.tensor([[3.0], [0.0]]), torch.tensor([0])
    capped = token_statistics.statistics_of(hidden, weight, None, target, scale=0.5, softcap=1.5)
    logit = 1.5 * math.tanh(3.0 / 1.5)
    assert capped[0, 0].item() == pytest.approx(-math.log1p(math.exp(-logit)), abs=1e-6)


@pytest.mark.parametrize("vocabulary", [2, 50, 1024, 5000, 50_021])
def test_the_two_highest_are_those_of_a_full_search(vocabulary):
    """Wherever they lie: in one stretch, in the shorter last one, or tied."""
    generator = torch.Generator().manual_seed(vocabulary)
    logits = torch.randn(40, vocabulary, generator=generator)
    logits[0, 0] = logits[0, 1] = logits[1, -1] = logits[1, -2] = logits[2, 0] = logits[2, -1] = 9.0
    logits[3] = 0.0
    logits[4, -1] = 9.0
    found = torch.stack(token_statistics._two_highest(logits), 1)
    assert torch.equal(found, logits.topk(2).values)


@pytest.mark.parametrize("autocast", [False, True])
def test_a_large_vocabulary_in_blocks_equals_the_formulas(autocast):
    generator = torch.Generator().manual_seed(0)
    hidden, weight = torch.randn(7, 16, generator=generator), torch.randn(50_021, 16, generator=generator)
    targets = torch.randint(50_021, (7,), generator=generator)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast), torch.no_grad():
        found = token_statistics.statistics_of(hidden, weight, None, targets, chunk_bytes=1)
        logits = (hidden @ weight.T).double()
    logp = logits.log_softmax(1)
    first, second = logp.exp().topk(2).values.T
    entropy, certainty = -(logp.exp() * logp).sum(1), -logp.mean(1) - math.log(50_021)
    expected = torch.stack([logp.gather(1, targets[:, None])[:, 0], entropy, certainty, first - second])
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-6)


def test_no_tokens_have_no_statistics():
    empty = torch.zeros(0, dtype=torch.long)
    assert token_statistics.statistics_of(torch.zeros(0, 4), torch.zeros(10, 4), None, empty).shape == (4, 0)


ROWS = torch.tensor(
    [[0, 5, 6, 7, 9, 2], [0, 5, 6, 3, 4, 0], [1, 8, 6, 3, 3, 1], [0, 5, 6, 4, 0, 0], [1, 8, 6, 0, 9, 9]]
)
MASK = torch.tensor(
    [[0, 1, 1, 1, 1, 1], [0, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1], [0, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]
)


def trl_scores(temperature, share_prompts=None):
    """What TRL gets for three completion tokens of ROWS, and a gradient: by its own code, or through `attach`."""
    policy = tiny_llama(3).train()
    add_fused_lm_head(policy, temperature=temperature, outputs=("log_probs", "entropy"))
    if share_prompts is not None:
        signals.attach(policy, temperature, share_prompts)
    labels = ROWS.masked_fill(MASK == 0, -100)
    labels[:, :-3] = -100
    out = policy(input_ids=ROWS, attention_mask=MASK, labels=labels, fused_lm_head=True)
    (out.log_probs[:, -3:] * torch.arange(1.0, 16).view(5, 3)).sum().backward()
    return out.log_probs[:, -3:].detach(), out.entropy[:, -3:], [weight.grad for weight in policy.parameters()]


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("share_prompts", [False, True])
def test_the_trainer_gets_the_scores_and_gradients_of_its_own_code(temperature, share_prompts):
    theirs, ours = trl_scores(temperature), trl_scores(temperature, share_prompts)
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-4)


def test_differentiable_scores_do_not_depend_on_the_chunk():
    generator = torch.Generator().manual_seed(0)
    weight, targets = torch.randn(50, 8, generator=generator), torch.randint(50, (100,), generator=generator)
    found = []
    for chunk_bytes in (16 * 50 * 8, 1 << 30):
        hidden = torch.randn(100, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
        scores, entropies = token_statistics.log_probabilities(
            hidden, weight, None, targets, 0.7, 1.5, 9.0, chunk_bytes=chunk_bytes
        )
        scores.square().sum().backward()
        found.append((scores.detach(), entropies, hidden.grad))
    torch.testing.assert_close(*found)
    naive_logits = 9 * torch.tanh(1.5 * hidden.detach() @ weight.T / 9) / 0.7
    torch.testing.assert_close(found[0][0], naive_logits.log_softmax(1).gather(1, targets[:, None])[:, 0])


def test_prompts_read_once_draw_the_same_tokens(model):
    ids, mask, drawn = ROWS[:, :4], MASK[:, :4], []
    settings = {"max_gen_toks": 8, "temperature": 1.0, "top_p": 1.0, "top_k": 0}
    for share in (False, True):
        how = Decoding(lambda width: [Draw([f"row {i}" for i in range(5)], settings, width)], share_prompts=share)
        with generating_with(model, how):
            out = model.generate(
                input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=8, eos_token_id=-1, pad_token_id=0
            )
        drawn.append(out[:, 4:])
    assert torch.equal(*drawn)


class Letters:
    """A tokenizer of letters, two to a token where the number is above 100."""

    def decode(self, ids):
        return "".join(chr(token) if token < 1000 else chr(token // 1000) + chr(token % 1000) for token in ids)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("ab.c", "ab."), ("abc", "abc"), ("", ""), (".", "."), ("a.b.c", "a.")],
)
def test_a_completion_ends_with_the_token_that_completes_a_stop_string(text, kept):
    assert Letters().decode(cut([ord(letter) for letter in text], ["."], Letters())) == kept


def test_a_stop_string_may_lie_across_tokens():
    ids = [ord("x"), 1000 * ord("a") + ord("b"), ord("c"), ord("d")]
    assert cut(ids, ["bc"], Letters()) == ids[:3]
