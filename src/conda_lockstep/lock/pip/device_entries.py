"""Reads the entries of an environment file that may select a device: CUDA or CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.solve.device_requests import DeviceRequests
from conda_lockstep.lock.solve.requested_spec import RequestedSpec, requested_specs

if TYPE_CHECKING:
    from conda_lockstep.lock.pip.requirements import PipPart


def requests_of(file: EnvironmentFile, mirrors: Mirrors) -> DeviceRequests:
    """Read the entries of an environment file. Raises ``LockstepError`` with the place of an invalid one."""
    part = None
    if any(section.items for section in file.pip_sections):
        # The reader of requirements is slow to import.
        from conda_lockstep.lock.pip.requirements import pip_part

        part = pip_part(file)
    return device_requests(requested_specs(file, mirrors, fetching=False), part)


def device_requests(conda: Sequence[RequestedSpec], part: PipPart | None) -> DeviceRequests:
    """Return the conda entries and those of a pip part, with the indexes that it lists."""
    if part is None:
        return DeviceRequests(conda)
    indexes = [*part.extra_indexes, *part.links, *([part.index] if part.index else [])]
    return DeviceRequests(conda, (*part.requirements, *part.constraints), [index.text for index in indexes])
