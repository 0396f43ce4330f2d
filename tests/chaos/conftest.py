"""The lab of small runs, one for all tests of a process."""

import contextlib
import multiprocessing
import os
from collections.abc import Iterator

import pytest

from tests.chaos.lab import ROOT, TINY, Lab, outcome
from urlvr_bench.running import plan


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start the fork server and carry out one run that nothing interrupts."""
    with _environment(
        PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
        OMP_NUM_THREADS="1",
        HF_HUB_OFFLINE="1",
        TOKENIZERS_PARALLELISM="false",
        CUDA_VISIBLE_DEVICES="",
    ):
        multiprocessing.set_forkserver_preload(["tests.chaos.children"])
        (run,) = plan.grid("smoke", ["majority_vote"], [0], ["pocket-1"], [], TINY)
        made = Lab(run, tmp_path_factory.mktemp("chaos"), {})
        folder = made.begin("uninterrupted")
        assert made.attempt(folder) == 0, made.said(folder)
        made.expected = outcome(folder)
        yield made


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
