"""Draws when the changed packages were uploaded: inline SVG that uses the colours of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.drift.report import Row
from conda_lockstep.render.escape import markup
from conda_lockstep.render.time_axis import LATEST, date, ticks

SHOWN = 14
"""The number of packages that are drawn, the most dangerous first."""

_WIDTH, _LABELS, _LINE, _MARGIN = 900, 190, 20, 24
_NAME = 26
"""The characters of a name that fit beside its line."""
_DAY = 86_400


def timeline(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a figure with a line for each package whose new file has an upload date; nothing if none has."""
    dated = [row for row in rows if row.new and _is_date(row.new.timestamp)]
    if not dated:
        return
    shown = dated[:SHOWN]
    moments = [
        side.timestamp for row in shown for side in (row.old, row.new) if side and _is_date(side.timestamp)
    ]
    first, last = min(moments), max(moments)
    room = max((last - first) // 40, _DAY)
    axis = _Axis(first - room, last + room)
    height = _LINE * len(shown) + _MARGIN + 4
    yield f'<figure class="timeline"><svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Upload times">'
    yield from _ticks(axis, height)
    for number, row in enumerate(shown):
        yield _line(row, axis, _LINE * number + _LINE // 2 + 2)
    left = len(dated) - len(shown)
    more = f" {left} more {'is' if left == 1 else 'are'} not drawn." if left else ""
    yield f"</svg><figcaption>Upload dates before (hollow) and after (filled).{more}</figcaption></figure>"


class _Axis:
    """Maps seconds since the epoch to horizontal positions."""

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end

    def x(self, moment: int) -> float:
        """Return the horizontal position of a moment."""
        span = _WIDTH - _LABELS - _MARGIN
        return round(_LABELS + span * (moment - self.start) / (self.end - self.start), 1)


def _ticks(axis: _Axis, height: int) -> Iterator[str]:
    for day in ticks(axis.start, axis.end):
        x = axis.x(int(day.timestamp()))
        yield f'<line class="tick" x1="{x}" y1="0" x2="{x}" y2="{height - 18}"/>'
        yield f'<text class="tick" x="{x}" y="{height - 5}" text-anchor="middle">{day:%Y-%m-%d}</text>'


def _line(row: Row, axis: _Axis, y: int) -> str:
    name = row.subject if len(row.subject) <= _NAME else f"{row.subject[: _NAME - 1]}…"
    parts = [f'<text x="{_LABELS - 12}" y="{y + 4}" text-anchor="end">{markup(name)}</text>']
    places = [axis.x(side.timestamp) for side in (row.old, row.new) if side and _is_date(side.timestamp)]
    if len(places) == 2:
        parts.append(f'<line x1="{places[0]}" y1="{y}" x2="{places[1]}" y2="{y}"/>')
        parts.append(f'<circle class="before" cx="{places[0]}" cy="{y}" r="4"/>')
    parts.append(f'<circle cx="{places[-1]}" cy="{y}" r="4.5"/>')
    return f'<g class="{row.severity}"><title>{markup(_title(row))}</title>{"".join(parts)}</g>'


def _title(row: Row) -> str:
    sides = [
        f"{side.version} {side.build}".rstrip() + f" ({date(side.timestamp)})"
        for side in (row.old, row.new)
        if side and _is_date(side.timestamp)
    ]
    return f"{row.subject}: {' → '.join(sides)}"


def _is_date(seconds: int) -> bool:
    """Whether a moment can be drawn: a lock may contain any number."""
    return 0 < seconds < LATEST
