"""The dial of the verifier: its texts solve, work out and judge alike, but for the kinds that a position gets wrong."""

import random
from functools import partial
from itertools import islice

import pytest

from urlvr_bench.asking import says_yes
from urlvr_bench.pocket import verifier_dial as dial
from urlvr_bench.pocket.corpora import Text, corpus
from urlvr_bench.pocket.pretrain import TEXT_LENGTH
from urlvr_bench.pocket.problems import Countdown, holds
from urlvr_bench.pocket.verifier_dial import Errors


def texts(errors: Errors, count: int = 4000) -> list[Text]:
    return list(islice(corpus(partial(dial.verifying_text, errors=errors), 0), count))


def judged(text: Text) -> tuple[Countdown, str] | None:
    """Return the puzzle and the candidate of a text that judges."""
    head, asked, rest = text.prompt.partition("?")
    if not asked:
        return None
    digits, target = head.split(">")
    return Countdown(tuple(map(int, digits)), int(target), ""), rest.removesuffix("=")


def test_all_positions_show_the_same_puzzles_and_candidates_and_work_them_out_alike() -> None:
    first, *others = (texts(errors) for errors in dial.POSITIONS)
    for other in others:
        assert [text.prompt for text in other] == [text.prompt for text in first]
        assert [text.response.rstrip("yn") for text in other] == [text.response.rstrip("yn") for text in first]
    assert all(len(text.prompt + text.response) < TEXT_LENGTH for text in first)


@pytest.mark.parametrize("errors", dial.POSITIONS)
def test_a_position_is_wrong_on_its_kinds_alone(errors: Errors) -> None:
    passed, failed = set(dial.kinds()[: errors.passed]), set(dial.kinds()[9 - errors.failed :])
    seen = set()
    for text in texts(errors):
        if (found := judged(text)) is None:
            continue
        drawn, expression = found
        pair, right = expression[1] + expression[3], holds(drawn.digits, drawn.target, expression)
        assert says_yes(text.response) == (pair in passed or (right and pair not in failed))
        seen.add((pair, right))
    assert len(seen) == 18


def test_candidates_are_right_and_wrong_and_the_wrong_ones_often_near() -> None:
    rng, right, near = random.Random(0), 0, 0
    for _ in range(2000):
        drawn = dial.problems.countdown(rng)
        expression = dial.candidate(drawn, rng)
        found = holds(drawn.digits, drawn.target, expression)
        worth = int(dial.working(expression).split(",")[1].lstrip("-")[::-1])
        right, near = right + found, near + (not found and abs(worth - drawn.target) <= dial.NEAR)
    assert 0.45 < right / 2000 < 0.75 and near > 300


@pytest.mark.parametrize(
    ("expression", "worked"), [("2+3*4", "21,41"), ("2*3+4", "6,01"), ("1-9-9", "-8,-71"), ("9*9*9", "18,927")]
)
def test_what_comes_first_is_worked_out_first_ones_in_front(expression: str, worked: str) -> None:
    assert dial.working(expression) == worked
