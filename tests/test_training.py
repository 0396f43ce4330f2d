"""What training rests on: whole groups, TRL's hooks, whole checkpoints."""

import inspect
import json

import pytest
from trl import GRPOTrainer

from urlvr_bench import batches, protocol, steplog, steps, train, trainer
from urlvr_bench.errors import UsageError


def settings(**values):
    return protocol.load("smoke").training.model_copy(update=values)


def test_groups_that_would_be_cut_are_refused_with_the_numbers():
    assert batches.split_batch(settings(), processes=1) == (16, 1)
    assert batches.split_batch(settings(), processes=2) == (8, 1)
    assert batches.split_batch(settings(micro_batch=4), processes=2) == (4, 2)
    assert batches.split_batch(settings(mini_batches=2, micro_batch=2), processes=4) == (2, 1)
    with pytest.raises(UsageError, match=r"4 x group_size 4 = 16 rollouts in 1 mini-batches on 8 processes: groups"):
        batches.split_batch(settings(), processes=8)
    with pytest.raises(UsageError, match="do not divide evenly by micro_batch 3"):
        batches.split_batch(settings(micro_batch=3), processes=1)


def test_the_hooks_of_trl_are_as_this_package_expects():
    for name, parameters in trainer.HOOKS.items():
        assert list(inspect.signature(getattr(GRPOTrainer, name)).parameters) == parameters


def test_the_resolved_configuration_pins_the_protocol_and_names_no_place(tmp_path):
    config = train.trainer_config(settings(mini_batches=2, micro_batch=4), tmp_path / "x", 3, 1, use_cpu=True)
    values = train.resolved(config)
    assert values["steps_per_generation"] == 4 and values["gradient_accumulation_steps"] == 2
    assert values["max_steps"] == 2 * settings().steps
    assert (values["bf16"], values["beta"], values["shuffle_dataset"], values["seed"]) == (False, 0.0, False, 3)
    assert not any(isinstance(value, str) and str(tmp_path) in value for value in values.values())
    json.dumps(values, allow_nan=False)


def test_a_checkpoint_that_is_not_whole_is_passed_over(tmp_path):
    said = []
    for step in (2, 4, 6):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"weights %d" % step)
        if step != 6:
            steplog.seal(folder)
    (tmp_path / "checkpoint-4" / "model.safetensors").write_bytes(b"weights?")
    assert steplog.latest_checkpoint(tmp_path, said.append) == tmp_path / "checkpoint-2"
    assert [line.split()[0] for line in said] == ["checkpoint-6", "checkpoint-4"]


def test_steps_are_rewound_to_the_checkpoint_and_a_cut_line_is_dropped(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step":1}\n{"step":2}\n{"step":3}\n{"ste')
    assert steps.last_step(path) == {"step": 3}
    steps.rewind(path, 2)
    assert path.read_text() == '{"step":1}\n{"step":2}\n'
    with pytest.raises(UsageError, match="2 rows up to step 5"):
        steps.rewind(path, 5)
