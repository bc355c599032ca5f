"""Draws locks over time: their commits, and the versions of their packages, as inline SVG in the colours of the page.

Positions are percentages, so that the drawing takes the width of the page and its texts keep their size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.drift.history.history import (
    LockHistory,
    LogEntry,
    PackageHistory,
    VersionRun,
    changed_packages,
)
from conda_lockstep.drift.report import SEVERITIES
from conda_lockstep.render.escape import markup
from conda_lockstep.render.history.words import period, what_happened
from conda_lockstep.render.time_axis import LATEST, date, ticks

SHOWN = 18
"""The number of packages that are drawn, the most dangerous changes first."""

_DAY = 86_400
_ROOM = 25
"""The share of the range that is added at its end: 1/25."""
_WIDE, _NARROW = 0.85, 3.4
"""The percentages that a character of a label takes on a wide page, and on a narrow one."""


class _DateAxis:
    """Maps seconds since the epoch to percentages of the width."""

    def __init__(self, start: int, end: int) -> None:
        room = max((end - start) // _ROOM, _DAY)
        self.start, self.end = start - room, end + room

    def x(self, moment: int) -> float:
        """Return the position of a moment in percent, within the drawing."""
        share = 100 * (moment - self.start) / (self.end - self.start)
        return round(min(max(share, 0.0), 100.0), 2)


def picture(lock: LockHistory, packages: Sequence[PackageHistory]) -> Iterator[str]:
    """Yield a figure per group of platforms with the same packages over time; nothing without dated commits.

    ``packages`` are the requested ones; without any, those that changed most dangerously.
    """
    moments = [entry.commit.date for entry in lock.entries if 0 < entry.commit.date < LATEST]
    if not moments:
        return
    axis = _DateAxis(min(moments), max(moments))
    figures: dict[tuple[str, ...], list[str]] = {}
    for platform in lock.platforms:
        own = [each for each in packages if each.platform == platform and each.lock == lock.path]
        lanes = tuple(_lanes(own or ([] if packages else _chosen(lock, platform)), axis))
        figures.setdefault(lanes, []).append(platform)
    commits, scale = "".join(_commits(lock, axis)), "".join(_scale(axis))
    for position, (lanes, platforms) in enumerate(figures.items()):
        if len(figures) > 1:
            opened = "" if position else " open"
            yield f"<details{opened}><summary>{markup(', '.join(platforms))}</summary>"
        yield '<figure class="picture">'
        yield _lane("commits", commits, "every")
        yield from lanes
        yield _lane("", scale, "scale")
        yield f"<figcaption>{_caption(lock, platforms, bool(packages))}</figcaption></figure>"
        if len(figures) > 1:
            yield "</details>"


def _caption(lock: LockHistory, platforms: Sequence[str], is_requested: bool) -> str:
    text = "A dot is a commit, a bar the time of a version; both have the color of the change they came with."
    number = len(list(changed_packages(lock, platforms[0])))
    if not is_requested and number > SHOWN:
        text += f" {number - SHOWN} more packages changed; they are not drawn."
    return markup(text)


def _chosen(lock: LockHistory, platform: str) -> list[PackageHistory]:
    """Return the packages that changed, the most dangerous first, then those that changed most often."""
    return sorted(changed_packages(lock, platform), key=_danger)[:SHOWN]


def _danger(package: PackageHistory) -> tuple[int, int, str]:
    grades = [SEVERITIES.index(run.severity) for run in package.runs if run.severity]
    return min(grades, default=len(SEVERITIES)), -len(package.runs), package.name


def _lane(name: str, drawing: str, kind: str = "") -> str:
    return (
        f'<div class="lane {kind}"><span class="name">{markup(name)}</span>'
        f'<svg width="100%" height="22" role="img" aria-label="{markup(name) or "dates"}">{drawing}</svg></div>'
    )


def _commits(lock: LockHistory, axis: _DateAxis) -> Iterator[str]:
    yield '<line class="track" x1="0" y1="11" x2="100%" y2="11"/>'
    for entry in sorted(lock.entries, key=_calm, reverse=True):
        title = (
            f"{date(entry.commit.date)} {entry.commit.short} {entry.commit.subject}: {what_happened(entry)}"
        )
        yield (
            f'<g class="{_class(entry)}"><title>{markup(title)}</title>'
            f'<circle cx="{axis.x(entry.commit.date)}%" cy="11" r="4.5"/></g>'
        )


def _calm(entry: LogEntry) -> int:
    """Return a number that is lower for the more dangerous entries, which are drawn last."""
    return SEVERITIES.index(entry.worst) if entry.worst else len(SEVERITIES)


def _class(entry: LogEntry) -> str:
    if entry.unreadable or entry.event == "deleted":
        return "gap"
    return entry.worst or "same"


def _lanes(packages: Sequence[PackageHistory], axis: _DateAxis) -> Iterator[str]:
    for package in packages:
        name = f"{package.name} (pip)" if package.manager == "pip" else package.name
        yield _lane(name, "".join(_bar(name, run, axis) for run in package.runs))


def _bar(name: str, run: VersionRun, axis: _DateAxis) -> str:
    start = axis.x(run.since.commit.date) if run.since else 0.0
    end = axis.x(run.until.commit.date) if run.until else 100.0
    width = round(max(end - start, 0.15), 2)
    subject = f", {run.since.commit.short} {run.since.commit.subject}" if run.since else ""
    title = f"{name} {run.version}, {period(run)}{subject}"
    label = ""
    if width > _WIDE * (len(run.version) + 1):
        kind = "" if width > _NARROW * (len(run.version) + 1) else ' class="wide"'
        label = f'<text x="{start}%" dx="7" y="15"{kind}>{markup(run.version)}</text>'
    edge = f'<rect class="edge" x="{start}%" y="3" width="3" height="16"/>' if run.since else ""
    return (
        f'<g class="{run.severity or "same"}"><title>{markup(title)}</title>'
        f'<rect class="bar" x="{start}%" y="3" width="{width}%" height="16" rx="2"/>{edge}{label}</g>'
    )


def _scale(axis: _DateAxis) -> Iterator[str]:
    for number, day in enumerate(ticks(axis.start, axis.end)):
        x = axis.x(int(day.timestamp()))
        if 4 <= x <= 94:
            kind = ' class="wide"' if number % 2 else ""
            yield f'<text x="{x}%" y="14" text-anchor="middle"{kind}>{day:%Y-%m-%d}</text>'
