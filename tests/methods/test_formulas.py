"""Each method against its formula: closed forms, a brute force over the vocabulary, and cases worked by hand."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from urlvr_bench import Group, Method, methods
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Extra, Query


def signals_of(logits_T_V: np.ndarray, tokens_T: Sequence[int], temperature: float) -> dict[str, list[float]]:
    """Return the token signals of one completion, by brute force over the vocabulary."""
    found: dict[str, list[float]] = {name: [] for name in ("logprobs", "entropies", "self_certainties", "top_gaps")}
    for logits_V, token in zip(logits_T_V, tokens_T, strict=True):
        weights = [math.exp(logit / temperature) for logit in logits_V]
        chances = [weight / sum(weights) for weight in weights]
        uniform = 1 / len(chances)
        first, second = sorted(chances, reverse=True)[:2]
        found["logprobs"].append(math.log(chances[token]))
        found["entropies"].append(-sum(p * math.log(p) for p in chances))
        found["self_certainties"].append(sum(uniform * math.log(uniform / p) for p in chances))
        found["top_gaps"].append(first - second)
    return found


def group_of(logits: Sequence[np.ndarray], tokens: Sequence[Sequence[int]], temperature: float, **more: Any) -> Group:
    rows = [signals_of(table, ids, temperature) for table, ids in zip(logits, tokens, strict=True)]
    signals = {f"token_{name}": [row[name] for row in rows] for name in rows[0]}
    return Group("q", ["..."] * len(rows), ["7"] * len(rows), **signals, **more)


def pay(spec: str, group: Group) -> list[float]:
    return methods.build(spec)[1].reward(group)


V, T = 11, 5


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_certainty_of_a_uniform_policy(temperature: float) -> None:
    group = group_of([np.full((T, V), 3.0)], [[0] * T], temperature)
    assert pay("self_certainty", group) == pytest.approx([0], abs=1e-12)
    assert pay("token_entropy", group) == pytest.approx([-math.log(V)])
    assert pay("token_entropy(reduction=sum)", group) == pytest.approx([-T * math.log(V)])
    assert pay("trajectory_entropy", group) == pytest.approx([-math.log(V)])
    assert pay("trajectory_entropy(reduction=sum)", group) == pytest.approx([-T * math.log(V)])
    assert pay("probability(relative=false)", group) == pytest.approx([V**-T])
    spans: Any = {"answer_spans": [(1, 3)]}
    assert pay("probability_disparity", dataclasses.replace(group, **spans)) == pytest.approx([0])


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("height", [0.5, 4.0])
def test_certainty_of_one_raised_logit(height: float, temperature: float) -> None:
    logits = np.zeros((T, V))
    logits[:, 2] = height
    a = height / temperature
    z = math.exp(a) + V - 1
    group = group_of([logits], [[2] * T], temperature, answer_spans=[(0, T)])
    assert pay("self_certainty", group) == pytest.approx([math.log(z) - a / V - math.log(V)])
    assert pay(f"self_certainty(vocabulary={V})", group) == pytest.approx([math.log(z) - a / V])
    assert pay("token_entropy", group) == pytest.approx([a * math.exp(a) / z - math.log(z)])
    assert pay("trajectory_entropy", group) == pytest.approx([a - math.log(z)])
    assert pay("probability(relative=false)", group) == pytest.approx([(math.exp(a) / z) ** T])
    assert pay("probability_disparity", group) == pytest.approx([(math.exp(a) - 1) / z])


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_certainty_against_numpy(temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = [rng.normal(0, 3, (length, V)) for length in (1, 4, 9)]
    tokens = [rng.integers(0, V, len(table)) for table in logits]
    spans: list[tuple[int, int] | None] = [(0, 1), (2, 4), None]
    group = group_of(logits, tokens, temperature, answer_spans=spans)
    tables = [table / temperature for table in logits]
    lse = [np.log(np.exp(table).sum(1)) for table in tables]
    p = [np.exp(table - one[:, None]) for table, one in zip(tables, lse, strict=True)]
    log_p = [np.log(table[np.arange(len(ids)), ids]) for table, ids in zip(p, tokens, strict=True)]
    entropy = [-(table * np.log(table)).sum(1) for table in p]
    # Intuitor's code: logsumexp of the logits less their mean, then the mean over tokens
    published = [(one - table.mean(1)).mean() for one, table in zip(lse, tables, strict=True)]
    assert pay(f"intuitor(vocabulary={V})", group) == pytest.approx(published)
    assert pay("intuitor", group) == pytest.approx([value - math.log(V) for value in published])
    assert pay("rent", group) == pytest.approx([-row.mean() for row in entropy])
    assert pay("em-rl-token(reduction=sum)", group) == pytest.approx([-row.sum() for row in entropy])
    assert pay("em-rl", group) == pytest.approx([row.mean() for row in log_p])
    assert pay("em-rl(reduction=sum)", group) == pytest.approx([row.sum() for row in log_p])
    totals = np.array([row.sum() for row in log_p])
    assert pay("rlsc(relative=false)", group) == pytest.approx(np.exp(totals))
    assert pay("rlsc", group) == pytest.approx(np.exp(totals - totals.max()))
    gaps = [np.sort(table, 1)[:, -1] - np.sort(table, 1)[:, -2] for table in p]
    assert pay("rlsf(unparsed=-1)", group) == pytest.approx([gaps[0][:1].mean(), gaps[1][2:4].mean(), -1])


def test_rent_pays_unparsed_rollouts_apart() -> None:
    group = Group("q", ["a", "b"], ["7", None], token_entropies=[[0.5], [0.1]])
    assert pay("rent(unparsed=-7)", group) == [-0.5, -7.0]


def votes(answers: str, **signals: Any) -> Group:
    """Return a group of one-letter answers, `-` for none."""
    return Group("q", [f"so {a}" for a in answers], [None if a == "-" else a for a in answers], **signals)


CASES: list[tuple[str, str, dict[str, Any], list[float]]] = [
    ("majority_vote", "aab-", {}, [1, 1, 0, 0]),
    ("majority_vote", "----", {}, [0, 0, 0, 0]),
    ("majority_vote(ties=all)", "aabbc", {}, [1, 1, 1, 1, 0]),
    ("majority_vote(ties=none)", "aabbc", {}, [0, 0, 0, 0, 0]),
    ("majority_vote(ties=none)", "aab", {}, [1, 1, 0]),
    ("majority_vote(unparsed=vote)", "---a", {}, [1, 1, 1, 0]),
    ("majority_vote(threshold=0.5)", "aab-", {}, [1, 1, 0, 0]),
    ("majority_vote(threshold=0.7)", "aab-", {}, [0, 0, 0, 0]),
    ("majority_vote(extra_votes=3)", "aab", {"extra_answers": [["b", "b", None]]}, [0, 0, 1]),
    ("soft_vote", "aab-", {}, [0.5, 0.5, 0.25, 0]),
    ("soft_vote(out_of=answered)", "aab-", {}, [2 / 3, 2 / 3, 1 / 3, 0]),
    ("soft_vote(out_of=answered)", "--", {}, [0, 0]),
    ("empo", "aab-", {}, [0.5, 0.5, 0.25, 0]),
    ("empo", "aaaa", {}, [1, 1, 1, 1]),
    ("empo", "abcdefg", {}, [0] * 7),  # G = 7 is where the published floating-point gate fails
    ("empo", "ab-", {}, [0, 0, 0]),
    ("empo(gate=none,unparsed=singleton)", "ab-", {}, [1 / 3] * 3),
    # policy: SC 2/4, teacher: SC 4/4; weights a = 2 x 1/2, b = 4 x 1
    ("weighted_vote", "aacb", {"extra_answers": [["b"] * 4]}, [0, 0, 0, 1]),
    # policy: SC 3/4, teacher: SC 1/4; weights a = 3 x 3/4, b = 1 x 3/4 + 1 x 1/4
    ("weighted_vote", "aaab", {"extra_answers": [["b", "c", "d", None]]}, [1, 1, 1, 0]),
    ("co_rewarding_1", "aab-", {"extra_answers": [["b", "b", "a"]]}, [0, 0, 1, 0]),
    ("co_rewarding_1", "aab-", {"extra_answers": [[None, None]]}, [0, 0, 0, 0]),
    ("co_rewarding_2", "aab-", {"extra_answers": [["b", "b", "a"]]}, [0, 0, 1, 0]),
    # harmonic means: a 3 x 1 / 4 = 3/4, b 2 x 3 / 5 = 6/5
    ("self_harmony", "aaabb", {"extra_answers": [list("abbb")]}, [0, 0, 0, 1, 1]),
    # only b is in both views, whatever the counts
    ("self_harmony", "aaab", {"extra_answers": [list("ccbc")]}, [0, 0, 0, 1]),
    # 3 x 0 and 1 x 1 smoothed: 4 x 1 / 5 < 2 x 2 / 4
    ("self_harmony(laplace=true)", "aaab", {"extra_answers": [list("b")]}, [0, 0, 0, 1]),
    # 5 x 0 and 1 x 1 smoothed alike, 6 x 1 / 7 < 2 x 2 / 4; without any answer of the other view a wins
    ("self_harmony(laplace=true)", "aaaaab", {"extra_answers": [[None]]}, [1, 1, 1, 1, 1, 0]),
    ("self_harmony", "aaab", {"extra_answers": [list("cc")]}, [0, 0, 0, 0]),
    # SNR(3, 1; 4) = 4/16; without an a (2 - 1)^2/(3 x 3) = 1/9; without b 9/9 = 1
    ("condorcet", "aaab", {}, [1 / 4 - 1 / 9] * 3 + [1 / 4 - 1]),
    ("condorcet", "a", {}, [1.0]),
    ("condorcet", "ab", {}, [-1.0, -1.0]),
    ("condorcet", "aa-", {}, [4 / 6 - 1 / 2] * 2 + [-10]),
    ("verifier", "aab", {"verified": [True, False, True]}, [1, 0, 1]),
    ("ground_truth", "aab", {"correct": [True, False, True]}, [1, 0, 1]),
    ("format_only", "a-b", {}, [1, 0, 1]),
    ("incorrect_label", "aabbc", {"correct": [True, True, False, False, False]}, [0, 0, 1, 1, 0]),
    ("incorrect_label", "aa", {"correct": [True, True]}, [0, 0]),
    ("oracle_vote", "aab", {"correct": [False, False, True]}, [0, 0, 1]),
    ("oracle_vote", "aab", {"correct": [False, False, False]}, [1, 1, 0]),
    ("length_reward(limit=100)", "aaa-", {"token_counts": [50, 25, 100, 100]}, [2, 1.75, 0, -1]),
    ("length_reward(limit=100)", "a-", {"token_counts": [0, 0]}, [1, 0]),
]


@pytest.mark.parametrize(("spec", "answers", "signals", "expected"), CASES)
def test_case(spec: str, answers: str, signals: dict[str, Any], expected: list[float]) -> None:
    assert pay(spec, votes(answers, **signals)) == pytest.approx(expected)


def test_a_tie_is_broken_without_favour() -> None:
    winners = [pay("majority_vote", dataclasses.replace(votes("ab"), prompt=f"q{i}"))[0] for i in range(400)]
    assert 160 < sum(winners) < 240  # 4 standard deviations


def test_scrl_thresholds() -> None:
    # shares: a 3/8 >= .375, b 2/8: margin 1/8 is not more than .125
    even = [[1.0]] * 8
    assert pay("scrl", votes("aaabbcde", token_entropies=even)) == [0.0] * 8
    # a 4/8 is clear; c, d are not rarer than 1/8 unless the threshold moves
    assert pay("scrl", votes("aaaabbcd", token_entropies=even)) == [1.0] * 4 + [0.0] * 4
    assert pay("scrl(rare=0.2)", votes("aaaabbcd", token_entropies=even)) == [1.0] * 4 + [0.0] * 2 + [-1.0] * 2
    # d is surer than the group, so it is spared
    surer = [[1.0]] * 7 + [[0.2]]
    assert pay("scrl(rare=0.2)", votes("aaaabbcd", token_entropies=surer)) == [1.0] * 4 + [0.0] * 2 + [-1.0, 0.0]
    # one answer only: no margin asked, no answer pays -1
    assert pay("scrl", votes("aaa-----", token_entropies=even)) == [1.0] * 3 + [-1.0] * 5


def test_scrl_graded() -> None:
    entropies = [[0.4]] * 4 + [[1.2]] * 4
    paid = pay("scrl(graded=true,rare=0.2)", votes("aaaabbcd", token_entropies=entropies))
    assert paid[0] == pytest.approx(0.5 - 0.1 * (0.4 - 0.8))
    assert paid[4] == pytest.approx(-0.1 * (1.2 - 0.8))
    assert paid[7] == pytest.approx(-(0.2 - 0.125) - 0.1 * (1.2 - 0.8))


@pytest.mark.parametrize("answers", ["a---", "-", "a", "----"])
def test_evol_rl_pays_no_lone_answer(answers: str) -> None:
    """The published code needs two boxes in a group; with fewer it pays -1 to all."""
    assert pay("evol_rl", votes(answers)) == [-1.0] * len(answers)


def test_evol_rl_ranges_and_novelty() -> None:
    texts = ["3+4=7", "3+4=7", "three and four make 7", "a bad guess", "a bad guess", "quite another", "none"]
    paid = pay("evol_rl", Group("q", texts, ["7", "7", "7", "3", "3", "4", None]))
    assert paid == [0.5, 0.5, 1.0, -1.0, -1.0, -0.5, -1.0]
    assert pay("evol_rl", Group("q", ["x"] * 5, ["7", "7", "7", "3", "3"])) == [0.75] * 3 + [-0.75] * 2
    assert pay("evol_rl", Group("q", ["<think>a</think>x", "<think>b</think>x"], ["7", "7"])) == [0.75, 0.75]


def test_restrain() -> None:
    settings = "restrain(centre=1,width=0.5,penalty=0.5,least_votes=2,start_votes=4)"

    def g(share: float) -> float:
        return math.exp(-((share - 1) ** 2) / 0.5)

    start = [["a", "a", "b", None]]
    assert pay(settings, votes("abcd", extra_answers=start)) == pytest.approx([-0.5 * g(0.5)] * 4)
    paid = pay(settings, votes("aaab", extra_answers=start))
    f, w = (0.75, 0.25), (g(0.75) / (g(0.75) + g(0.25)), g(0.25) / (g(0.75) + g(0.25)))
    spread = np.std([1, 1, 1, 0], ddof=1) + 1e-4  # as TRL divides
    for reward, (is_a, is_b) in zip(paid, [(1, 0)] * 3 + [(0, 1)], strict=True):
        expected = w[0] * (is_a - f[0]) / spread + w[1] * (is_b - f[1]) / spread
        assert reward == pytest.approx(g(0.5) * expected)
    assert sum(paid) == pytest.approx(0)
    assert pay("restrain(start_votes=0)", votes("aaa")) == [0.0] * 3  # one label, no difference


def answer_likelihoods(method: Method, group: Group, table: dict[tuple[str, str], float]) -> Group:
    """Return the group with the log-probabilities of a table by (end of the prefix, continuation)."""
    rows = [
        [
            next(
                value
                for (end, answer), value in table.items()
                if query.prefix.endswith(end) and query.continuation == answer
            )
        ]
        for query in method.queries(group)
    ]
    return dataclasses.replace(group, likelihoods=rows)


def test_covo() -> None:
    name, method = methods.build("covo(threshold=0.6)")
    group = Group("q:", ["s1\ns2\n#a", "t1\nt2\n#b", "hm"], ["a", "b", None], answer_cue="#")
    states = ["q:s1\n#", "q:s1\ns2\n#", "q:t1\n#", "q:t1\nt2\n#"]
    assert method.queries(group) == [Query(state, answer) for state in states for answer in "ab"]
    # a: leads after both states: Con 1, Vol 0, length 1. b: leads after the first, then falls behind: Con 1/2
    table = {(s, "a"): -1.0 for s in ("s1\n#", "s2\n#", "t2\n#")} | {
        (s, "b"): -2.0 for s in ("s1\n#", "s2\n#", "t2\n#")
    }
    table |= {("t1\n#", "a"): -2.0, ("t1\n#", "b"): -1.0}
    assert method.reward(answer_likelihoods(method, group, table)) == [1.0, 0.0, 0.0]
    assert methods.build("covo(threshold=0.5)")[1].reward(answer_likelihoods(method, group, table)) == [1.0, 1.0, 0.0]
    unanimous = Group("q:", ["s\n#a", "t\n#a"], ["a", "a"], answer_cue="#", likelihoods=[])
    assert method.queries(unanimous) == []
    assert method.reward(unanimous) == [0.0, 0.0]
    # two rollouts of one answer that turn at different times pull its mean vector apart
    group = Group("q:", ["u1\nu2\n#a", "v1\nv2\n#a", "w\n#b"], ["a", "a", "b"], answer_cue="#")
    late = {(s, "a"): -1.0 for s in ("u1\n#", "u2\n#", "v2\n#")} | {("v1\n#", "a"): -3.0, ("w\n#", "a"): -9.0}
    late |= {(s, "b"): -2.0 for s in ("u1\n#", "u2\n#", "v1\n#", "v2\n#", "w\n#")}
    length = abs(1 + 0.5 * complex(math.cos(0.5), math.sin(0.5))) / 2
    for threshold, expected in ((length - 1e-6, 1.0), (length + 1e-6, 0.0)):
        judged = methods.configure(name, {"threshold": threshold})
        assert judged.reward(answer_likelihoods(judged, group, late))[:2] == [expected] * 2


def test_covo_merges_steps() -> None:
    _, method = methods.build("covo(states=2)")
    group = Group("", ["1\n2\n3\n4\n#a", "#b"], ["a", "b"], answer_cue="#")
    assert [query.prefix for query in method.queries(group)][::2] == ["1\n2\n#", "1\n2\n3\n4\n#", "#"]


def test_covo_takes_lines_that_say_something_as_steps() -> None:
    _, method = methods.build("covo")
    group = Group("", ["a\n\nb\n\nc\n\n#x", "\n\n#y"], ["x", "y"], answer_cue="#")
    assert [query.prefix for query in method.queries(group)][::2] == ["a\n#", "a\n\nb\n#", "a\n\nb\n\nc\n#", "\n\n#"]


def test_covo_merges_the_last_of_many_steps() -> None:
    """20 lines in 15 states: the first ten alone, then pairs, as the published code has it."""
    lines = "".join(f"{i}\n" for i in range(1, 21))
    prefixes = [
        q.prefix for q in methods.build("covo")[1].queries(Group("", [f"{lines}#x", "#y"], ["x", "y"], answer_cue="#"))
    ]
    assert [prefix.count("\n") for prefix in prefixes[:30:2]] == [*range(1, 11), 12, 14, 16, 18, 20]


@pytest.mark.parametrize("states", range(1, 57))
def test_covo_at_its_threshold_is_not_decided_by_rounding(states: int) -> None:
    """Half of the states lead, whatever the volatility: the mean vector of one rollout is 1/2 long."""
    _, method = methods.build("covo(states=112)")
    text = "".join(f"{i}\n" for i in range(2 * states))
    group = Group("", [f"{text}#x", "#y"], ["x", "y"], answer_cue="#")
    rows = [
        [-1.0] if (query.continuation == "x") == (query.prefix.count("\n") <= states) else [-2.0]
        for query in method.queries(group)
    ]
    assert method.reward(dataclasses.replace(group, likelihoods=rows))[0] == 1.0


def test_rlpr_and_verifree() -> None:
    group = Group("q:", ["x #7", "y #8 #9", "z", "cut #"], ["7", "9", None, None], gold="42", answer_cue="#")
    for spec, expected in (("rlpr", ["q:#", "q:x #", "q:y #8 #", "q:cut #"]), ("verifree", ["q:x #", "q:y #"])):
        prefixes = [query.prefix for query in methods.build(spec)[1].queries(group)]
        assert prefixes == expected
        assert {query.continuation for query in methods.build(spec)[1].queries(group)} == {"42"}
    rows = [[math.log(0.8), math.log(0.4)], [math.log(0.1), math.log(0.2)]]
    assert pay("verifree", dataclasses.replace(group, likelihoods=rows)) == pytest.approx([0.32, 0.02, 0, 0])
    baseline = [math.log(0.2), math.log(0.2)]
    paid = pay("rlpr", dataclasses.replace(group, likelihoods=[baseline, *rows, baseline]))
    assert paid == pytest.approx([0.9 * (0.6 - 0.2) + 0.1, 0.1, 0, 0.1])
    for spec in ("rlpr", "verifree"):  # a task whose whole completion is the answer has no cue
        (*_, last) = methods.build(spec)[1].queries(Group("q:", ["1+2"], ["1+2"], gold="3", answer_cue=""))
        assert last == Query("q:", "3")


def test_next_token() -> None:
    group = Group(
        "q:", ["a", "b"], [None, None], continuation="xy", likelihoods=[[-2.0, -1.0], [-1.0, -3.0], [-2.0, 0.0]]
    )
    assert pay("next_token", group) == [1.0, 0.0]
    assert pay("next_token(horizon=0)", group) == pytest.approx([-0.5, 0.5])
    with pytest.raises(UsageError, match="pieces of plain text"):
        methods.build("rlp")[1].queries(Group("q:", ["a"], [None]))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("\\boxed{True}", 1),
        ("so \\BOXED{TRUE}.", 1),
        ("\\boxed{False}", 0),
        ("\\boxed{False} or \\boxed{True}", 1),  # the study looks for True first
        ("It is true.", 1),
        ("It is not false.", 0),
        ("true or false?", 0),
        ("It is correct.", 0),
        ("", 0),
        (" y\n", 1),
        ("yes", 1),
        ("n", 0),
        ("yn", 0),
        ("51,91y", 1),  # worked out first
        ("-8,-24n", 0),
        ("why", 0),
    ],
)
def test_verdicts(reply: str, verdict: float) -> None:
    assert pay("self_verification", Group("q", ["..."], ["7"], replies=[reply])) == [verdict]


def test_self_verification_asks_about_each_solution() -> None:
    _, method = methods.build("self_verification")
    solutions = ["\\boxed{\\frac{1}{2}}", "{braces} {0}"]
    asked = method.ask(Group("What is {x}?", solutions, [None, None]))
    for question, solution in zip(asked, solutions, strict=True):
        assert "\nWhat is {x}?\n" in question
        assert f"\n{solution}\n" in question
        assert question.endswith("with \\boxed{False} if it is not.")
    own = ["375>26?3*7+5=", "375>26?3*5+7="]
    assert method.ask(Group("375>26=", ["3*7+5", "3*5+7"], ["a", "b"], verification_prompts=own)) == own


@pytest.mark.parametrize(
    ("spec", "extras"),
    [
        ("majority_vote", []),
        ("majority_vote(extra_votes=32)", [Extra(32)]),
        ("weighted_vote", [Extra(8, teacher_decay=0.99)]),
        ("co_rewarding_1(votes=4)", [Extra(4, view=1)]),
        ("co_rewarding_2(teacher_decay=0.9)", [Extra(8, teacher_decay=0.9)]),
        ("self_harmony(view=2)", [Extra(8, view=2)]),
        ("restrain", [Extra(8, teacher_decay=1.0)]),
        ("restrain(start_votes=0)", []),
        ("majority_vote(extra_votes=2)+co_rewarding_1", [Extra(2), Extra(8, view=1)]),
    ],
)
def test_extras(spec: str, extras: list[Extra]) -> None:
    assert methods.build(spec)[1].extras() == extras


def test_weighted_sum() -> None:
    name, method = methods.build("ttrl + 0.5*rent(reduction=sum) + -1*format")
    assert name == "weighted_sum"
    assert dataclasses.asdict(method) == {
        "terms": "majority_vote+0.5*token_entropy(reduction=sum)+-1*format_only",
        "scale": "group",
    }
    assert method == methods.configure(name, dataclasses.asdict(method))
    assert method.needs == ("extra_answers", "token_entropies")
    assert (method.family, method.uses_labels(), method.binary) == ("intrinsic/ensemble", False, False)
    group = votes("aab-", token_entropies=[[1.0], [2.0], [3.0], [4.0]], extra_answers=[])
    one, two, three = np.array([1, 1, 0, 0]), -np.array([1, 2, 3, 4]), np.array([1, 1, 1, 0])
    expected = sum(
        weight * (term.mean() + (term - term.mean()) / (term.std(ddof=1) + 1e-4))
        for weight, term in ((1, one), (0.5, two), (-1, three))
    )
    assert method.reward(group) == pytest.approx(expected)
    bare = methods.configure(name, {**dataclasses.asdict(method), "scale": "none"})
    assert bare.reward(group) == pytest.approx(one + 0.5 * two - three)
    constant = votes("aaaa", token_entropies=[[1.0], [2.0], [3.0], [4.0]], extra_answers=[])
    scaled = (two - two.mean()) / (two.std(ddof=1) + 1e-4)
    assert method.reward(constant) == pytest.approx(1 + 0.5 * (two.mean() + scaled) - 1)
    assert (method.scaled_over_batch, bare.scaled_over_batch, method.advantages) == (True, False, False)


def test_a_small_weight_stays_small_where_the_other_term_is_constant() -> None:
    """Two of eight rollouts have no answer, and the tied vote pays nobody: 0.1 of the format must not count as 1."""
    _, method = methods.build("majority_vote(ties=none)+0.1*format_only")
    paid = np.array(method.reward(votes("aaabbb--", extra_answers=[])))
    assert paid - paid.mean() == pytest.approx([0.054] * 6 + [-0.162] * 2, abs=5e-4)


def test_a_term_that_pays_advantages_keeps_them_in_a_sum() -> None:
    alone = pay("restrain", votes("aabbccd-", extra_answers=[["a"] * 8]))
    _, method = methods.build("restrain(penalty=5)+0.1*format_only")
    group = votes("aabbccd-", extra_answers=[["a"] * 8])
    assert alone == [-0.5] * 8  # no consensus: a penalty for all, which a group's mean would take away
    form = np.array([1] * 7 + [0])
    apart = 0.1 * (form - form.mean()) / (form.std(ddof=1) + 1e-4)
    assert (method.advantages, method.scaled_over_batch) == (True, False)
    assert method.reward(group) == pytest.approx(-5 + apart)
    assert sum(method.reward(group)) == pytest.approx(-40)


def test_weighted_sum_hands_each_term_its_own() -> None:
    spec = "majority_vote(extra_votes=1)+10*co_rewarding_1(votes=1)+100*self_verification+1000*next_token"
    method = methods.configure("weighted_sum", {"terms": spec, "scale": "none"})
    group = votes("ab", extra_answers=[["a"], ["b"]], continuation="x", replies=["y", "n"])
    assert len(method.ask(group)) == 2
    assert [query.prefix for query in method.queries(group)] == ["q", "qso a", "qso b"]
    group = dataclasses.replace(group, likelihoods=[[-2.0], [-1.0], [-2.0]])
    assert method.reward(group) == pytest.approx([1 + 0 + 100 + 1000, 0 + 10 + 0 + 0])


@pytest.mark.parametrize("spec", ["majority_vote+0.1*ground_truth", "0.1*rlpr+format_only"])
def test_a_sum_with_a_supervised_term_is_supervised(spec: str) -> None:
    _, method = methods.build(spec)
    assert (method.family, method.uses_labels()) == ("supervised", True)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("majority_vote+nonsense", "unknown method 'nonsense'"),
        ("majority_vote+token_entropy(reduction=max)", "token_entropy: reduction='max'"),
        ("weighted_sum(terms=)", "does not read as"),
    ],
)
def test_bad_sums(spec: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        methods.build(spec)
    assert says in str(caught.value)
