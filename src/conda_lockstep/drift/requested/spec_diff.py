"""Compares two environment files entry by entry; needs no solve, no channel and no lock."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from conda_lockstep.conda.bounds import between
from conda_lockstep.conda.channel import NODEFAULTS, read_channel
from conda_lockstep.conda.version import compare
from conda_lockstep.drift.compare.diff import ComparableFacts, diff, shadows, with_class
from conda_lockstep.drift.compare.rows import row_of
from conda_lockstep.drift.compare.variants import flips
from conda_lockstep.drift.model import Change, Drift, DriftClass
from conda_lockstep.drift.pip_source import origin, provider
from conda_lockstep.drift.report import SEVERITIES, Comparison, Report, Row, Severity, Side
from conda_lockstep.drift.requested.requested_package import RequestedPackage, options_of, requested_packages
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.packages import Key, PackageSet

ANYWHERE = "all platforms"
NOTE = "the entries were compared, not the packages that a solve selects for them"

_LISTS = ("--requirement", "--constraint")
_INDEXES = ("--index-url", "--extra-index-url", "--find-links", "--no-index")
_MOVED = frozenset({DriftClass.UPGRADE, DriftClass.DOWNGRADE})


def spec_diff(old: EnvironmentFile, new: EnvironmentFile, *, name: str = "") -> Report:
    """Compare the entries, options and channels of two environment files; ``name`` is the new one's path by default.

    If no version satisfies both the old and the new entry, the version is certain to change, and is graded like a
    change of version. An entry that is unpinned now is graded higher than one that is pinned now.
    """
    before, after = requested_packages(old), requested_packages(new)
    both = before.keys() & after.keys()
    changes = [change for key in sorted(both) if (change := _compare(before[key], after[key]))]
    alone = diff(_packages(before, both), _packages(after, both), ComparableFacts(metadata=False))
    changes += [_ordered(change, before, after) for change in alone.changes]
    sides = _packages(before, ()), _packages(after, ())
    shadowed = shadows(*sides)
    drift = Drift(tuple(with_class(each, DriftClass.SHADOWED, shadowed) for each in changes))
    judged = judge(drift, *sides, "spec_to_spec")
    rows = [*_settings(old, new), *(_as_entries(row_of(each), before, after) for each in judged)]
    rows.sort(key=lambda row: SEVERITIES.index(row.severity))
    comparison = Comparison(
        name=name or new.path,
        platform=ANYWHERE,
        old=Side(old.path, "", "", len(before)),
        new=Side(new.path, "", "", len(after)),
        rows=tuple(rows),
        unchanged=len(before.keys() | after.keys()) - sum(len(change.keys) for change in changes),
        notes=tuple(_notes(old, new)),
    )
    return Report((comparison,), reproduce=(f"lockstep diff {old.path} {new.path}",))


def _packages(requested: Mapping[Key, RequestedPackage], without: Container[Key]) -> PackageSet:
    return PackageSet.of(each.package() for key, each in requested.items() if key not in without)


def _compare(old: RequestedPackage, new: RequestedPackage) -> Change | None:
    """Compare the requests of one name; None if they are equivalent."""
    moved, before, after = _moved(old, new)
    classes = {moved} if moved else set[DriftClass]()
    details = []
    for what, one, other in (
        ("extras", ", ".join(old.extras), ", ".join(new.extras)),
        ("condition", old.marker, new.marker),
    ):
        if one != other:
            classes.add(DriftClass.CONSTRAINT)
            details.append(f"{what}: {other or 'none'} instead of {one or 'none'}")
    if old.build != new.build:
        classes.add(DriftClass.BUILD)
    if old.channel != new.channel or _provider(old) != _provider(new):
        classes.add(DriftClass.CHANNEL)
    flipped = flips(old.package(), new.package()) if classes else ()
    if flipped:
        classes.add(DriftClass.VARIANT)
    if not classes:
        return None
    sides = old.package(before), new.package(after)
    return Change(frozenset(classes), *sides, flipped, "; ".join(details))


def _provider(requested: RequestedPackage) -> str:
    """Return where an entry takes a pip package from: ``index`` for any that the options name, else who provides it."""
    package = requested.package()
    return (provider(package) or origin(package)) if requested.url else "index"


def _moved(old: RequestedPackage, new: RequestedPackage) -> tuple[DriftClass | None, str, str]:
    """Return how the requested versions changed, and the nearest versions on both sides, else the text as written."""
    written = old.version, new.version
    if old.version == new.version:
        return None, *written
    if gap := between(old.bounds, new.bounds):
        before, after = (".".join(map(str, release)) for release in gap)
        return (DriftClass.UPGRADE if gap[0] < gap[1] else DriftClass.DOWNGRADE), before, after
    if old.is_pin and new.is_pin:
        order = compare(new.manager, old.version, new.version)
        if order == 0:
            return None, *written
        if old.bounds.low is None or new.bounds.low is None:
            return (DriftClass.UPGRADE if order > 0 else DriftClass.DOWNGRADE), *written
    return DriftClass.CONSTRAINT, *written


def _ordered(
    change: Change, before: Mapping[Key, RequestedPackage], after: Mapping[Key, RequestedPackage]
) -> Change:
    """Return a replacement with an upgrade or a downgrade only if that is certain, since a range is not a version."""
    if change.old is None or change.new is None:
        return change
    moved, one, other = _moved(before[change.old.key], after[change.new.key])
    classes = change.classes - _MOVED
    if moved in _MOVED:
        classes |= {moved}
        sides = change.old._replace(version=one), change.new._replace(version=other)
        return change._replace(classes=classes, old=sides[0], new=sides[1])
    return change._replace(classes=classes)


def _as_entries(
    row: Row, before: Mapping[Key, RequestedPackage], after: Mapping[Key, RequestedPackage]
) -> Row:
    """Return a row that shows the entries instead of packages."""
    old = before[row.old.key] if row.old else None
    new = after[row.new.key] if row.new else None
    return row._replace(
        before=_entry_text(old, new, row), after=_entry_text(new, old, row), old=None, new=None
    )


def _entry_text(requested: RequestedPackage | None, other: RequestedPackage | None, row: Row) -> str:
    """Return an entry as text: its version, and whatever else differs."""
    if requested is None:
        return ""
    words: list[str] = []
    if other and requested.manager != other.manager:
        words.append(requested.manager)
    if other and requested.name != other.name:
        words.append(requested.name)
    words.append(requested.version or "any version")
    if requested.build and (other is None or requested.build != other.build):
        words.append(requested.build)
    if requested.extras and (other is None or requested.extras != other.extras):
        words.append(f"[{','.join(requested.extras)}]")
    if other and requested.marker != other.marker:
        words.append(f"where {requested.marker}" if requested.marker else "everywhere")
    moved = DriftClass.CHANNEL.value in row.classes
    if moved or origin(requested.package()) != "index":
        words += _source(requested, moved=moved)
    return " ".join(words)


def _source(requested: RequestedPackage, *, moved: bool) -> Iterator[str]:
    if requested.manager == "conda":
        yield f"from {requested.channel}" if requested.channel else "from any channel"
    else:
        yield f"from {_provider(requested) if moved else origin(requested.package())}"


def _settings(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[Row]:
    """Yield the changes besides packages: channels, pip options, variables, the name."""
    yield from _channels(old, new)
    yield from _options(old, new)
    yield from _variables(old, new)
    if old.name != new.name:
        why = "commands that activate it by name need the new name"
        yield _setting("name", "metadata", "info", old.name, new.name, why)


def _setting(
    subject: str, what: str, severity: Severity, before: str, after: str, why: str, manager: str = "conda"
) -> Row:
    return Row(subject, manager, (what,), severity, before, after, why)


def _channels(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[Row]:
    before, after = (_names(file) for file in (old, new))
    if before == after:
        return
    gone, come = set(before) - set(after), set(after) - set(before)
    reordered = [each for each in before if each in after] != [each for each in after if each in before]
    severity: Severity = "high" if gone or reordered else "low" if come == {NODEFAULTS} else "medium"
    why = "each package comes from the first channel that has it"
    if not before or not after:
        why += "; without channels, each machine uses its own configuration"
    yield _setting("channels", "channel", severity, ", ".join(before), ", ".join(after), why)


def _names(file: EnvironmentFile) -> tuple[str, ...]:
    return tuple(read_channel(item.value).name for item in file.channels.items if item.value)


def _options(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[Row]:
    before, after = options_of(old), options_of(new)
    for name in sorted({*before, *after}):
        one, other = (side.get(name) for side in (before, after))
        if one == other:
            continue
        was, is_now = ("" if value is None else value or "set" for value in (one, other))
        if name in _LISTS:
            yield _setting(name, "constraint", "medium", was, is_now, "its contents were not compared", "pip")
        elif name in _INDEXES:
            why = "pip searches other indexes for every package"
            yield _setting(name, "channel", "high", was, is_now, why, "pip")
        else:
            yield _setting(name, "constraint", "low", was, is_now, "pip installs with other options", "pip")


def _variables(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[Row]:
    """Yield the names of the variables that changed; their values may be secrets."""
    before, after = ({each.key.value: each.value.value for each in file.variables} for file in (old, new))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            was = "set" if name in before else ""
            is_now = ("set to another value" if was else "set") if name in after else ""
            why = "it is set in every process of the environment"
            yield _setting(f"${name}", "constraint", "medium", was, is_now, why)


def _notes(old: EnvironmentFile, new: EnvironmentFile) -> Iterator[str]:
    yield NOTE
    before, after = options_of(old), options_of(new)
    for name in _LISTS:
        if before.get(name) == after.get(name) is not None:
            yield f"the contents of {name} {after[name]} were not compared"
