"""How many rollouts a forward pass takes."""

from types import SimpleNamespace

import pytest

from urlvr_bench import protocol
from urlvr_bench.training import micro_batches

SMOL = SimpleNamespace(hidden_size=576, num_attention_heads=9, intermediate_size=1536, num_hidden_layers=30)
TRAINING = protocol.load("smoke").training.model_copy(update={"micro_batch": 16})


def test_what_a_row_keeps_grows_with_its_length_and_halves_in_half_precision():
    short, long = (micro_batches.row_bytes(SMOL, tokens, "float32") for tokens in (100, 200))
    assert 2 * short < long < 3 * short
    assert short / 2 < micro_batches.row_bytes(SMOL, 100, "bfloat16") < 0.6 * short


@pytest.mark.parametrize(
    ("free_gb", "rows", "row_gb", "taken"),
    [(64, 16, 0.06, 16), (64, 64, 0.06, 16), (64, 16, 0.15, 4), (2, 16, 0.2, 2), (4, 12, 0.3, 3), (0.1, 16, 9.0, 1)],
)
def test_the_largest_divisor_that_fits_is_taken(monkeypatch, free_gb, rows, row_gb, taken):
    free = SimpleNamespace(available=free_gb * 2**30)
    monkeypatch.setattr(micro_batches.psutil, "virtual_memory", lambda: free)
    assert micro_batches.fitting(TRAINING, row_gb * 2**30, rows) == taken
