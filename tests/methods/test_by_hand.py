"""Groups worked out by hand, number by number, for the methods that judge, check or reshape a vote."""

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from urlvr_bench import Group, Method, asking, methods
from urlvr_bench.errors import UsageError


def pay(spec: str, group: Group) -> list[float]:
    return methods.build(spec)[1].reward(group)


def votes(answers: str, **signals: Any) -> Group:
    """Return a group of one-letter answers, `-` for none, each with a text of its own."""
    texts = [f"{i}: {a}" for i, a in enumerate(answers)]
    return Group("q", texts, [None if a == "-" else a for a in answers], **signals)


def test_ttrv() -> None:
    group = votes("aaabb-c-")  # a 3/8, b 2/8, c 1/8, none 2/8
    entropy = -sum(p * math.log(p) for p in (3 / 8, 2 / 8, 1 / 8, 2 / 8)) / math.log(4)
    shares = np.array([3, 3, 3, 2, 2, 0, 1, 0]) / 8
    assert pay("ttrv(weight=0.5)", group) == pytest.approx(shares - 0.5 * entropy)
    assert pay("ttrv", votes("aaaa")) == [1.0] * 4
    assert pay("ttrv", votes("----")) == [0.0] * 4
    apart = np.array(pay("ttrv", group)) - np.mean(pay("ttrv", group))
    assert apart == pytest.approx(np.array(pay("soft_vote", group)) - np.mean(pay("soft_vote", group)))


def test_rpt() -> None:
    group = Group("q", ["..."] * 5, ["#98", "#", "#981", "98", None], continuation="#98")
    assert pay("rpt", group) == [1, 1, 0, 0, 0]
    with pytest.raises(UsageError, match="rpt needs a task whose prompts are pieces of plain text"):
        pay("rpt", Group("q", ["a"], ["a"], continuation=""))


@pytest.mark.parametrize(
    ("weight", "paid"),
    [(1, [1, 1, 1, 0, 0, 0]), (2, [0, 0, 0, 1, 1, 0]), (0, [1, 1, 1, 0, 0, 0])],
)
def test_t3rl(weight: float, paid: list[float]) -> None:
    """a has three votes and none is verified; b has two that are: 2 w against 3."""
    group = votes("aaabb-", verified=[False, False, False, True, True, True])
    assert pay(f"t3rl(weight={weight})", group) == paid
    assert pay("t3rl", votes("--", verified=[True, True])) == [0, 0]


def test_ettrl() -> None:
    group = votes("aaab", token_entropies=[[0.2, 0.4], [0.1], [0.2], [0.6]])  # H: 0.3, 0.1, 0.2, 0.6; mean 0.3
    spread = np.std([1, 1, 1, 0], ddof=1) + 1e-4
    plain = np.array([0.25, 0.25, 0.25, -0.75]) / spread
    assert pay("ettrl", group) == pytest.approx(plain * np.array([1, 2 - 1 / 3, 2 - 2 / 3, 0]))
    sure = votes("aaab", token_entropies=[[0.0]] * 4)
    assert pay("ettrl", sure) == pytest.approx(plain)
    assert pay("ettrl", votes("aaa", token_entropies=[[0.1], [0.2], []])) == [0.0] * 3
    assert methods.build("ettrl")[1].advantages


def test_spine() -> None:
    row = [0.9, 0.1, 0.8, 0.0, 0.7, 0.6, 0.2, 0.5, 0.3, 0.4]  # at a share of 1/2, 0.5 to 0.9 are forks
    group = votes("aab", token_entropies=[row, [0.5, 0.5, 0.1], []])
    _, method = methods.build("spine(share=0.5,low=0.25,high=0.5,weight=2)")
    plain = np.array([1, 1, -2]) / 3 / (np.std([1, 1, 0], ddof=1) + 1e-4)
    first, second, third = method.token_advantages(group)
    assert first == pytest.approx([plain[0] * (h >= 0.5) for h in row])
    assert second == pytest.approx([plain[1], plain[1], 0]) and third == []
    # of 0.5, 0.6, 0.7, 0.8, 0.9 the quantiles are 0.6 and 0.7; above is lowered, below is raised
    assert method.entropy_weights(group)[0] == [2, 0, 2, 0, 0, 0, 0, -2, 0, 0]
    assert method.entropy_weights(group)[1:] == [[0, 0, 0], []]


def test_echo() -> None:
    entropies, chances = np.array([[0.2, 0.6], [1.0, 0.2]]), np.array([[0.9, 0.5], [0.1, 0.9]])
    group = votes("a-", token_entropies=entropies.tolist(), token_logprobs=np.log(chances).tolist())
    scores = sum((x - x.mean()) / np.sqrt(x.var() + 1e-8) for x in (entropies, 1 - chances))
    plain = np.array([[0.5], [-0.5]]) / (np.std([1, 0], ddof=1) + 1e-4)
    for strength, largest in ((0.1, 2), (1, 0.5)):
        _, method = methods.build(f"echo(strength={strength},largest={largest})")
        expected = plain * (1 + strength * scores.clip(-largest, largest))
        assert np.array(method.token_advantages(group)) == pytest.approx(expected)


def test_kl_cov() -> None:
    logprobs = np.array([[-0.1, -0.1, -0.5], [-3.0, -0.1, -2.0]])
    group = votes("a-", token_logprobs=logprobs.tolist())
    plain = np.array([[0.5], [-0.5]]) / (np.std([1, 0], ddof=1) + 1e-4)
    covariances = (logprobs - logprobs.mean()) * (plain - plain.mean())
    for share, number in ((0.002, 1), (0.5, 3), (0.34, 2)):
        least = np.sort(covariances.ravel())[-number]
        _, method = methods.build(f"kl_cov(share={share},weight=3)")
        assert method.kl_weights(group) == (3.0 * (covariances >= least)).tolist()


def test_entropy_minimization_trains_on_no_reward() -> None:
    _, method = methods.build("em-ft(weight=0.5)")
    group = votes("a-", token_entropies=[[0.4, 0.2], []])
    assert method.reward(group) == pytest.approx([-0.3, 0])
    assert (method.token_advantages(group), method.entropy_weights(group)) == ([[0, 0], []], [[0.5, 0.5], []])


def test_spo() -> None:
    _, method = methods.build("spo(decay=0.5,prior=2)")
    alpha, beta = (1 * 0.5 + 2) * 0.5 + 0, (1 * 0.5 + 1) * 0.5 + 4  # two of three agreed, then none of four
    group = votes("aab-", prompt_notes=[[2, 3], [0, 4]])
    baseline = alpha / (alpha + beta)
    assert method.reward(group) == pytest.approx([1 - baseline, 1 - baseline, -baseline, -baseline])
    assert method.advantages and method.note(group) == [2, 4]
    assert method.reward(votes("--", prompt_notes=[])) == [-0.5, -0.5]


def test_distri_ttrl() -> None:
    """Two clusters of confidences around 1 and 5; a step from before that lies 10 higher is moved down to them."""
    low, high = [0.9, 1.0, 1.1, 1.0], [4.9, 5.0, 5.1, 5.0]
    notes = [[[c + 10 for c in low], [c + 10 for c in high]], [low, high]]
    signals = {"answer_spans": [(1, 2)] * 5, "run_notes": notes}
    rows = [[9.0, 5.2], [9.0, 1.2], [9.0, 0.8], [9.0, 4.8], [9.0, 1.0]]  # the answer's token alone counts
    group = votes("abbbb", token_self_certainties=rows, **signals)
    assert pay("distri_ttrl", group) == [1, 0, 0, 0, 0]  # the unsure say b, so the sure b does not count
    assert pay("distri_ttrl", votes("bbbbb", token_self_certainties=rows, **signals)) == [1] * 5  # all filtered out
    sure = votes("aabcc", token_self_certainties=[[0, 5.0]] * 5, **signals)
    assert pay("distri_ttrl", sure) == pay("majority_vote", votes("aabcc"))
    assert methods.build("distri_ttrl")[1].note(group) == [5.2, 1.2, 0.8, 4.8, 1.0]
    unread = votes("--", token_self_certainties=[[1.0, 3.0], []], answer_spans=[None, None], run_notes=[])
    assert methods.build("distri_ttrl")[1].note(unread) == [2.0, 0.0]


def test_jury_rl() -> None:
    answers, accepted = "aaabbc--", [True] * 3 + [False] * 5
    assert pay("jury_rl", votes(answers, verified=accepted)) == [1, 1, 1, 0, 0, 0, 0, 0]
    group = votes(answers, verified=[False] * 3 + [True] * 5)
    # s = 3/8. Of the other five, four are others to each: b agrees with 1/4, c and the unparsed with nobody; mean 1/10
    share, agreement = Fraction(3, 8), [Fraction(1, 4)] * 2 + [Fraction(0)] * 3
    for penalty in (1, Fraction(1, 2), 0):
        expected = [-penalty * share] * 3 + [z - Fraction(1, 10) for z in agreement]
        expected = [e * (share if i > 2 else 1) + penalty * share**2 for i, e in enumerate(expected)]
        paid = pay(f"jury_rl(penalty={float(penalty)})", group)
        assert paid == pytest.approx(list(map(float, expected)))
        assert sum(paid) == pytest.approx(0)
    assert pay("jury_rl", votes("aa", verified=[False] * 2)) == [0, 0]  # nobody else is there to learn from
    assert pay("jury_rl", votes("--", verified=[True] * 2)) == [0, 0]


def test_nover() -> None:
    texts = ["long way #7", "short #7", "x #8", "no cue", "cut #"]
    counts = [100, 10, 10, 3, 4]
    group = Group("q:", texts, ["7", "7", "8", None, None], gold="7", answer_cue="#", token_counts=counts)
    _, method = methods.build("nover(reasoning=2,efficiency=10)")
    assert [query.prefix for query in method.queries(group)] == ["q:long way #", "q:short #", "q:x #"]
    # P: exp(3/3) = e, exp(1/2), exp(4/2) = e^2, for 1 + log10 of 100 and 10 are 3 and 2
    paid = method.reward(dataclasses.replace(group, likelihoods=[[-2.0, -4.0], [-1.0, -1.0], [-4.0, -4.0]]))
    assert paid == pytest.approx([1 + 2 * 2 / 3 + 0, 1 + 2 * 3 / 3 + 10 * 1 / 2, 1 + 2 * 1 / 3, 0, 0])
    equal = method.reward(dataclasses.replace(group, likelihoods=[[-3.0], [-2.0], [-2.0]]))
    assert equal == pytest.approx([3, 3, 3, 0, 0])  # one perplexity: the best rank for all, and nobody is surer
    hopeless = method.reward(dataclasses.replace(group, likelihoods=[[-1e9], [-1.0], [-1.0]]))
    assert all(map(math.isfinite, hopeless))


def replied(method: Method, group: Group, say: Callable[[str], str]) -> list[float]:
    """Return what a method pays where the policy answers its questions by a rule."""
    return method.reward(dataclasses.replace(group, replies=[say(question) for question in method.ask(group)]))


def test_judged_clusters() -> None:
    _, method = methods.build("empo-judge")
    answers = ["1/2", "0.5", "half", "2", None, "0.5"]
    group = Group("What is 1 over 2?", ["..."] * 6, answers)
    same = {frozenset(("1/2", "0.5")), frozenset(("0.5", "half"))}  # not 1/2 and half: they are linked through 0.5

    def judge(question: str) -> str:
        first = question.partition("First answer:\n")[2].partition("\n")[0]
        second = question.partition("Second answer:\n")[2].partition("\n")[0]
        return f"so \\boxed{{{frozenset((first, second)) in same or (first, second) == ('2', 'half')}}}"

    assert len(method.ask(group)) == 4 * 3  # 2 -> half alone is no equality
    assert replied(method, group, judge) == pytest.approx([4 / 6, 4 / 6, 4 / 6, 1 / 6, 0, 4 / 6])
    assert replied(method, group, lambda _: "\\boxed{False}") == pytest.approx(pay("empo(gate=none)", group))
    assert replied(method, votes("aa-"), lambda _: "") == pytest.approx([2 / 3, 2 / 3, 0])


def test_duels_are_read_in_both_orders() -> None:
    group = Group("q", ["b", "a", "a", "c"], ["b", "a", "a", None])
    assert asking.duels(group) == [("a", "b"), ("b", "a")]
    first, second = asking.which_is_better(group)
    assert first.index("\na\n") < first.index("\nb\n") and second.index("\nb\n") < second.index("\na\n")
    for replies, won in (
        (["\\boxed{1}", "\\boxed{2}"], {("a", "b"): 2}),
        (["1", "so \\boxed{1}"], {("a", "b"): 1, ("b", "a"): 1}),
        (["\\boxed{1} no, \\boxed{ 2 }", "3"], {("b", "a"): 1}),
        (["", "the first"], {}),
    ):
        assert asking.wins(dataclasses.replace(group, replies=replies)) == won


def test_a_solution_that_is_called_right_beats_one_that_is_not_where_the_task_asks_itself() -> None:
    questions = ["a?", "b?", "a?", "c?"]
    group = Group("q", ["a", "b", "a", "c"], ["a", "b", "a", None], verification_prompts=questions)
    assert asking.which_is_better(group, 2) == [question for question in questions for _ in range(2)]
    greedy = dataclasses.replace(group, replies=["y", "n", "y", "n"])
    assert asking.wins(greedy) == {("a", "b"): 2, ("b", "a"): 0}
    sampled = dataclasses.replace(group, replies=["y", "n", "n", "n", "y", "y", "y", "y"])
    assert asking.wins(sampled, 2) == {("a", "b"): 2 * 2 * 0.75, ("b", "a"): 0}  # of equal texts the mean
    _, method = methods.build("tournament")
    assert method.reward(greedy) == [1.0, 0.0, 1.0, 0.0]


def by_length(question: str) -> str:
    """Judge that the longer solution is better."""
    first = question.partition("Solution 1:\n")[2].partition("\n\nSolution 2:")[0]
    second = question.partition("Solution 2:\n")[2].partition("\n\nCompare")[0]
    return "\\boxed{1}" if len(first) > len(second) else "\\boxed{2}"


def test_serl() -> None:
    texts = ["x" * 10, "x" * 11, "x" * 12, "x" * 30, "x" * 10, "none"]
    group = Group("q", texts, [*"abcda", None], token_counts=[10, 11, 12, 30, 10, 4])
    _, method = methods.build("serl")
    assert len(method.ask(group)) == 4 * 3
    # 11 beats 10 twice, 12 beats 11; 12 over 10 is not within a fifth of 10, 30 is near nobody; equal texts do not duel
    expected = [0, 2 * (2 * 10 / 11) / 10, 2 * (11 / 12) / 10, 0, 0, 0]
    assert replied(method, group, by_length) == pytest.approx(expected)
    wide = methods.configure("serl", {"tolerance": 10})
    assert replied(wide, group, by_length)[3] == pytest.approx(2 * (10 + 11 + 12 + 10) / 30 / 10)
    assert replied(method, group, lambda _: "neither") == [0.0] * 6


def test_tournament() -> None:
    """Among four, the best wins two matches and the loser of the final one; of which of the others, a draw decides."""
    texts = ["x" * n for n in (1, 2, 3, 4)]
    group = Group("q", [*texts, "none", texts[3]], [*"abcd", None, "d"])
    _, method = methods.build("tournament(repeats=1)")
    paid = replied(method, group, by_length)
    assert (paid[3], paid[0], paid[4], paid[5]) == (1.0, 0.0, 0.0, 1.0)
    assert sorted(paid[1:3]) in ([0.0, 0.5], [0.0, 0.0])
    many = replied(methods.configure("tournament", {"repeats": 100}), group, by_length)
    # x wins 2 a time; the third beats all but the best, whom it meets first in 1 of 3 draws; the second, the first only
    assert many[:4] == pytest.approx([0, 1 / 6, 1 / 3, 1], abs=0.07)
    assert replied(method, group, lambda _: "\\boxed{1}") == [0.5, 0.5, 0.5, 0.5, 0.0, 0.5]  # whoever comes first
    assert replied(method, Group("q", ["a", "b"], ["a", None]), by_length) == [0.5, 0.0]
    three = Group("q", texts[:3], [*"abc"])
    assert replied(method, three, by_length) == [0.0, 0.0, 1.0]


def test_dupo() -> None:
    _, method = methods.build("dupo")
    group = Group("What is 3+4.5?", ["..."] * 4, ["7.5", "7.5", "9", None])
    asked = method.ask(group)
    assert len(asked) == 4 and sum("What is [?]+4.5?" in question for question in asked) == 2

    def policy(question: str) -> str:
        """Solve the dual question."""
        answer = Fraction(question.partition("Answer:\n")[2].partition("\n")[0])
        return f"\\boxed{{{float(answer - Fraction('4.5') if '[?]+' in question else answer - 3)}}}"

    assert replied(method, group, policy) == [1.0, 1.0, 0.0, 0.0]
    assert replied(method, group, lambda q: "it is 3.0") == [0.5, 0.5, 0.5, 0.0]
    assert replied(method, group, lambda q: "\\boxed{3} or 8") == [0.5, 0.5, 0.5, 0.0]
    assert replied(method, Group("Why?", ["..."], ["so"]), policy) == [0.0]
    assert len(methods.configure("dupo", {"hidden": 1}).ask(group)) == 2
    shown = Group("What is 1+2? 3\nWhat is 3+4?\nAnswer:", ["..."], ["7"])  # a solved example has nothing to find
    assert [q.count("1+2? 3\nWhat") for q in method.ask(shown)] == [1, 1]


def thought(kinds: str) -> str:
    """Return a thought with a step for each letter, no two kinds of which share a character."""
    return "\n".join(letter * 6 for letter in kinds)


@pytest.mark.parametrize(
    ("kinds", "clustering", "path"),
    [
        ("abca", 1, 1),  # a triangle
        ("abcd", 0, 10 / 6),  # a path of four: distances 1 1 1 2 2 3
        ("abcade", 3 * (1 / 3) / 5, None),  # a has b, c and d as neighbours, of which b and c are neighbours: 1/3
        ("aabbcc", 0, 4 / 3),
    ],
)
def test_sarl(kinds: str, clustering: float, path: float | None) -> None:
    group = Group("q", [thought(kinds)], [None])
    if path is None:  # triangle a b c, tail a d e: distances ab ac bc ad de 1, bd cd ae 2, be ce 3
        clustering, path = (1 / 3 + 1 + 1 + 0 + 0) / 5, (5 * 1 + 3 * 2 + 2 * 3) / 10
    assert pay("sarl(clustering=0.5)", group) == pytest.approx([0.5 * clustering + 1 / (1 + path)])
    assert pay("sarl(clustering=2)", group) == pytest.approx([2 * clustering + 1 / (1 + path)])


def test_sarl_wants_a_thought() -> None:
    texts = ["", "aaaaaa", thought("ab"), thought("abab"), f"{thought('abca')}\n</think>\n{thought('xyz')}"]
    assert pay("sarl", Group("q", texts, [None] * 5)) == [0, 0, 0, 0, 1.0]
    assert pay("sarl(least=1,steps=3)", Group("q", texts, [None] * 5))[2:4] == [0.5, 0.5]
    assert pay("sarl(ends=',')", Group("q", ["aaaa,bbbb,cccc,aaaa"], [None])) == [1.0]


@pytest.mark.parametrize("ends", ["[", "(?P<a>"])
def test_sarl_refuses_a_pattern_that_is_none(ends: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        methods.configure("sarl", {"ends": ends})
