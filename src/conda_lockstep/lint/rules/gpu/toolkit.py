"""The CUDA toolkit: one version, the current package name, a channel that has it, and a driver that runs it."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.conda.bounds import Release, bounds, numbers
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.cuda_packages import cuda_packages
from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.data import table
from conda_lockstep.environment import edit
from conda_lockstep.environment.cuda import Statement, exclude, show, statements
from conda_lockstep.environment.entries import CondaEntry, Entries, rewrite
from conda_lockstep.lint.engine.lock_pins import locked_pin
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

_FRAMEWORKS = ("pytorch", "tensorflow", "tensorflow-gpu", "jaxlib", "jax", "mxnet", "cupy")


@rule("unpinned-cuda", "warning", supersedes=("unpinned-conda", "open-range", "too-loose-pin"))
def unpinned_cuda(entries: Entries, config: Config) -> Iterator[Problem]:
    """CUDA has no version or no upper bound: the next major version needs a newer driver."""
    known = cuda_packages()
    selecting = entries.named(*known)
    stated = statements(entries) if selecting else []
    if any(found.kind == "selects" and found.range.high for found in stated):
        return
    for entry in selecting:
        if known[entry.spec.name].kind != "selects" or entry.spec.url:
            continue
        limits = bounds(entry.spec)
        if limits is None or limits.high is not None:
            continue
        framework = next((other for other in entries.named(*_FRAMEWORKS)), None)
        version = next((show(found.release) for found in stated if found.release), "")
        if limits.low is not None:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no upper bound, and the next CUDA major version needs a newer driver",
                f"add an upper bound: '{entry.spec.name}{entry.spec.version},<{limits.low[0] + 1}'",
                _bounded(entry, limits.low),
            )
            continue
        change = rewrite(entry.item, (len(entry.item.value),) * 2, f"={version}") if version else None
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' is unpinned: the date of the installation decides the CUDA version, not the drivers",
            f"pin a CUDA version that the drivers support, such as '{entry.spec.name}={version or 'X.Y'}'",
            Fix(f"write '{entry.spec.name}={version}'", (change,), "unsafe")
            if change
            else locked_pin(entries, entry, config),
            severity="error" if framework else None,
        )


@rule("cuda-conflict", "error", supersedes=("two-cuda-stacks",))
def cuda_conflict(entries: Entries, config: Config) -> Iterator[Problem]:
    """Two entries require conflicting CUDA versions."""
    first: dict[object, Statement] = {}
    for later in statements(entries):
        # Many entries may require the same version; one of them is enough to compare with.
        for earlier in first.values():
            if exclude(earlier, later) and not _are_stacks(earlier, later):
                # Of conda's CUDA and a wheel's, only conda's can be removed.
                wrong, other = (earlier, later) if later.kind == "wheel" != earlier.kind else (later, earlier)
                yield Problem(
                    wrong.span,
                    f"'{wrong.text}' and '{other.text}' require conflicting CUDA versions",
                    "keep the CUDA version of the framework's build",
                    also=((other.span, "requires another CUDA version"),),
                )
                return
        first.setdefault((later.kind, later.range, later.name.startswith("nvidia-")), later)


@rule(
    "cudatoolkit-12",
    "error",
    supersedes=("exact-cuda-version", "unpinned-cuda", "accidental-exact", "gpu-variant-unspecified"),
)
def cudatoolkit_12(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file requires CUDA 12 or later from a package that ended with CUDA 11 and has a new name."""
    known = cuda_packages()
    for entry in entries.named(*known):
        package = known.get(entry.spec.name)
        limits = bounds(entry.spec) if package and package.successor else None
        if package is None or limits is None or limits.low is None:
            continue
        last = tuple(int(number) for number in package.last.split("."))
        if limits.low[:2] <= last or not package.last:
            continue
        name, version = package.successor, show(limits.low[:2])
        change = rewrite(entry.item, (entry.spec.name_at[0], len(entry.item.value)), f"{name}={version}")
        fix = Fix(f"write '{name}={version}'", (change,), "unsafe") if change else None
        has_successor = bool(entries.named(name))
        yield Problem(
            entry.item.span,
            f"'{entry.spec.name}' ends at {package.last}: since CUDA 12 its successor is '{name}'",
            f"remove it: the file already lists '{name}'"
            if has_successor
            else f"write '{name}={version}'; for nvcc, add 'cuda-nvcc'",
            Fix(f"remove '{entry.item.value}'", (edit.remove(entries.file.source, entry.item),), "unsafe")
            if has_successor
            else fix,
        )


@rule("exact-cuda-version", "error", supersedes=("accidental-exact", "too-loose-pin"), requires=("exact",))
def exact_cuda_version(entries: Entries, config: Config) -> Iterator[Problem]:
    """``cuda-version==12`` matches only 12.0, not 12.6; ``cudatoolkit==11.3`` matches nothing."""
    known = cuda_packages()
    for entry in entries.named(*known):
        spec = entry.spec
        package = known.get(spec.name)
        if package is None or not spec.is_exact or spec.url or not spec.clauses:
            continue
        version = spec.clauses[0].version
        given = numbers(version)
        # Versions before 10 have either two or three numbers.
        if not 0 < given < package.numbers or version.startswith(("7", "8", "9")):
            continue
        glob = f"{spec.name}={version}.*={spec.build}" if spec.build else f"{spec.name}={version}"
        change = rewrite(entry.item, (spec.name_at[0], len(entry.item.value)), glob)
        zeros = version + ".0" * (package.numbers - given)
        yield Problem(
            entry.item.span,
            f"'{entry.item.value}' matches only {zeros}, and no other {version} release",
            f"write '{glob}' to allow any {version} release",
            Fix(f"write '{glob}'", (change,), "unsafe") if change and not spec.brackets else None,
        )


@rule("pytorch-cuda-without-channel", "error")
def pytorch_cuda_without_channel(entries: Entries, config: Config) -> Iterator[Problem]:
    """``pytorch-cuda`` selects only builds of the pytorch channel, and requires CUDA from the nvidia channel."""
    for entry in entries.named("pytorch-cuda"):
        channels = [read_channel(item.value) for item in entries.file.channels.items if item.kind == "string"]
        if any(channel.scheme and channel.base not in _KNOWN for channel in channels):
            return
        bases = {channel.base for channel in channels}
        own = read_channel(entry.spec.channel).base if entry.spec.channel else ""
        missing = [name for name in ("pytorch", "nvidia") if name not in bases | {own}]
        if missing:
            names = " and ".join(f"'{name}'" for name in missing)
            absent = f"{names} {'is' if len(missing) == 1 else 'are'} not listed"
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' needs the channels pytorch and nvidia, but {absent}",
                "list pytorch and nvidia above the other channels, or install pytorch with CUDA from conda-forge: "
                "'pytorch=*=*cuda*' with 'cuda-version'",
                _with_channels(entries, missing),
            )
        elsewhere = [
            other
            for other in entries.named("pytorch")
            if other.spec.channel and read_channel(other.spec.channel).base != "pytorch"
        ]
        if elsewhere:
            yield Problem(
                entry.item.span,
                f"'{entry.item.value}' has no effect on '{elsewhere[0].item.value}', which may be a CPU build",
                "write 'pytorch::pytorch', or use 'cuda-version' and a '*cuda*' build from conda-forge",
                also=((elsewhere[0].item.span, "comes from another channel"),),
            )


@rule("driver-too-old", "error")
def driver_too_old(entries: Entries, config: Config) -> Iterator[Problem]:
    """A machine in the settings has a driver that cannot run the CUDA version that the file requires."""
    for machine in config.machines:
        for found in statements(entries):
            low = found.range.low
            needed = _driver_for(low) if low and found.kind != "part" else ""
            if low and needed and _too_old(machine, low, needed):
                has = f"driver {machine.driver}" if machine.driver else f"CUDA {machine.cuda}"
                yield Problem(
                    found.span,
                    f"'{found.text}' needs driver {needed}, but machine '{machine.name}' has {has}",
                    f"require a CUDA version that '{machine.name}' supports, or update its driver and the settings",
                )
                break


_KNOWN = frozenset(("pytorch", "nvidia", "conda-forge", "defaults", "nodefaults"))


def _bounded(entry: CondaEntry, low: Release) -> Fix | None:
    text = f",<{low[0] + 1}"
    end = entry.spec.version_at[1]
    change = rewrite(entry.item, (end, end), text) if end and not entry.spec.build else None
    return Fix(f"add the upper bound '<{low[0] + 1}'", (change,), "unsafe") if change else None


def _are_stacks(one: Statement, other: Statement) -> bool:
    """Return whether two statements are wheels of CUDA libraries, which ``two-cuda-stacks`` reports."""
    return one.text.startswith("nvidia-") and other.text.startswith("nvidia-")


def _with_channels(entries: Entries, missing: list[str]) -> Fix | None:
    source, items = entries.file.source, entries.file.channels.items
    if not items:
        return None
    pytorch = next((item for item in items if read_channel(item.value).base == "pytorch"), None)
    if pytorch and missing == ["nvidia"]:
        change = edit.insert_after(source, pytorch, "nvidia")
    elif items[0].flow:
        change = edit.insert_before(source, items[0], ", ".join(missing))
    else:
        dash = edit.dash_of(source, source.position(items[0].span.start)[0])
        change = edit.insert_before(source, items[0], f"{source.newline}{dash}".join(missing))
    return Fix(f"list {' and '.join(missing)} above the other channels", (change,), "unsafe")


def _driver_for(release: Release) -> str:
    for since, driver in table("cuda-drivers"):
        if _two(release) >= _two(_parts(since)):
            return driver
    return ""


def _too_old(machine: DeclaredMachine, low: Release, needed: str) -> bool:
    if machine.driver:
        return _parts(machine.driver) < _parts(needed)
    if not machine.cuda:
        return False
    # From CUDA 11 on, a driver runs every minor version of its major version.
    runs = _two(_parts(machine.cuda))
    return runs[0] < low[0] or (low[0] < 11 and runs < _two(low))


def _parts(version: str) -> Release:
    return tuple(int(number) for number in version.split("."))


def _two(release: Release) -> Release:
    return (*release, 0)[:2]
