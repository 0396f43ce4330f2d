"""An evaluation as lm-eval writes it: `<model>/results_<time>.json` and `<model>/samples_<task>_<time>.jsonl`."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from urlvr_bench.evaluation.judgements import Judgement, standard_error
from urlvr_bench.protocol import slug

FILTER = "all"


def documents(judgement: Judgement) -> dict[str, str]:
    """Return the files of one evaluation by path; samples only where they are at hand."""
    finished = judgement.record.provenance.finished
    greedy = "" if judgement.temperature else "-greedy"
    time = f"{finished.replace(':', '-')}-step{judgement.counts.step}-n{judgement.counts.n}{greedy}"
    folder, task = slug(judgement.model), judgement.counts.task
    made = {f"{folder}/results_{task}_{time}.json": json.dumps(results(judgement), indent=2) + "\n"}
    if judgement.rows:
        lines = [json.dumps(sample(judgement, number)) for number in range(len(judgement.rows))]
        made[f"{folder}/samples_{task}_{time}.jsonl"] = "".join(f"{line}\n" for line in lines)
    return made


def results(judgement: Judgement) -> dict[str, Any]:
    """Return what lm-eval's results file holds, of one task."""
    task, counts, of = judgement.counts.task, judgement.counts, judgement.record
    scores: dict[str, Any] = {"name": task, "alias": task, "sample_len": len(counts.correct)}
    for metric, values in judgement.scores.items():
        scores[f"{metric},{FILTER}"] = sum(values) / len(values)
        scores[f"{metric}_stderr,{FILTER}"] = standard_error(values)
    return {
        "results": {task: scores},
        "group_subtasks": {},
        "configs": {
            task: {
                "task": task,
                "dataset_path": judgement.source[0],
                "output_type": "generate_until",
                "generation_kwargs": judgement.decoding,
                "repeats": counts.n,
                "num_fewshot": 0,
                "metadata": {"version": of.task.version if task == of.task.name else None},
            }
        },
        "versions": {task: of.task.version if task == of.task.name else None},
        "n-shot": {task: 0},
        "higher_is_better": {task: {metric: metric != "unparsed" for metric in judgement.scores}},
        "n-samples": {task: {"original": len(counts.correct), "effective": len(counts.correct)}},
        "config": {
            "model": f"urlvr-{of.protocol.evaluation.backend}",
            "model_args": {"pretrained": judgement.model},
            "batch_size": of.protocol.evaluation.batch_size,
            "device": of.provenance.device,
            "limit": of.protocol.evaluation.problems,
            "random_seed": of.seed,
        },
        "git_hash": of.provenance.git_commit,
        "date": datetime.fromisoformat(of.provenance.finished).timestamp(),
        "transformers_version": of.provenance.packages.get("transformers"),
        "lm_eval_version": of.provenance.packages.get("lm-eval"),
        "model_name": judgement.model,
    }


def sample(judgement: Judgement, number: int) -> dict[str, Any]:
    """Return one line of lm-eval's samples file: a problem with all its completions."""
    row: Mapping[str, Any] = judgement.rows[number]
    doc = {key: value for key, value in row.items() if key != "samples"}
    texts = [[one["text"] for one in row["samples"]]]
    scores = {metric: values[number] for metric, values in judgement.scores.items()}
    return {
        "doc_id": number,
        "doc": doc,
        "target": doc["gold"],
        "arguments": [[doc["prompt"], judgement.decoding]],
        "resps": texts,
        "filtered_resps": texts,
        "filter": FILTER,
        "metrics": list(scores),
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(doc["prompt"]),
        "target_hash": _hash(doc["gold"]),
        **scores,
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
