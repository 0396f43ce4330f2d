"""Commands for who adds a method: new method, check methods."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from urlvr_bench.commands.options import console, plain

if TYPE_CHECKING:
    from urlvr_bench.rollouts import Method

PROTOCOL, STEPS = "pocket", 120


def new_method(name: Annotated[str, typer.Argument(help="Lower-case name; the file will be methods/NAME.py.")]) -> None:
    """Write the thirty-line template of a reward method to where this command finds its methods."""
    from urlvr_bench import methods
    from urlvr_bench.review import method_check

    path = method_check.new_method(name, methods.FOLDER)
    print(path)
    if Path.cwd() not in path.parents:
        console.print(plain(f"{path.parent} is where this urlvr-bench keeps its methods"), soft_wrap=True)
    console.print(f"now edit it, then: urlvr-bench check methods {name}", highlight=False)


def check_methods(targets: list[str], train: bool, task: str | None, out: Path) -> None:
    """Print the examination of each method (default: all, untrained) as Markdown to paste into a pull request."""
    from urlvr_bench import methods
    from urlvr_bench.review import method_check

    sound = True
    for target in targets or methods.names():
        found = method_check.examine(target, [stands_in_the_documents, passes_mypy])
        tried = train and targets and found.keeps_contract
        went_well, shown = practice(found.name, found.method, task, out) if tried else (True, "")
        print(method_check.markdown(found, shown))
        sound = sound and found.sound and went_well
    if not sound:
        raise typer.Exit(1)


def stands_in_the_documents(path: Path, method: "Method") -> Iterator[str]:
    """docs/methods.md, which is made from the files, says what this one does."""
    from urlvr_bench import methods
    from urlvr_bench.reports import method_docs

    if path.parent.resolve() == methods.FOLDER.resolve() and method_docs.PAGE.is_file() and method_docs.stale():
        yield "is stale: run `python -m urlvr_bench.reports.method_docs`, and `make docs` for all pages"


def passes_mypy(path: Path, method: "Method") -> Iterator[str]:
    """`mypy --strict`, which CI runs, finds nothing."""
    from urlvr_bench import methods
    from urlvr_bench.review import form, typed

    if path.parent.resolve() == methods.FOLDER.resolve() and form.RULES.is_file():
        for line in typed.complaints():
            if "No module named mypy" in line:
                yield "nobody looked, for mypy is not installed: pip install mypy"
            elif line.startswith(f"methods/{path.name}:"):
                yield line


def practice(name: str, method: "Method", task: str | None, out: Path) -> tuple[bool, str]:
    """Return whether a method could be tried, and what it did: in a short training, or on stored completions."""
    from urlvr_bench import methods
    from urlvr_bench.errors import UsageError
    from urlvr_bench.review import stage
    from urlvr_bench.training.booth import Booth

    if name not in methods.names():
        return True, "Not trained: the file does not lie in methods/, so a run could not name it."
    goal = task or fitting(method)
    if goal is not None:
        return training(name, goal, out)
    try:
        with Booth(name, {}) as booth:
            return True, stage.table(stage.stored(booth))
    except UsageError as error:
        return False, f"The rehearsal on stored completions failed: {error}"


def fitting(method: "Method") -> str | None:
    """Return a pocket task that has what a method reads; None where no pocket policy can write what it takes."""
    asks_in_words = "replies" in method.needs and "verification_prompts" not in method.needs
    if asks_in_words or {"tests_passed", "proofs_accepted"} & {*method.needs}:
        return None
    if "continuation" in method.needs:
        return "pocket_text"
    return "countdown_pocket" if {"verified", "verification_prompts"} & {*method.needs} else "chain_addition"


def training(name: str, task: str, out: Path) -> tuple[bool, str]:
    """Train a method and the random line for two minutes on a pocket prior; return whether it went well, and tables."""
    from urlvr_bench import methods, models, protocol
    from urlvr_bench.errors import UsageError
    from urlvr_bench.records import record
    from urlvr_bench.reports import figures, tables
    from urlvr_bench.running import machine, plan, runner

    default = protocol.load(PROTOCOL).model
    priors = [prior.name for prior in models.priors() if prior.task == task]
    model = default if default in priors or not priors else priors[0]
    moves = "kl_weights" in methods.load(name)().token_turns()  # between the updates on a batch
    changes = {"steps": str(STEPS)} | ({"mini_batches": "4"} if moves else {})
    try:
        runs = plan.grid(PROTOCOL, list(dict.fromkeys([name, "random_reward"])), [0], [model], [task], changes)
    except UsageError as error:
        return False, f"**Training failed**: {error}"
    cells = plan.lay_out(runs, out)
    outcomes = runner.carry_out(cells, machine.default_jobs(), console)
    failures = [f"{ended.cell.folder}: {ended.error}" for ended in outcomes if ended.error]
    if failures:
        return False, "**Training failed**: " + "; ".join(failures)
    records = record.read_all([cell.folder for cell in cells])
    pictures = figures.plot(records, out / name)
    shown = "\n".join(f"- `{path}`" for path in pictures if path.suffix == ".png")
    said = f"{STEPS} steps of `{PROTOCOL}` with {model} on {task}:"
    return True, "\n\n".join([said, tables.table(records, "pass"), tables.table(records, "collapse"), shown])
