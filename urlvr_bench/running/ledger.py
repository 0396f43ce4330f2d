"""The runs of a command: which are done, under way and still to come, and when all will be over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from urlvr_bench.protocol import Run
from urlvr_bench.running import pace
from urlvr_bench.running.following import Follower, collapsed
from urlvr_bench.running.pace import Reading
from urlvr_bench.running.plan import Cell


@dataclass
class Underway:
    """A run that is being carried out, and what is known of it."""

    cell: Cell
    begun: float
    follower: Follower
    reading: Reading

    @property
    def count(self) -> str:
        """The steps or, after the training, the evaluations that are done, of all."""
        if self.reading.trained:
            return f"judged {len(self.reading.judged)}/{self.reading.judgements}"
        return f"{len(self.reading.rows)}/{self.reading.last}"

    @property
    def state(self) -> str:
        """The last accuracy, and the last reward or when the run collapsed."""
        if not self.reading.rows:
            return "starting"
        row, fallen = self.reading.rows[-1], collapsed(self.reading)
        right = [] if row["train_accuracy"] is None else [f"accuracy {row['train_accuracy']:.3f}"]
        return ", ".join(
            [f"reward {row['proxy_reward']:.3f}", *right] if fallen is None else [*right, f"collapsed at {fallen}"]
        )


@dataclass
class Ledger:
    """The runs of a command that are done, under way and still to come, and when all will be over."""

    waiting: list[Cell]
    jobs: int
    planned: float | None
    """Seconds that the plan has for all, side by side; None where it does not know."""
    running: dict[Path, Underway] = field(default_factory=dict)
    known: list[tuple[Run, float]] = field(default_factory=list)
    """Runs that were done from their start, and how long they took."""
    begun: float | None = None

    def begin(self, cell: Cell, now: float) -> None:
        """Note that the first run of those that wait has been started."""
        self.waiting.remove(cell)
        self.begun = now if self.begun is None else self.begun
        follower = Follower(cell.run, cell.folder)
        self.running[cell.folder] = Underway(cell, now, follower, follower.look())

    def look(self) -> None:
        """Read how far the runs are that are under way."""
        for one in self.running.values():
            one.reading = one.follower.look()

    def end(self, cell: Cell, now: float, done: bool) -> None:
        """Note that a run has ended."""
        one = self.running.pop(cell.folder)
        if done and cell.state == "new":
            self.known.append((cell.run, now - one.begun))

    def left(self, now: float) -> float | None:
        """Return the seconds until all runs are over; None where nothing is known yet."""
        timed = [one for one in self.running.values() if one.cell.state == "new"]
        sofar = [(one.cell.run, one.reading.seconds_left, now - one.begun) for one in timed]
        known = [*self.known, *((run, spent + left) for run, left, spent in sofar if left is not None)]
        running = [self._rest(one, known, now) for one in self.running.values()]
        waiting = [pace.whole(cell.run, known) for cell in self.waiting]
        if None not in running and None not in waiting:
            return pace.until_all([*filter(None, running)], [*filter(None, waiting)], self.jobs)
        return None if self.planned is None or self.begun is None else max(0.0, self.planned - (now - self.begun))

    def _rest(self, one: Underway, known: Sequence[tuple[Run, float]], now: float) -> float | None:
        if (left := one.reading.seconds_left) is not None:
            return left
        expected = pace.whole(one.cell.run, known)
        return None if expected is None else max(0.0, expected - (now - one.begun))
