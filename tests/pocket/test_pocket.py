"""The pocket priors: whole, small, really a ladder, and remade by their command."""

import json

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from urlvr_bench import models
from urlvr_bench.errors import UsageError
from urlvr_bench.pocket import build, problems
from urlvr_bench.pocket.language import ALPHABET


def test_every_prior_ships_and_together_they_are_small():
    assert {prior.name for prior in models.priors()} == set(build.names())
    assert len([prior for prior in models.priors() if prior.task == "chain_addition"]) >= 6
    assert sum(path.stat().st_size for path in models.PRIORS.rglob("*") if path.is_file()) < 12e6


def test_weights_are_those_that_were_made():
    hashed = {prior.name: prior.weights for prior in models.priors() if prior.weights}
    assert hashed and {name: models.weights_hash(models.resolve(name)) for name in hashed} == hashed


def test_only_names_a_prior_or_a_pre_training():
    assert build.chosen("pocket-countdown") == {"pocket-countdown"}
    assert build.chosen("kind-a") == {"kind-a-1", "kind-a-2", "kind-a-3"}
    assert build.chosen(None) == set(build.names())
    with pytest.raises(UsageError, match="unknown prior 'kind-z'"):
        build.chosen("kind-z")


@pytest.mark.parametrize("prior", models.priors(), ids=lambda prior: prior.name)
def test_a_prior_reloads_with_its_tokenizer(prior):
    folder = models.resolve(prior.name)
    model, words = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert words(ALPHABET).input_ids == list(range(len(ALPHABET)))
    assert words.decode(words("12+34=").input_ids) == "12+34="
    assert model.get_input_embeddings().num_embeddings == len(ALPHABET)
    assert words.eos_token_id == model.config.eos_token_id != words.pad_token_id


def test_splits_never_meet_and_are_decided_by_content():
    draw = lambda rng: problems.countdown_problem(problems.countdown(rng))  # noqa: E731
    keys = {split: {p.key for p, _ in zip(problems.distinct(draw, split, 7), range(200), strict=False)}
            for split in ("train", "validation", "test")}  # fmt: skip
    assert all(len(found) > 100 for found in keys.values())
    assert not keys["train"] & keys["test"] and not keys["train"] & keys["validation"]
    assert not keys["validation"] & keys["test"]


@pytest.mark.parametrize(
    ("digits", "operators", "value"),
    [((2, 3, 4), ("+", "*"), 14), ((2, 3, 4), ("*", "+"), 10), ((9, 3, 4), ("-", "-"), 2), ((2, 3, 4), ("*", "*"), 24)],
)
def test_countdown_values_follow_precedence(digits, operators, value):
    assert problems.countdown_value(digits, operators) == value


@pytest.mark.lab
def test_the_weakest_prior_is_remade_by_the_command(command, tmp_path):
    done = command("pocket", "build", "--only", "pocket-1", "--out", tmp_path, timeout=400)
    assert done.returncode == 0, done.stderr
    (made,) = json.loads((tmp_path / "priors.json").read_text())
    shipped = models.priors()[0]
    assert made["name"] == shipped.name == "pocket-1"
    assert made["accuracy"] == pytest.approx(shipped.accuracy, abs=0.05)
    remade = load_file(tmp_path / "pocket-1" / "model.safetensors")
    kept = load_file(models.PRIORS / "pocket-1" / "model.safetensors")
    if made["pretraining_steps"] == shipped.pretraining_steps:  # other processors round differently and drift apart
        assert all(torch.allclose(remade[name], kept[name], atol=1e-2) for name in kept)
