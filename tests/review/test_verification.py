"""A second run held against its record: what is rounding, what is chance, and what contradicts."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from honest import SMOKE, honest
from pydantic import ValidationError

from urlvr_bench.errors import UsageError
from urlvr_bench.records import attestation, record
from urlvr_bench.records.record import Record
from urlvr_bench.review.check import check
from urlvr_bench.review.verification import Comparison, causes, compare, interval
from urlvr_bench.running.again import rows_of, run_of

pytestmark = pytest.mark.needs("git")  # records name a commit of this checkout

LONGER = SMOKE.model_copy(update={"training": SMOKE.training.model_copy(update={"steps": 12})})
CELL = [honest("token_entropy", seed, protocol=LONGER) for seed in range(5)]
ONE = CELL[0]


def against(rows: list[dict[str, Any]], second: Record | None = None, cell: list[Record] = CELL) -> Comparison:
    return compare(ONE, rows, second.evals if second else [], cell)


def changed(step: int, **new: Any) -> list[dict[str, Any]]:
    """Return the rows of the record with other values from a step on."""
    rows = copy.deepcopy(rows_of(ONE))
    for row in rows[step - 1 :]:
        row |= {name: value(row[name]) if callable(value) else value for name, value in new.items()}
    return rows


def test_the_same_numbers_are_equal_bit_for_bit() -> None:
    found = against(rows_of(ONE), ONE)
    assert (found.verdict, found.steps, found.evaluations) == ("equal", 12, len(ONE.evals))
    assert (found.first_difference, found.first_other_rollouts, found.reasons) == (None, None, ())
    assert against(rows_of(ONE)[:3]).steps == 3


def test_rounding_is_named_and_more_than_rounding_contradicts() -> None:
    noisy = against(changed(4, entropy=lambda x: x * 1.0001), ONE)
    assert (noisy.verdict, noisy.first_difference, noisy.first_other_rollouts) == ("noise", 4, None)
    assert noisy.reasons[0].startswith("step 4: entropy 0.0")
    forged = against(changed(4, entropy=lambda x: x * 1.2), ONE)
    assert forged.verdict == "contradicted" and "from the same rollouts" in forged.reasons[0]


def test_other_rollouts_are_judged_by_the_band_of_the_cell() -> None:
    drifted = changed(7, train_accuracy=lambda x: min(1.0, x + 1 / 16), entropy=0.1)
    found = against(drifted)
    assert (found.verdict, found.first_other_rollouts) == ("band", 7)
    assert "train accuracy of the last 5 steps" in found.reasons[-1]
    assert against(drifted, cell=CELL[:2]).verdict == "open"
    assert against(changed(7, train_accuracy=0.0)).verdict == "contradicted"


def test_an_end_that_is_too_good_is_contradicted_by_the_second_run() -> None:
    ends = [*ONE.evals[:-1], ONE.evals[-1].model_copy(update={"correct": [0] * 8, "votes": [()] * 8})]
    second = ONE.model_copy(update={"evals": ends})
    same = against(rows_of(ONE), second)
    assert same.verdict == "contradicted" and "judged on the same policy" in same.reasons[0]
    parted = against(changed(7, train_accuracy=lambda x: x - 1 / 16), second)
    assert parted.verdict == "contradicted" and "accuracy at step 12 0.000, one more run" in parted.reasons[-1]


def test_a_prediction_interval_is_of_one_run_and_never_of_no_width() -> None:
    low, high = interval([0.4, 0.5, 0.6], 10_000)
    assert low == pytest.approx(0.5 - 4.3027 * 0.1 * (4 / 3) ** 0.5, abs=1e-3) or low == 0.0
    assert high == pytest.approx(0.9968, abs=1e-3)
    low, high = interval([1.0] * 5, 128)
    assert 0.95 < low < 1 and high == 1.0


def test_known_causes_are_named() -> None:
    here = ONE.provenance.model_dump() | {"git_commit": "1" * 40, "processor": "some CPU", "python": "3.13.0"}
    here["packages"] = ONE.provenance.packages | {"torch": "9.9"}
    assert causes(ONE.provenance, ONE.provenance.model_dump()) == []
    said = causes(ONE.provenance, here)
    assert any("other commit" in one for one in said) and "other package: torch 2.13.0, here 9.9" in said
    assert (
        "the record does not say its processor; here some CPU" in said and "other python: 3.12.1, here 3.13.0" in said
    )


def test_the_run_of_a_record_is_the_run_that_made_it() -> None:
    assert run_of(ONE).path == ONE.path.with_suffix("")
    other = ONE.model_copy(update={"model": ONE.model.model_copy(update={"weights_sha256": "0" * 16})})
    with pytest.raises(UsageError, match=r"pocket-6 has the weights .*, the record's are 0000000000000000"):
        run_of(other)


def attested(content: bytes, **new: Any) -> attestation.Attestation:
    values = {"record_sha256": record.short_hash(content), "verdict": "equal", "steps": 12, "evaluations": 3}
    values |= {"first_difference": None, "first_other_rollouts": None, "causes": [], "by": "A. Reader", "where": "CPU"}
    values |= {"git_commit": None, "packages": {"torch": "2.13.0"}, "at": "2026-01-01T00:00:00Z"}
    return attestation.Attestation.model_validate(values | new)


def test_an_attestation_holds_for_the_bytes_of_its_record_and_is_no_record(tmp_path: Path) -> None:
    path = tmp_path / honest().path
    record.write(honest(), path)
    content = path.read_bytes()
    assert attestation.Attestation.read(path, content) is None
    left = attested(content).write(path)
    assert left.name == "seed0.verified.json" and record.find([tmp_path]) == [path] and check(tmp_path) == []
    assert attestation.Attestation.read(path, content) == attested(content)
    attested(b"another").write(path)
    assert ["attests other bytes" in one.problem for one in check(tmp_path)] == [True]
    left.write_text(json.dumps(attested(content).model_dump() | {"verdict": "perfect"}))
    assert ["verdict='perfect'" in one.problem for one in check(tmp_path)] == [True]
    with pytest.raises(ValidationError):
        attested(content, by="\x1b[2J")
