"""What is kept of rollouts comes back as it was, takes little room, and unpacks to no more than is asked for."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench.errors import UsageError
from urlvr_bench.records import evidence
from urlvr_bench.records.evidence import Rollout

entries = st.tuples(st.sampled_from([None, "7", "8", "9"]), st.floats(-5, 5), st.booleans())


@given(st.lists(st.lists(entries, min_size=4, max_size=4), min_size=1, max_size=6))
def test_groups_come_back_whatever_their_order(groups: list[list[tuple[str | None, float, bool]]]) -> None:
    kept = [evidence.group(*zip(*group, strict=True), binary=False) for group in groups]
    joined = evidence.join([evidence.pack(group) for group in kept], 4)
    assert joined is not None and evidence.rollouts(joined, len(groups), 4) == kept
    backwards = [evidence.group(*zip(*group[::-1], strict=True), binary=False) for group in groups]
    assert [sorted((paid, right) for _, paid, right in group) for group in backwards] == [
        sorted((paid, right) for _, paid, right in group) for group in kept
    ]


def test_classes_go_by_their_size_and_rewards_by_their_rank() -> None:
    answers, rewards, correct = ["9", "7", None, "7"], [0.5, -1.0, -1.0, 2.5], [False, True, False, True]
    assert evidence.group(answers, rewards, correct, binary=False) == [
        Rollout(0, 0, 0),
        Rollout(1, 0, 1),
        Rollout(1, 2, 1),
        Rollout(2, 1, 0),
    ]
    assert [kept.paid for kept in evidence.group(answers, [0.0, 1.0, 0.0, 1.0], correct, binary=True)] == [0, 1, 1, 0]


def test_a_step_that_kept_nothing_leaves_no_evidence() -> None:
    assert evidence.join([evidence.pack([Rollout(1, 1, 1)]), None], 1) is None


@pytest.mark.parametrize(
    "text",
    ["", "AAAA", base64.b64encode(zlib.compress(b"\0" * 50_000_000)).decode(), "!", evidence._packed(b"12") + "AA"],
)
def test_nothing_is_unpacked_beyond_what_is_asked_for(text: str) -> None:
    with pytest.raises(UsageError, match="evidence"):
        evidence.unpack(text, 4)
