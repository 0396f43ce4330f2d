"""What training rests on: whole groups, TRL's hooks, whole checkpoints."""

import inspect
import json

import pytest
from trl import GRPOTrainer

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.records import run_folder
from urlvr_bench.settings import split_batch
from urlvr_bench.system import files
from urlvr_bench.training import checkpoints, configuration, trainer


def settings(**values):
    return protocol.load("smoke").training.model_copy(update=values)


def test_groups_that_would_be_cut_are_refused_with_the_numbers():
    assert split_batch(settings(), processes=1) == (16, 1)
    assert split_batch(settings(), processes=2) == (8, 1)
    assert split_batch(settings(micro_batch=4), processes=2) == (4, 2)
    assert split_batch(settings(mini_batches=2, micro_batch=2), processes=4) == (2, 1)
    with pytest.raises(UsageError, match=r"4 x group_size 4 = 16 rollouts in 1 mini-batches on 8 processes: groups"):
        split_batch(settings(), processes=8)
    with pytest.raises(UsageError, match="do not divide evenly by micro_batch 3"):
        split_batch(settings(micro_batch=3), processes=1)


def test_the_hooks_of_trl_are_as_this_package_expects():
    for name, parameters in trainer.HOOKS.items():
        found = list(inspect.signature(getattr(GRPOTrainer, name)).parameters)
        assert parameters in (None, found)


def test_the_resolved_configuration_pins_the_protocol_and_names_no_place(tmp_path):
    config = configuration.trainer_config(settings(mini_batches=2, micro_batch=4), tmp_path / "x", 3, 1, use_cpu=True)
    values = configuration.resolved(config)
    assert values["steps_per_generation"] == 4 and values["gradient_accumulation_steps"] == 2
    assert values["max_steps"] == 2 * settings().steps
    assert (values["bf16"], values["beta"], values["shuffle_dataset"], values["seed"]) == (False, 0.0, False, 3)
    assert not any(isinstance(value, str) and str(tmp_path) in value for value in values.values())
    json.dumps(values, allow_nan=False)


def test_a_checkpoint_that_is_not_whole_is_passed_over(tmp_path):
    said = []
    for step in (2, 4, 6, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"weights %d" % step)
        if step != 10:
            files.seal(folder)
    (tmp_path / "checkpoint-4" / "model.safetensors").write_bytes(b"weights?")
    (tmp_path / "checkpoint-6" / files.SEAL).write_bytes(b"\xff")
    (tmp_path / "checkpoint-final").mkdir()
    assert checkpoints.latest(tmp_path, said.append) == tmp_path / "checkpoint-2"
    assert [line.split()[0] for line in said] == ["checkpoint-10", "checkpoint-6", "checkpoint-4"]


def test_steps_go_back_to_the_checkpoint_and_damage_is_said_aloud(tmp_path):
    path, checkpoint, said = tmp_path / "steps.jsonl", tmp_path / "checkpoint-2", []
    checkpoint.mkdir()
    (checkpoint / "steps.jsonl").write_text('{"step":1}\n{"step":2}\n')
    path.write_text('{"step":1}\n{"step":2}\n{"step":3}\n{"ste')
    assert run_folder.last_step(path) == {"step": 3}
    checkpoints.restore_steps(path, checkpoint, said.append)
    assert [row["step"] for row in run_folder.read_steps(path)] == [1, 2] and not said
    path.write_text('{"step":1}\n{"st')
    checkpoints.restore_steps(path, checkpoint, said.append)
    assert [row["step"] for row in run_folder.read_steps(path)] == [1, 2] and "damaged" in said.pop()
    checkpoints.restore_steps(path, None, said.append)
    assert path.read_text() == "" and "starts again" in said.pop()
