"""Intervals: hand-computed cases, invariances, and how often they hold the truth."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from urlvr_bench.errors import UsageError
from urlvr_bench.statistics import intervals
from urlvr_bench.statistics.intervals import Floats, difference, over_seeds, two_way, wilson
from urlvr_bench.statistics.metrics import pass_at_k
from urlvr_bench.statistics.parting import Part, parted, words
from urlvr_bench.statistics.passing import pass_intervals
from urlvr_bench.statistics.ranking import Standing, holm, standings

SD_SEED, SD_INTERACTION, SD_TREATMENT, SD_PROBLEM, MIDDLE = 0.25, 0.6, 0.3, 1.8, -0.3


def sample(rng: np.random.Generator, difficulty_P: Floats, seeds: int, samples: int) -> Floats:
    """Return simulated scores (S, P): logits of problem + seed + interaction, then binomial sampling."""
    noise = rng.normal(0, SD_SEED, (seeds, 1)) + rng.normal(0, SD_INTERACTION, (seeds, len(difficulty_P)))
    return rng.binomial(samples, 1 / (1 + np.exp(-(difficulty_P + noise)))) / samples


def expected(middle: float, spread: float) -> float:
    """Return the mean of the logistic function over a normal distribution, by Gauss-Hermite quadrature."""
    at, weight = np.polynomial.hermite_e.hermegauss(80)
    return float((1 / (1 + np.exp(-(middle + spread * at))) * weight).sum() / weight.sum())


@pytest.mark.parametrize(("seeds", "problems", "samples", "shift"), [(3, 30, 16, 0.0), (5, 128, 16, 0.5)])
def test_intervals_hold_the_truth_in_93_to_97_percent(seeds: int, problems: int, samples: int, shift: float) -> None:
    """2,500 draws: the standard error of a coverage near 95 % is 0.4 points, a third of the distance to the edges.

    The truth is the mean over new seeds and new problems. The paired interval that leaves the seeds out, the
    common practice, is drawn along to show that this test can tell a bad interval from a good one.
    """
    rng = np.random.default_rng(0)
    draws, held = 2500, np.zeros(3)
    run_spread = math.hypot(SD_SEED, SD_INTERACTION)
    truth = expected(MIDDLE, math.hypot(SD_PROBLEM, run_spread))
    gain = expected(MIDDLE + shift, math.hypot(SD_PROBLEM, run_spread, SD_TREATMENT)) - truth
    for _ in range(draws):
        difficulty = rng.normal(MIDDLE, SD_PROBLEM, problems)
        plain = sample(rng, difficulty, seeds, samples)
        better = sample(rng, difficulty + shift + rng.normal(0, SD_TREATMENT, problems), seeds, samples)
        one, both = two_way(plain), difference(better, plain)
        paired = (better - plain).mean(0)
        naive = 1.96 * paired.std(ddof=1) / math.sqrt(problems)
        held += [one.low <= truth <= one.high, both.low <= gain <= both.high, abs(paired.mean() - gain) <= naive]
    one_method, two_methods, without_seeds = held / draws
    assert 0.93 <= one_method <= 0.97
    assert 0.93 <= two_methods <= 0.97
    assert without_seeds < 0.85


def test_intervals_hold_near_the_ceiling_where_few_problems_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a pass@4 of 0.999 the t interval alone, drawn along, misses the truth far too often."""
    rng = np.random.default_rng(0)
    everyone = sample(rng, rng.normal(5, SD_PROBLEM, 200_000), 1, 16) * 16
    truth = pass_at_k(16, everyone, 4).mean()
    draws = [pass_at_k(16, sample(rng, rng.normal(5, SD_PROBLEM, 128), 3, 16) * 16, 4) for _ in range(400)]

    def coverage() -> float:
        return float(np.mean([found.low <= truth <= found.high for found in map(two_way, draws)]))

    assert coverage() > 0.93
    monkeypatch.setattr(intervals, "FEW", 0)
    assert coverage() < 0.8


def test_two_way_by_hand() -> None:
    # Seed means .55 and .65, ten problem means of .4 and ten of .8, no interaction.
    found = two_way(np.tile([[0.35, 0.75], [0.45, 0.85]], 10))
    seeds, problems = 0.005 / 2, 20 * 0.2**2 / 19 / 20  # variances of the means, over their numbers
    df = (seeds + problems) ** 2 / (seeds**2 / 1 + problems**2 / 19)
    half = stats.t.ppf(0.975, df) * math.sqrt(seeds + problems)
    assert (found.mean, found.basis) == (pytest.approx(0.6), "seeds x problems")
    assert (found.low, found.high) == pytest.approx((0.6 - half, 0.6 + half))
    assert two_way(np.tile([[0.0, 0.6], [0.2, 0.8]], 10)).low == 0  # clipped to what a share can be


def test_difference_by_hand() -> None:
    ours, theirs = np.tile([[0.5, 0.7], [0.6, 0.8]], 10), np.full((2, 20), 0.5)
    found = difference(ours, theirs)
    seeds, problems = 0.005 / 2, 20 * 0.1**2 / 19 / 20
    df = (seeds + problems) ** 2 / (seeds**2 / 1 + problems**2 / 19)
    t = 0.15 / math.sqrt(seeds + problems)
    assert found.mean == pytest.approx(0.15)
    assert found.p == pytest.approx(2 * stats.t.sf(t, df))
    assert found.high - found.mean == pytest.approx(stats.t.ppf(0.975, df) * math.sqrt(seeds + problems))


def test_order_of_seeds_and_problems_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = rng.random((4, 9)), rng.random((3, 9))
    seeds, problems = rng.permutation(4), rng.permutation(9)
    again = difference(ours[seeds][:, problems], theirs[:, problems])
    assert np.allclose(
        [again.low, again.high, again.p], [getattr(difference(ours, theirs), n) for n in ("low", "high", "p")]
    )
    swapped = difference(theirs, ours)
    assert (swapped.mean, swapped.low) == pytest.approx((-again.mean, -again.high))


def test_one_seed_is_marked_and_rests_on_problems_only() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random((1, 50))
    found = two_way(scores)
    half = stats.t.ppf(0.975, 49) * scores.std(ddof=1) / math.sqrt(50)
    assert (found.basis, found.seeds, found.problems) == ("problems only", 1, 50)
    assert found.high == pytest.approx(scores.mean() + half)
    assert difference(scores, rng.random((5, 50))).basis == "problems only"


def test_nothing_to_rest_on_gives_no_interval() -> None:
    for found in (two_way(np.array([[0.5]])), difference(np.array([[0.5]]), np.array([[0.1]])), over_seeds([0.3])):
        assert found.basis == "none"
        assert math.isnan(found.low)
    assert two_way(np.array([[0.5], [0.7]])).basis == "seeds only"


def test_no_spread_is_not_certainty() -> None:
    zero, one = np.zeros((3, 128)), np.ones((3, 128))
    none, few = (stats.binomtest(k, 128).proportion_ci(method="wilson") for k in (0, 3))
    assert (two_way(zero).low, two_way(zero).high) == pytest.approx((none.low, none.high))
    assert two_way(one).low == pytest.approx(1 - none.high)
    unchanged = two_way(zero, bounds=(-1.0, 1.0))
    assert (unchanged.low, unchanged.high) == pytest.approx((-none.high, none.high))
    almost = one.copy()
    almost[:, :3] = 0.0
    assert two_way(almost).low == pytest.approx(1 - few.high)
    almost[:, :3] = 0.99  # t alone would claim [0.9995, 1.0000]
    assert 1 - few.high < two_way(almost).low < 1 - none.high


def test_a_difference_in_few_problems_is_judged_by_their_signs() -> None:
    zero, one = np.zeros((3, 128)), np.ones((3, 128))
    same, apart = difference(zero, zero), difference(one, zero)
    assert same.p == 1
    assert same.low < 0 < same.high
    assert apart.p == 0
    assert 0.9 < apart.low < apart.high == 1
    four = zero.copy()
    four[:, :4] = 1.0
    assert difference(four, zero).p == pytest.approx(2 * 0.5**4)  # the paired t test alone would say 0.045


def test_pairs_need_the_same_problems() -> None:
    with pytest.raises(UsageError, match="3 problems with 4 problems: all sides"):
        difference(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(UsageError, match="seeds x problems"):
        two_way(np.zeros(3))


@pytest.mark.parametrize(("k", "n"), [(0, 3), (3, 3), (2, 3), (1, 10)])
def test_wilson_is_scipys(k: int, n: int) -> None:
    reference = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k, n) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []
    untested = holm([0.04, math.nan, 0.01])
    assert (untested[0], untested[2]) == pytest.approx((0.04, 0.02)) and math.isnan(untested[1])


def column() -> dict[str, Floats]:
    rng = np.random.default_rng(4)
    difficulty = rng.normal(MIDDLE, SD_PROBLEM, 128)
    shifts = {"best": 1.5, "twin": 1.45, "worse": -0.5, "worst": -2.0}
    return {name: sample(rng, difficulty + shift, 5, 16) for name, shift in shifts.items()}


def test_ties_and_rank_intervals_separate_what_differs_and_nothing_else() -> None:
    scores = column()
    found = standings(scores)
    assert [name for name in scores if found[name].leads] == ["best", "twin"]
    assert found["worse"] == Standing(3, 3, 3)
    assert found["worst"] == Standing(4, 4, 4)
    assert {(found[name].low, found[name].high) for name in ("best", "twin")} == {(1, 2)}
    assert standings(dict(reversed(scores.items()))) == found


@pytest.mark.parametrize("seed", range(8))
def test_rank_and_tie_are_one_statement(seed: int) -> None:
    """A method far behind with wild seeds may not be told from the leader by a test: then its interval holds 1."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(MIDDLE, SD_PROBLEM, 40)
    scores = {f"m{i}": sample(rng, difficulty + rng.normal(0, 0.3) * i, 3, 16) for i in range(5)}
    scores["wild"] = np.repeat(rng.uniform(0, 1, (3, 1)), 40, axis=1)
    found = standings(scores)
    leader = min(found, key=lambda name: found[name].rank)
    for name, standing in found.items():
        assert standing.low <= standing.rank <= standing.high
        if name != leader and difference(scores[leader], scores[name]).p > 0.05:  # unadjusted: Holm's is larger
            assert standing.leads and found[leader].high >= 2


def test_fewer_than_three_seeds_are_not_ranked_nor_is_one_method() -> None:
    scores = column()
    scores["best"] = scores["best"][:2]
    found = standings(scores)
    assert "best" not in found and found["twin"] == Standing(1, 1, 1)
    assert standings({"alone": scores["twin"], "few": scores["best"]}) == {}


def test_seeds_that_part_are_named_instead_of_an_interval_that_would_not_hold() -> None:
    held, fell = np.full((4, 20), 0.994), np.full((1, 20), 0.301)
    found = two_way(np.concatenate([held, fell]))
    assert math.isnan(found.low) and found.mean == pytest.approx(0.8554)
    assert [(part.seeds, round(part.mean, 3)) for part in found.parts] == [(4, 0.994), (1, 0.301)]
    assert words(found.parts, start=0.88) == "4 of 5 held at 0.994; 1 fell to 0.301"
    assert words(found.parts) == "4 of 5 at 0.994; 1 at 0.301"
    assert over_seeds([0.1, 0.9, 0.92]).parts == (Part(2, pytest.approx(0.91)), Part(1, pytest.approx(0.1)))
    assert over_seeds([-3.0, 9.0, 9.0], (-math.inf, math.inf)).parts == ()  # no share: what is far there is not known


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        ([0.2, 0.9], True),
        ([0.6, 0.8], False),  # less than a quarter apart
        ([0.2, 0.3, 0.75], False),  # of three, two are close by chance
        ([0.2, 0.22, 0.75], True),
        ([0.2, 0.21, 0.22, 0.35, 0.75], True),  # of five, they seldom are
        ([0.1, 0.3, 0.5, 0.7, 0.9], False),
        ([0.5], False),
    ],
)
def test_a_gap_parts_seeds_where_it_is_wide_and_wider_than_the_groups(values: list[float], apart: bool) -> None:
    assert bool(parted(values)) == apart


def test_pass_at_more_samples_never_lies_below_pass_at_fewer() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        right = rng.binomial(16, rng.beta(3, 0.3, (1, 40)).repeat(4, 0))
        found = pass_intervals({k: pass_at_k(16, right, k) for k in (1, 2, 8, 16)})
        for before, after in itertools.pairwise(found):
            assert before.low <= after.low and before.high <= after.high


def test_pass_at_k_of_skewed_seeds_has_the_bounds_of_pass_at_1() -> None:
    shares = np.array([0.99, 0.98, 0.90, 0.97, 0.85])
    scores = {k: np.tile((1 - (1 - shares) ** k)[:, None], 30) for k in (1, 4)}
    one, four = pass_intervals(scores)
    assert (four.low, four.high) == (one.low, 1.0)
    assert two_way(scores[4]).low > one.low
    low = pass_intervals({k: 1 - values for k, values in ((1, scores[4]), (2, scores[4]))})
    assert low[1].high == pytest.approx(2 * low[0].high)
