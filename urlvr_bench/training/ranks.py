"""One process of a training that is shared among devices; `accelerate launch` starts one per device."""

import os
import select
import sys
import threading
import time
from pathlib import Path

from filelock import FileLock

from urlvr_bench import models, tasks
from urlvr_bench.protocol import Run
from urlvr_bench.records.record import dumps
from urlvr_bench.system import processes
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.processes import EXIT_CODE, REQUEST, Stopped
from urlvr_bench.training.devices import FACTS

LEAVE_SECONDS = 600
"""How long a process may take to its next step boundary once its worker has asked it to stop."""


def leave_with_the_worker() -> None:
    """Stop at the next step boundary when the worker's pipe says so, and at once when it closes.

    It closes however the worker ends. What it says is left there for the other processes.
    """

    def asked() -> None:
        poll = select.poll()
        poll.register(0, select.POLLIN)  # not by sys.stdin, whose lock a process that fails would miss at its end
        poll.poll()
        REQUEST.made = True
        if REQUEST.can_wait:
            time.sleep(LEAVE_SECONDS)
        os._exit(EXIT_CODE)

    threading.Thread(target=asked, daemon=True).start()
    processes.follow(0, lambda: os._exit(EXIT_CODE))


def main() -> None:
    """Run `python -m urlvr_bench.training.ranks FOLDER`; from the start it leaves with its worker."""
    REQUEST.listen()
    leave_with_the_worker()
    from torch.distributed.elastic.multiprocessing.errors import record as reported

    reported(work)(Path(sys.argv[1]))


def work(folder: Path) -> None:
    """Train the run in `folder`, and let the first process alone write."""
    from accelerate import PartialState

    from urlvr_bench.training import sharding, train

    sharding.refuse_what_only_gpus_share()
    state = PartialState(cpu=sharding.use_cpu(), backend=sharding.backend())
    first = state.is_main_process
    lock = FileLock(folder / ".ranks.lock", timeout=LEAVE_SECONDS + 60)
    if first:
        lock.acquire()  # the processes of a worker that was killed may not have left yet
    run = Run.from_json((folder / "run.json").read_text())
    try:
        facts = train.train(run, models.resolve(run.model), tasks.load(run.task), folder, say if first else quiet)
    except Stopped:
        os._exit(EXIT_CODE)
    if first:
        write_atomically(folder / FACTS, dumps(facts))
    state.wait_for_everyone()
    os._exit(0)  # TRL leaves threads behind that make an ordinary exit wait


def say(line: str) -> None:
    """Tell the log."""
    print(line, flush=True)


def quiet(line: str) -> None:
    """Tell nobody: the first process has told it."""


if __name__ == "__main__":
    main()
