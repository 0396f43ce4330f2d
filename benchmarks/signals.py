"""Certainty signals against the naive computation: `python benchmarks/signals.py [--quick] [--json FILE]`.

Both take the same hidden states to the log-probability, entropy, self-certainty and top gap of every token at a
vocabulary of 150,000. Each runs in a process of its own; memory is its peak less what it had before.
"""

import multiprocessing
import os
import resource
import time
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1"}

from report import Tables, report

VOCABULARY, HIDDEN = 150_000, 256


def naive(hidden: Any, weight: Any, targets: Any) -> Any:
    """Return the statistics from the full logits, as a formula is written down."""
    import torch

    logits = (hidden @ weight.T).float()
    logprobs = torch.log_softmax(logits, -1)
    probs = logprobs.exp()
    entropy = -(probs * logprobs).sum(-1)
    certainty = -logprobs.mean(-1) - torch.log(torch.tensor(float(VOCABULARY)))
    first, second = probs.topk(2, -1).values.T
    return torch.stack([logprobs.gather(1, targets[:, None]).squeeze(1), entropy, certainty, first - second])


def ours(hidden: Any, weight: Any, targets: Any) -> Any:
    from urlvr_bench.training.token_statistics import statistics_of

    return statistics_of(hidden, weight, None, targets)


def measured(name: str, tokens: int, rounds: int, queue: Any) -> None:
    """Put seconds of processor time, peak memory in MB and the statistics of a few tokens into the queue."""
    import torch

    from urlvr_bench.training import token_statistics  # noqa: F401  its import is no part of what is measured

    torch.set_num_threads(1)
    torch.manual_seed(0)
    hidden, weight = torch.randn(tokens, HIDDEN), torch.randn(VOCABULARY, HIDDEN).div_(HIDDEN**0.5)
    targets = torch.randint(VOCABULARY, (tokens,))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    with torch.no_grad():
        for _ in range(rounds):
            begun = time.process_time()
            found = {"naive": naive, "ours": ours}[name](hidden, weight, targets)
            times.append(time.process_time() - begun)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    queue.put((min(times), peak, found[:, :64].tolist()))


def measure(quick: bool) -> Tables:
    tokens, context = (256 if quick else 2048), multiprocessing.get_context("spawn")
    found = {}
    for name in ("naive", "ours"):
        queue = context.Queue()
        child = context.Process(target=measured, args=(name, tokens, 1 if quick else 3, queue))
        child.start()
        found[name] = queue.get()
        child.join()
    difference = max(
        abs(a - b) for x, y in zip(found["naive"][2], found["ours"][2], strict=True) for a, b in zip(x, y, strict=True)
    )
    rows = [
        {
            "signals": name,
            "tokens": tokens,
            "CPU s": seconds,
            "peak, MB": peak,
            "time / naive": seconds / found["naive"][0],
            "memory / naive": peak / found["naive"][1],
        }
        for name, (seconds, peak, _) in found.items()
    ]
    return {"signals": rows, "largest difference": difference}


if __name__ == "__main__":
    report(__doc__, measure)
