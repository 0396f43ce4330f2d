"""Methods that read texts and answers alone, as reward functions of other trainers: TRL's own, verl."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from urlvr_bench import methods, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.tasks import Task
from urlvr_bench.training.firewall import pay
from urlvr_bench.verifiers import proofs, shown_tests

FROM_TEXTS = {"token_counts", "rollout_ids", "answer_cue", "verified", "tests_passed", "proofs_accepted"}
"""Signals that follow from texts, their tokens and their place alone."""

Reward = Callable[..., list[float]]


def reward_function(method: str, task: str = "gsm8k", group_size: int = 8) -> Reward:
    """Return a reward callable for `trl.GRPOTrainer(reward_funcs=[...])` that pays groups of rollouts.

    `task`, a name or a JSONL file of one's own, says how answers are read and compared. TRL's `num_generations` must be
    `group_size`, and the rollouts of a process whole groups. UsageError for a method that needs the policy or labels.
    """
    name, found = _of_texts(method)
    reads = tasks.load(tasks.adopt(task))
    _has_checker(found, name, reads)

    def reward(
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]] | None = None,
        trainer_state: Any = None,
        **_: Any,
    ) -> list[float]:
        asked, texts = [_text(prompt) for prompt in prompts], [_text(text) for text in completions]
        step = getattr(trainer_state, "global_step", 0)
        paid: list[float] = []
        for start in range(0, len(texts), group_size):
            rows = slice(start, start + group_size)
            if len(texts[rows]) != group_size or len(set(asked[rows])) != 1:
                raise UsageError(
                    f"{name}: rollouts {start} to {start + group_size - 1} are not the {group_size} of one prompt: "
                    f"set num_generations={group_size}, and a batch per process that holds whole groups"
                )
            counts = [len(ids) for ids in completion_ids[rows]] if completion_ids is not None else None
            paid += _paid(name, found, reads, asked[start], texts[rows], counts, f"step {step} group {start}")
        return paid

    reward.__name__ = name
    return reward


def verl_reward_function(method: str, task: str = "gsm8k") -> Reward:
    """Return the same for verl: a batched `compute_score(data_sources, solution_strs, ground_truths, extra_infos)`.

    Rollouts whose `extra_info["index"]` is the same are one group, in any order; the ground truths are not read.
    UsageError for a method that needs more than texts and answers.
    """
    name, found = _of_texts(method)
    if "token_counts" in found.needs:
        raise UsageError(f"{name} needs token_counts, which verl does not pass; {_REFUGE}")
    reads = tasks.load(tasks.adopt(task))
    _has_checker(found, name, reads)

    def compute_score(
        data_sources: Sequence[str],
        solution_strs: Sequence[str],
        ground_truths: Sequence[Any],
        extra_infos: Sequence[Mapping[str, Any]],
        **_: Any,
    ) -> list[float]:
        places: dict[Any, list[int]] = {}
        for place, info in enumerate(extra_infos):
            if not info or "index" not in info:
                raise UsageError(f"{name}: rollout {place} has no extra_info['index'], which says whose rollout it is")
            places.setdefault(info["index"], []).append(place)
        paid = [0.0] * len(solution_strs)
        for index, group in places.items():
            prompt = str(extra_infos[group[0]].get("question", index))
            rewards = _paid(name, found, reads, prompt, [solution_strs[i] for i in group], None, f"prompt {index}")
            for place, reward in zip(group, rewards, strict=True):
                paid[place] = reward
        return paid

    return compute_score


_REFUGE = "train with urlvr_bench.PolicyTrainer, which serves every signal, or with `urlvr-bench run`"


def _of_texts(spec: str) -> tuple[str, Method]:
    name, found = methods.build(spec)
    none = set[str]() if found.extras() else {"extra_answers", "extra_texts"}  # none are asked for: empty lists
    more = [need for need in found.needs if need not in FROM_TEXTS | none]
    if more:
        raise UsageError(f"{name} needs {', '.join(more)}, which a reward function is not given; {_REFUGE}")
    if found.advantages:
        raise UsageError(f"{name} pays advantages, from which another trainer would take the group's mean; {_REFUGE}")
    if found.token_turns():
        raise UsageError(f"{name} trains single tokens, which a reward function cannot; {_REFUGE}")
    if found.scaled_over_batch:
        raise UsageError(
            f"{name} is scaled over the batch, which a reward function does not see: hand the trainer its terms one by "
            f"one, with multi_objective_aggregation='normalize_then_sum' in TRL; or {_REFUGE}"
        )
    return name, found


def _has_checker(method: Method, name: str, task: Task) -> None:
    if "verified" in method.needs and not task.has_checker:
        raise UsageError(f"{name} needs a task with a label-free checker; {task.name} has none")


def _text(turns: Any) -> str:
    """Return plain text as it is, and of a conversation what was said last."""
    return turns if isinstance(turns, str) else str(turns[-1]["content"])


def _paid(
    name: str, method: Method, task: Task, prompt: str, texts: list[str], counts: Iterable[int] | None, where: str
) -> list[float]:
    """Return the method's rewards for the rollouts of one prompt."""
    signals: dict[str, Any] = {"extra_answers": [], "extra_texts": [], "answer_cue": task.answer_cue}
    signals["rollout_ids"] = [f"{where} rollout {i}" for i in range(len(texts))]
    if counts is not None:
        signals["token_counts"] = list(counts)
    if "verified" in method.needs:
        signals["verified"] = [task.verify(prompt, text) for text in texts]
    if "tests_passed" in method.needs:
        signals["tests_passed"] = shown_tests.passed(prompt, texts)
    if "proofs_accepted" in method.needs:
        signals["proofs_accepted"] = proofs.accepted(prompt, texts)
    declared = {signal: value for signal, value in signals.items() if signal in method.needs}
    answers = [task.answer(text) for text in texts]
    classes = task.classes(answers)
    return pay(method, name, Group(prompt, texts, [answer and classes[answer] for answer in answers], **declared))
