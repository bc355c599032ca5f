"""The ladder of evidence: the steps of a probe, their order, and how each is run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep import self_exec
from conda_lockstep.drift.compare.operands import active_prefix, read_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.probe import process
from conda_lockstep.probe.model import Probe, ProbeStep
from conda_lockstep.snapshot import machine
from conda_lockstep.snapshot.model import Machine
from conda_lockstep.text.json_fields import Json
from conda_lockstep.text.resolve_path import resolve_path

TIMEOUT = 120.0
"""Seconds for a step: a cold import of PyTorch from a network file system takes a minute."""

FRAMEWORK_STEPS = ("import", "cuda", "kernel", "architecture", "convolution", "collective")


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """The interpreter to probe, and the prefix that contains it if known. ``lock`` is the lock it should match."""

    python: Path
    prefix: Path | None = None
    lock: Path | None = None
    deep: bool = False
    timeout: float = TIMEOUT


def target_of(
    prefix: Path | None, python: Path | None, lock: Path | None, *, deep: bool, timeout: float
) -> ProbeTarget:
    """Return the target with absolute paths, since each step runs in a folder of its own.

    Raises ``LockstepError`` if there is no interpreter, or if the lock cannot be read.
    """
    if lock:
        read_source(lock)
    if python is None:
        prefix = prefix or active_prefix()
        names = ("bin/python", "python.exe")
        python = next((prefix / name for name in names if (prefix / name).exists()), None)
        if python is None:
            raise LockstepError(
                "no bin/python found", where=str(prefix), remedy="pass an interpreter with --python"
            )
    if prefix is None and (deep or lock):
        raise LockstepError("--lock and --deep need a prefix", remedy="pass it with --prefix")
    python = python.absolute() if python.exists() else python  # otherwise a name on the PATH
    return ProbeTarget(python, prefix and prefix.absolute(), lock and lock.absolute(), deep, timeout)


def climb(target: ProbeTarget, report: Callable[[ProbeStep], None] = lambda step: None) -> Probe:
    """Run every step that can run; ``report`` is called after each.

    Raises ``LockstepError`` if the interpreter does not run.
    """
    here = machine.detect()
    with tempfile.TemporaryDirectory(prefix="lockstep-probe-") as folder:
        script = Path(folder, "lockstep_probe.py")
        script.write_bytes(_source())
        run = _StepRunner(target, script, here)
        described = run.inside("describe", "")
        if described.status != "passed":
            raise LockstepError(f"does not run: {described.message}", where=str(target.python))
        prefix = str(target.prefix or described.facts["prefix"])
        run.context["prefix"] = prefix
        found = described.facts.get("frameworks")
        frameworks = tuple(str(each) for each in found) if isinstance(found, list) else ()
        steps = []
        for step in _steps(run, prefix, frameworks):
            report(step)
            steps.append(step)
    version = str(described.facts.get("python", ""))
    return Probe(prefix, str(target.python), version, frameworks, here, tuple(steps))


def _steps(run: _StepRunner, prefix: str, frameworks: tuple[str, ...]) -> Iterator[ProbeStep]:
    yield run.packages()
    if run.target.deep:
        yield run.bytes()
    yield run.outside("libraries", "conda_lockstep.probe.libraries", prefix)
    for framework in frameworks:
        imported = run.inside("import", framework)
        yield imported
        for name in FRAMEWORK_STEPS[1:]:
            if imported.status == "passed":
                yield run.inside(name, framework)
            else:
                yield ProbeStep(name, framework, "skipped", "could not be imported", 0.0)


class _StepRunner:
    """Runs the steps of one target; ``context`` is passed to each of them."""

    def __init__(self, target: ProbeTarget, script: Path, here: Machine) -> None:
        self.target = target
        self.script = script
        self.context: dict[str, Json] = {
            "prefix": str(target.prefix or ""),
            "cuda": here.cuda,
            "gpus": len(here.gpus) if os.environ.get("CUDA_VISIBLE_DEVICES") not in ("", "-1") else 0,
        }

    def inside(self, name: str, framework: str) -> ProbeStep:
        """Run a step in the probed interpreter."""
        environ = _environment(self.target.prefix)
        if name == "import":
            environ["LD_BIND_NOW"] = "1"  # resolve every symbol at once, not at the first call
        command = [str(self.target.python), str(self.script), name, framework]
        return process.take(
            name, framework, command, self.context, timeout=self.target.timeout, environ=environ
        )

    def outside(self, name: str, module: str, prefix: str) -> ProbeStep:
        """Run a step of this package, in an interpreter like the running one."""
        command = self_exec.command(module, "serve")
        context: dict[str, Json] = {
            "prefix": prefix,
            "lock": str(resolve_path(self.target.lock)) if self.target.lock else "",
            "deep": name == "bytes",
        }
        return process.take(name, "", command, context, timeout=self.target.timeout, environ=os.environ)

    def packages(self) -> ProbeStep:
        """Compare the packages with the lock."""
        if self.target.prefix is None:
            return ProbeStep("packages", "", "skipped", "no prefix was given", 0.0)
        if self.target.lock is None:
            return ProbeStep("packages", "", "skipped", "no lock was given", 0.0)
        return self.outside("packages", "conda_lockstep.probe.packages", str(self.target.prefix))

    def bytes(self) -> ProbeStep:
        """Compare the bytes of all files with the recorded hashes."""
        if self.target.prefix is None:
            return ProbeStep("bytes", "", "skipped", "no prefix was given", 0.0)
        return self.outside("bytes", "conda_lockstep.probe.packages", str(self.target.prefix))


def _environment(prefix: Path | None) -> dict[str, str]:
    """Return the environment variables of a job in the activated prefix; activation scripts are not run."""
    environ = dict(os.environ)
    environ["PYTHONFAULTHANDLER"] = "1"
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if prefix is not None:
        environ["CONDA_PREFIX"] = str(prefix)
        environ["PATH"] = os.pathsep.join((str(prefix.absolute() / "bin"), environ.get("PATH", "")))
    return environ


def _source() -> bytes:
    """Return the source of ``inside.py``, even if this package is in a zip archive."""
    import pkgutil

    source = pkgutil.get_data("conda_lockstep.probe", "inside.py")
    assert source is not None
    return source
