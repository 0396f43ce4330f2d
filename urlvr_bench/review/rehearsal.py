"""Made-up groups of every kind, with signals from a pretended policy, to try a reward method on without a model."""

import dataclasses
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, cast

from urlvr_bench.rollouts import Group, Method, Sampled
from urlvr_bench.training.firewall import Guarded

PROMPT = "What is 3+4?"

ANSWERS: dict[str, Sequence[str | None]] = {
    "majority": ["7", "7", "3", "7"],
    "eight rollouts": ["7", "3", None, "7", "12", "3", "7", "0"],
    "tie": ["7", "7", "3", "3"],
    "all equal": ["5", "5", "5", "5"],
    "all distinct": ["1", "2", "3", "4"],
    "all unparsed": [None, None, None, None],
    "mostly unparsed": [None, None, None, "3"],
    "one rollout": ["7"],
    "one unparsed rollout": [None],
}
EMPTY = "empty completions"
PER_ROLLOUT = frozenset(
    {
        "token_logprobs",
        "token_entropies",
        "token_self_certainties",
        "token_top_gaps",
        "answer_spans",
        "token_counts",
        "rollout_ids",
        "verification_prompts",
        "verified",
        "tests_passed",
        "proofs_accepted",
        "correct",
    }
)
"""Signals with one entry per rollout; they move with it when rollouts change places."""


def groups(method: Method) -> Iterator[tuple[str, Group]]:
    """Yield every kind of group by name, with the signals that the method declares."""
    for kind, answers in ANSWERS.items():
        yield kind, group(method, answers, seed=len(answers))
    yield EMPTY, group(method, [None] * 4, seed=0, tokens=0)


def group(method: Method, answers: Sequence[str | None], seed: int, tokens: int | None = None) -> Group:
    """Return a group with the declared signals of random values; completions of `tokens` tokens if given."""
    rng = random.Random(seed)
    lengths = [rng.randint(2, 9) if tokens is None else tokens for _ in answers]
    completions = [
        _completion(answer, length, i) for i, (answer, length) in enumerate(zip(answers, lengths, strict=True))
    ]
    filled = {name: make() for name, make in _signals(lengths, answers, rng).items() if name in method.needs}
    return rehearse(method, Group(PROMPT, completions, list(answers), **filled))


def _completion(answer: str | None, length: int, i: int) -> str:
    thought = "\n".join(f"step {step * (i + 3)}" for step in range(length - 1))
    return f"{thought}\n\\boxed{{{answer}}}" if answer is not None and length else thought


def _signals(lengths: Sequence[int], answers: Sequence[str | None], rng: random.Random) -> dict[str, Callable[[], Any]]:
    """Return a maker for every signal that the policy's first turn decides."""

    def draw(low: float, high: float) -> list[list[float]]:
        return [[rng.uniform(low, high) for _ in range(length)] for length in lengths]

    def coins() -> list[bool]:
        return [rng.random() < 0.5 for _ in lengths]

    return {
        "token_logprobs": lambda: draw(-3, 0),
        "token_entropies": lambda: draw(0, 3),
        "token_self_certainties": lambda: draw(0, 9),
        "token_top_gaps": lambda: draw(0, 1),
        "answer_spans": lambda: [
            (n - 1, n) if n and a is not None else None for n, a in zip(lengths, answers, strict=True)
        ],
        "token_counts": lambda: list(lengths),
        "rollout_ids": lambda: [f"seed {rng.random()} rollout {i}" for i in range(len(lengths))],
        "answer_cue": lambda: "\\boxed{",
        "verification_prompts": lambda: [f"is {rng.random()} right?" for _ in lengths],
        "continuation": lambda: f"and {rng.random()} follows",
        **dict.fromkeys(("verified", "tests_passed", "proofs_accepted"), coins),
        "correct": coins,
        "gold": lambda: rng.choice("1357"),
    }


def rehearse(method: Method, group: Group) -> Group:
    """Return the group with what the method asks of the pretended policy: votes, likelihoods and replies."""
    rng, further = random.Random(group.prompt), dict[str, Any]()
    answers = [[rng.choice(["7", "3", "5", None]) for _ in range(extra.count)] for extra in method.extras()]
    if "extra_answers" in method.needs:
        further["extra_answers"] = answers
    if "extra_texts" in method.needs:
        further["extra_texts"] = [[_completion(a, 3 + i, i) for i, a in enumerate(row)] for row in answers]
    group, later = dataclasses.replace(group, **further), dict[str, Any]()
    if "likelihoods" in method.needs:
        texts = group.completions
        asked = [(q.prefix, q.continuation, q.teacher_decay) for q in method.queries(group)]
        later["likelihoods"] = [
            likelihood(before, texts[what] if isinstance(what, int) else what, decay) for before, what, decay in asked
        ]
    if "replies" in method.needs:
        later["replies"] = replies(method.ask(group))
    return remember(method, dataclasses.replace(group, **later))


def remember(method: Method, group: Group) -> Group:
    """Return the group with what the method notes of it, as if it had been shown at two earlier steps."""
    kept: dict[str, list[Any]] = {name: [] for name in ("prompt_notes", "run_notes") if name in method.needs}
    for _ in range(min(2, method.memory())):
        noted: dict[str, Any] = {name: list(notes) for name, notes in kept.items()}
        note = json.loads(json.dumps(method.note(dataclasses.replace(group, **noted))))
        for name, notes in kept.items():
            notes.append(note if name == "prompt_notes" else [note])
    shown: dict[str, Any] = {**kept}
    return dataclasses.replace(group, **shown)


def said(method: Method, group: Group) -> list[list[float]]:
    """Return, per rollout, its reward and what turns for single tokens say of its tokens, in one row."""
    columns = [[[reward] for reward in method.reward(group)]]
    columns += [getattr(method, turn)(group) for turn in method.token_turns()]
    return [[*chain(*parts)] for parts in zip(*columns, strict=True)]


def act(method: Method, guarded: Guarded) -> list[list[float]]:
    """Let the method take every turn on a guarded group; return what it says of each rollout."""
    seen = cast(Group, guarded)
    method.queries(seen)
    method.ask(seen)
    method.note(seen)
    return said(method, seen)


def likelihood(before: str, text: str, teacher_decay: float | None) -> list[float]:
    """Return log-probabilities that depend on nothing but what is asked, one per character."""
    asked = f"{before}\0{text}" + ("" if teacher_decay is None else f"\0{teacher_decay}")
    noise = hashlib.sha256(asked.encode()).digest()
    return [-noise[i % len(noise)] / 64 for i in range(max(1, len(text)))]


def replies(prompts: Sequence[str]) -> list[str]:
    """Return replies that depend on nothing but the prompts and, where sampled, how often each came before."""
    seen = Counter[str]()
    said = ("\\boxed{True}", "so \\boxed{False}", "y", "hm", "\\boxed{1}", "2")
    found = []
    for prompt in prompts:
        drawn = hashlib.sha256(prompt.encode()).digest()[seen[prompt] % 32]
        seen[prompt] += isinstance(prompt, Sampled)
        found.append(said[drawn % len(said)])
    return found


def reorder(method: Method, group: Group, order: Sequence[int]) -> Group:
    """Return the group with its rollouts in another order and the later turns taken anew."""
    moved: dict[str, Any] = {name: [getattr(group, name)[i] for i in order] for name in ("completions", "answers")}
    for name in PER_ROLLOUT & set(method.needs):
        moved[name] = [getattr(group, name)[i] for i in order]
    return rehearse(method, dataclasses.replace(group, **moved))


def poison(method: Method, group: Group, names: Sequence[str]) -> Group:
    """Return the group with false but plausible values of the signals `names`."""
    rng = random.Random(-1)
    lengths = [rng.randint(2, 9) for _ in group.completions]
    false: dict[str, Any] = {name: make() for name, make in _signals(lengths, group.answers, rng).items()}
    false |= {
        "extra_answers": [["3"] * 9],
        "extra_texts": [["3"] * 9],
        "likelihoods": [[-1.0]] * 99,
        "replies": ["\\boxed{True}"] * len(group),
        "prompt_notes": [[1, 2]] * 9,
        "run_notes": [[[0.5]]] * 9,
    }
    return rehearse(method, dataclasses.replace(group, **{name: false[name] for name in names}))
