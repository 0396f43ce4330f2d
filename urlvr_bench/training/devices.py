"""One run on many devices: its worker trains through `accelerate launch` and stays the only one to write records.

The worker starts one launcher per machine, each launcher one process per device (`urlvr_bench.training.ranks`). All
of them see the worker's pipe: what it writes there, and leaves there unread, asks them to stop at their next step
boundary; and whatever ends the worker closes it, which ends them at once.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.protocol import Run
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.processes import EXIT_CODE, REQUEST, follow

VARIABLE = "URLVR_ACCELERATE"
"""Names the variable by which a command tells its workers to train through Accelerate: a JSON list of options."""
FACTS, REASON = "ranks.json", "ranks-error.txt"
"""What the first process leaves in the run folder, and what its launcher leaves where a process failed."""
FIRST_PORT = 29500


def use(config: str | None, processes: int | None, found: int) -> int:
    """Let the workers that this process starts train through Accelerate, on all `found` GPUs if not told otherwise.

    Returns the number of processes on a machine.
    """
    if not processes and not found:
        raise UsageError("--launcher accelerate finds no GPU here: say with --processes how many processes to start")
    os.environ[VARIABLE] = json.dumps(
        ["--config_file", str(config_file(config)), "--num_processes", str(processes or found)]
    )
    return processes or found


def config_file(name: str | None) -> Path:
    """Return a configuration of Accelerate: a file, or by name one of those that TRL ships."""
    if name and name.endswith((".yaml", ".yml", ".json")):
        path = Path(name).expanduser().resolve()
        if not path.is_file():
            raise UsageError(f"--config {name}: there is no such file")
        return path
    trl = find_spec("trl")
    shipped = Path(next(iter(trl.submodule_search_locations or ()))) / "accelerate_configs" if trl else Path()
    path = shipped / f"{name or 'multi_gpu'}.yaml"
    if not path.is_file():
        raise unknown("Accelerate configuration", str(name), sorted(found.stem for found in shipped.glob("*.yaml")))
    return path


def asked() -> bool:
    """Return whether this worker is to train through Accelerate."""
    return VARIABLE in os.environ


def train(folder: Path) -> dict[str, Any]:
    """Train the run in `folder` on its devices; return what `training.train.train` returned to the first process."""
    for name in (FACTS, REASON):
        (folder / name).unlink(missing_ok=True)
    launcher = subprocess.Popen(command(folder), stdin=subprocess.PIPE)  # noqa: S603
    try:
        code = launcher.wait()
    finally:  # also where this worker is asked to stop: its processes then save at their next step boundary
        REQUEST.can_wait = True
        if launcher.stdin:
            with suppress(BrokenPipeError):
                launcher.stdin.write(b"stop")
                launcher.stdin.flush()
        launcher.wait()
        REQUEST.can_wait = False
    if code or not (folder / FACTS).is_file():
        reason = folder / REASON
        why = reason.read_text().strip() if reason.is_file() else f"the launcher of its processes ended with {code}"
        raise UsageError(f"the training stopped: {why}. Run the same command again to go on from the last checkpoint")
    facts: dict[str, Any] = json.loads((folder / FACTS).read_text())
    return facts


def command(folder: Path) -> list[str]:
    """Return the command that starts a launcher: here, or on every machine of the Slurm job that this is part of."""
    nodes = os.environ.get("SLURM_JOB_NUM_NODES", "1")
    here = [sys.executable, "-m", "urlvr_bench.training.devices", str(folder), "--first-host", socket.gethostname()]
    if nodes == "1":
        return here
    return ["srun", "--overlap", "--nodes", nodes, "--ntasks", nodes, "--ntasks-per-node", "1", *here]


def options(precision: str, first_host: str) -> list[str]:
    """Return the options of `accelerate launch` on this machine; `--num_processes` counts those of all machines.

    The precision is the protocol's, whatever the configuration says.
    """
    mixed = "bf16" if precision == "bfloat16" else "no"
    given = ["--mixed_precision", mixed, *json.loads(os.environ[VARIABLE])]
    machines = int(os.environ.get("SLURM_JOB_NUM_NODES", "1"))
    if machines == 1:
        return [*given, "--num_machines", "1", "--main_process_port", "0"]
    given[-1] = str(int(given[-1]) * machines)
    port = FIRST_PORT + int(os.environ["SLURM_JOB_ID"]) % 1000
    rank = ["--num_machines", str(machines), "--machine_rank", os.environ["SLURM_NODEID"]]
    return [*given, *rank, "--main_process_ip", first_host, "--main_process_port", str(port)]


def main() -> None:
    """Run `python -m urlvr_bench.training.devices FOLDER`: start this machine's processes and say why they failed."""
    follow(0, lambda: os._exit(EXIT_CODE))  # as the processes do themselves
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # the processes answer a scheduler's warning themselves
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first-host", default="localhost")
    given = parser.parse_args()
    training = Run.from_json((given.folder / "run.json").read_text()).protocol.training
    arguments = [
        *options(training.precision, given.first_host),
        "--module",
        "urlvr_bench.training.ranks",
        str(given.folder),
    ]
    try:
        launch_command(launch_command_parser().parse_args(arguments))
    except (ChildFailedError, ImportError) as error:  # DeepSpeed is installed apart
        why = reason(error.failures) if isinstance(error, ChildFailedError) else str(error)
        write_atomically(given.folder / REASON, f"{why}\n")
        sys.exit(1)


def reason(failures: dict[int, Any]) -> str:
    """Return why a training failed; a process that was killed is the cause of what the others say."""
    killed = [
        rank for rank, failure in failures.items() if failure.exitcode < 0 and failure.exitcode != -signal.SIGTERM
    ]
    if killed:
        named = signal.Signals(-failures[killed[0]].exitcode).name
        return f"process {killed[0]} was ended by {named}"
    rank, failure = min(failures.items(), key=lambda found: found[1].timestamp)
    message = failure.message["message"] if isinstance(failure.message, dict) else failure.message  # a dict adds traces
    said = " ".join(str(message).split())
    return f"process {rank}: {said.removeprefix('UsageError: ')}"


if __name__ == "__main__":
    main()
