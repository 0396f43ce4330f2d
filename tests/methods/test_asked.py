"""Groups worked out by hand for methods that ask for sampled verdicts, for texts of votes, or for a teacher."""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
import pytest

from urlvr_bench import Group, Method, asking, methods
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Extra, Query, Sampled

YES, NO = "\\boxed{True}", "\\boxed{False}"


def replied(method: Method, group: Group, say: Callable[[str], str]) -> list[float]:
    return method.reward(dataclasses.replace(group, replies=[say(question) for question in method.ask(group)]))


def in_turn(*said: str) -> Callable[[str], str]:
    """Return a judge who says one thing after the other, whatever the question."""
    turns = cycle(said)
    return lambda question: next(turns)


@pytest.mark.parametrize("spec", ["serl", "tournament", "judged_clusters"])
def test_a_judge_is_asked_once_for_the_likeliest_or_k_times_for_samples(spec: str) -> None:
    group = Group("q", ["one", "two", "three"], ["a", "b", "c"], token_counts=[3, 3, 3])
    plain = methods.build(spec)[1].ask(group)
    assert len(plain) == 6 and not any(isinstance(question, Sampled) for question in plain)
    often = methods.build(f"{spec}(verdicts=3)")[1].ask(group)
    assert all(isinstance(question, Sampled) for question in often)
    assert often == [question for question in plain for _ in range(3)]


def test_verdicts_of_duels_are_counted_one_by_one() -> None:
    group = Group("q", ["aa", "bb"], ["a", "b"], token_counts=[2, 2])
    replies = ["1", "1", "2", "1", "2", "hm"]  # aa before bb three times, then bb before aa three times
    assert asking.wins(dataclasses.replace(group, replies=replies), 3) == Counter({("aa", "bb"): 3, ("bb", "aa"): 2})
    _, serl = methods.build("serl(verdicts=3)")
    assert replied(serl, group, in_turn(*replies)) == [3 / 6, 2 / 6]
    _, tournament = methods.build("tournament(verdicts=3)")
    assert replied(tournament, group, in_turn(*replies)) == [1.0, 0.0]
    assert replied(tournament, group, in_turn("1")) == [0.5, 0.5]  # whoever comes first, 3 to 3: a draw


@pytest.mark.parametrize(("said", "paid"), [((YES, YES, NO), 1.0), ((YES, NO, NO), 0.5), ((YES, NO), 0.5)])
def test_answers_are_one_if_more_than_half_of_the_verdicts_say_so(said: tuple[str, ...], paid: float) -> None:
    method = methods.configure("judged_clusters", {"verdicts": len(said)})
    assert replied(method, Group("q", ["x", "y"], ["a", "b"]), in_turn(*said)) == [paid, paid]


def test_voted_verification() -> None:
    _, method = methods.build("voted_verification(verdicts=3)")
    group = Group("q", ["one", "two"], ["a", "b"])
    asked = method.ask(group)
    assert [isinstance(question, Sampled) for question in asked] == [True] * 6
    assert asked == [question for question in methods.build("self-verify")[1].ask(group) for _ in range(3)]
    assert replied(method, group, in_turn(YES, "y", "no", NO, "hm", YES)) == [2 / 3, 1 / 3]
    own = dataclasses.replace(group, verification_prompts=["v1", "v2"])
    assert method.ask(own) == ["v1"] * 3 + ["v2"] * 3


def test_semantic_voting_is_the_cosine_to_the_centre() -> None:
    texts, further = ["abcd", "abxy", "zz", "abcd"], ["abcd", "bcda", "zzz"]
    group = Group("q", [*texts, "none"], [*"abcd", None], extra_texts=[further])
    paid = methods.build("semantic_voting(votes=3,ngram=2)")[1].reward(group)
    every = [*texts, *further]
    kinds = sorted({text[i : i + 2] for text in every for i in range(len(text) - 1)})
    counted = np.array([[sum(t[i : i + 2] == k for i in range(len(t) - 1)) for k in kinds] for t in every], float)
    units = counted / np.linalg.norm(counted, axis=1, keepdims=True)
    centre = units.mean(0) / np.linalg.norm(units.mean(0))
    assert paid == pytest.approx([*(0.5 + 0.5 * units[:4] @ centre), 0.0])
    assert methods.build("semantic_voting(votes=3)")[1].extras() == [Extra(3)]


def test_scope_weighs_votes_by_the_mean_of_their_steps() -> None:
    further = ["9,#4", "#3", "hm", "#3"]
    group = Group(
        "p=",
        ["5,#3", "#4", "#4", "hm"],
        ["3", "4", "4", None],
        extra_texts=[further],
        extra_answers=[["4", "3", None, "3"]],
    )
    _, method = methods.build("scope(votes=4,separator=',')")
    asked = [(query.prefix, query.continuation) for query in method.queries(group)]
    assert asked == [("p=", "#3"), ("p=", "#4"), ("p=", "5,"), ("p=5,", "#3"), ("p=", "9,"), ("p=9,", "#4")]

    def label(three: float, four: float) -> list[float]:
        """Pay where #3 and #4 have these probabilities, and `5,` and `9,` those of a half and nothing."""
        chances = [[three], [four], [1.0, 0.0], [0.5, 0.5], [1e-9, 1e-9], [1.0, 1.0]]
        rows = [[math.log(max(p, 1e-9)) for p in row] for row in chances]
        return method.reward(dataclasses.replace(group, likelihoods=rows))

    # 3: a rollout of (1/2 + 1/2) / 2 and two votes; 4: two rollouts and a vote of (0 + 1) / 2: alike but for #3 and #4
    assert label(0.7, 0.6) == [1, 0, 0, 0]
    assert label(0.6, 0.7) == [0, 1, 1, 0]


def rows() -> Iterator[list[float]]:
    yield from ([-1.0, -2.0], [-0.5], [-3.0, -1.0, -2.0])


def test_sharpening() -> None:
    group = Group("p", ["a", "b", "c"], [None] * 3)
    start, own = list(rows()), [[-1.0, -1.0], [-0.5], [-1.0, -1.0, -1.0]]
    plain = methods.configure("sharpening", {})
    assert plain.queries(group) == [Query("p", i, 1.0) for i in range(3)]
    assert plain.reward(dataclasses.replace(group, likelihoods=start)) == [-3.0, -0.5, -6.0]
    priced = methods.configure("sharpening", {"kl": 2, "teacher_decay": 0.9})
    assert priced.queries(group) == [*(Query("p", i, 0.9) for i in range(3)), *(Query("p", i) for i in range(3))]
    known = dataclasses.replace(group, likelihoods=[*start, *own])
    assert priced.reward(known) == [-3.0 - 2 * 1.0, -0.5, -6.0 - 2 * 3.0]
    mean = methods.configure("sharpening", {"reduction": "mean"})
    assert mean.reward(dataclasses.replace(group, likelihoods=start)) == [-1.5, -0.5, -2.0]


def test_crew() -> None:
    group = Group("p", ["a", "b", "c"], ["1", None, "2"], answer_spans=[(1, 2), None, (0, 2)])
    _, method = methods.build("crew(teacher_decay=0.5)")
    assert method.queries(group) == [Query("p", i, 0.5) for i in range(3)]
    paid = method.reward(dataclasses.replace(group, likelihoods=list(rows())))
    assert paid == pytest.approx([math.exp(-2), 0.0, (math.exp(-3) + math.exp(-1)) / 2])


def test_nover_may_ask_a_teacher() -> None:
    group = Group("p:", ["x #7"], ["7"], gold="7", answer_cue="#", token_counts=[4])
    assert methods.build("nover")[1].queries(group) == [Query("p:x #", "7")]
    assert methods.build("nover(teacher_decay=0.999)")[1].queries(group) == [Query("p:x #", "7", 0.999)]


def test_a_sum_hands_on_teachers_and_samples_and_refuses_what_it_cannot_divide() -> None:
    _, method = methods.build("sharpening+2*voted_verification(verdicts=2)+weighted_sum(terms=crew,scale=none)")
    group = Group("p", ["a", "b"], ["1", "2"], answer_spans=[(0, 1), (0, 1)])
    assert [query.teacher_decay for query in method.queries(group)] == [1.0] * 4
    assert [isinstance(question, Sampled) for question in method.ask(group)] == [True] * 4
    served = dataclasses.replace(group, likelihoods=[[-1.0], [-2.0], [0.0], [0.0]], replies=["y", "y", "n", "n"])
    high, low = method.reward(served)
    assert high > low
    with pytest.raises(UsageError, match="a sum hands its terms no extra_texts"):
        methods.build("majority_vote+scope")
