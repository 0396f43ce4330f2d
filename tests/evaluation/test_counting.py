"""Samples are counted by classes of equal answers: one vote, one verdict, however they are spelled."""

import json
from pathlib import Path

from urlvr_bench import tasks
from urlvr_bench.evaluation.counting import Graded, count, followed, grade, line
from urlvr_bench.evaluation.rescore import rescore
from urlvr_bench.evaluation.samples import Sample
from urlvr_bench.training.first_votes import is_right

TASK = tasks.load("math500")
DOC = {"id": "0", "prompt": "p", "public": "p", "gold": "x+2"}


def graded(*answers: str | None, gold: str = "x+2") -> Graded:
    texts = ["none" if answer is None else rf"\boxed{{{answer}}}" for answer in answers]
    (found,) = grade(TASK, [{**DOC, "gold": gold}], [[Sample(text, 3, False) for text in texts]])
    return found


def test_two_spellings_are_one_vote_and_have_one_verdict() -> None:
    found = graded("x+2", "7", "2+x", None, "7", "2+x")
    assert found.votes == ((3, True), (2, False))
    assert found.verdicts == [True, False, True, False, False, True]
    counts = count("math500", [found], 0)
    assert counts.correct == [3]
    assert counts.unparsed == [1]


def test_the_first_vote_and_majority_accuracy_count_classes() -> None:
    answers = ["7", "x+2", "7", "2+x", "2+x", "x+2", "7"]  # by spelling, 7 would lead
    assert is_right(graded(*answers).votes)
    scores = TASK.scorer(DOC, [[rf"\boxed{{{answer}}}" for answer in answers]])
    assert scores["correct"] == 4
    assert scores["maj@7"] == 1


def test_the_first_answer_is_followed_in_every_spelling_and_scoring_again_changes_nothing(tmp_path: Path) -> None:
    files = []
    for name, answers in (("a", ["x+2", "2^3", "2+x"]), ("b", ["x+2", "(2+x)", "8"])):
        files.append(tmp_path / name / "math500.jsonl")
        files[-1].parent.mkdir()
        files[-1].write_text(line(DOC, graded(*answers)) + "\n")
    first, later = files
    assert followed(TASK, first, first) == [2]
    assert followed(TASK, first, later) == [2]
    (again,) = rescore(first)
    assert again.changed == 0
    assert again.counts == count("math500", [graded("x+2", "2^3", "2+x")], 0)
    assert [one["correct"] for one in json.loads(first.read_text())["samples"]] == [True, False, True]
