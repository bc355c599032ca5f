"""Renders a probe for a terminal: a line per step as it finishes, then how far the evidence goes."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.probe.model import BAD, Probe, ProbeStep, Status
from conda_lockstep.snapshot.model import Machine
from conda_lockstep.text.printable import visible

_COLOURS: dict[Status, str] = {
    "passed": "32",
    "failed": "1;31",
    "crashed": "1;31",
    "hung": "1;31",
    "skipped": "2",
}
_LAST_LINES = 12


def render(probe: Probe) -> str:
    """Return the whole text, terminated by LF."""
    return "\n".join((*(line(step) for step in probe.steps), "", *summary(probe))) + "\n"


def line(step: ProbeStep, *, colour: bool = False) -> str:
    """Return the line of a step, and for a failed one the end of its output below."""
    status = f"\x1b[{_COLOURS[step.status]}m{step.status:<8}\x1b[0m" if colour else f"{step.status:<8}"
    taken = f"{step.seconds:6.1f} s" if step.seconds else " " * 8
    first = f"{status}  {visible(step.title):<24} {taken}  {visible(step.message, 600)}"
    if step.status not in BAD or not step.output:
        return first
    output = step.output.splitlines()[-_LAST_LINES:]
    return "\n".join((first, *(f"          | {visible(each, 300)}" for each in output)))


def summary(probe: Probe) -> Iterator[str]:
    """Yield what was probed, the evidence reached, and what was not shown."""
    evidence = probe.evidence
    yield f"probed: {visible(probe.prefix, 400)}, Python {visible(probe.version)}, on {_machine(probe.machine)}"
    yield f"evidence: {' → '.join(evidence.reached) or 'none'}"
    yield "not shown:"
    yield from (f"  {visible(each, 400)}" for each in evidence.not_shown)


def _machine(machine: Machine) -> str:
    gpus = ", ".join(f"{visible(gpu.name)} ({visible(gpu.compute_capability)})" for gpu in machine.gpus)
    driver = f"NVIDIA driver {machine.driver}, CUDA {machine.cuda}" if machine.driver else "no NVIDIA driver"
    notes = "".join(f"; {visible(note, 400)}" for note in machine.notes)
    return f"{machine.platform}, glibc {machine.glibc}, {visible(driver)}, {gpus or 'no GPU'}{notes}"
