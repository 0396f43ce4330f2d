"""Models by name: what is loaded, and the name under which results are kept."""

import pytest

from urlvr_bench import models
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
