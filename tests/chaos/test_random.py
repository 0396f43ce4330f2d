"""Hundreds of runs killed at random: by processor time, wherever that falls, or before a random write."""

import random
import signal
import time

import pytest

from tests.chaos.lab import Fault

pytestmark = pytest.mark.chaos
SEEDS, KILLS = 20, 10
CPU_SECONDS, WRITES = 2.5, 170
"""About what one attempt from start to end takes."""


def drawn(rng: random.Random) -> Fault:
    """Return a kill at a random moment."""
    if rng.random() < 0.5:
        return Fault("write", rng.randint(1, WRITES))
    return Fault(seconds=rng.uniform(0.05, CPU_SECONDS))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_runs_that_are_killed_at_random_end_as_if_they_were_not(lab, seed):
    rng, kills, runs, before = random.Random(seed), 0, 0, time.monotonic()
    while kills < KILLS:
        folder = lab.begin(f"random-{seed}-{runs}")
        runs += 1
        while kills < KILLS:
            code = lab.attempt(folder, fault := drawn(rng))
            assert code in (0, -signal.SIGKILL, -signal.SIGPROF), f"{fault}: {lab.said(folder)}"
            if code == 0:
                break
            kills += 1
        lab.finish(folder)
    print(f"seed {seed}: {kills} kills in {runs} runs, {time.monotonic() - before:.0f} s")
