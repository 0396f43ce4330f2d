"""Judge a model with lm-eval: n samples of every problem, kept one by one and counted per problem."""

import functools
import gc
import io
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import datasets
import lm_eval
import numpy as np
import torch
from lm_eval.tasks import TaskManager

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.counting import EvalResult, Graded, count, grade, line
from urlvr_bench.evaluation.keeping import Keeping, Progress
from urlvr_bench.evaluation.merging import merged
from urlvr_bench.evaluation.replay import Replay
from urlvr_bench.evaluation.samples import PARTIAL
from urlvr_bench.evaluation.sampling import Sampler, load
from urlvr_bench.protocol import Run
from urlvr_bench.records import record
from urlvr_bench.settings import Evaluation
from urlvr_bench.system import files


def evaluate(
    model_path: str,
    task_names: Sequence[str],
    step: int,
    spec: Evaluation,
    seed: int,
    store: Path,
    *,
    device: str | None = None,
    progress: Progress | None = None,
) -> list[EvalResult]:
    """Judge a model on tasks; leave `<task>.jsonl`, one problem with its samples a line, in the folder `store`.

    Samples are appended to `store/samples.jsonl` as they are drawn; a call that was cut short continues from there.
    """
    with opened(model_path, spec, seed, store, device=device, progress=progress) as lm:
        return ask(lm, task_names, step, spec, store)


def checkpoint(run: Run, model_path: str, step: int, last: int, store: Path) -> dict[str, Any]:
    """Judge a run's policy on the tasks that its protocol names for the step, and by the controls.

    Prompts of one's own are judged on other tasks alone, where some are named.

    Returns the problem ids of each task, and the counts as values of `record.Eval` and `record.Control`.
    """
    spec = run.protocol.evaluation
    along = spec.task or (None if tasks.load(run.task).own else run.task)
    names = spec.tasks(step, last, along)
    if not names:
        return {"problems": {}, "evals": [], "controls": []}
    with opened(model_path, spec, run.seed, store) as lm:
        results = ask(lm, names, step, spec, store)
        controls = []
        for task, how in spec.controls(step, last, along, tasks.native(along)) if along else ():
            (found,) = ask(lm, [task], step, how, store / f"temperature-{how.temperature:g}-samples-{how.samples}")
            results.append(found)
            controls.append({**found.counts.model_dump(), "temperature": how.temperature})
    return {
        "problems": {result.counts.task: result.problem_ids for result in results},
        "evals": [result.counts.model_dump() for result in results[: len(names)]],
        "controls": controls,
    }


@contextmanager
def opened(
    model_path: str,
    spec: Evaluation,
    seed: int,
    store: Path,
    *,
    device: str | None = None,
    progress: Progress | None = None,
) -> Iterator[Keeping]:
    """Load a model into the engine that the evaluation names, to ask it several times; it is freed in the end."""
    with undisturbed():
        lm: Keeping
        if spec.backend == "vllm":
            if find_spec("vllm") is None:
                raise UsageError(
                    "backend vllm needs the package vllm: pip install 'urlvr-bench[vllm]', on a GPU machine"
                )
            from urlvr_bench.evaluation.vllm_sampling import VllmSampler  # starts CUDA

            whole = merged(model_path, store / "merged")
            lm = VllmSampler(whole, spec.batch_size, seed, store / PARTIAL, progress, dtype=spec.precision)
        else:
            model, tokenizer = load(model_path, device, spec.precision)
            lm = Sampler(model, tokenizer, spec.batch_size, seed, store / PARTIAL, progress, spec.share_prompts)
        yield lm
        lm.close()
        del lm
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    (store / PARTIAL).unlink(missing_ok=True)
    files.remove(store / "merged")


def ask(lm: Keeping, task_names: Sequence[str], step: int, spec: Evaluation, store: Path) -> list[EvalResult]:
    """Put tasks to a loaded model, each in its own prompt style, and leave their samples in the folder `store`."""
    loaded = [tasks.load(name) for name in task_names]
    chats = {task.name: task.chats(lm.tokenizer.chat_template) for task in loaded}
    found: dict[str, EvalResult] = {}
    for chat in sorted(set(chats.values())):
        lm.add_bos_token = False if chat else None  # a chat template writes its own
        asked = [task for task in loaded if chats[task.name] is chat]
        results = judge(lm, asked, [problems(task, spec.problems) for task in asked], step, spec, store, chat=chat)
        found |= {result.counts.task: result for result in results}
    return [found[task.name] for task in loaded]


def problems(task: tasks.Task, number: int) -> list[tasks.Doc]:
    """Return the first `number` test problems, all where there are fewer; the counts say how many."""
    return task.docs("test")[:number]


def judge(
    lm: Keeping | Replay,
    loaded: Sequence[tasks.Task],
    docs: Sequence[list[tasks.Doc]],
    step: int,
    spec: Evaluation,
    store: Path,
    *,
    chat: bool = False,
) -> list[EvalResult]:
    """Have lm-eval put the problems to `lm` and score them; count and write down every sample."""
    asked = {task.name: (task, rows) for task, rows in zip(loaded, docs, strict=True)}

    @functools.cache
    def graded(name: str) -> list[Graded]:
        """Grade side by side what lm-eval then scores one by one, from the caches."""
        task, rows = asked[name]
        return grade(task, rows, [lm.drawn[name, number] for number in range(len(rows))])

    configs = [config(task, rows, spec, before=graded) for task, rows in asked.values()]
    manager = TaskManager(include_defaults=False)
    # simple_evaluate would do the same, but seed all generators first and list the machine's packages (seconds) after
    found = lm_eval.evaluate(lm, manager.load(configs), log_samples=False, bootstrap_iters=0, apply_chat_template=chat)
    results = []
    for name, (_, rows) in asked.items():
        counts = count(name, graded(name), step)
        if not np.isclose(found["results"][name]["correct,all"], np.mean(counts.correct)):
            raise RuntimeError(f"{name}: lm-eval counts other samples correct than we do")
        lines = [line(doc, one) for doc, one in zip(rows, graded(name), strict=True)]
        record.write_atomically(store / f"{name}.jsonl", "".join(f"{text}\n" for text in lines))
        results.append(EvalResult(counts, [doc["id"] for doc in rows]))
    return results


def config(task: tasks.Task, docs: list[tasks.Doc], spec: Evaluation, before: Any = None) -> dict[str, Any]:
    """Return the task's lm-eval configuration with the evaluation's problems, samples and decoding.

    `before` is called with the task's name before each problem is scored.
    """
    keys = task.scorer({**docs[0]}, [[""] * spec.samples])

    def process_results(doc: tasks.Doc, results: Sequence[Sequence[str]]) -> dict[str, float]:
        if before is not None:
            before(task.name)
        scores: dict[str, float] = task.scorer(doc, results)
        return scores

    return {
        **task.config,
        "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(docs)},
        "training_split": None,
        "validation_split": None,
        "test_split": "test",
        "process_results": process_results,
        "filter_list": [{"name": "all", "filter": [{"function": "take_first_k", "k": spec.samples}]}],
        "repeats": spec.samples,
        "generation_kwargs": {
            **task.config["generation_kwargs"],
            "max_gen_toks": spec.max_tokens,
            "do_sample": spec.temperature > 0,
            "temperature": spec.temperature,
            "top_p": spec.top_p,
        },
        "metric_list": [{"metric": key, "aggregation": "mean", "higher_is_better": key != "unparsed"} for key in keys],
    }


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave the global random generators as they were, and keep lm-eval and transformers quiet."""
    python, legacy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    loggers = {name: logging.getLogger(name) for name in ("lm_eval", "transformers")}
    levels = {name: logger.level for name, logger in loggers.items()}
    try:
        for logger in loggers.values():
            logger.setLevel(logging.ERROR)
        with redirect_stderr(io.StringIO()):  # progress bars
            yield
    finally:
        for name, logger in loggers.items():
            logger.setLevel(levels[name])
        random.setstate(python)
        np.random.set_state(legacy)
        torch.set_rng_state(cpu)
        if gpus:
            torch.cuda.set_rng_state_all(gpus)
