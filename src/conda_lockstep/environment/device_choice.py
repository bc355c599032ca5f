"""Which build of a framework the conda entries of an environment file select: CUDA or CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.bounds import Bounds, Release, both, within
from conda_lockstep.conda.build_variants import Framework, device_of_pattern
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.cuda_builds import CudaBuilds, cuda_builds, selectors_elsewhere
from conda_lockstep.conda.torch_releases import TorchRelease, newest_torch
from conda_lockstep.environment.cuda import statements
from conda_lockstep.environment.entries import CondaEntry, Entries, once_per_file

Chosen: TypeAlias = Literal["cuda", "build", "driver", "either", "cpu"]
"""What is installed: a CUDA build; the build that the entry names; a CUDA build where a driver is visible, and a CPU
build elsewhere; one of them, which depends on the rest of the file; a CPU build."""

CPU_ONLY = "cpuonly"
"""The package of the pytorch channel that selects its CPU builds."""
_MOST_CERTAIN_FIRST: Sequence[Chosen] = ("cuda", "build", "driver", "either", "cpu")


class DeviceChoice(NamedTuple):
    """Which build of a framework a file gets, and whether the file says which one is wanted.

    ``builds`` tells how the builds of its channel are selected, None for a channel that the table does not know.
    ``ignored`` are entries that select the CUDA build of other channels or releases, and not of this one.
    ``newest`` is the newest PyTorch release of that channel that the file allows; ``is_unbuilt`` is set where it has no
    build for the CUDA that the file selects.
    """

    chosen: Chosen
    is_selected: bool
    builds: CudaBuilds | None = None
    ignored: tuple[CondaEntry, ...] = ()
    newest: TorchRelease | None = None
    is_unbuilt: bool = False

    @property
    def selectors(self) -> tuple[str, ...]:
        """Return the packages that select the CUDA build in this channel and release, and not in every one."""
        return self.builds.selectors if self.builds else ()

    @property
    def unbuilt(self) -> TorchRelease | None:
        """Return the release that has no build for the CUDA that the file selects, if there is one."""
        return self.newest if self.is_unbuilt else None

    def is_worse_than(self, other: DeviceChoice) -> bool:
        """Return whether CUDA is less certain than with another choice."""
        return _MOST_CERTAIN_FIRST.index(self.chosen) > _MOST_CERTAIN_FIRST.index(other.chosen)


def device_choice(
    entries: Entries, entry: CondaEntry, framework: Framework, bases: Sequence[str] | None = None
) -> DeviceChoice:
    """Return which build an entry for a framework gets.

    ``bases`` are the base names of the channels in their order, those of the file if they are not given.
    """
    builds = builds_of(entries, entry, framework, bases)
    selecting = builds.selectors if builds else ()
    ignored = tuple(entries.named(*selectors_elsewhere(framework.framework, selecting)))
    newest, cuda = _newest(entries, entry, builds), _selected_cuda(entries, selecting) if selecting else None
    is_unbuilt = newest is not None and cuda is not None and cuda not in newest.cudas
    stated = _stated(entries, entry, framework, builds)
    if stated:
        return DeviceChoice(stated, True, builds, ignored, newest, is_unbuilt)
    if builds and any(not _is_mutex(each) for each in entries.named(*selecting)):
        return DeviceChoice(
            "cpu" if is_unbuilt else "cuda", not is_unbuilt, builds, ignored, newest, is_unbuilt
        )
    return DeviceChoice(builds.unselected if builds else "driver", False, builds, ignored, newest)


def builds_of(
    entries: Entries, entry: CondaEntry, framework: Framework, bases: Sequence[str] | None = None
) -> CudaBuilds | None:
    """Return how the builds that an entry gets are selected: those of its own channel, or of the first that has it."""
    allowed = within(entry.spec)
    if entry.spec.channel:
        base = _known_base(read_channel(entry.spec.channel).base)
        return cuda_builds(base, framework.framework, allowed)
    found = (
        cuda_builds(_known_base(base), framework.framework, allowed) for base in bases or _bases(entries)
    )
    return next((builds for builds in found if builds), None)


def _stated(
    entries: Entries, entry: CondaEntry, framework: Framework, builds: CudaBuilds | None
) -> Chosen | None:
    """Return what the file says by a build, or by packages that require one."""
    if entry.spec.build or dict(entry.spec.brackets).get("build_number"):
        return _device(entry) or "build"
    if entries.named(*(name for name in framework.without if name != CPU_ONLY)):
        return "cpu"
    if entries.named(CPU_ONLY):
        # It holds the builds of its own channel only; of others it tells what is wanted.
        return "cpu" if builds is not None and builds.source == "pytorch" else "either"
    if entries.named(*framework.with_cuda):
        return "cuda"
    mutexes = (each for each in entries.named(*(builds.selectors if builds else ())) if _is_mutex(each))
    return next((device for each in mutexes if (device := _device(each))), None)


def _device(entry: CondaEntry) -> Literal["cuda", "cpu"] | None:
    """Return the device that the build of an entry is for."""
    device = device_of_pattern(entry.spec.build)
    return "cuda" if device == "cuda" else "cpu" if device == "cpu" else None


def _is_mutex(entry: CondaEntry) -> bool:
    return entry.spec.name.endswith("-mutex")


def _newest(entries: Entries, entry: CondaEntry, builds: CudaBuilds | None) -> TorchRelease | None:
    """Return the newest release of PyTorch that the file allows, for the Python that it allows."""
    if builds is None or builds.framework != "pytorch" or not builds.selectors:
        return None
    python = next((within(each.spec) for each in entries.named("python")), Bounds())
    return newest_torch(both(within(entry.spec), builds.releases), python)


def _selected_cuda(entries: Entries, selectors: Sequence[str]) -> Release | None:
    stated = (found.release for found in statements(entries) if found.name in selectors)
    return next((release for release in stated if release), None)


@once_per_file
def _bases(entries: Entries) -> tuple[str, ...]:
    items = entries.file.channels.items
    return tuple(read_channel(item.value).base for item in items if item.kind == "string")


def _known_base(base: str) -> str:
    """Return the channel that a channel such as ``pytorch-nightly`` or ``pytorch-lts`` is built like."""
    return "pytorch" if base.startswith("pytorch") else base
