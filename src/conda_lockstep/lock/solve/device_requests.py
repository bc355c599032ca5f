"""The entries of an environment file that request CUDA builds, or CPU builds, of conda's and of pip's packages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from conda_lockstep.conda.build_variants import Framework, requires_cuda
from conda_lockstep.errors import Location
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Manager

_CPU_INDEX = re.compile(r"/cpu(?:/|$)", re.IGNORECASE)


class Entry(Protocol):
    """An entry of an environment file: its text without credentials, the package's name, and its place."""

    @property
    def text(self) -> str:
        """Return the text."""

    @property
    def name(self) -> str:
        """Return the normalized name of the package."""

    @property
    def where(self) -> Location:
        """Return the place."""


@dataclass(frozen=True, slots=True)
class DeviceRequests:
    """The entries of an environment file, and the indexes of its pip part, without variables expanded."""

    conda: Sequence[RequestedSpec] = ()
    pip: Sequence[Entry] = ()
    indexes: Sequence[str] = ()

    @property
    def cuda(self) -> Entry | None:
        """Return the first conda entry that requires CUDA, None where there is none."""
        return next((entry for entry in self.conda if requires_cuda(entry.name, _build(entry))), None)

    def entry_of(self, family: Sequence[Framework]) -> Entry | None:
        """Return the first entry for one of the packages of a framework."""
        names = {each.name for each in family}
        entries = self._entries(family[0].manager)
        return next((entry for entry in entries if entry.name in names), None)

    def selects_cpu(self, family: Sequence[Framework]) -> bool:
        """Return whether an entry requests a framework's CPU build.

        Such are ``cpuonly``, ``pytorch-cpu``, ``pytorch=*=cpu*``, ``torch==2.4+cpu``, and an index of CPU wheels.
        """
        manager = family[0].manager
        if any(_selects_cpu(entry, family) for entry in self._entries(manager)):
            return True
        return manager == "pip" and any(map(_CPU_INDEX.search, self.indexes))

    def _entries(self, manager: Manager) -> Sequence[Entry]:
        return self.conda if manager == "conda" else self.pip


def _selects_cpu(entry: Entry, family: Sequence[Framework]) -> bool:
    text = entry.text.lower()
    return any(
        entry.name in each.without
        or (each.name in entry.name and any(mark in text for mark in ("cpu", *each.cpu_marks)))
        for each in family
    )


def _build(entry: RequestedSpec) -> str:
    """Return the build that an entry requests, without loading what reads every kind of match spec."""
    match = re.search(r'[\[,]build="([^"]*)"', entry.spec)
    return match[1] if match else ""
