"""Judge a model with lm-eval: n samples of every problem, kept one by one and counted per problem."""

import io
import json
import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import datasets
import lm_eval
import numpy as np
import torch
from lm_eval.tasks import TaskManager

from urlvr_bench import record, tasks
from urlvr_bench.protocol import Evaluation
from urlvr_bench.replay import Replay
from urlvr_bench.samples import Sample
from urlvr_bench.sampling import Progress, Sampler, load

PARTIAL = "samples.jsonl"


@dataclass(frozen=True)
class EvalResult:
    """The counts of one task, and the ids of its problems in the same order."""

    counts: record.Eval
    problem_ids: list[str]


def evaluate(
    model_path: str,
    task_names: Sequence[str],
    step: int,
    spec: Evaluation,
    seed: int,
    store: Path,
    *,
    device: str | None = None,
    dtype: str = "auto",
    progress: Progress | None = None,
) -> list[EvalResult]:
    """Judge a model on tasks; leave `<task>.jsonl`, one problem with its samples a line, in the folder `store`.

    Samples are appended to `store/samples.jsonl` as they are drawn; a call that was cut short continues from there.
    """
    loaded = [tasks.load(name) for name in task_names]
    docs = [problems(task, spec.problems) for task in loaded]
    with undisturbed():
        model, tokenizer = load(model_path, device, dtype)
        chat = bool(tokenizer.chat_template)
        lm = Sampler(
            model,
            tokenizer,
            spec.batch_size,
            sample_seed=seed,
            store=store / PARTIAL,
            progress=progress,
            add_bos_token=False if chat else None,  # a chat template writes its own
        )
        results = judge(lm, loaded, docs, step, spec, store, chat=chat)
    (store / PARTIAL).unlink(missing_ok=True)
    return results


def problems(task: tasks.Task, number: int) -> list[tasks.Doc]:
    """Return the first `number` test problems, all where there are fewer; the counts say how many."""
    return task.docs("test")[:number]


def judge(
    lm: Sampler | Replay,
    loaded: Sequence[tasks.Task],
    docs: Sequence[list[tasks.Doc]],
    step: int,
    spec: Evaluation,
    store: Path,
    *,
    chat: bool = False,
) -> list[EvalResult]:
    """Have lm-eval put the problems to `lm` and score them; count and write down every sample."""
    configs = [config(task, rows, spec) for task, rows in zip(loaded, docs, strict=True)]
    manager = TaskManager(include_defaults=False)
    # simple_evaluate would do the same, but seed all generators first and list the machine's packages (seconds) after
    found = lm_eval.evaluate(lm, manager.load(configs), log_samples=False, bootstrap_iters=0, apply_chat_template=chat)
    results = []
    for task, rows in zip(loaded, docs, strict=True):
        samples = [lm.drawn[task.name, number] for number in range(len(rows))]
        counts = count(task, rows, samples, step)
        if not np.isclose(found["results"][task.name]["correct,all"], np.mean(counts.correct)):
            raise RuntimeError(f"{task.name}: lm-eval counts other samples correct than we do")
        lines = [line(task, doc, drawn) for doc, drawn in zip(rows, samples, strict=True)]
        record.write_atomically(store / f"{task.name}.jsonl", "".join(f"{text}\n" for text in lines))
        results.append(EvalResult(counts, [doc["id"] for doc in rows]))
    return results


def config(task: tasks.Task, docs: list[tasks.Doc], spec: Evaluation) -> dict[str, Any]:
    """Return the task's lm-eval configuration with the evaluation's problems, samples and decoding."""
    keys = task.scorer({**docs[0]}, [[""] * spec.samples])
    return {
        **task.config,
        "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(docs)},
        "training_split": None,
        "validation_split": None,
        "test_split": "test",
        "process_results": task.scorer,
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


def count(task: tasks.Task, docs: Sequence[tasks.Doc], samples: Sequence[Sequence[Sample]], step: int) -> record.Eval:
    """Return how many samples of each problem are correct, were cut off, or give no answer, and the votes."""
    correct, truncated, unparsed, votes = [], [], [], []
    for doc, drawn in zip(docs, samples, strict=True):
        answers = [task.answer(sample.text) for sample in drawn]
        cut = [
            sample.truncated and (answer is None or not task.scorer.right(doc, answer))
            for sample, answer in zip(drawn, answers, strict=True)
        ]
        votes.append(task.scorer.votes(doc, answers))
        correct.append(sum(number for number, right in votes[-1] if right))
        truncated.append(sum(cut))
        unparsed.append(sum(answer is None and not was_cut for answer, was_cut in zip(answers, cut, strict=True)))
    return record.Eval(
        step=step,
        task=task.name,
        n=len(samples[0]),
        correct=correct,
        truncated=truncated,
        unparsed=unparsed,
        votes=votes,
        tokens=sum(sample.tokens for drawn in samples for sample in drawn),
    )


def line(task: tasks.Task, doc: tasks.Doc, drawn: Sequence[Sample]) -> str:
    """Return a problem and its samples as one JSON line."""
    samples = [
        {**asdict(sample), "answer": task.answer(sample.text), "correct": task.correct(doc, sample.text)}
        for sample in drawn
    ]
    return json.dumps({**doc, "samples": samples})


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
