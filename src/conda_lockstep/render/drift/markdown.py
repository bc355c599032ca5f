"""Renders a drift report as a pull request comment, in GitHub's Markdown and within its limits.

The comment is a list of sections, each complete Markdown. Sections that exceed the budget are left out, the least
important first, and the comment names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from conda_lockstep.drift.report import (
    AdvisoryEffect,
    ChangeEvent,
    ComparisonGroup,
    Evidence,
    Report,
    Row,
    RowAdvisory,
    Severity,
    Side,
    counts,
    distinct,
    grouped,
    worst,
)
from conda_lockstep.render.advisories import advisory_counts, mark, sentence
from conda_lockstep.render.escape import code, prose
from conda_lockstep.text.printable import visible

COMMENT_BUDGET = 65_536
SUMMARY_BUDGET = 1 << 20

ROWS_SHOWN = 15
"""The number of dangerous changes shown unfolded: they fit on a screen."""
ROWS_PER_SECTION = 100
ADVISORIES_SHOWN = 20
LONG_STATE = 24
"""The characters of a version and a build that fit on one line of a cell."""

_DOTS: dict[Severity, str] = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "🔵", "info": "⚪"}
_EFFECTS: dict[AdvisoryEffect, str] = {"introduced": "⚠️", "kept": "▫️", "removed": "✔️"}
_NOTE_RESERVE = 1_000
_DANGEROUS: tuple[Severity, ...] = ("critical", "high")
_FOLDED: tuple[tuple[Severity, ...], ...] = (("medium",), ("low", "info"))


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of Markdown. Sections of a high ``rank`` are left out first, and then named by ``what`` or ``rows``."""

    text: str
    rank: int
    what: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def size(self) -> int:
        """Return the size in bytes, including the empty line before the next section."""
        return len(self.text.encode()) + 2


def render(report: Report, *, budget: int = COMMENT_BUDGET, elsewhere: str = "", passed: bool = True) -> str:
    """Return the report as Markdown of at most ``budget`` bytes, terminated by LF.

    ``elsewhere`` names the place of the full report, as plain text; it is shown if something was left out. Without
    ``passed``, the check fails for another reason, so that a report without drift is no success.
    """
    if not report.rows:
        return _fitted([Section(_unchanged(report, passed=passed), 0)], budget, elsewhere)
    return _fitted(list(_sections(report)), budget, elsewhere)


def _unchanged(report: Report, *, passed: bool) -> str:
    groups = grouped(report.comparisons)
    identities = ", ".join(dict.fromkeys(_same(group) for group in groups[:10])) + (
        " and others" if groups[10:] else ""
    )
    parts = [
        f"{'✅' if passed else 'ℹ️'} **No environment drift**{f': {identities}' if identities else ''}.",
        *_evidence(report.evidence),
    ]
    notes = [*report.notes, *(note for comparison in report.comparisons for note in comparison.notes)]
    parts += [f"{prose(note)}." for note in dict.fromkeys(notes)]
    return " ".join(parts)


def _same(group: ComparisonGroup) -> str:
    ids = ", ".join(dict.fromkeys(_identity(comparison.new) for comparison in group.comparisons))
    return f"{_name(group)} on {_platforms(group)} is {ids}"


def _name(group: ComparisonGroup) -> str:
    return code(group.first.name) or "an unnamed environment"


def _sections(report: Report) -> Iterator[Section]:
    yield Section(_verdict(distinct(report)), 0)
    for index, group in enumerate(grouped(report.comparisons)):
        yield from _group(group, 10 * min(index, 100))
    if evidence := list(_evidence(report.evidence)):
        yield Section(" ".join(evidence), 1)
    if report.notes:
        yield Section("\n".join(f"- {prose(note)}" for note in report.notes[:20]), 2, "notes")
    for title, commands, rank in (("Reproduce", report.reproduce, 3), ("Accept", report.accept, 3)):
        if commands:
            yield Section(_commands(title, commands), rank, f"how to {title.lower()} it")


def _verdict(rows: Sequence[Row]) -> str:
    level = worst(rows) or "info"
    return f"### {_DOTS[level]} Environment drift: {_severity_counts(rows)}"


def _group(group: ComparisonGroup, rank: int) -> Iterator[Section]:
    yield Section(
        _heading(group), rank, f"{visible(group.first.name, 60)} on {len(group.comparisons)} platforms"
    )
    events = group.first.events
    if not events:
        return
    yield from _advisories(group.first.rows, rank + 1)
    dangerous = [event for event in events if event.lead.severity in _DANGEROUS]
    if dangerous:
        yield Section(
            _table(dangerous[:ROWS_SHOWN]), rank + 1, f"{len(dangerous[:ROWS_SHOWN])} dangerous changes"
        )
        yield from _folded(dangerous[ROWS_SHOWN:], rank + 2, open_table=True)
    for step, severities in enumerate(_FOLDED, start=3):
        found = [event for event in events if event.lead.severity in severities]
        yield from _folded(found, 1000 * step + rank)
    if group.first.notes:
        yield Section("\n".join(f"- {prose(note)}" for note in group.first.notes[:20]), rank + 3, "notes")


def _advisories(rows: Sequence[Row], rank: int) -> Iterator[Section]:
    """Yield the known vulnerabilities that changes bring, keep or remove, whichever severity the change has."""
    marked = [(row, each) for row in rows for each in row.advisories]
    if not marked:
        return
    shown = [each for each in marked if each[1].effect == "introduced"] + [
        each for each in marked if each[1].effect != "introduced"
    ]
    lines = [f"Advisories: {advisory_counts(rows)}.", ""]
    lines += [
        f"- {_EFFECTS[each.effect]} {code(row.subject)} {prose(sentence(each))}"
        for row, each in shown[:ADVISORIES_SHOWN]
    ]
    if len(shown) > ADVISORIES_SHOWN:
        lines.append(f"- and {len(shown) - ADVISORIES_SHOWN} more")
    yield Section("\n".join(lines), rank, f"{len(marked)} advisories")


def _heading(group: ComparisonGroup) -> str:
    lines = [f"**{_name(group)}** on {_platforms(group)}"]
    for comparison in group.comparisons[:10]:
        platform = f"{code(comparison.platform)}: " if len(group.comparisons) > 1 else ""
        old, new = comparison.old, comparison.new
        count = (
            f"{old.packages} → {new.packages} {new.unit}"
            if old.packages != new.packages
            else f"{new.packages} {new.unit}"
        )
        same = (
            f"{_identity(new)}, unchanged" if not comparison.rows else f"{_identity(old)} → {_identity(new)}"
        )
        lines.append(f"{platform}{same}, {count}")
    return "<br>\n".join(lines)


def _identity(side: Side) -> str:
    return code(side.environment_id or side.label) + ("" if side.complete else " (conda part)")


def _platforms(group: ComparisonGroup) -> str:
    shown = [code(comparison.platform) for comparison in group.comparisons[:10]]
    return ", ".join(shown) + (" and others" if len(group.comparisons) > 10 else "")


def _table(events: Sequence[ChangeEvent]) -> str:
    rows = [event.lead for event in events]
    causes = any(row.cause for row in rows)
    titles = ["Package", "From", "To", "Change", "Why it matters", *(["Cause"] if causes else [])]
    lines = [_line(titles), _line(["---"] * len(titles))]
    for row, followers in events:
        what = f"{_DOTS[row.severity]} {row.severity}<br>{prose(', '.join(row.classes), cell=True)}"
        marks = (
            f"{_EFFECTS[each.effect]} {prose(mark(each), cell=True)}" for each in _marked(row, followers)
        )
        texts = (prose(row.why, cell=True), prose(row.detail, cell=True), *marks, _with(followers))
        why = "<br>".join(filter(None, texts))
        lines.append(_line([*_change(row), what, why, *([_cause(row)] if causes else [])]))
    return "\n".join(lines)


def _marked(row: Row, followers: Sequence[Row]) -> Iterator[RowAdvisory]:
    return (advisory for each in (row, *followers) for advisory in each.advisories)


def _with(followers: Sequence[Row]) -> str:
    """Return the changes that follow another one, folded within its cell."""
    if not followers:
        return ""
    changes = (f"{code(row.subject, cell=True)} {' → '.join(_states(row))}" for row in followers)
    return f"<details><summary>{len(followers)} more with it</summary>{'<br>'.join(changes)}</details>"


def _cause(row: Row) -> str:
    """Return the cause, and where it is known the changed line and the last step from there to the package."""
    steps = row.chain if len(row.chain) < 2 else (row.chain[0], row.chain[-1])
    chain = (code(step, cell=True) for step in steps) if row.cause else ()
    return "<br>".join(filter(None, (prose(row.cause, cell=True), *chain)))


def _small_table(events: Sequence[ChangeEvent]) -> str:
    lines = [_line(["Package", "From", "To", "Change"]), _line(["---"] * 4)]
    for row, followers in events:
        marks = "; ".join(map(mark, _marked(row, followers)))
        what = prose("; ".join(filter(None, (", ".join(row.classes), row.detail, marks))), cell=True)
        cause = f"; cause: {_cause(row)}" if row.cause else ""
        lines.append(_line([*_change(row), f"{_DOTS[row.severity]} {what}{cause}{_with(followers)}"]))
    return "\n".join(lines)


def _change(row: Row) -> list[str]:
    """Return the cells for package, before and after; long builds are shortened in the middle if they still differ."""
    return [code(row.subject, cell=True) + (" (pip)" if row.manager == "pip" else ""), *_states(row)]


def _states(row: Row) -> list[str]:
    cut = [_state(text, _elided) for text in (row.before, row.after)]
    if cut[0] == cut[1]:
        cut = [_state(text, str) for text in (row.before, row.after)]
    return cut


def _state(text: str, shorten: Callable[[str], str]) -> str:
    """Return a cell, on two lines if it is long: GitHub does not wrap code."""
    version, _, rest = text.partition(" ") if len(text) > LONG_STATE else (text, "", "")
    return "<br>".join(code(shorten(part), cell=True) for part in (version, rest) if part.strip()) or "–"


def _elided(text: str) -> str:
    return text if len(text) <= LONG_STATE else f"{text[: LONG_STATE - 10]}…{text[-9:]}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _folded(events: Sequence[ChangeEvent], rank: int, *, open_table: bool = False) -> Iterator[Section]:
    """Yield folded tables of at most :data:`ROWS_PER_SECTION` rows each, which can be left out one by one."""
    for start in range(0, len(events), ROWS_PER_SECTION):
        part = events[start : start + ROWS_PER_SECTION]
        rows = tuple(event.lead for event in part)
        table = _table(part) if open_table else _small_table(part)
        summary = _counted(rows, more=open_table or start > 0)
        yield Section(_details(summary, table), rank + start // ROWS_PER_SECTION, rows=rows)


def _counted(rows: Sequence[Row], *, more: bool = False) -> str:
    """Return the number of changes: ``1 low, 2 info changes``, ``30 more high changes``."""
    found = counts(rows)
    changes = "change" if len(rows) == 1 else "changes"
    if more and len(found) > 1:
        return f"{len(rows)} more {changes}: {_severity_counts(rows)}"
    return (
        f"{len(rows)} more {next(iter(found))} {changes}" if more else f"{_severity_counts(rows)} {changes}"
    )


def _severity_counts(rows: Sequence[Row]) -> str:
    return ", ".join(f"{number} {severity}" for severity, number in counts(rows).items())


def _evidence(evidence: Evidence | None) -> Iterator[str]:
    if evidence is None:
        return
    yield f"Evidence: {' → '.join(prose(step) for step in evidence.reached[:20]) or 'none'}."
    if evidence.not_shown:
        yield f"Not shown: {', '.join(prose(step) for step in evidence.not_shown[:20])}."


def _commands(title: str, commands: Sequence[str]) -> str:
    lines = "\n".join(visible(command, 1000).replace("`", "⟨U+0060⟩") for command in commands[:20])
    return _details(title, f"```sh\n{lines}\n```")


def _details(summary: str, content: str) -> str:
    """Fold content; ``summary`` must not contain text from elsewhere."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _fitted(sections: list[Section], budget: int, elsewhere: str) -> str:
    """Keep the sections that fit, the most important first, in document order; name those that were left out."""
    kept, room = set(), budget - _NOTE_RESERVE
    if sum(section.size for section in sections) <= budget:
        kept, room = set(range(len(sections))), 0
    for index in sorted(range(len(sections)), key=lambda i: sections[i].rank) if room else ():
        if sections[index].size <= room:
            kept.add(index)
            room -= sections[index].size
    texts = [section.text for index, section in enumerate(sections) if index in kept]
    if left_out := [section for index, section in enumerate(sections) if index not in kept]:
        texts.append(_left_out(left_out, elsewhere))
    return "\n\n".join(texts) + "\n"


def _left_out(sections: Sequence[Section], elsewhere: str) -> str:
    rows = [row for section in sections for row in section.rows]
    what = [*([_counted(rows)] if rows else []), *(section.what for section in sections if section.what)]
    named = "; ".join(prose(item, limit=80) for item in what[:4] if item)
    more = f"; and {len(what) - 4} more sections" if len(what) > 4 else ""
    where = f" {prose(elsewhere, limit=200)}" if elsewhere else ""
    return f"_Left out to stay within GitHub's size limit: {named}{more}._{where}"
