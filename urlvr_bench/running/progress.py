"""Say how far the runs of a command are: one line each on a terminal, else lines of text now and then."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from urlvr_bench.protocol import Run
from urlvr_bench.running import pace
from urlvr_bench.running.following import collapsed
from urlvr_bench.running.ledger import Ledger, Underway
from urlvr_bench.running.plan import Cell

LINE_SECONDS = 60.0
"""Between two lines of text on the same run, where there is no terminal."""
GAP, LEAST = 2, 12
"""Blanks between columns; letters that a name keeps in the narrowest terminal."""


def names(cells: Sequence[Cell]) -> dict[Path, str]:
    """Return short names of runs, by their folders: the method and what else differs between them."""
    parts = [_parts(cell.run) for cell in cells]
    told = [key for key in dict.fromkeys(key for each in parts for key in each) if _differs(key, parts)]
    texts = [" ".join(each[key] for key in told if key in each) for each in parts]
    return {cell.folder: text for cell, text in zip(cells, texts, strict=True)}


def _parts(run: Run) -> dict[str, str]:
    settings = {key: f"{key.rpartition('.')[2]}={value}" for key, value in run.overrides.items()}
    return {"model": run.model, "task": run.task, "method": run.method_id, **settings, "seed": f"seed {run.seed}"}


def _differs(key: str, parts: Sequence[Mapping[str, str]]) -> bool:
    return key == "method" or len({each.get(key) for each in parts}) > 1


class Progress:
    """What is printed while runs are carried out."""

    def __init__(self, console: Console, cells: Sequence[Cell], jobs: int, planned: float | None) -> None:
        self.console, self.names, self.total = console, names(cells), len(cells)
        self.ledger, self.done = Ledger(list(cells), jobs, planned), 0
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None
        self._said: dict[Path, tuple[float, bool, bool]] = {}

    def __enter__(self) -> "Progress":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def begin(self, cell: Cell) -> None:
        """Say that a run is started."""
        self.ledger.begin(cell, time.monotonic())
        if not self._live:
            self._say(f"starting {self.names[cell.folder]}")

    def end(self, cell: Cell, failed: bool) -> None:
        """Say that a run has ended."""
        self.ledger.end(cell, time.monotonic(), not failed)
        self.done += 1
        mark = ("failed", "red") if failed else ("done", "green")
        line = Text.assemble(
            mark, f" {self.names[cell.folder]}", "" if self._live else f" ({self.done} of {self.total})"
        )
        self.console.print(line, soft_wrap=True, highlight=False)

    def look(self) -> None:
        """Look at the runs and say how far they are, on a terminal at once, else where there is news or it is time."""
        self.ledger.look()
        now = time.monotonic()
        if self._live:
            self._live.update(self.shown(now), refresh=True)
            return
        for folder, one in self.ledger.running.items():
            news = (bool(one.reading.rows), collapsed(one.reading) is not None)
            at, *before = self._said.get(folder, (now, False, False))
            if news != tuple(before) or now - at >= LINE_SECONDS:
                self._say(self._line(one, now))
                self._said[folder] = (now, *news)
            else:
                self._said[folder] = (at, *news)

    def _line(self, one: Underway, now: float) -> str:
        left, everything = one.reading.seconds_left, self.ledger.left(now)
        rest = [] if left is None else [f"{pace.lasting(left)} left"]
        rest += [] if everything is None or self.total == 1 else [f"all runs {pace.lasting(everything)}"]
        count = one.count if one.reading.trained else f"step {one.count}"
        return "; ".join([f"{self.names[one.cell.folder]}: {count}, {one.state}", ", ".join(rest)]).removesuffix("; ")

    def _say(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True, highlight=False)

    def shown(self, now: float) -> Table:
        """Return the lines of a terminal: of each run that is under way, and of all together."""
        everything = self.ledger.left(now)
        lines = [
            (self.names[folder], one.count, _left(one.reading.seconds_left), one.state)
            for folder, one in self.ledger.running.items()
        ]
        lines.append(("all runs", f"{self.done}/{self.total}", _left(everything), ""))
        grid = Table.grid(padding=(0, GAP, 0, 0))
        count, left, state = (max(cell_len(line[i]) for line in lines) + GAP for i in (1, 2, 3))
        room = max(LEAST, self.console.width - GAP - count - left - state)
        end = max(0, self.console.width - room - GAP - count - left)
        for justify in ("left", "right", "right", "left"):
            grid.add_column(no_wrap=True, justify=justify)
        for name, done, time_left, how in lines:
            grid.add_row(*map(Text, (cropped(name, room), done, time_left, how[:end])))
        return grid


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{pace.lasting(seconds)} left"


def cropped(name: str, room: int) -> str:
    """Return a name that fits, without its middle where it is too long: its end is what tells runs apart."""
    if len(name) <= room:
        return name
    end = (room - 1) // 2
    return f"{name[: room - 1 - end]}…{name[len(name) - end :]}"
