"""TRL's trainer with our hooks, for real, on a pocket prior: every seam serves the method that declares it."""

import copy
from dataclasses import dataclass, field, fields
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM
from trl import GRPOTrainer

from urlvr_bench import methods, models, protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Extra, Group, Method, Query, Sampled
from urlvr_bench.training import configuration, train
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.policy import freeze_embeddings
from urlvr_bench.training.teacher import Teacher, TeacherKeeper, Teachers
from urlvr_bench.training.trainer import PolicyTrainer

pytestmark = pytest.mark.lab
PRIOR = models.resolve("pocket-6")
SETTINGS = protocol.load("smoke").training.model_copy(update={"steps": 2, "prompts_per_step": 2})


@dataclass(frozen=True)
class Everything(Method):
    """Declares every seam that needs the trainer, and keeps what it is shown."""

    family, paper = "baseline", "https://example.org"
    needs = ("token_logprobs", "token_entropies", "answer_spans", "extra_answers", "likelihoods", "replies")
    seen: list[Group] = field(default_factory=list)

    def extras(self):
        return [Extra(3), Extra(2, view=1), Extra(2, teacher_decay=0.5)]

    def queries(self, group):
        return [Query(group.prompt, text) for text in group.completions]

    def ask(self, group):
        return [group.prompt]

    def reward(self, group):
        self.seen.append(group)
        return [float(i) for i in range(len(group))]


class Stopping:
    """A task whose completions end with other strings than its own."""

    def __init__(self, task, stops):
        self.task, self.stops = task, stops

    def __getattr__(self, name):
        return getattr(self.task, name)


def trainer_for(method, folder, draws="process", share_prompts=False, stops=(), **changes):
    task = Stopping(tasks.load("chain_addition"), stops)
    docs = task.docs("test")[:4]
    bridge = RewardBridge(method, "spy", task, docs, SETTINGS.group_size, seed=0)
    settings = SETTINGS.model_copy(update={"micro_batch": 8, **changes})
    return PolicyTrainer(
        bridge,
        PRIOR,
        1,
        settings.mini_batches,
        draws=draws,
        share_prompts=share_prompts,
        stops=stops,
        model=PRIOR,
        args=configuration.trainer_config(settings, folder, 0, 1, use_cpu=True),
        train_dataset=train.prompt_rows([task.prompt(doc) for doc in docs[:4]], chat=False),
        processing_class=train.load_tokenizer(PRIOR),
    )


def test_every_seam_is_served(tmp_path):
    method = Everything()
    trainer_for(method, tmp_path).train()
    assert len(method.seen) == 4
    for group in method.seen:
        assert [len(answers) for answers in group.extra_answers] == [3, 2, 2]
        assert len(group.replies) == 1 and "#" in group.replies[0]
        for text, logprobs, scored, span in zip(
            group.completions, group.token_logprobs, group.likelihoods, group.answer_spans, strict=True
        ):
            assert scored == pytest.approx(logprobs[: len(text)], abs=1e-4)  # the end token is not part of the text
            assert span is None or "0123456789".find(text[span[0]]) >= 0


def test_a_question_is_a_turn_of_a_model_that_chats_and_a_plain_prompt_stays_plain(tmp_path):
    first, other = (tasks.load("chain_addition").prompt(doc) for doc in tasks.load("chain_addition").docs("test")[:2])
    trainer = trainer_for(Everything(), tmp_path)
    (plain, turned), _ = trainer.reply([first, other], sampled=False)
    assert plain != turned
    trainer.processing_class.chat_template = "{% for m in messages %}" + other + "{% endfor %}"
    assert trainer.reply([first], sampled=False)[0] == [turned]
    with trainer._greedy():
        assert trainer._continue([first], trainer._chats)[0] == [plain]


@dataclass(frozen=True)
class Asking(Everything):
    """Asks for texts of further rollouts, sampled replies beside a greedy one, and likelihoods under teachers."""

    needs = ("token_logprobs", "extra_answers", "extra_texts", "likelihoods", "replies")

    def extras(self):
        return [Extra(3), Extra(2, teacher_decay=0.5)]

    def queries(self, group):
        return [Query(group.prompt, i, decay) for decay in (None, 1.0, 0.5) for i in range(len(group))]

    def ask(self, group):
        return [Sampled(group.prompt)] * 4 + [group.prompt] + [Sampled(group.prompt)] * 4


def logprobs_of(weights, tokenizer, prompt, text, length):
    """One text at a time, unpadded, all logits at once, at temperature 2; with the end token where it is so long."""
    model = AutoModelForCausalLM.from_pretrained(PRIOR)
    model.load_state_dict(weights)
    ids = [*tokenizer(text)["input_ids"], tokenizer.eos_token_id][:length]
    before = tokenizer(prompt)["input_ids"]
    with torch.no_grad():
        logp = model(torch.tensor([before + ids])).logits[0].div(2.0).log_softmax(-1)
    return [logp[len(before) - 1 + i, token].item() for i, token in enumerate(ids)]


def test_texts_samples_and_teachers_are_served(tmp_path):
    """Each rollout by its own tokens, under the policy, the start, and the mean of start and policy."""
    method = Asking()
    trainer = trainer_for(method, tmp_path, "rollout", learning_rate=5e-3, temperature=2.0)
    trainer.train()
    start = AutoModelForCausalLM.from_pretrained(PRIOR).state_dict()
    mean = trainer.teachers[0.5].weights
    for number, group in enumerate(method.seen):
        own, first, average = (group.likelihoods[4 * i : 4 * i + 4] for i in range(3))
        assert own == [pytest.approx(row, abs=1e-4) for row in group.token_logprobs]
        for text, before, between in zip(group.completions, first, average, strict=True):
            args = (trainer._tokenizer, group.prompt, text, len(before))
            assert before == pytest.approx(logprobs_of(start, *args), abs=1e-4)
            if number >= 2:  # the second step
                assert between == pytest.approx(logprobs_of(start | mean, *args), abs=1e-4)
        apart = max(abs(a - b) for one, other in zip(own, first, strict=True) for a, b in zip(one, other, strict=True))
        assert (apart > 1e-3) == (number >= 2)
        answers = [[tasks.load("chain_addition").answer(text) for text in texts] for texts in group.extra_texts]
        assert answers == group.extra_answers and [len(texts) for texts in answers] == [3, 2]
        assert len(group.replies) == 9
    sampled = [{*group.replies[:4], *group.replies[5:]} for group in method.seen]
    assert max(map(len, sampled)) > 1
    greedy = [group.replies[4] for group in method.seen]
    torch.manual_seed(1)  # which greedy replies do not heed
    again = trainer_for(other := Asking(), tmp_path / "again", "rollout", learning_rate=5e-3, temperature=2.0)
    again.train()
    assert [group.replies[4] for group in other.seen] == greedy


def test_a_teacher_that_is_first_asked_late_is_refused():
    with pytest.raises(UsageError, match="a teacher is first asked at step 4: a method asks its teachers from step 1"):
        Teacher(1.0).follow(torch.nn.Linear(1, 1), 3)


def test_processes_that_share_a_model_must_call_it_equally_often(monkeypatch):
    trainer = SimpleNamespace(gather=lambda values: [*values, 3])
    PolicyTrainer._must_be_alike(trainer, 1)  # whole copies call as often as they like
    monkeypatch.setattr("urlvr_bench.training.sharding.is_asked", lambda: True)
    PolicyTrainer._must_be_alike(trainer, 3)
    with pytest.raises(UsageError, match="have 1 to 3 calls of it to make"):
        PolicyTrainer._must_be_alike(trainer, 1)


@pytest.mark.parametrize("draws", ["process", "rollout"])
@pytest.mark.parametrize("max_completion_tokens", [4, 16])  # cut short, and ended by the policy
def test_watched_statistics_equal_the_scored_ones(tmp_path, draws, max_completion_tokens):
    changes = {"temperature": 0.7, "max_completion_tokens": max_completion_tokens}
    trainer = trainer_for(Everything(), tmp_path, draws, **changes)
    trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))
    watched = trainer.statistics()
    assert watched is trainer._statistics
    scored = trainer._score(trainer.model, trainer._prompt_ids, trainer._completion_ids)
    for kind in fields(watched):
        for found, exact in zip(getattr(watched, kind.name), getattr(scored, kind.name), strict=True):
            assert found == pytest.approx(exact, abs=1e-5)


def test_a_bfloat16_run_pays_no_further_forward_for_its_statistics(tmp_path):
    trainer = trainer_for(Everything(), tmp_path, precision="bfloat16")
    trainer._generate_and_score_completions(next(iter(trainer.get_train_dataloader())))
    watched = trainer.statistics()
    assert watched is trainer._statistics
    scored = trainer._score(trainer.model, trainer._prompt_ids, trainer._completion_ids)
    for found, near in zip(watched.logprobs, scored.logprobs, strict=True):
        assert found == pytest.approx(near, abs=0.1)  # rounding of bfloat16


@pytest.mark.parametrize("share_prompts", [False, True])
def test_a_rollout_ends_with_its_stop_string(tmp_path, share_prompts):
    method = Everything()
    trainer = trainer_for(method, tmp_path, "rollout", share_prompts=share_prompts, stops=("#",))
    trainer.train()
    texts = [trainer._tokenizer.decode(ids, skip_special_tokens=True) for ids in trainer._completion_ids]
    assert sum(text.count("#") for text in texts) > 2
    assert all(text.find("#") in (-1, len(text) - 1) for text in texts)
    assert [len(row) for row in trainer.statistics().logprobs] == [len(ids) for ids in trainer._completion_ids]
    assert all("#" in group.replies[0] for group in method.seen)  # the policy's replies do not stop there


def test_frozen_embeddings_stay_as_they_were_while_the_rest_is_trained(tmp_path):
    trainer = trainer_for(Everything(), tmp_path, learning_rate=1e-2)
    freeze_embeddings(trainer.model)
    before = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    trainer.train()
    moved = {name for name, weight in trainer.model.named_parameters() if not torch.equal(weight, before[name])}
    frozen = {name for name in before if "embed_tokens" in name or "lm_head" in name}
    assert frozen and not moved & frozen and len(moved) > len(before) / 2


def test_advantages_are_trained_on_as_they_are_paid(tmp_path):
    paying = type("Paying", (Everything,), {"needs": (), "advantages": True})
    trainer = trainer_for(paying(), tmp_path)
    inputs = next(iter(trainer.get_train_dataloader()))
    trainer.model.train()
    out = trainer._generate_and_score_completions(inputs)
    assert out["advantages"].tolist() == [0.0, 1.0, 2.0, 3.0] * 2
    plain = type("Plain", (Everything,), {"needs": ()})
    out = trainer_for(plain(), tmp_path)._generate_and_score_completions(inputs)
    assert out["advantages"].view(2, 4).mean(1).tolist() == pytest.approx([0.0, 0.0], abs=1e-5)


def test_a_sum_is_trained_as_trl_normalizes_and_sums(tmp_path):
    """The same rollouts under TRL's own trainer with a reward function per term, and under ours with their sum."""

    def length(completion_ids, **_):
        return [float(len(ids)) for ids in completion_ids]

    def digits(completions, **_):
        return [float(sum(map(str.isdigit, text))) for text in completions]

    def constant(completions, **_):
        return [0.3] * len(completions)

    @dataclass(frozen=True)
    class Length(Everything):
        needs = ("token_counts",)

        def reward(self, group):
            return [float(count) for count in group.token_counts]

    @dataclass(frozen=True)
    class Digits(Everything):
        needs = ()

        def reward(self, group):
            return [float(sum(map(str.isdigit, text))) for text in group.completions]

    class Constant(Digits):
        def reward(self, group):
            return [0.3] * len(group)

    ours = methods.configure("weighted_sum", {})
    ours._set("parts", ((1.0, Constant()), (0.1, Digits()), (-0.5, Length())))
    ours._set("needs", ("token_counts",))
    trainer = trainer_for(ours, tmp_path)
    inputs = next(iter(trainer.get_train_dataloader()))
    torch.manual_seed(0)
    own = trainer._generate_and_score_completions(inputs)
    config = copy.deepcopy(trainer.args)
    config.multi_objective_aggregation, config.reward_weights = "normalize_then_sum", [1.0, 0.1, -0.5]
    theirs = GRPOTrainer(
        model=PRIOR,
        reward_funcs=[constant, digits, length],
        args=config,
        train_dataset=trainer.train_dataset,
        processing_class=train.load_tokenizer(PRIOR),
    )
    torch.manual_seed(0)
    out = theirs._generate_and_score_completions(inputs)
    assert out["completion_ids"].tolist() == own["completion_ids"].tolist()
    assert own["advantages"].tolist() == pytest.approx(out["advantages"].tolist(), abs=1e-5)
    assert own["advantages"].abs().max() > 0.5


def test_two_decays_are_two_teachers_also_after_a_checkpoint(tmp_path):
    model, teachers = torch.nn.Linear(1, 1, bias=False), Teachers()
    for step, value in enumerate([0.0, 1.0, 1.0, 1.0]):
        with torch.no_grad():
            model.weight.fill_(value)
        seen = []
        for decay in (1.0, 0.9):
            with teachers[decay].in_place(model, step):
                seen.append(model.weight.item())
        if step == 1:  # as if the run had been cut here
            state = SimpleNamespace(is_world_process_zero=True, global_step=2)
            (tmp_path / "checkpoint-2").mkdir()
            TeacherKeeper(teachers).on_save(SimpleNamespace(output_dir=tmp_path), state)
            teachers = Teachers()
            TeacherKeeper(teachers).restore(tmp_path / "checkpoint-2")
    assert seen == [0.0, pytest.approx(0.271)]
    (tmp_path / "checkpoint-2" / "teacher.safetensors").touch()
    with pytest.raises(UsageError, match="a teacher of older code"):
        TeacherKeeper(Teachers()).restore(tmp_path / "checkpoint-2")


def test_a_teacher_is_the_moving_average_and_leaves_the_policy_alone():
    model, teacher = torch.nn.Linear(1, 1, bias=False), Teacher(0.5)
    for step, value in enumerate([1.0, 3.0, 3.0]):
        with torch.no_grad():
            model.weight.fill_(value)
        for _ in range(2):  # a second look within a step moves nothing
            with teacher.in_place(model, step):
                average = model.weight.item()
        assert model.weight.item() == value
    assert average == 0.5 * (0.5 * 1.0 + 0.5 * 3.0) + 0.5 * 3.0
