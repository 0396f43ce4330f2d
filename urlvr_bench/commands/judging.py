"""Commands around evaluation: eval, rescore, export. What they import is imported when they are called."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from urlvr_bench.commands.options import AsJson, Data, names_of, one_thread, say, several, use_local_data

if TYPE_CHECKING:
    from urlvr_bench.records.record import Eval


def eval(
    model: Annotated[
        str, typer.Argument(help="Pocket prior, model folder or hub id.", autocompletion=names_of("models"))
    ],
    task: Annotated[
        list[str],
        typer.Option(help="Task, task@style, or a JSONL file of prompts; repeat.", autocompletion=names_of("tasks")),
    ],
    problems: Annotated[int, typer.Option(min=1, help="Test problems.")] = 128,
    samples: Annotated[int, typer.Option(min=1, help="Completions per problem.")] = 16,
    k: Annotated[list[int] | None, typer.Option("--k", min=1, help="k of pass@k and maj@k; repeat.")] = None,
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy.")] = 1.0,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Default: the task's own limit.")] = None,
    batch_size: Annotated[int, typer.Option(min=1)] = 256,
    backend: Annotated[str, typer.Option(help="Engine that samples: hf or vllm.")] = "hf",
    precision: Annotated[str, typer.Option(help="Of the weights: float32 or bfloat16.")] = "float32",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    data: Data = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the samples; a second call continues there.")
    ] = Path("runs/eval"),
    as_json: AsJson = False,
) -> None:
    """Judge a model: pass@k, avg@k and maj@k from n samples per problem, through lm-eval."""
    from urlvr_bench import models, tasks
    from urlvr_bench.protocol import slug
    from urlvr_bench.records.sets import lines
    from urlvr_bench.running import counts, fitting
    from urlvr_bench.settings import validated_evaluation

    use_local_data(data)
    one_thread()
    path, task = models.resolve(model), [tasks.adopt(name) for name in task]
    for name in task:
        fitting.can_judge(name)
    ks = tuple(k or [1, samples])
    spec = validated_evaluation(
        every=1,
        problems=problems,
        samples=samples,
        max_tokens=max_tokens or max(tasks.load(name).max_tokens for name in task),
        temperature=temperature,
        k=ks,
        batch_size=batch_size,
        backend=backend,
        precision=precision,
        share_prompts=True,
    )
    models.require(path)
    for line in lines(counts.count({name: ["test"] for name in task if tasks.load(name).revisions})):
        say(line)
    folder = out / slug(models.display_name(model))

    import pandas as pd  # now that nothing is misspelt: the engines take seconds

    from urlvr_bench.evaluation import evaluate

    results = evaluate.evaluate(path, task, 0, spec, seed, folder)
    rows = [judged(result.counts, ks) for result in results]
    print(json.dumps(rows) if as_json else pd.DataFrame(rows).to_markdown(index=False, floatfmt=".3f"))


def judged(counts: "Eval", ks: Sequence[int]) -> dict[str, Any]:
    """Return one evaluation as a row: every metric with its 95 % interval over problems, and what it rests on."""
    from urlvr_bench.statistics import metrics
    from urlvr_bench.statistics.intervals import two_way

    row: dict[str, Any] = {"task": counts.task, "problems": len(counts.correct), "samples": counts.n}
    for metric in (f"avg@{counts.n}", *(f"{kind}@{k}" for kind in ("pass", "maj") for k in ks if k > 1)):
        interval = two_way(metrics.per_problem(counts, metric)[None])
        row |= {metric: interval.mean, f"{metric} low": interval.low, f"{metric} high": interval.high}
    total = counts.n * len(counts.correct)
    return row | {"truncated": sum(counts.truncated) / total, "unparsed": sum(counts.unparsed) / total}


def rescore(
    path: Annotated[Path, typer.Argument(help="Run folder, the --out of eval, or a <task>.jsonl of either.")],
    write: Annotated[bool, typer.Option("--write", help="Put what is new into the samples and the record.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score stored samples again, by the tasks as they are now; needs no model. Exit 1 if counts have changed."""
    from tabulate import tabulate

    from urlvr_bench.evaluation import rescore as scoring

    found = scoring.rescore(path)
    rows = [one.row() for one in found]
    print(json.dumps(rows) if as_json else tabulate(rows, headers="keys", tablefmt="github"))
    different = [one for one in found if one.differs]
    if write:
        scoring.write(path, found)
        say(f"wrote {several(len(found), 'file')} of samples, {len(different)} with other counts")
    elif different:
        names = ", ".join(str(one.path) for one in different)
        say(f"counts differ in {names}; --write keeps the new ones")
        raise typer.Exit(1)


def export(
    path: Annotated[Path, typer.Argument(help="A finished run's folder, or a record (then without samples).")],
    form: Annotated[str, typer.Option("--format", help="lm-eval or every-eval-ever.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")],
    step: Annotated[list[int] | None, typer.Option(min=0, help="Step; repeat. Default: all.")] = None,
    organization: Annotated[str, typer.Option(help="Who evaluated; every-eval-ever asks for it.")] = "unknown",
    as_json: AsJson = False,
) -> None:
    """Write evaluations down as lm-eval does, or in the schema of Every Eval Ever."""
    from urlvr_bench.evaluation import exporting

    written = exporting.export(path, form, out, step or (), organization)
    print(json.dumps([str(file) for file in written]) if as_json else "\n".join(map(str, written)))
