"""Build the groups that a method sees: only declared signals are filled. The label firewall stands here."""

import dataclasses
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from urlvr_bench.evaluation.counting import WORKERS
from urlvr_bench.rollouts import TOKEN_SIGNALS, Extra, Group, Method
from urlvr_bench.training.signals import TokenStatistics

T = TypeVar("T")
Doc = dict[str, Any]
Texts = tuple[list[str], int]
"""Generated texts, and the number of tokens in them."""


class Rollouts(Protocol):
    """What may be asked of the trainer about the batch that it has just generated."""

    eos_ids: frozenset[int]
    generation_seconds: float

    def statistics(self) -> TokenStatistics:
        """Token statistics of the batch under the policy."""

    def kl_to_start(self) -> float | None:
        """Sampled KL of the policy to the start per token, or None at a step that does not measure it."""

    def gather(self, values: list[T]) -> list[T]:
        """The values of all processes that share the batch, in the order of its prompts."""

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token."""

    def sample(self, prompts: Sequence[str], teacher_decay: float | None) -> Texts:
        """One further rollout per prompt, by the policy or by its moving average."""

    def reply(self, prompts: Sequence[str]) -> Texts:
        """The policy's greedy answer to each prompt."""

    def likelihoods(self, queries: Sequence[tuple[str, str, str]]) -> list[list[float]]:
        """Log-probabilities of the tokens of the last text, given a prompt and what was written after it."""


class TaskView(Protocol):
    """What may be asked of a task."""

    @property
    def name(self) -> str: ...
    @property
    def has_checker(self) -> bool: ...
    @property
    def answer_cue(self) -> str: ...
    def prompt(self, doc: Doc) -> str: ...
    def rephrase(self, doc: Doc, view: int) -> str: ...
    def answer(self, completion: str) -> str | None: ...
    def answer_span(self, completion: str) -> tuple[int, int] | None: ...
    def classes(self, answers: Iterable[str | None]) -> dict[str, str]: ...
    def right(self, doc: Doc, answer: str) -> bool: ...
    def verify(self, public: str, completion: str) -> bool: ...
    def verification_prompt(self, doc: Doc, completion: str) -> str | None: ...
    def gold(self, doc: Doc) -> str: ...


@dataclass(frozen=True)
class Batch:
    """The rollouts of one generation on one process; `row` is each rollout's place in the prompt schedule."""

    texts: list[str]
    token_ids: Sequence[Sequence[int]]
    row: Sequence[int]
    docs: Sequence[Doc]
    """The scheduled problems, by row."""


@dataclass(frozen=True)
class Labelled:
    """A group as the method may see it, beside what it may not: the correctness of its rollouts."""

    group: Group
    correct: list[bool]


@dataclass(frozen=True)
class Judged:
    """The answers to one problem, each by the representative of its class, and the correctness of the rollouts'."""

    answers: list[str | None]
    extra_answers: list[list[str | None]]
    correct: list[bool]


def build(
    method: Method, task: TaskView, batch: Batch, size: int, seed: int, rollouts: Rollouts
) -> tuple[list[Labelled], int]:
    """Return the groups of a batch with every declared signal of the first turn, and the tokens of extra rollouts."""
    statistics = _token_signals(method, rollouts)
    parts = [slice(start, start + size) for start in range(0, len(batch.texts), size)]
    if cut := next((part for part in parts if len(set(batch.row[part])) != 1), None):
        raise RuntimeError(f"a group was cut: {size} rollouts belong to {len(set(batch.row[cut]))} prompts")
    docs = [batch.docs[batch.row[part.start]] for part in parts]
    extras, tokens = _extra_answers(method.extras() if "extra_answers" in method.needs else [], task, docs, rollouts)
    built = []
    for part, doc, judged in zip(parts, docs, _judged(task, batch, parts, docs, extras), strict=True):
        row, texts, ids = batch.row[part.start], batch.texts[part], batch.token_ids[part]
        signals: dict[str, Any] = {name: values[part] for name, values in statistics.items()}
        signals |= _rollout_signals(method, task, doc, texts, ids, rollouts)
        if "rollout_ids" in method.needs:
            signals["rollout_ids"] = [f"seed {seed} row {row} rollout {i}" for i in range(size)]
        if "correct" in method.needs:
            signals["correct"] = judged.correct
        if "gold" in method.needs:
            signals["gold"] = task.gold(doc)
        if "extra_answers" in method.needs:
            signals["extra_answers"] = judged.extra_answers
        built.append(Labelled(Group(task.prompt(doc), texts, judged.answers, **signals), judged.correct))
    return built, tokens


def _judged(
    task: TaskView, batch: Batch, parts: Sequence[slice], docs: Sequence[Doc], extras: Sequence[list[list[str | None]]]
) -> list[Judged]:
    """Return the answers to each problem, class by class, and the verdict on each class; problems side by side."""

    def judge(part: slice, doc: Doc, further: list[list[str | None]]) -> Judged:
        own = [task.answer(text) for text in batch.texts[part]]
        classes = task.classes(answer for answers in (own, *further) for answer in answers)
        answers, *others = ([answer and classes[answer] for answer in given] for given in (own, *further))
        right = {answer: task.right(doc, answer) for answer in {*answers} - {None}}
        return Judged(answers, others, [answer is not None and right[answer] for answer in answers])

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(judge, parts, docs, extras))


def _token_signals(method: Method, rollouts: Rollouts) -> dict[str, list[list[float]]]:
    """Return the declared token statistics, one forward for all; every process calls it or none."""
    if not set(TOKEN_SIGNALS) & set(method.needs):
        return {}
    found = rollouts.statistics()
    every = {
        "token_logprobs": found.logprobs,
        "token_entropies": found.entropies,
        "token_self_certainties": found.self_certainties,
        "token_top_gaps": found.top_gaps,
    }
    return {name: values for name, values in every.items() if name in method.needs}


def _rollout_signals(
    method: Method,
    task: TaskView,
    doc: Doc,
    texts: list[str],
    token_ids: Sequence[Sequence[int]],
    rollouts: Rollouts,
) -> dict[str, Any]:
    """Return the declared signals that follow from the task and the rollouts alone."""
    needs, signals = method.needs, dict[str, Any]()
    if "token_counts" in needs:
        signals["token_counts"] = [len(ids) for ids in token_ids]
    if "answer_spans" in needs:
        spans = zip(texts, token_ids, strict=True)
        signals["answer_spans"] = [token_span(task.answer_span(text), rollouts.pieces(ids)) for text, ids in spans]
    if "answer_cue" in needs:
        signals["answer_cue"] = task.answer_cue
    if "verification_prompts" in needs:
        asked = [task.verification_prompt(doc, text) for text in texts]
        signals["verification_prompts"] = None if None in asked else asked
    if "continuation" in needs:
        signals["continuation"] = doc.get("continuation")
    if "verified" in needs:
        signals["verified"] = [task.verify(doc["public"], text) for text in texts]
    return signals


def token_span(characters: tuple[int, int] | None, pieces: Sequence[str]) -> tuple[int, int] | None:
    """Return the range of tokens that a range of characters falls on, None where there is none."""
    if characters is None:
        return None
    first, end = characters
    position, touched = 0, []
    for token, piece in enumerate(pieces):
        if position < end and position + len(piece) > first:
            touched.append(token)
        position += len(piece)
    return (touched[0], touched[-1] + 1) if touched else None


def with_second_turn(method: Method, labelled: Sequence[Labelled], rollouts: Rollouts) -> tuple[list[Group], int]:
    """Return the groups with what the method asks about each: scored or generated, all together, and its tokens."""
    groups, tokens = [entry.group for entry in labelled], 0
    if "likelihoods" in method.needs:
        asked = [method.queries(group) for group in groups]
        queries = [
            (group.prompt, query.prefix[len(group.prompt) :], query.continuation)
            if query.prefix.startswith(group.prompt)
            else ("", query.prefix, query.continuation)
            for group, queries_of_group in zip(groups, asked, strict=True)
            for query in queries_of_group
        ]
        scored = iter(rollouts.likelihoods(queries))
        groups = [
            dataclasses.replace(group, likelihoods=[next(scored) for _ in queries_of_group])
            for group, queries_of_group in zip(groups, asked, strict=True)
        ]
    if "replies" in method.needs:
        questions = [method.ask(group) for group in groups]
        texts, more = rollouts.reply([question for asked_of_group in questions for question in asked_of_group])
        tokens += more
        replies = iter(texts)
        groups = [
            dataclasses.replace(group, replies=[next(replies) for _ in asked_of_group])
            for group, asked_of_group in zip(groups, questions, strict=True)
        ]
    return groups, tokens


def _extra_answers(
    extras: Sequence[Extra], task: TaskView, docs: Sequence[Doc], rollouts: Rollouts
) -> tuple[list[list[list[str | None]]], int]:
    """Return, per problem and extra, the answers of its further rollouts, and the tokens they took."""
    found: list[list[list[str | None]]] = [[] for _ in docs]
    tokens = 0
    for extra in extras:
        prompts = [task.rephrase(doc, extra.view) if extra.view else task.prompt(doc) for doc in docs]
        repeated = [prompt for prompt in prompts for _ in range(extra.count)]
        texts, more = rollouts.sample(repeated, extra.teacher_decay)
        tokens += more
        for i in range(len(docs)):
            found[i].append([task.answer(text) for text in texts[i * extra.count : (i + 1) * extra.count]])
    return found, tokens
