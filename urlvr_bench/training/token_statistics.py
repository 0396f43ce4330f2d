"""Token statistics from hidden states or logits: exact, and never more than a chunk of N x V logits at a time."""

import math

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK_BYTES = {"cpu": 256 << 20, "cuda": 1 << 30}
"""Memory for one chunk of float32 logits and, on a GPU, its exponential."""
CACHED_BYTES = 1 << 20
"""What a CPU core's own cache holds: statistics of that many logits at a time, at a vocabulary of 150,000 one token's,
cost a third of those of a whole chunk, which goes through the memory once for each of the passes."""


def statistics_of(
    hidden_N_H: Tensor,
    weight_V_H: Tensor,
    bias_V: Tensor | None,
    targets_N: Tensor,
    temperature: float = 1.0,
    scale: float = 1.0,
    softcap: float | None = None,
    chunk_bytes: int | None = None,
) -> Tensor:
    """Return a `(4, N)` float32 tensor: log-probability of the target, entropy, KL(uniform || policy), top gap.

    The first three are in nats; the gap is the likeliest token's probability less the second's. `scale` multiplies
    the logits and `softcap` bounds them, for the model families that do so.
    """
    vocabulary = weight_V_H.shape[0]
    budget = chunk_bytes or CHUNK_BYTES.get(hidden_N_H.device.type, 256 << 20)
    chunk = max(16, budget // (vocabulary * 4 * 2))
    out = hidden_N_H.new_empty((4, len(hidden_N_H)), dtype=torch.float32)
    autocast = torch.is_autocast_enabled(weight_V_H.device.type)
    room = None if autocast else weight_V_H.new_empty((min(chunk, len(hidden_N_H)), vocabulary))
    for start in range(0, len(hidden_N_H), chunk):
        rows = slice(start, start + chunk)
        logits = _product(hidden_N_H[rows].to(weight_V_H.dtype), weight_V_H, room).float()
        out[:, rows] = of_logits(_as_sampled(logits, bias_V, temperature, scale, softcap), targets_N[rows])
    return out


def log_probabilities(
    hidden_N_H: Tensor,
    weight_V_H: Tensor,
    bias_V: Tensor | None,
    targets_N: Tensor,
    temperature: float = 1.0,
    scale: float = 1.0,
    softcap: float | None = None,
    chunk_bytes: int = CHUNK_BYTES["cpu"],
    entropy_gradient: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the targets' log-probabilities (N,), to be differentiated, and the entropies (N,), nats, float32.

    The entropies can be differentiated, too, if `entropy_gradient`.
    The logits of one chunk at a time are kept; where there are more chunks, the backward pass computes them again.
    """

    def part(hidden: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits = (hidden.to(weight_V_H.dtype) @ weight_V_H.T).float()
        all_N_V = torch.log_softmax(_as_sampled(logits, bias_V, temperature, scale, softcap), 1)
        with torch.set_grad_enabled(entropy_gradient and torch.is_grad_enabled()):
            entropies = -(all_N_V.exp() * all_N_V).sum(1)
        return all_N_V.gather(1, targets[:, None]).squeeze(1), entropies

    chunk = max(16, chunk_bytes // (weight_V_H.shape[0] * 4 * 2))
    if len(hidden_N_H) <= chunk:
        return part(hidden_N_H, targets_N)
    chunks = zip(hidden_N_H.split(chunk), targets_N.split(chunk), strict=True)
    found = [checkpoint(part, hidden, targets, use_reentrant=False) for hidden, targets in chunks]
    return torch.cat([each[0] for each in found]), torch.cat([each[1] for each in found])


def _as_sampled(
    logits_N_V: Tensor, bias_V: Tensor | None, temperature: float, scale: float, softcap: float | None
) -> Tensor:
    """Return the logits that tokens are drawn from; those given are used up."""
    if bias_V is not None:
        logits_N_V += bias_V.float()
    if scale != 1:
        logits_N_V *= scale
    if softcap:
        logits_N_V = softcap * torch.tanh(logits_N_V / softcap)
    if temperature != 1:
        logits_N_V /= temperature
    return logits_N_V


def _product(hidden_N_H: Tensor, weight_V_H: Tensor, room_N_V: Tensor | None) -> Tensor:
    """Return the product in memory that was used before, as fresh memory costs half as much as the product itself.

    Under autocast there is none: it decides on the precision only of products that choose their own memory.
    """
    if room_N_V is None:
        return hidden_N_H @ weight_V_H.T
    return torch.mm(hidden_N_H, weight_V_H.T, out=room_N_V[: len(hidden_N_H)])


def of_logits(logits_N_V: Tensor, targets_N: Tensor) -> Tensor:
    """Return the `(4, N)` statistics of logits that the sampling temperature has divided; the logits are used up."""
    N, V = logits_N_V.shape
    rows = max(1, CACHED_BYTES // (4 * V)) if logits_N_V.device.type == "cpu" else N
    room = torch.empty_like(logits_N_V[:rows])  # a fresh one for each block would cost more than the exponential
    parts = zip(logits_N_V.split(rows), targets_N.split(rows), strict=True)
    return torch.cat([_of_block(logits, targets, room[: len(logits)]) for logits, targets in parts], 1)


def _of_block(logits_N_V: Tensor, targets_N: Tensor, room_N_V: Tensor) -> Tensor:
    highest, second = _two_highest(logits_N_V)
    logits_N_V -= highest[:, None]
    mean = logits_N_V.mean(1)
    target = logits_N_V.gather(1, targets_N[:, None]).squeeze(1)
    weights = torch.exp(logits_N_V, out=room_N_V)
    total = weights.sum(1)
    log_total = total.log()
    return torch.stack(
        (
            target - log_total,
            log_total - weights.mul_(logits_N_V).sum(1) / total,
            log_total - mean - math.log(logits_N_V.shape[1]),
            (1 - (second - highest).exp()) / total,
        )
    )


def _two_highest(logits_N_V: Tensor) -> tuple[Tensor, Tensor]:
    """Return the highest and the second highest logit of each row.

    Torch finds a maximum's place, or the two highest, an order of magnitude more slowly than a plain maximum. So the
    maxima of stretches are taken first, and the stretch that holds the highest is searched for the second.
    """
    V = logits_N_V.shape[1]
    width = math.isqrt(V)
    if width < 32:
        highest, second = logits_N_V.topk(2).values.unbind(1)
        return highest, second
    whole = V - V % width
    tops = logits_N_V[:, :whole].unflatten(1, (-1, width)).amax(2)
    if whole < V:
        tops = torch.cat([tops, logits_N_V[:, whole:].amax(1, keepdim=True)], 1)
    best, stretch = tops.topk(2)
    places = stretch[:, :1] * width + torch.arange(width, device=logits_N_V.device)
    within = logits_N_V.gather(1, places.clamp(max=V - 1)).masked_fill(places >= V, -math.inf)
    return best[:, 0], torch.maximum(best[:, 1], within.topk(2).values[:, 1])
