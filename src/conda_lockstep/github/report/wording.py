"""The Action's own text around a drift report, as GitHub's Markdown.

Every text that may come from a pull request goes through ``render.escape``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT
from conda_lockstep.github.handoff.handoff import Checked, Handoff, Remark
from conda_lockstep.github.publish.comment import BODY_LIMIT
from conda_lockstep.github.report.budget import by_severity
from conda_lockstep.github.report.gate import GateResult
from conda_lockstep.lock.model.paths import lock_path
from conda_lockstep.render.drift import markdown
from conda_lockstep.render.escape import code, prose
from conda_lockstep.text.printable import shortened

SHOWN_IN_COMMENT = 5
SHOWN_IN_SUMMARY = 200
REASON = 1_500
"""The characters of one reason that are shown: a longer one loses its middle."""
MOST_IN_TABLE = 200
MARKS = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}


def comment(handoff: Handoff, compared: GateResult, remarks: Sequence[str] = (), *, name: str = "") -> str:
    """Return the body of the comment. It names no run and no time: the same results are the same text.

    ``remarks`` describe how far the results can be trusted, a sentence each. ``name`` tells several comments apart.
    """
    return _compose(handoff, compared, remarks, BODY_LIMIT, SHOWN_IN_COMMENT, "the job summary", name)


def summary(handoff: Handoff, compared: GateResult, remarks: Sequence[str] = (), *, name: str = "") -> str:
    """Return the job summary."""
    return _compose(handoff, compared, remarks, SUMMARY_LIMIT, SHOWN_IN_SUMMARY, "the job's log", name)


def log_lines(handoff: Handoff, compared: GateResult) -> Iterator[str]:
    """Yield everything that a comment or summary may leave out, as plain text."""
    yield from (f"error: {line}" for line in compared.broken)
    yield from (f"problem: {line}" for line in compared.problems)
    yield from (f"warning: {line}" for line in compared.warnings)
    for checked in handoff.checked:
        yield from (f"{checked.lock_path}: {line}" for line in (*checked.reasons, *checked.notices))
    for remark in by_severity(handoff.remarks):
        yield f"{remark.path}:{remark.line}:{remark.column}: {remark.severity}: {remark.message} ({remark.rule})"


def _compose(
    handoff: Handoff,
    compared: GateResult,
    remarks: Sequence[str],
    limit: int,
    shown: int,
    elsewhere: str,
    name: str,
) -> str:
    # The verdict has up to a half of the room, and what the checks found a quarter of the rest: the drift, which can
    # be cut best, has what is left.
    verdict = _verdict(compared, limit // 2, elsewhere, name)
    table = _environments(compared.affected)
    room = limit - len(verdict.encode()) - len(table.encode())
    notes = (f"ℹ️ {prose(remark)}." for remark in remarks)
    checks = fitting(chain(notes, _checks(handoff, compared, shown, elsewhere)), room // 4, elsewhere)
    drift = _drift(compared, room - len(checks.encode()) - 4)
    return "\n".join(filter(None, (verdict, drift, table, checks)))


def _verdict(compared: GateResult, room: int, elsewhere: str, name: str) -> str:
    """Return the headline of a check that fails, with all reasons; empty for one that passes and has no problem."""
    of = f" ({code(name)})" if name else ""
    if compared.broken:
        first = f"### ❌ The check could not be completed{of}"
    elif compared.failures:
        first = f"### ❌ The check fails{of}"
    elif compared.problems:
        first = f"### ⚠️ The check does not fail, because input `fail-on` is `never`{of}"
    else:
        return f"### conda-lockstep{of}\n" if name else ""
    lines = (*compared.broken, *compared.problems)
    return f"{first}\n\n{fitting(map(reason, lines), room, elsewhere)}"


def reason(text: str) -> str:
    """Return why something fails, as Markdown; a very long text keeps its start and its end."""
    return prose(shortened(text, REASON), limit=REASON)


def _drift(compared: GateResult, budget: int) -> str:
    report = compared.report
    is_locked = all(one.state == "current" for one in compared.affected)
    passed = is_locked and not (compared.broken or compared.problems or compared.warnings)
    if report.comparisons:
        elsewhere = "The job summary has the full report."
        return markdown.render(report, budget=budget, elsewhere=elsewhere, passed=passed)
    notes = fitting(map(prose, report.notes), budget // 2, "the job summary")
    return "ℹ️ **No environment was compared.**\n" + (f"\n{notes}" if notes else "")


def _environments(affected: Sequence[Checked]) -> str:
    """Return a table of the environments that the change touches; empty for a single one, whose text says it all."""
    if len(affected) < 2:
        return ""
    lines = ["| Environment | Lock | Build | Evidence |", "| --- | --- | --- | --- |"]
    for one in affected[:MOST_IN_TABLE]:
        path = one.path if _has_common_lock(one) else one.lock_path
        steps = " → ".join(prose(step, cell=True) for step in one.reached) or "none"
        lines.append(f"| {code(path, cell=True)} | {_LOCKS[one.state]} | {_BUILDS[one.build]} | {steps} |")
    if affected[MOST_IN_TABLE:]:
        lines.append(f"| and {len(affected) - MOST_IN_TABLE} more | | | |")
    return "\n".join(lines) + "\n"


_LOCKS = {
    "current": "fits",
    "stale": "❌ does not fit",
    "missing": "⚠️ missing",
    "failed": "❌ cannot be locked",
}
_BUILDS = {"built": "built", "refused": "🔒 refused", "skipped": "–", "failed": "❌ failed"}


def fitting(lines: Iterable[str], room: int, elsewhere: str) -> str:
    """Return a list of the lines that fit in ``room`` bytes, and a note on how many are ``elsewhere``."""
    items: list[str] = []
    left_out = 0
    for line in lines:
        item = f"- {line}\n"
        if len(item.encode()) > room:
            left_out += 1
        else:
            room -= len(item.encode())
            items.append(item)
    if left_out:
        items.append(f"- and {left_out} more in {elsewhere}\n")
    return "".join(items)


def _checks(handoff: Handoff, compared: GateResult, shown: int, elsewhere: str) -> Iterator[str]:
    yield from (f"⚠️ {reason(line)}." for line in compared.warnings)
    if compared.spared == 1:
        yield "ℹ️ 1 change would fail the check, but comes from upstream alone."
    elif compared.spared:
        yield f"ℹ️ {compared.spared} changes would fail the check, but come from upstream alone."
    for checked in handoff.checked:
        yield from _lock(checked)
        yield from (f"⚠️ {reason(notice)}" for notice in checked.notices)
        if checked.build == "refused":
            yield f"🔒 {code(checked.path)} was not built: {reason(checked.build_reason)}."
    yield from _remarks(handoff.remarks, shown, elsewhere)


def _lock(checked: Checked) -> Iterator[str]:
    lock, file = code(checked.lock_path), code(checked.path)
    if checked.state == "stale" and checked.lock != checked.committed:
        if checked.committed and checked.lock:
            yield f"ℹ️ Both the committed {lock} and a fresh solution of {file} are compared with the base."
        elif checked.lock:
            yield f"ℹ️ {lock} cannot be read; a fresh solution of {file} is compared with the base."
    elif checked.state == "missing":
        yield f"⚠️ {file} has no lock yet; a fresh solution is compared."


def _remarks(remarks: Sequence[Remark], shown: int, elsewhere: str) -> Iterator[str]:
    worst_first = [remark for remark in by_severity(remarks) if remark.severity != "note"]
    for remark in worst_first[:shown]:
        place = code(f"{remark.path}:{remark.line}:{remark.column}")
        yield f"{MARKS[remark.severity]} {place} {reason(remark.message)} ({code(remark.rule)})"
    if len(worst_first) > shown:
        yield f"{len(worst_first) - shown} more linter findings are in {elsewhere}"


def _has_common_lock(checked: Checked) -> bool:
    return lock_path(Path(checked.path)).as_posix() == checked.lock_path
