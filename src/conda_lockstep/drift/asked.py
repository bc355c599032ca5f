"""What two environment files ask for, compared entry by entry: no solve, no channel, no lock is needed."""

from __future__ import annotations

from collections.abc import Iterator, Set

from conda_lockstep.drift.compare import row_of
from conda_lockstep.drift.diff import Scope, diff
from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.drift.severity import judge
from conda_lockstep.environment.channel import NODEFAULTS, read_channel
from conda_lockstep.environment.document import EnvironmentFile
from conda_lockstep.environment.entries import CondaEntry, PipEntry, read_entries
from conda_lockstep.environment.spec import CondaSpec
from conda_lockstep.lock.urls import without_credentials
from conda_lockstep.packages import Key, Package, PackageSet
from conda_lockstep.report.model import SEVERITIES, Comparison, Report, Row, Side

ANYWHERE = "all platforms"
NOTE = "what is asked for was compared, not what a solver makes of it"


def compare_files(old: EnvironmentFile, new: EnvironmentFile, *, name: str = "") -> Report:
    """Compare the entries and the channels of two environment files; ``name`` is the new one's path by default.

    A pin is judged as the version it names, by the table of :mod:`.severity`; an entry whose version is left open
    now weighs more than one that is pinned now.
    """
    before, after = asked(old), asked(new)
    reworded = {key for key in before.keys() & after.keys() if _reworded(before[key], after[key])}
    drift = diff(_without(before, reworded), _without(after, reworded), Scope(metadata=False))
    changes = tuple(_change(before[key], after[key]) for key in sorted(reworded))
    judged = judge(Drift((*drift.changes, *changes), drift.unchanged), before, after, "asked")
    rows = [*_channels(old, new), *(_as_asked(row_of(judgement)) for judgement in judged)]
    rows.sort(key=lambda row: SEVERITIES.index(row.severity))
    comparison = Comparison(
        name=name or new.path,
        platform=ANYWHERE,
        old=_side(old, before),
        new=_side(new, after),
        rows=tuple(rows),
        unchanged=len(drift.unchanged),
        notes=(NOTE,),
    )
    return Report((comparison,), reproduce=(f"lockstep diff {old.path} {new.path}",))


def asked(file: EnvironmentFile) -> PackageSet:
    """Return the entries of a file as packages: the version is what a pin names, else the constraint as written."""
    entries = read_entries(file)
    return PackageSet.of((*map(_conda, entries.conda), *map(_pip, entries.pip)))


def _without(packages: PackageSet, keys: Set[Key]) -> PackageSet:
    return PackageSet.of(package for key, package in packages.items() if key not in keys)


def _conda(entry: CondaEntry) -> Package:
    spec = entry.spec
    # A pattern tells the variant by the words that are in it.
    build = spec.build.strip("*")
    version = "" if spec.version in ("*", "=*", "==*") else _pin(spec) or "".join(spec.version.split())
    return Package("conda", spec.name, version, build, channel=_place(spec.channel))


def _pip(entry: PipEntry) -> Package:
    requirement = entry.requirement
    name = requirement.name or without_credentials(requirement.text.strip())
    version = requirement.specifier.replace(" ", "")
    if requirement.is_exact:
        version = version.lstrip("=")
    return Package("pip", name, version, url=without_credentials(requirement.url))


def _pin(spec: CondaSpec) -> str:
    """Return the version that a pin names: of ``=1.21``, ``==1.21``, ``1.21`` and ``1.21.*``; empty for a range."""
    if len(spec.clauses) != 1 or spec.clauses[0].op not in ("", "=", "=="):
        return ""
    return spec.clauses[0].version.removesuffix("*").removesuffix(".")


def _place(channel: str) -> str:
    return read_channel(channel).name if channel else ""


def _reworded(old: Package, new: Package) -> bool:
    """Say whether an entry asks for another version and at least one side is no pin."""
    return old.version != new.version and not (_is_pin(old.version) and _is_pin(new.version))


def _is_pin(version: str) -> bool:
    return version[:1].isalnum() and not set(version) & set("<>!=~,|*")


def _change(old: Package, new: Package) -> Change:
    return Change(frozenset({DriftClass.CONSTRAINT}), old, new)


def _as_asked(row: Row) -> Row:
    """Return a row in which an open version is told as such, and that claims no package."""
    before, after = (_told(side, shown) for side, shown in ((row.old, row.before), (row.new, row.after)))
    return row._replace(before=before, after=after, old=None, new=None)


def _told(asked: Package | None, shown: str) -> str:
    return "any version" if asked is not None and not shown else shown


def _channels(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[Row]:
    before, after = (_names(file) for file in (old, new))
    if before == after:
        return
    gone, come = set(before) - set(after), set(after) - set(before)
    yield Row(
        subject="channels",
        manager="conda",
        classes=(DriftClass.CHANNEL.value,),
        severity="high" if gone or not come else "low" if come == {NODEFAULTS} else "medium",
        before=", ".join(before),
        after=", ".join(after),
        why="a package is taken from the first channel that has its name",
    )


def _names(file: EnvironmentFile) -> tuple[str, ...]:
    return tuple(read_channel(item.value).name for item in file.channels.items if item.value)


def _side(file: EnvironmentFile, entries: PackageSet) -> Side:
    return Side(label=file.path, environment_id="", conda_id="", packages=len(entries))
