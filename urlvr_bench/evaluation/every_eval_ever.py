"""An evaluation in the schema of Every Eval Ever, version 0.3.0 (github.com/evaleval/every_eval_ever)."""

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

from urlvr_bench import __version__
from urlvr_bench.evaluation.judgements import Judgement, standard_error
from urlvr_bench.protocol import slug

VERSION = "0.3.0"


def documents(judgement: Judgement, organization: str) -> dict[str, str]:
    """Return the aggregate and, where samples are at hand, the instance file, by their paths in the datastore."""
    text = json.dumps([judgement.record.protocol_hash, judgement.model, *_where(judgement)])
    name = uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)
    developer, _, model = _model_id(judgement).partition("/")
    folder = f"data/{slug(judgement.counts.task)}/{slug(developer)}/{slug(model)}"
    aggregate = _aggregate(judgement, organization)
    made = {}
    if judgement.rows:
        lines = [json.dumps(row) for row in _instances(judgement, aggregate["evaluation_id"])]
        samples = "".join(f"{line}\n" for line in lines)
        made[f"{folder}/{name}_samples.jsonl"] = samples
        aggregate["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": f"{folder}/{name}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples.encode()).hexdigest(),
            "total_rows": len(lines),
        }
    return {f"{folder}/{name}.json": json.dumps(aggregate, indent=2) + "\n", **made}


def _where(judgement: Judgement) -> tuple[str, int, float, int]:
    return judgement.counts.task, judgement.counts.step, judgement.temperature, judgement.counts.n


def _model_id(judgement: Judgement) -> str:
    """Return the model in the Hub's form; what was trained here, or never published, is under our name."""
    return judgement.model if "/" in judgement.model else f"urlvr-bench/{judgement.model}"


def _aggregate(judgement: Judgement, organization: str) -> dict[str, Any]:
    of, engine = judgement.record, judgement.record.protocol.evaluation.backend
    packages, published = of.provenance.packages, "/" in of.model.name and not judgement.counts.step
    package = "vllm" if engine == "vllm" else "transformers"
    return {
        "schema_version": VERSION,
        "evaluation_id": "/".join(map(str, (_where(judgement)[0], _model_id(judgement), *_where(judgement)[1:]))),
        "evaluation_timestamp": of.provenance.finished,
        "retrieved_timestamp": str(int(datetime.fromisoformat(of.provenance.finished).timestamp())),
        "source_metadata": {
            "source_name": "urlvr-bench",
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": "first_party" if judgement.counts.step else "third_party",
        },
        "eval_library": {
            "name": "lm_eval",
            "version": packages.get("lm-eval", "unknown"),
            "additional_details": {"urlvr-bench": packages.get("urlvr-bench", __version__)},
        },
        "model_info": {
            "name": judgement.model,
            "id": _model_id(judgement),
            "inference_engine": {"name": package, "version": packages.get(package, "unknown")},
            "additional_details": {
                "deployment_type": "self_deployed",
                "model_availability": "open_weights" if published else "unknown",
                "base_model": of.model.name,
                "reward_method": of.method.id,
                "uses_labels": str(of.method.uses_labels).lower(),
                "training_step": str(judgement.counts.step),
                "seed": str(of.seed),
                "protocol": f"{of.protocol_id} {of.protocol_hash}",
            },
        },
        "evaluation_results": [
            _result(judgement, metric) for metric in judgement.scores if metric.startswith(("pass@", "maj@"))
        ],
    }


def _result(judgement: Judgement, metric: str) -> dict[str, Any]:
    """Return one metric; pass@1 is the accuracy of a sample."""
    values, (kind, _, k) = judgement.scores[metric], metric.partition("@")
    spec = judgement.record.protocol.evaluation
    return {
        "evaluation_result_id": f"{judgement.counts.task}.{metric}",
        "evaluation_name": judgement.counts.task,
        "source_data": _source(judgement),
        "metric_config": {
            "metric_id": "pass_at_k" if kind == "pass" else "maj_at_k",
            "metric_name": metric,
            "metric_kind": "pass_rate" if kind == "pass" else "accuracy",
            "metric_unit": "proportion",
            "metric_parameters": {"k": int(k), "n": judgement.counts.n},
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
        },
        "score_details": {
            "score": sum(values) / len(values),
            "uncertainty": {
                "standard_error": {"value": standard_error(values), "method": "analytic"},
                "num_samples": len(values),
            },
        },
        "generation_config": {
            "generation_args": {
                "temperature": judgement.temperature,
                "top_p": spec.top_p,
                "max_tokens": spec.max_tokens,
            }
        },
    }


def _source(judgement: Judgement) -> dict[str, Any]:
    source, revision = judgement.source
    details = {"additional_details": {"revision": revision}} if revision else {}
    name = {"dataset_name": judgement.counts.task}
    if "/" not in source:
        return {**name, "source_type": "other"}
    number = {"hf_repo": source, "samples_number": len(judgement.counts.correct)}
    return {**name, "source_type": "hf_dataset", **number, **details}


def _instances(judgement: Judgement, evaluation_id: str) -> list[dict[str, Any]]:
    """Return one row per sample, which belongs to the accuracy of a sample."""
    rows = []
    for row in judgement.rows:
        reference = [row["gold"]] if row["gold"] else []
        known = hashlib.sha256((row["prompt"] + "".join(reference)).encode()).hexdigest()
        for number, one in enumerate(row["samples"]):
            answer = {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": one["answer"],
                "extraction_method": f"urlvr_bench.tasks of {judgement.counts.task}",
                "is_terminal": True,
            }
            rows.append(
                {
                    "schema_version": VERSION,
                    "evaluation_id": evaluation_id,
                    "model_id": _model_id(judgement),
                    "evaluation_name": judgement.counts.task,
                    "evaluation_result_id": f"{judgement.counts.task}.pass@1",
                    "sample_id": row["id"],
                    "sample_hash": known,
                    "interaction_type": "single_turn",
                    "input": {"raw": row["prompt"], "reference": reference},
                    "output": {"raw": [one["text"]]},
                    "answer_attribution": [answer] if one["answer"] is not None else [],
                    "evaluation": {"score": float(one["correct"]), "is_correct": one["correct"], "num_turns": 1},
                    "metadata": {"sample": str(number), "truncated": str(one["truncated"]).lower()},
                }
            )
    return rows
