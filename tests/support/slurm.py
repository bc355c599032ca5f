"""A Slurm cluster of this machine alone: one controller, and as many nodes as are named, each a daemon of its own."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Debian puts daemons where not everybody's PATH leads.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sbatch", "scontrol", "sinfo")


def missing() -> str:
    """Say which of Slurm's programs is not installed; nothing where all are."""
    return ", ".join(name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None)


class Cluster:
    """A running cluster; made by :func:`cluster`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"PATH": _PATH, "HOME": str(folder), "SLURM_CONF": str(folder / "slurm.conf")}

    def run(
        self, *command: str, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands, such as ``srun``, for at most 60 seconds."""
        return subprocess.run(
            command, cwd=cwd or self.folder, env=self.environment | variables, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip

    def states(self) -> dict[str, tuple[str, str]]:
        """Return the state of each node, and why it is in it."""
        lines = self.run("sinfo", "-N", "-h", "-o", "%N|%T|%E").stdout.splitlines()
        return {name: (state, why) for name, state, why in (line.split("|") for line in lines)}

    def wait(self, until: Callable[[dict[str, tuple[str, str]]], bool], seconds: float = 30) -> None:
        """Wait for the nodes to be in some state."""
        end = time.monotonic() + seconds
        while not until(states := self.states()):
            if time.monotonic() > end:
                raise TimeoutError(f"the nodes are {states}: {self.log('controller')}")
            time.sleep(0.1)

    def log(self, daemon: str) -> str:
        """Return what a node's daemon, or the ``controller``, logged."""
        path = self.folder / f"{daemon}.log"
        return path.read_text() if path.exists() else ""


@contextmanager
def cluster(folder: Path, nodes: Sequence[str], settings: str) -> Iterator[Cluster]:
    """Start a cluster with ``settings`` for its ``slurm.conf``, and end all of it.

    The folder's path must be short: sockets lie in it.
    """
    made = Cluster(folder)
    _configure(folder, nodes, settings)
    programs = {name: str(shutil.which(name, path=_PATH)) for name in _PROGRAMS}
    munge = folder / "munge"
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        with (folder / "daemons.log").open("ab") as log:
            started.append(
                subprocess.Popen(
                    command,
                    cwd=folder,
                    env=made.environment,
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                )
            )

    try:
        start(
            programs["munged"], "--foreground", "--force", f"--key-file={munge}/key", f"--socket={munge}/socket",
            f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed",
        )  # fmt: skip
        while not (munge / "socket").exists() and started[0].poll() is None:
            time.sleep(0.02)
        start(programs["slurmctld"], "-D")
        for node in nodes:
            start(programs["slurmd"], "-D", "-N", node)
        made.wait(lambda states: bool(states) and all(state == "idle" for state, _ in states.values()))
        yield made
    finally:
        # At once: what they would save on the way goes with the folder.
        for process in reversed(started):
            process.kill()
            process.wait()
        _end_steps(folder)


def _end_steps(folder: Path) -> None:
    """End the daemons of steps, which would wait for their controller for ever: they live in the cluster's folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = (process / "cwd").readlink().is_relative_to(folder)
        except OSError:  # it has ended, or is somebody else's
            continue
        if ours:
            os.kill(int(process.name), signal.SIGKILL)


def _configure(folder: Path, nodes: Sequence[str], settings: str) -> None:
    munge = folder / "munge"
    for made in (munge, folder / "state", *(folder / node for node in nodes)):
        made.mkdir(mode=0o755)
    key = munge / "key"
    key.touch(0o600)
    key.write_bytes(secrets.token_bytes(128))
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    controller, *ports = _free_ports(1 + len(nodes))
    lines = [
        "ClusterName=lockstep", f"SlurmctldHost={host}(127.0.0.1)", f"SlurmctldPort={controller}",
        "AuthType=auth/munge", f"AuthInfo=socket={munge}/socket", "CredType=cred/munge",
        f"SlurmUser={user}", f"SlurmdUser={user}",
        f"StateSaveLocation={folder}/state", f"SlurmdSpoolDir={folder}/%n",
        f"SlurmctldPidFile={folder}/controller.pid", f"SlurmdPidFile={folder}/%n.pid",
        f"SlurmctldLogFile={folder}/controller.log", f"SlurmdLogFile={folder}/%n.log",
        "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SwitchType=switch/none", "MpiDefault=none",
        "JobAcctGatherType=jobacct_gather/none", "SchedulerType=sched/builtin", "SelectType=select/cons_tres",
        "ReturnToService=1",
        *(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=100"
            for node, port in zip(nodes, ports, strict=True)
        ),
        f"PartitionName=gpu Nodes={','.join(nodes)} Default=YES State=UP",
    ]  # fmt: skip
    (folder / "slurm.conf").write_text("\n".join(lines) + f"\n{settings}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
