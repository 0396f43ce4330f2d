"""The command that makes a published run again: verify."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from urlvr_bench.commands.options import AsJson, Data, console, say, use_local_data

if TYPE_CHECKING:
    from urlvr_bench.records.record import Record
    from urlvr_bench.review.verification import Comparison


def verify(
    path: Annotated[Path, typer.Argument(metavar="RECORD", help="The record of the run.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Only its first steps; default: the whole run.")] = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Further records of its cell, beside those in its folder; repeat.")
    ] = None,
    attest: Annotated[
        str | None, typer.Option(metavar="NAME", help="Leave who verified it, where and how, beside the record.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Where its model lies, if not under the model's name.")] = None,
    data: Data = None,
    out: Annotated[Path, typer.Option("--out", help="Folder of the second run.")] = Path("runs/verify"),
    as_json: AsJson = False,
) -> None:
    """Make a published run again and say whether it bears the record out; exit 1 where it does not."""
    from urlvr_bench.records import attestation, record
    from urlvr_bench.review import verification
    from urlvr_bench.running import again

    use_local_data(data)
    one, content = record.load(path)
    made = again.make(again.run_of(one, model), out, steps, console)
    here = _here(made.record)
    found = verification.compare(
        one, made.rows, made.record.evals if made.record else [], _cell(one, path, against or [])
    )
    causes = verification.causes(one.provenance, here) if found.first_difference else []
    if as_json:
        print(json.dumps({**vars(found), "causes": causes, "record": str(path)}))
    for line in () if as_json else [f"{path}: {sentence(found)}", *found.reasons, *(f"cause? {c}" for c in causes)]:
        say(line)
    if attest:
        facts = {key: value for key, value in vars(found).items() if key != "reasons"}
        left = _attested(facts, content, attest, here, causes).write(path)
        say(f"attested in {left}")
    if found.verdict not in attestation.CONFIRMED:
        raise typer.Exit(1)


def sentence(found: "Comparison") -> str:
    """Return the verdict in words."""
    until = (found.first_other_rollouts or 1) - 1
    extent = f"{found.steps} steps and {found.evaluations} evaluations"
    return {
        "equal": f"equal bit for bit, {extent}",
        "noise": f"equal within float noise until step {found.steps}, the last of {extent}",
        "band": f"equal within float noise until step {until}, and in the band of its cell; {extent}",
        "contradicted": f"CONTRADICTED by the second run; {extent}",
        "open": f"equal within float noise until step {until}, and open after it; {extent}",
    }[found.verdict]


def _here(second: "Record | None") -> dict[str, Any]:
    """Return where the second run was made, by the names of a record's provenance."""
    from urlvr_bench.records import provenance

    if second:
        return second.provenance.model_dump()
    commit, _ = provenance.git()
    packages = provenance.packages()
    return {"git_commit": commit, "packages": packages, "processor": provenance.processor(), **provenance.machine()}


def _cell(one: "Record", path: Path, further: list[Path]) -> "list[Record]":
    """Return the published runs of a record's method under its settings, those that can be read; itself among them."""
    from urlvr_bench.records import record

    folder = path.parent if path.name.startswith("seed") else path.parent.parent
    read = [found for found in record.try_files(record.find([folder, *further])) if isinstance(found, record.Record)]
    alike = {found.seed: found for found in [*read, one] if found.path.parent == one.path.parent}
    same = (one.protocol_hash, one.model.weights_sha256, one.task.version)
    return [f for f in alike.values() if (f.protocol_hash, f.model.weights_sha256, f.task.version) == same]


def _attested(facts: dict[str, Any], content: bytes, by: str, here: dict[str, Any], causes: list[str]) -> Any:
    from urlvr_bench.records import provenance, record
    from urlvr_bench.records.attestation import Attestation

    where = [here.get("device"), here.get("processor"), here["platform"]]
    return Attestation(
        record_sha256=record.short_hash(content),
        **facts,
        causes=[cause[:200] for cause in causes],
        by=by,
        where=", ".join(filter(None, where)),
        git_commit=here["git_commit"],
        packages=here["packages"],
        at=provenance.now(),
    )
