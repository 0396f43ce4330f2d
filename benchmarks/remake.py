"""Make the committed records of the pocket lab again: `python benchmarks/remake.py --out runs/reference`.

What to make is read from the records themselves, so that none is forgotten. Run again, it goes on where it stopped.
"""

from pathlib import Path
from typing import Annotated

import typer

from urlvr_bench.commands.options import complain, say
from urlvr_bench.commands.running import carry_out
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.running import again, estimates, machine, plan

RESULTS = Path(__file__).parents[1] / "results"
POCKET = "pocket"


def remake(
    out: Annotated[Path, typer.Option(help="Folder of the run folders.")] = Path("runs/reference"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per core.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to do, and stop.")] = False,
) -> None:
    """Make every committed record of the pocket lab again."""
    known = [one for one in record.read_all([RESULTS]) if one.protocol.name.startswith(POCKET)]
    cells = plan.lay_out([again.run_of(one) for one in known], out)
    side_by_side = jobs or machine.default_jobs()
    minutes = estimates.estimated_minutes(cells, out, side_by_side)
    took = "an unknown time" if minutes is None else f"about {minutes / 60:.1f} hours"
    say(f"{len(cells)} runs, {sum(cell.left for cell in cells)} left; {took} with {side_by_side} side by side")
    if not dry_run:
        carry_out(cells, side_by_side)


if __name__ == "__main__":
    try:
        typer.run(remake)
    except UsageError as error:
        complain(str(error))
