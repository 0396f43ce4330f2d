"""What a method remembers: shown as it was before the step, added once, kept with the checkpoint, closed to labels."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.review import stage
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.checkpoints import NOTES, MemoryKeeper
from urlvr_bench.training.memory import Memory

GOLDS = list(stage.ROLLOUTS)


@dataclass(frozen=True)
class Recalling(Method):
    """Pays how much it remembers, and notes its answers."""

    family, paper, needs = "baseline", "https://example.org", ("prompt_notes", "run_notes")

    def memory(self) -> int:
        return 2

    def reward(self, group: Group) -> list[float]:
        return [100.0 * len(group.prompt_notes or []) + sum(map(len, group.run_notes or []))] * len(group)

    def note(self, group: Group) -> object:
        return ("first", group.answers[0])


class Leaking(Recalling):
    """Notes what a task lets slip."""

    needs = ("verification_prompts", "prompt_notes")

    def reward(self, group: Group) -> list[float]:
        return [0.0] * len(group)

    def note(self, group: Group) -> object:
        return (group.verification_prompts or [None])[0]


class Careless(stage.Sums):
    """A task whose question for verification holds the gold."""

    def verification_prompt(self, doc, completion):
        return doc["gold"]


def bridge_for(method, task=None, twice=2):
    docs = [stage.problem(gold) for gold in GOLDS]
    bridge = RewardBridge(method, "recalling", task or stage.Sums(), docs, 4, seed=0, twice=twice)
    bridge.rollouts = stage.Policy([1] * 4)
    return bridge


def show(bridge, *places):
    """Pay the groups of some problems, one token per completion."""
    texts = [f"\\boxed{{{answer}}}" for place in places for answer in stage.ROLLOUTS[GOLDS[place]]]
    rows = [place for place in places for _ in range(4)]
    return bridge(texts, [[1]] * len(texts), rows, lambda name, value: None)[::4]


def test_notes_come_back_at_later_steps_and_once_however_often_a_batch_is_paid():
    bridge = bridge_for(Recalling())
    assert show(bridge, 0, 1) == [0, 0]  # paid twice, golds permuted
    assert show(bridge, 0, 2) == [102, 2]
    assert show(bridge, 0, 0) == [204, 204]  # a prompt shown twice in a step sees what was before it
    assert show(bridge, 0) == [204]  # two are kept, of a prompt and of the run
    first = stage.problem(GOLDS[0])["prompt"]
    assert bridge.memory.prompts[first] == [["first", "7"]] * 2
    assert bridge.memory.steps == [[["first", "7"]] * 2, [["first", "7"]]]


def test_a_note_that_moves_with_the_golds_is_refused_and_not_kept():
    bridge = bridge_for(Leaking(), Careless())
    with pytest.raises(UsageError, match="when the golds of the problems are permuted: a label reaches it"):
        show(bridge, 0, 1)
    assert bridge.memory.prompts == {}


@pytest.mark.parametrize("note", [{1, 2}, float("nan"), "x" * 20_000], ids=["a set", "nan", "long"])
def test_a_note_that_cannot_be_kept_is_one_line(note):
    method = type("Noting", (Recalling,), {"note": lambda self, group: note})()
    with pytest.raises(UsageError, match=r"methods/recalling.py, prompt .*note") as caught:
        show(bridge_for(method), 0)
    assert "\n" not in str(caught.value)


def test_a_booth_notes_what_the_method_does_and_keeps_nothing_itself():
    with Booth("spo", {}) as booth:
        bridge = bridge_for(booth)
        alpha, beta = 0.875 * 0.5 + 3, 0.875 * 0.5 + 1  # three of four agreed
        assert show(bridge, 0) == [0.5] and show(bridge, 0) == [1 - alpha / (alpha + beta)]
        assert show(bridge_for(booth), 0) == [0.5]  # another run's memory is its own


def test_a_checkpoint_holds_the_memory_exactly(tmp_path):
    memory = Memory(3, ("prompt_notes", "run_notes"))
    memory.add([("3+4?", [0.1 + 0.2, None]), ("5?", {"a": [1]})])
    (tmp_path / "checkpoint-2").mkdir()
    state = SimpleNamespace(is_world_process_zero=True, global_step=2)
    MemoryKeeper(memory).on_save(SimpleNamespace(output_dir=tmp_path), state)
    again = Memory(3, ("prompt_notes", "run_notes"))
    MemoryKeeper(again).restore(tmp_path / "checkpoint-2")
    assert (again.prompts, again.steps) == (memory.prompts, memory.steps)
    assert json.loads((tmp_path / "checkpoint-2" / NOTES).read_text())["steps"] == memory.steps
    MemoryKeeper(Memory(0, ())).restore(tmp_path)  # a method without a memory leaves no file


def test_values_of_tokens_have_the_tokens_lengths():
    class Short(Recalling):
        needs, memory = (), Method.memory

        def reward(self, group):
            return [0.0] * len(group)

        def token_advantages(self, group):
            return [[1.0, 2.0]] * len(group)

    with pytest.raises(UsageError, match="rollout 0: token_advantages has 2 values for 1 tokens; return one per token"):
        show(bridge_for(Short()), 0)
