"""What goes together: runs that could not be carried out are refused before the first of them begins."""

from collections.abc import Iterable, Sequence
from itertools import product

from pydantic import ValidationError

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.models import display_name, is_prior
from urlvr_bench.needs import OF_TASKS, SOURCES
from urlvr_bench.protocol import Protocol, Run
from urlvr_bench.records.described import ModelName
from urlvr_bench.records.measured import Frozen, Name, Short
from urlvr_bench.rollouts import Method
from urlvr_bench.settings import first_problem
from urlvr_bench.task import Task

Named = tuple[str, Method]


def refuse(settings: Protocol, models: Sequence[str], goals: Sequence[str], built: Sequence[Named]) -> None:
    """Raise UsageError where a task lacks what the settings, a method or a judge would read of it."""
    for task in map(tasks.load, goals):
        if settings.training.split not in task.splits:
            mend = f"take another task, or say --set split={task.splits[0]} for test-time training"
            raise UsageError(f"{task.name} has no split {settings.training.split} to train on: {mend}")
        labels_are_there(settings, task, built)
        judges_are_others(settings, task)
        for name, method in built:
            signals_are_there(settings.training.split, task, name, method)
    for name in filter(None, (settings.evaluation.task, *settings.evaluation.ood)):
        can_judge(name)
    for model, task, (name, method) in product(models, map(tasks.load, goals), built):
        if is_prior(model) and "replies" in method.needs and not _has_question(task, settings.training.split):
            raise UsageError(
                f"{name} asks in words, which the pocket prior {model} cannot read: take a task with a question of its "
                "own, such as countdown_pocket, or a model that reads English"
            )


class Recorded(Frozen):
    """What a record calls its run, within the bounds that a record has."""

    model: ModelName
    task: Name
    method: Short
    overrides: dict[Short, Short]


def can_be_recorded(runs: Iterable[Run]) -> None:
    """Refuse names that no record could hold: it is written when all of the training is over."""
    for run in runs:
        named = {"model": display_name(run.model), "task": run.task, "method": run.method_id}
        try:
            Recorded.model_validate({**named, "overrides": dict(run.overrides)})
        except ValidationError as error:
            raise UsageError(f"a record could not hold this run: {first_problem(error)}") from error


def can_judge(name: str) -> None:
    """Refuse a task without problems to judge by, which prompts of one's own lack where an answer is missing."""
    if "test" not in tasks.load(name).splits:
        raise UsageError(f"{name} cannot judge: not every prompt in it has an answer")


def labels_are_there(settings: Protocol, task: Task, built: Iterable[Named]) -> None:
    """Refuse to judge, to stop, or to train with labels where nobody knows the answers."""
    training = settings.training
    if task.labelled:
        return
    if needy := next((name for name, method in built if method.uses_labels()), None):
        raise UsageError(f"{needy} reads labels, and not every prompt of {task.name} has an answer: add them")
    if training.initial_vote != "any" or training.split == "test":
        raise UsageError(f"training.initial_vote and training.split=test need answers to every prompt of {task.name}")
    from urlvr_bench.statistics.collapse import DEFINITIONS  # which take scipy
    from urlvr_bench.statistics.signs import SIGNS

    if training.stop_at in {definition.column for definition in DEFINITIONS}:
        raise UsageError(
            f"stop_at={training.stop_at} reads labels, and not every prompt of {task.name} has an answer: add them, or "
            f"stop at one of {', '.join(sign.column for sign in SIGNS)}"
        )


def judges_are_others(settings: Protocol, task: Task) -> None:
    """Refuse prompts of one's own that are trained on and judged at once, but for test-time training, which is that."""
    if not task.own or settings.training.split == "test":
        return
    trained = {doc["public"] for doc in task.docs("train")}
    for name in filter(None, (settings.evaluation.task, *settings.evaluation.ood)):
        judge = tasks.load(name)
        if judge.own and (shared := sum(doc["public"] in trained for doc in judge.docs(judge.splits[-1]))):
            raise UsageError(
                f"{shared} prompts of {name}, which judges, are trained on in {task.name}: hold some out in a file of "
                "their own, or say --set split=test for test-time training"
            )


def signals_are_there(split: str, task: Task, name: str, method: Method) -> None:
    """Refuse a method that reads what a task does not give, or asks for a view that it does not have."""
    for signal in OF_TASKS & set(method.needs) - task.gives:
        raise UsageError(f"{task.name} does not give {name} what it needs: {SOURCES[signal]}; choose another --task")
    try:
        for view in (extra.view for extra in method.extras() if extra.view):
            task.rephrase(task.sample(split)[0], view)
    except UsageError as error:
        raise UsageError(f"{name} cannot be paid on {task.name}: {error}; take another task, or method") from error


def _has_question(task: Task, split: str) -> bool:
    return task.verification_prompt(task.sample(split)[0], "") is not None
