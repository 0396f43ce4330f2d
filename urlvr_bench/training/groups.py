"""Build the groups that a method sees: only declared signals are filled. The label firewall stands here."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.counting import WORKERS
from urlvr_bench.evaluation.samples import before
from urlvr_bench.needs import TOKEN_SIGNALS, Signal
from urlvr_bench.rollouts import Extra, Group
from urlvr_bench.training.firewall import Turns
from urlvr_bench.training.memory import Memory
from urlvr_bench.training.seams import Doc, Rollouts, TaskView
from urlvr_bench.verifiers import proofs, shown_tests


@dataclass(frozen=True)
class Batch:
    """The rollouts of one generation on one process; `row` is each rollout's place in the prompt schedule."""

    texts: list[str]
    token_ids: Sequence[Sequence[int]]
    row: Sequence[int]
    docs: Sequence[Doc]
    """The scheduled problems, by row."""
    memory: Memory
    """What the method noted at earlier steps."""

    def parts(self, size: int) -> list[tuple[int, slice]]:
        """Return the row of each group's problem, and where its rollouts are."""
        found = []
        for start in range(0, len(self.texts), size):
            rows = set(self.row[start : start + size])
            if len(rows) != 1:
                raise RuntimeError(f"a group was cut: {size} rollouts belong to {len(rows)} prompts")
            found.append((rows.pop(), slice(start, start + size)))
        return found


@dataclass(frozen=True)
class Judged:
    """The answers to one problem, each by the representative of its class, and what is right of the rollouts'."""

    answers: list[str | None]
    extra_answers: list[list[str | None]]
    correct: list[bool] | None
    """None where nobody knows the answer, or nobody asked."""


@dataclass(frozen=True)
class Built:
    """Groups as the method may see them, beside what it may not: which of their rollouts are correct."""

    groups: list[Group]
    correct: list[list[bool] | None]
    tokens: int
    """Of the extra rollouts."""


def build(
    turns: Turns, task: TaskView, batch: Batch, size: int, seed: int, rollouts: Rollouts, judge: bool = True
) -> Built:
    """Return the groups of a batch with every declared signal of the first turn; correctness only if they `judge`."""
    needs, statistics = turns.needs, _token_signals(turns.needs, rollouts)
    parts = batch.parts(size)
    docs = [batch.docs[row] for row, _ in parts]
    wanted = turns.extras() if {"extra_answers", "extra_texts"} & set(needs) else []
    further, tokens = _further(wanted, task, docs, rollouts)
    judged = _judged(task, batch, parts, further, judge)
    groups = []
    for (row, rows), doc, found, beside in zip(parts, docs, judged, further, strict=True):
        texts, ids = batch.texts[rows], batch.token_ids[rows]
        signals: dict[str, Any] = {name: values[rows] for name, values in statistics.items()}
        signals |= _rollout_signals(needs, task, doc, texts, ids, rollouts) | batch.memory.shown(task.prompt(doc))
        if "rollout_ids" in needs:
            signals["rollout_ids"] = [f"seed {seed} row {row} rollout {i}" for i in range(size)]
        if "extra_answers" in needs:
            signals["extra_answers"] = found.extra_answers
        if "extra_texts" in needs:
            signals["extra_texts"] = [[before(task.stops, text)[0] for text in of_extra] for of_extra in beside]
        if "correct" in needs:
            signals["correct"] = _known(found.correct, task)
        if "gold" in needs:
            signals["gold"] = task.gold(doc)
        groups.append(Group(task.prompt(doc), texts, found.answers, **signals))
    return Built(groups, [found.correct for found in judged], tokens)


def _known(correct: list[bool] | None, task: TaskView) -> list[bool]:
    if correct is None:
        raise UsageError(f"the method reads labels, and {task.name} has none: give answers, or take another method")
    return correct


def _judged(
    task: TaskView,
    batch: Batch,
    parts: Sequence[tuple[int, slice]],
    further: Sequence[list[list[str]]],
    judge: bool,
) -> list[Judged]:
    """Return the answers to each problem, class by class, and the verdict on each class; problems side by side."""

    def judged(part: tuple[int, slice], beside: list[list[str]]) -> Judged:
        row, rows = part
        doc, every = batch.docs[row], [[task.answer(text) for text in texts] for texts in (batch.texts[rows], *beside)]
        classes = task.classes(answer for answers in every for answer in answers)
        answers, *others = ([answer and classes[answer] for answer in given] for given in every)
        if not judge or not task.judges(doc):
            return Judged(answers, others, None)
        right = {answer: task.right(doc, answer) for answer in answers if answer is not None}
        return Judged(answers, others, [answer is not None and right[answer] for answer in answers])

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(judged, parts, further))


def _token_signals(needs: Sequence[Signal], rollouts: Rollouts) -> dict[str, list[list[float]]]:
    """Return the declared token statistics, one forward for all; every process calls it or none."""
    if not set(TOKEN_SIGNALS) & set(needs):
        return {}
    found = rollouts.statistics()
    every = {
        "token_logprobs": found.logprobs,
        "token_entropies": found.entropies,
        "token_self_certainties": found.self_certainties,
        "token_top_gaps": found.top_gaps,
    }
    return {name: values for name, values in every.items() if name in needs}


def _rollout_signals(
    needs: Sequence[Signal],
    task: TaskView,
    doc: Doc,
    texts: list[str],
    token_ids: Sequence[Sequence[int]],
    rollouts: Rollouts,
) -> dict[str, Any]:
    """Return the declared signals that follow from the task and the rollouts alone."""
    signals = dict[str, Any]()
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
    if "tests_passed" in needs:
        signals["tests_passed"] = shown_tests.passed(task.prompt(doc), texts)
    if "proofs_accepted" in needs:
        signals["proofs_accepted"] = proofs.accepted(task.prompt(doc), texts)
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


def _further(
    extras: Sequence[Extra], task: TaskView, docs: Sequence[Doc], rollouts: Rollouts
) -> tuple[list[list[list[str]]], int]:
    """Return, per problem and extra, the texts of its further rollouts, and the tokens they took."""
    found: list[list[list[str]]] = [[] for _ in docs]
    tokens = 0
    for extra in extras:
        prompts = [task.rephrase(doc, extra.view) if extra.view else task.prompt(doc) for doc in docs]
        repeated = [prompt for prompt in prompts for _ in range(extra.count)]
        texts, more = rollouts.sample(repeated, extra.teacher_decay)
        tokens += more
        for i in range(len(docs)):
            found[i].append(texts[i * extra.count : (i + 1) * extra.count])
    return found, tokens
