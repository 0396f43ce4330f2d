"""A text of a method that says it pays what an earlier one paid: both are run, on groups of every kind."""

import hashlib
import json
import random
from functools import cache
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from tests.support.records import fabricate
from urlvr_bench import methods
from urlvr_bench.records import record
from urlvr_bench.review import rehearsal, sources
from urlvr_bench.rollouts import Method
from urlvr_bench.statistics import summaries
from urlvr_bench.statistics.cells import cells

RESULTS = methods.FOLDER.parent / "results"
CLAIMS = [(name, digest) for name in methods.names() for digest in methods.load(name).same_as]


def committed(name: str, digest: str) -> str | None:
    """Return the committed text of a method that has a hash."""
    for commit in sources.git("log", "--format=%H", "--", f"{name}.py").decode().split():
        text = sources.git("show", f"{commit}:./{name}.py")
        if hashlib.sha256(text).hexdigest()[:16] == digest:
            return text.decode()
    return None


@cache
def parameters(name: str, digest: str) -> list[str]:
    """Return the hyper-parameters with which committed records ran a text of a method."""
    places = [path for path in record.find([RESULTS]) if path.parent.name.startswith(name)]
    read = [json.loads(path.read_text())["method"] for path in places]
    found = {json.dumps(one["params"], sort_keys=True) for one in read if one.get("source_sha256") == digest}
    return sorted({"{}", *found})


def turns(method: Method) -> list[object]:
    rng = random.Random(0)
    drawn = [[rng.choice(["7", "3", "12", None]) for _ in range(rng.randint(1, 12))] for _ in range(100)]
    groups = [group for _, group in rehearsal.groups(method)]
    groups += [rehearsal.group(method, answers, seed=i) for i, answers in enumerate(drawn)]
    return [(method.extras(), method.queries(group), method.ask(group), method.reward(group)) for group in groups]


@pytest.mark.needs("git")
@pytest.mark.skipif(not sources.whole_history(), reason="needs the history")
@pytest.mark.parametrize(("name", "digest"), CLAIMS)
def test_what_is_said_to_pay_the_same_does(name: str, digest: str, tmp_path: Path) -> None:
    text = committed(name, digest)
    assert text is not None, f"{name}: no committed text has the hash {digest}"
    (tmp_path / f"{name}.py").write_text(text)
    earlier = methods.load_file(tmp_path / f"{name}.py")
    for params in map(json.loads, parameters(name, digest)):
        before, now = TypeAdapter(earlier).validate_python(params), methods.configure(name, params)
        assert turns(before) == turns(now), params
        card = ("family", "paper", "needs", "binary", "advantages")
        assert [getattr(before, fact) for fact in card] == [getattr(now, fact) for fact in card]


def test_records_of_an_earlier_text_that_pays_the_same_count_as_of_the_present_one() -> None:
    (digest,) = methods.load("majority_vote").same_as
    assert methods.version("majority_vote", digest) == methods.source_hash("majority_vote")
    assert methods.version("majority_vote", "0" * 16) == "0" * 16
    assert methods.version("gone", digest) == digest
    one, other = fabricate(), fabricate(seed=1)
    for source, versions in ((digest, 1), ("0" * 16, 2)):
        changed = other.method.model_copy(update={"source_sha256": source})
        seeds = [one, other.model_copy(update={"method": changed})]
        (cell,) = cells(seeds)
        assert summaries.who(cell, seeds)["versions"] == versions
