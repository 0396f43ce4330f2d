"""The command `probe`: the Model Collapse Step of one model, at the least cost."""

import json
from pathlib import Path
from typing import Annotated

import typer

from urlvr_bench.commands.options import MOST_SEEDS, AsJson, Data, names_of, pairs, say, use_local_data

DEFAULTS = {
    ("pocket", False): "pocket-mcs",
    ("pocket", True): "pocket-probe",
    ("paper", False): "paper-mcs",
    ("paper", True): "paper",
}
"""The protocol by kind of model and whether it stops without labels."""


def probe(
    model: Annotated[
        str, typer.Argument(help="Pocket prior, model folder or hub id.", autocompletion=names_of("models"))
    ],
    task: Annotated[
        list[str] | None,
        typer.Option(help="Task; default: the protocol's; repeat.", autocompletion=names_of("tasks")),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="Runs, with seeds 0 ... N-1.")] = 3,
    label_free: Annotated[
        bool, typer.Option("--label-free", help="Stop by a sign that reads no label: few different answers.")
    ] = False,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="Default: pocket-mcs for pocket priors, else paper-mcs; label-free pocket-probe and paper, as "
            "mini-batches that small scatter the answers."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a protocol setting.")
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Records with supervised runs to compare the cost with; repeat.")
    ] = None,
    data: Data = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run folders.")] = Path("runs/probe"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train on majority votes until the model collapses, and stop there: at which step, and at what cost."""
    from urlvr_bench import models
    from urlvr_bench import protocol as protocols
    from urlvr_bench.commands.running import plan_and_carry_out
    from urlvr_bench.presentation.rendering import rendered
    from urlvr_bench.records import record
    from urlvr_bench.running import plan
    from urlvr_bench.science import probe as probing

    use_local_data(data)
    settings = pairs(set_)
    kind = "pocket" if model in {prior.name for prior in models.priors()} else "paper"
    protocol = protocol or DEFAULTS[kind, label_free]
    if label_free:
        settings["stop_at"] = probing.LABEL_FREE
    elif protocols.load(protocol, settings).training.stop_at is None:
        settings["stop_at"] = probing.LABELLED
    runs = plan.grid(protocol, ["majority_vote"], range(seeds), [model], task or [], settings)
    known = record.read_all(against) if against else []
    if not plan_and_carry_out(runs, out, jobs, dry_run, as_json):
        return
    made = record.read_all([out / run.path for run in runs])
    names = dict.fromkeys(one.task.name for one in made)
    found = [probing.report([one for one in made if one.task.name == name], known) for name in names]
    if as_json:
        print(json.dumps([row for each in found for row in json.loads(each.frame.to_json(orient="records"))]))
    for each in () if as_json else found:
        print(f"{rendered(each, 'markdown')}\n")
    say(f"the records are under {out}")
