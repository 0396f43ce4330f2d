"""An adapter is a model wherever one is asked for: judged as its own run judged it, trained on, told in the record."""

import json
import shutil
from pathlib import Path

import pytest

from urlvr_bench import adapters, models
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record

SMOKE = ["--protocol", "smoke", "--method", "majority_vote", "--jobs", "1"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run folder of a LoRA adapter."""
    from urlvr_bench.commands.running import run

    out = tmp_path_factory.mktemp("lora")
    run(["majority_vote"], "smoke", seed=[0], set_=["lora_rank=4", "backend=hf", "learning_rate=0.01"], out=out, jobs=1)
    (found,) = out.rglob("record.json")
    return found.parent


@pytest.mark.lab
def test_what_a_run_with_lora_saves_is_judged_and_trained_on(trained: Path, tmp_path: Path, command) -> None:
    one = record.read(trained / "record.json")
    weights = trained / "weights" / f"step-{one.last_step:06d}"
    assert not (weights / "config.json").exists()
    assert json.loads((weights / adapters.CONFIG).read_text())[adapters.FIELD] == "pocket-6"  # not where it lies here

    moved = tmp_path / "my-adapter"
    shutil.copytree(weights, moved)
    asked = one.protocol.evaluation
    how = ["--problems", asked.problems, "--samples", asked.samples, "--max-tokens", asked.max_tokens, "--json"]
    done = command("eval", moved, "--task", one.task.name, "--out", tmp_path / "eval", *how)
    assert done.returncode == 0, done.stderr
    own = sum(one.evals[-1].correct) / (asked.problems * asked.samples)
    assert json.loads(done.stdout)[0][f"avg@{asked.samples}"] == pytest.approx(own)
    assert one.evals[-1].correct != one.evals[0].correct  # which the adapter has changed

    (moved / "tokenizer_config.json").unlink()  # as PEFT alone leaves it
    done = command("run", *SMOKE, "--model", moved, "--out", tmp_path / "runs", timeout=500)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "runs").rglob("record.json")
    again = record.read(made)
    assert again.model.name == "my-adapter" and again.model.base is not None
    assert (again.model.base.name, again.model.base.weights_sha256) == ("pocket-6", one.model.weights_sha256)
    assert again.model.weights_sha256 == models.weights_hash(str(moved)) != one.model.weights_sha256
    assert again.evals[0].correct == one.evals[-1].correct  # it begins where the adapter ended
    assert not (made.parent / "merged").exists()
    assert command("probe", moved, "--protocol", "pocket-mcs", "--dry-run").returncode == 0


def adapter(folder: Path, **config: object) -> Path:
    """Return a folder that looks like an adapter."""
    folder.mkdir()
    (folder / adapters.CONFIG).write_text(json.dumps({"peft_type": "LORA", adapters.FIELD: "pocket-1", **config}))
    (folder / adapters.WEIGHTS).write_bytes(b"")
    return folder


def test_an_adapter_is_known_by_its_files_and_its_base_by_name(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a", **{adapters.FIELD: "/elsewhere/pocket/priors/pocket-1"})
    assert models.resolve(str(folder)) == str(folder)
    assert models.base(str(folder)) == str(models.PRIORS / "pocket-1") == models.with_config(str(folder))
    assert models.with_tokenizer(str(folder)) == str(models.PRIORS / "pocket-1")
    assert models.base(str(models.PRIORS / "pocket-1")) is None
    chained = adapter(tmp_path / "b", **{adapters.FIELD: str(folder)})
    assert models.with_config(str(chained)) == str(models.PRIORS / "pocket-1")
    assert models.weights_hash(str(chained)) != models.weights_hash(str(folder)) != models.weights_hash("pocket-1")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({adapters.FIELD: "/nowhere/base"}, "base of the adapter .* cannot be found: .*/nowhere/base does not exist"),
        ({adapters.FIELD: "nobase"}, "cannot be found: unknown model 'nobase'"),
        ({adapters.FIELD: None}, "does not say what it was trained on"),
        ({"peft_type": "PROMPT_TUNING"}, "changes prompts"),
    ],
)
def test_an_adapter_that_cannot_be_loaded_is_refused_in_one_line(
    tmp_path: Path, config: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as told:
        models.resolve(str(adapter(tmp_path / "a", **config)))
    assert "\n" not in str(told.value)
    (tmp_path / "a" / adapters.WEIGHTS).unlink()
    with pytest.raises(UsageError):
        models.resolve(str(tmp_path / "a"))


def test_an_adapter_on_itself_is_refused(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a", **{adapters.FIELD: str(tmp_path / "a")})
    with pytest.raises(UsageError, match="names itself"):
        models.resolve(str(folder))
