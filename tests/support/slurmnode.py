"""A Slurm cluster on one machine in a folder of its own: munged, slurmctld and two slurmd, for the time of a test."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol")
CONF = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=600
SchedulerParameters=sched_interval=1,batch_sched_delay=1
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
NodeName=first NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 State=UNKNOWN
NodeName=second NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 State=UNKNOWN
PartitionName=debug Nodes=first,second Default=YES State=UP MaxTime=INFINITE
"""
DAEMONS = ("munged", "slurmctld", "slurmd.first", "slurmd.second")


def missing(path: str | None = None) -> str:
    """Return why no cluster can be started here, nothing where one can."""
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"{', '.join(absent)} not found: apt-get install slurm-wlm munge"
    return "" if os.getuid() == 0 else "Slurm's daemons are started by root alone"


def free_ports(number: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Start the cluster in `folder`; yield the environment in which Slurm's commands find it."""
    for name in ("state", "spool.first", "spool.second"):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(folder=folder, host=socket.gethostname(), ports=free_ports(3)))
    environment = {**os.environ, "SLURM_CONF": str(conf)}
    places = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munged.pid", "log-file": "munged.log"}
    places["seed-file"] = "munge.seed"
    munged = ["munged", "--force", *(f"--{option}={folder / name}" for option, name in places.items())]

    def slurm(*command: str) -> str:
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30).stdout.strip()

    try:
        for command in (munged, ["slurmctld"], ["slurmd", "-N", "first"], ["slurmd", "-N", "second"]):
            subprocess.run(command, env=environment, check=True, capture_output=True, timeout=30)
        deadline = time.monotonic() + 30
        while slurm("sinfo", "--noheader", "--states", "idle", "--format", "%D") != "2":
            if time.monotonic() > deadline:
                raise TimeoutError("\n".join(log.read_text() for log in folder.glob("*.log")))
            time.sleep(0.2)
        yield environment
    finally:
        slurm("scancel", "--user", "root", "--signal", "KILL")
        for name in reversed(DAEMONS):
            if (pid := folder / f"{name}.pid").is_file():
                os.kill(int(pid.read_text()), signal.SIGTERM)
