"""From what the stages of a run left behind to its record."""

from pathlib import Path
from typing import Any

from urlvr_bench import methods, models, tasks
from urlvr_bench.protocol import Run
from urlvr_bench.records import evidence, provenance, record
from urlvr_bench.records.run_folder import read_steps


def assemble(
    run: Run, folder: Path, facts: dict[str, Any], evaluated: list[dict[str, Any]], started: dict[str, Any]
) -> record.Record:
    """Return the record of a run whose stages are all done."""
    rows = read_steps(folder / "steps.jsonl")
    task = tasks.load(run.task)
    evals = [record.Eval.model_validate(one) for part in evaluated for one in part["evals"]]
    controls = [record.Control.model_validate(one) for part in evaluated for one in part.get("controls", ())]
    commit, dirty = provenance.git(since=started.get("commit"))
    begun_with = started.get("made_of", {}).get("method", {})
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in record.Steps.model_fields}
    return record.Record(
        protocol=run.protocol,
        protocol_hash=run.protocol.hash(),
        overrides=dict(run.overrides),
        model=record.ModelInfo(name=models.display_name(run.model), **facts["model"]),
        task=record.TaskInfo(
            name=task.name,
            version=task.version,
            source=task.source,
            revision=task.revision,
            prompts_sha256=facts["prompts_sha256"],
            sets=facts.get("sets", {}),
        ),
        method=record.MethodInfo(
            name=run.method,
            id=run.method_id,
            params=dict(run.params),
            **facts["method"],
            source_sha256=begun_with.get(run.method) or methods.source_hash(run.method),
        ),
        seed=run.seed,
        steps=record.Steps(**columns),
        timing=record.Timing(**{part: [row["seconds"][part] for row in rows] for part in record.Timing.model_fields}),
        problems={task: ids for part in evaluated for task, ids in part["problems"].items()},
        evals=evals,
        controls=controls,
        evidence=evidence.join([row.get("evidence") for row in rows], run.protocol.training.rows),
        provenance=record.Provenance(
            git_commit=commit,
            git_dirty=dirty or started.get("dirty"),
            packages=provenance.packages(),
            **provenance.machine(),
            device=facts["device"],
            processor=provenance.processor(),
            processes=facts["processes"],
            started=started["at"],
            finished=provenance.now(),
            train_seconds=sum(sum(row["seconds"].values()) for row in rows),
            eval_seconds=sum(part["seconds"] for part in evaluated),
            train_tokens=sum(row["tokens"] for row in rows),
            eval_tokens=sum(one.tokens for one in [*evals, *controls]),
            trainer_config=facts["trainer_config"],
        ),
    )
