"""A made-up task and a pretended policy, on which a real bridge pays a method, its golds permuted the second time."""

import random
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from urlvr_bench.review import rehearsal
from urlvr_bench.rollouts import Sampled
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.seams import Doc, Scored, Texts, TokenStatistics

T = TypeVar("T")
BOX = re.compile(r"\\boxed\{([^{}]*)\}")
ROLLOUTS: dict[int, list[str | None]] = {7: ["7", "7", "3", "7"], 5: ["5", "3", "5", "8"], 9: ["1", "2", None, None]}
"""Per gold, the answers of its rollouts."""


def problem(gold: int) -> Doc:
    """Return a problem that shows a question, a unit test and a lemma: every kind of method finds what it reads."""
    shown = f"assert add({gold - 4}, 4) == {gold}\n```coq\nLemma sum : {gold - 4} + 4 = {gold}.\n```"
    prompt = f"What is {gold - 4}+4?\n{shown}"
    return {"id": str(gold), "prompt": prompt, "public": prompt, "continuation": " So it is.", "gold": str(gold)}


class Sums:
    """A task of sums, answered in a box; its checker dislikes long completions."""

    name, has_checker, answer_cue = "sums", True, "\\boxed{"
    stops: tuple[str, ...] = ()

    def prompt(self, doc: Doc) -> str:
        return str(doc["prompt"])

    def rephrase(self, doc: Doc, view: int) -> str:
        return f"({view}) {doc['prompt']}"

    def answer(self, completion: str) -> str | None:
        found = BOX.search(completion)
        return found[1] if found else None

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        found = BOX.search(completion)
        return found.span(1) if found else None

    def judges(self, doc: Doc) -> bool:
        """Return True: every sum has its answer."""
        return True

    def classes(self, answers: Iterable[str | None]) -> dict[str, str]:
        return {answer: answer for answer in answers if answer is not None}

    def right(self, doc: Doc, answer: str) -> bool:
        return bool(answer == doc["gold"])

    def verify(self, public: str, completion: str) -> bool:
        return len(completion) < len(public) // 6

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        return None

    def gold(self, doc: Doc) -> str:
        return str(doc["gold"])


class Policy:
    """A policy whose tokens are letters and whose numbers are drawn from a seed."""

    eos_ids, generation_seconds = frozenset({0}), 0.0

    def __init__(self, lengths: Sequence[int]) -> None:
        rng = random.Random(0)
        columns = [[[rng.random() for _ in range(length)] for length in lengths] for _ in range(4)]
        self._statistics = TokenStatistics([[-value for value in row] for row in columns[0]], *columns[1:])

    def statistics(self) -> TokenStatistics:
        return self._statistics

    def kl_to_start(self) -> float | None:
        return None

    def gather(self, values: list[T]) -> list[T]:
        return values

    def pieces(self, ids: Sequence[int]) -> list[str]:
        return [chr(letter) if letter else "" for letter in ids]

    def sample(self, prompts: Sequence[str], teacher_decay: float | None) -> Texts:
        rng = random.Random(repr((prompts, teacher_decay)))
        return [f"\\boxed{{{rng.choice('753')}}}" for _ in prompts], len(prompts)

    def reply(self, prompts: Sequence[str], sampled: bool) -> Texts:
        return rehearsal.replies([*map(Sampled, prompts)] if sampled else prompts), len(prompts)

    def likelihoods(self, queries: Sequence[Scored], teacher_decay: float | None) -> list[list[float]]:
        texts = [text if isinstance(text, str) else "".join(map(chr, text)) for _, _, text in queries]
        asked = zip(queries, texts, strict=True)
        return [rehearsal.likelihood(prompt + written, text, teacher_decay) for (prompt, written, _), text in asked]


STORED = {
    "a program that passes": "```python\ndef add(a, b):\n    return a + b\n```\n\\boxed{7}",
    "a program that fails": "```python\ndef add(a, b):\n    return a - b\n```\n\\boxed{-1}",
    "a program that does not end": "```python\ndef add(a, b):\n    while True:\n        pass\n```",
    "a proof": "```coq\nProof. reflexivity. Qed.\n```\n\\boxed{7}",
    "a proof with a hole": "```coq\nProof. admit. Admitted.\n```\n\\boxed{3}",
    "neither": "I do not know.",
}
"""Completions to the problem of 3+4, by what they are."""


def stored(booth: Booth) -> dict[str, float]:
    """Return what a method earns in a real bridge for stored completions: real checkers, made-up replies."""
    texts = list(STORED.values())
    ids = [[*map(ord, text), 0] for text in texts]
    bridge = RewardBridge(booth, booth.name, Sums(), [problem(7)], len(texts), seed=0, twice=1)
    bridge.rollouts = Policy([len(tokens) for tokens in ids])
    return dict(zip(STORED, bridge(texts, ids, [0] * len(texts), lambda name, value: None), strict=True))


def table(paid: dict[str, float]) -> str:
    """Return what stored completions earn, as Markdown."""
    rows = [f"| {what} | {reward:.3g} |" for what, reward in paid.items()]
    said = "Not trained, for no pocket policy writes programs or proofs or answers in words. On stored completions:"
    return "\n".join([said, "", "| completion | pays |", "|---|---|", *rows])


def perform(booth: Booth) -> list[float]:
    """Return what a method earns in a real bridge; UsageError where a permuted gold moves it."""
    texts = [
        f"step {i}" if answer is None else f"step {i}\n\\boxed{{{answer}}}"
        for row in ROLLOUTS.values()
        for i, answer in enumerate(row)
    ]
    ids = [[*map(ord, text), 0] for text in texts]
    bridge = RewardBridge(booth, booth.name, Sums(), [problem(gold) for gold in ROLLOUTS], 4, seed=0, twice=1)
    bridge.rollouts = Policy([len(tokens) for tokens in ids])
    rows = [row for row in range(len(ROLLOUTS)) for _ in range(4)]
    return bridge(texts, ids, rows, lambda name, value: None)
