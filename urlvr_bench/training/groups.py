"""Build the groups that a method sees: only declared signals are filled. The label firewall stands here."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.counting import WORKERS
from urlvr_bench.rollouts import TOKEN_SIGNALS, Extra, Group, Signal
from urlvr_bench.training.firewall import Turns
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

    def parts(self, size: int) -> list[tuple[int, slice]]:
        """Return the row of each group's problem, and where its rollouts are."""
        found = []
        for start in range(0, len(self.texts), size):
            rows = set(self.row[start : start + size])
            if len(rows) != 1:
                raise RuntimeError(f"a group was cut: {size} rollouts belong to {len(rows)} prompts")
            found.append((rows.pop(), slice(start, start + size)))
        return found


def build(
    needs: Sequence[Signal],
    task: TaskView,
    batch: Batch,
    size: int,
    seed: int,
    rollouts: Rollouts,
    correct: Sequence[list[bool] | None] | None,
) -> list[Group]:
    """Return the groups of a batch with every declared signal but those that need further generation.

    `correct`, one list per group, may be missing where no label is declared.
    """
    statistics = _token_signals(needs, rollouts)
    built = []
    for place, (row, rows) in enumerate(batch.parts(size)):
        doc, texts, ids = batch.docs[row], batch.texts[rows], batch.token_ids[rows]
        signals: dict[str, Any] = {name: values[rows] for name, values in statistics.items()}
        signals |= _rollout_signals(needs, task, doc, texts, ids, rollouts)
        if "rollout_ids" in needs:
            signals["rollout_ids"] = [f"seed {seed} row {row} rollout {i}" for i in range(size)]
        if "correct" in needs and correct is not None:
            signals["correct"] = _known(correct[place], task)
        if "gold" in needs:
            signals["gold"] = task.gold(doc)
        built.append(Group(task.prompt(doc), texts, [task.answer(text) for text in texts], **signals))
    return built


def _known(correct: list[bool] | None, task: TaskView) -> list[bool]:
    if correct is None:
        raise UsageError(f"the method reads labels, and {task.name} has none: give answers, or take another method")
    return correct


def verdicts(task: TaskView, batch: Batch, size: int) -> list[list[bool] | None]:
    """Return whether each rollout of each group is correct, None for unknown; the groups are graded side by side."""

    def grade(part: tuple[int, slice]) -> list[bool] | None:
        row, rows = part
        doc = batch.docs[row]
        return [task.correct(doc, text) for text in batch.texts[rows]] if task.judges(doc) else None

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(grade, batch.parts(size)))


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


def with_generated(
    turns: Turns, task: TaskView, groups: list[Group], batch: Batch, size: int, rollouts: Rollouts
) -> tuple[list[Group], int]:
    """Return the groups with what had to be generated or scored for them, all groups together, and its tokens."""
    tokens = 0
    if "extra_answers" in turns.needs:
        docs = [batch.docs[row] for row, _ in batch.parts(size)]
        answers, tokens = _extra_answers(turns.extras(), task, docs, rollouts)
        groups = [replace(group, extra_answers=found) for group, found in zip(groups, answers, strict=True)]
    if "likelihoods" in turns.needs:
        asked = turns.queries(groups)
        queries = [
            (group.prompt, query.prefix[len(group.prompt) :], query.continuation)
            if query.prefix.startswith(group.prompt)
            else ("", query.prefix, query.continuation)
            for group, queries_of_group in zip(groups, asked, strict=True)
            for query in queries_of_group
        ]
        scored = iter(rollouts.likelihoods(queries))
        groups = [
            replace(group, likelihoods=[next(scored) for _ in queries_of_group])
            for group, queries_of_group in zip(groups, asked, strict=True)
        ]
    if "replies" in turns.needs:
        questions = turns.ask(groups)
        texts, more = rollouts.reply([question for asked_of_group in questions for question in asked_of_group])
        tokens += more
        replies = iter(texts)
        groups = [
            replace(group, replies=[next(replies) for _ in asked_of_group])
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
