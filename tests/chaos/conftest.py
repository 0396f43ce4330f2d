"""The lab of small runs, one for all tests of a process."""

import contextlib
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

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
        yield uninterrupted("majority_vote", tmp_path_factory.mktemp("chaos"), {})


def uninterrupted(method: str, root: Path, changes: dict[str, str]) -> Lab:
    """Return a lab whose one run was carried out to its end; further ones must end as it did."""
    (run,) = plan.grid("smoke", [method], [0], ["pocket-1"], [], TINY | changes)
    made = Lab(run, root, {})
    folder = made.begin("uninterrupted")
    assert made.attempt(folder) == 0, made.said(folder)
    made.expected = outcome(folder)
    return made


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
