"""The dial of alignment and the mixes of kinds: what their texts say, and that only what should differ does."""

import random
from collections import Counter
from functools import partial
from itertools import islice

import pytest

from urlvr_bench.pocket import dial, kinds, recipes
from urlvr_bench.pocket.corpora import Text, corpus
from urlvr_bench.pocket.problems import reversed_digits


def texts(share: float, count: int = 4000, seed: int = 0) -> list[Text]:
    return list(islice(corpus(partial(dial.dial_text, share=share, seed=seed), seed), count))


def sums(text: Text) -> tuple[int, ...]:
    return tuple(int(number[::-1]) for number in text.prompt.strip(".=").split("+"))


def given(text: Text) -> str:
    return text.response.rpartition("#")[2]


def is_right(text: Text) -> bool:
    return given(text) == reversed_digits(sum(sums(text)))


def test_all_positions_show_the_same_sums_in_texts_of_equal_length() -> None:
    first, *others = (texts(share) for share in dial.POSITIONS)
    for other in others:
        assert [text.prompt for text in other] == [text.prompt for text in first]
        assert [len(text.response) for text in other] == [len(text.response) for text in first]


@pytest.mark.parametrize("share", dial.POSITIONS)
def test_the_leading_answer_is_wrong_on_the_share_and_as_sure_everywhere(share: float) -> None:
    solved = [text for text in texts(share) if text.response != "#0"]
    wrong = [dial.led_astray(sums(text), share, 0) for text in solved]
    assert sum(wrong) / len(solved) == pytest.approx(share, abs=0.03)
    leading = [is_right(text) != astray for text, astray in zip(solved, wrong, strict=True)]
    for role in set(wrong):
        sure = [led for led, astray in zip(leading, wrong, strict=True) if astray == role]
        assert sum(sure) / len(sure) == pytest.approx(dial.CONFIDENCE, abs=0.06)


def test_a_problem_has_one_wrong_answer_which_no_position_changes() -> None:
    found: dict[tuple[int, ...], set[str]] = {}
    for share in dial.POSITIONS:
        for text in texts(share):
            if text.response != "#0" and not is_right(text):
                found.setdefault(sums(text), set()).add(given(text))
    assert len(found) > 1000 and all(len(answers) == 1 for answers in found.values())
    assert dial.mistaken("231,#961") == "231,#061" and dial.mistaken("#9") == "#0"


def test_what_is_wrong_stays_wrong_when_the_dial_is_turned_up_and_differs_by_seed() -> None:
    drawn = [sums(text) for text in texts(0.0, 500)]
    for low, high in zip(dial.POSITIONS, dial.POSITIONS[1:], strict=False):
        assert all(dial.led_astray(one, high, 0) for one in drawn if dial.led_astray(one, low, 0))
    assert {one for one in drawn if dial.led_astray(one, 0.45, 0)} != {
        one for one in drawn if dial.led_astray(one, 0.45, 1)
    }


def test_a_mix_is_worked_as_it_says() -> None:
    rng, sure = random.Random(0), {"direct": 0.0, "give_up": 0.0}
    assert kinds.worked((47, 58, 12), kinds.Mix(**sure), rng) == "501,#711"
    assert kinds.worked((47, 58, 12), kinds.Mix(last_first=True, **sure), rng) == "07,#711"
    assert kinds.worked((47, 58, 12), kinds.Mix(direct=1.0, give_up=0.0), rng) == "#711"
    assert kinds.worked((47, 58), kinds.Mix(give_up=1.0), rng) == "#0"
    slipped = {kinds.worked((47, 58, 12), kinds.Mix(slips=1.0, **sure), rng) for _ in range(200)}
    assert "501,#711" not in slipped
    assert {"511,#721", "501,#811"} <= slipped, "the working goes on from a slip, and the answer can have one"


def test_kinds_share_neither_seed_nor_corpus_and_each_has_checkpoints() -> None:
    assert len({recipe.seed for recipe in (recipes.POCKET, *recipes.KINDS)}) == len(recipes.KINDS) + 1 >= 5
    assert all(len(recipe.rungs) >= 2 for recipe in recipes.KINDS)
    assert sum(len(recipe.rungs) for recipe in recipes.KINDS) >= 12
    counts = Counter(len(sums(text)) for text in islice(corpus(recipes.KINDS[2].text, 13), 1000))
    assert counts[2] > 3 * counts[3]
