"""How runs fell follows its stated rule on curves whose course is known, and on those of the committed records."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import fabricate

from urlvr_bench.records import record
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.downfall import LOSS, MANNERS, Downfall, downfall, downfalls

RESULTS = Path(__file__).parents[2] / "results"
STEPS = 60
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def series(*points: float, seed: int = 0, wobble: float = 0.01) -> list[float]:
    """Return a curve through points at equal distances, with a little noise."""
    line = np.interp(np.linspace(0, len(points) - 1, STEPS), range(len(points)), points)
    return [float(value) for value in line + np.random.default_rng(seed).normal(0, wobble, STEPS)]


def runs(*points: float, seeds: int = 3) -> list[list[float]]:
    return [series(*points, seed=seed) for seed in range(seeds)]


RISES_AND_FALLS = runs(0.3, 0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("proxy", "accuracy", "word"),
    [
        (runs(0.4, 0.8, 0.9, 1.0), RISES_AND_FALLS, "hacked"),  # a vote that ends in one answer
        (runs(-0.9, -0.4, -0.2, -0.1), RISES_AND_FALLS, "hacked"),  # negated entropy: up is what is paid
        (runs(0.4, 1.0, 1.0, 1.0), RISES_AND_FALLS, "hacked"),  # saturated before the fall: nothing left to gain
        (runs(0.5, 0.9, 0.3, 1.0), RISES_AND_FALLS, "hacked"),  # a dip on the way to the constant answer
        (runs(0.6, 0.8, 1.0), runs(0.3, 0.1, 0.0), "hacked"),  # a prior too weak to rise at all
        (runs(-0.04, -0.02, -0.1, -0.1), RISES_AND_FALLS, "destroyed"),
        (runs(0.4, 0.8, 0.5, 0.5), RISES_AND_FALLS, "destroyed"),  # above its start, far below its best time
        (runs(0.9, 0.95, 0.7), runs(0.6, 0.3, 0.0), "destroyed"),
        ([[1.0] * STEPS] * 3, RISES_AND_FALLS, "destroyed"),  # a reward that all get pulls nowhere
        (runs(0.4, 0.8, 1.0), runs(0.3, 0.8, 0.8), "held"),
        (runs(0.4, 0.8, 1.0), runs(0.3, 0.8, 0.8 * (1 - LOSS) + 0.06), "held"),
        (runs(0.4, 0.2, 0.1), runs(0.3, 0.6, 0.9), "held"),
    ],
)
def test_a_fall_has_its_word(proxy: list[list[float]], accuracy: list[list[float]], word: str) -> None:
    assert downfall(proxy, accuracy) == Downfall(word, 3, 3)  # type: ignore[arg-type]


def test_the_word_is_that_of_most_runs_and_of_as_many_the_worse() -> None:
    hacked, held = series(0.4, 0.8, 1.0), series(0.4, 0.8, 0.9)
    falls, holds = series(0.3, 0.8, 0.1), series(0.3, 0.8, 0.9)
    most = downfall([hacked, hacked, held], [falls, falls, holds])
    assert str(most) == "hacked 2/3"
    assert str(downfall([hacked, held, held], [falls, holds, holds])) == "held 2/3"
    assert str(downfall([hacked, held], [falls, holds])) == "hacked 1/2"
    assert str(downfall([hacked], [falls])) == "hacked"


def test_what_keeps_to_the_random_line_drifted() -> None:
    proxy, flat, sinking = runs(0.4, 0.8, 1.0), runs(0.6, 0.6, 0.6), runs(0.6, 0.5, 0.2)
    noise = [series(0.6, end, seed=seed) for seed, end in enumerate((0.7, 0.6, 0.5))]
    drowned = [series(0.6, end, seed=seed) for seed, end in enumerate((0.3, 0.2, 0.1))]
    assert downfall(proxy, flat, noise).word == "drifted like noise"
    assert downfall(proxy, runs(0.6, 0.4, 0.15), drowned).word == "drifted like noise"
    assert downfall(noise, noise, noise).word == "drifted like noise"  # the line itself
    assert downfall(proxy, sinking, noise).word == "hacked"
    assert downfall(proxy, runs(0.6, 0.9, 0.95), noise).word == "held"
    # rises first, and only ends where noise ends: another course
    assert downfall(proxy, runs(0.6, 0.9, 0.2), drowned).word == "hacked"


def test_runs_of_unlike_and_of_little_length_are_compared_over_what_they_share() -> None:
    assert downfall([[0.5, 0.6]], [[0.5, 0.1]]).word == "held"  # two steps make one mean
    stopped = [series(0.3, 0.8, 0.1)[:50], series(0.3, 0.8, 0.1)]
    assert downfall(runs(0.4, 0.8, 1.0)[:2], stopped, [series(0.3, 0.3)]).word == "hacked"


@given(SHARES, st.floats(0.01, 100), st.floats(-50, 50))
def test_the_unit_of_the_proxy_does_not_matter(accuracy: list[float], unit: float, zero: float) -> None:
    proxy = [round(value, 3) for value in np.sin(np.arange(len(accuracy)))]
    scaled = [unit * value + zero for value in proxy]
    assert downfall([proxy], [accuracy]).word == downfall([scaled], [accuracy]).word in MANNERS


def test_the_words_of_a_cell_are_those_of_its_records() -> None:
    records = [
        fabricate(name, seed, base=0.8, collapse_at=20)
        for name in ("self_certainty", "random_reward")
        for seed in range(2)
    ]
    records += [fabricate("empo", seed) for seed in range(2)]
    (rows,) = cells(records).values()
    found = {method: fell.word for method, fell in downfalls(rows).items() if fell}
    assert found == {"empo": "held", "random_reward": "drifted like noise", "self_certainty": "drifted like noise"}
    del rows["random_reward"]
    assert str(downfalls(rows)["self_certainty"]) == "hacked"


def test_the_pocket_lab_falls_by_noise_and_instability_and_its_probe_is_hacked() -> None:
    (rows,) = cells(record.read_all([RESULTS / "pocket@1" / "pocket-6" / "chain_addition"])).values()
    found = {method: fell.word for method, fell in downfalls(rows).items() if fell}
    assert {name for name, word in found.items() if word == "hacked"} == {"incorrect_label"}  # paid to be wrong
    assert {name for name, word in found.items() if word == "drifted like noise"} == {"random_reward"}
    assert {found[name] for name in ("token_entropy", "self_certainty")} == {"destroyed"}
    assert {found[name] for name in ("majority_vote", "ground_truth")} == {"held"}
    (weak,) = cells(record.read_all([RESULTS / "pocket-probe@2" / "pocket-3"])).values()
    assert str(downfalls(weak)["majority_vote"]) == "hacked"
