"""The result of a probe: the steps, and how far the evidence goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from conda_lockstep.drift.report import Evidence
from conda_lockstep.snapshot.model import Machine
from conda_lockstep.text.json_fields import Json

Status: TypeAlias = Literal["passed", "failed", "crashed", "hung", "skipped"]
STATUSES: tuple[Status, ...] = ("passed", "failed", "crashed", "hung", "skipped")

BAD: frozenset[Status] = frozenset({"failed", "crashed", "hung"})

TRANSPORT = "transport between nodes: one machine cannot test it"


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step, which ran in a process of its own.

    ``framework`` is empty for a step on the environment as a whole. If the status is ``skipped``, ``message`` is the
    reason. ``facts`` are for programs; ``output`` is the end of the output of the process.
    """

    name: str
    framework: str
    status: Status
    message: str
    seconds: float
    facts: Mapping[str, Json] = field(default_factory=dict)
    output: str = ""

    @property
    def title(self) -> str:
        """Return the framework and the name."""
        return f"{self.framework} {self.name}".strip()

    @property
    def on_gpu(self) -> bool:
        """Whether the results were correct on a GPU."""
        return self.status == "passed" and self.facts.get("gpu") is True


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe of one interpreter on one machine. ``python`` is its path, ``version`` its version."""

    prefix: str
    python: str
    version: str
    frameworks: tuple[str, ...]
    machine: Machine
    steps: tuple[ProbeStep, ...]

    @property
    def failed(self) -> bool:
        """Whether any step found a problem."""
        return any(step.status in BAD for step in self.steps)

    @property
    def evidence(self) -> Evidence:
        """Return the rungs of the ladder that all frameworks reached, and what was not shown."""
        reached = [rung for rung, shown in _RUNGS.items() if self._reached(*shown)]
        return Evidence(tuple(reached), (*self._not_shown(), TRANSPORT))

    def _reached(self, name: str, on_gpu: bool) -> bool:
        steps = [step for step in self.steps if step.name == name]
        return bool(steps) and all(step.on_gpu if on_gpu else step.status == "passed" for step in steps)

    def _not_shown(self) -> list[str]:
        missing = [
            f"{step.title}: {step.message}" if step.status == "skipped" else f"{step.title} on a GPU"
            for step in self.steps
            if step.status == "skipped" or (step.status == "passed" and step.facts.get("gpu") is False)
        ]
        if not self.frameworks:
            missing.append("a framework: torch, jax, tensorflow and cupy are not installed")
        return missing


_RUNGS: dict[str, tuple[str, bool]] = {
    "installed": ("packages", False),
    "verified": ("bytes", False),
    "imported": ("import", False),
    "kernel ran": ("kernel", True),
    "collective ran": ("collective", True),
}
"""The rungs that a probe can reach, in order; for each the step, and whether it must run on a GPU."""
