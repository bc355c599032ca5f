"""The Action's own text around a drift report, as GitHub's Markdown.

Every text that may come from a pull request goes through ``render.escape``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from conda_lockstep.github.check.budget import by_severity
from conda_lockstep.github.event.workflow_commands import SUMMARY_LIMIT
from conda_lockstep.github.handoff.handoff import Checked, Handoff, Remark
from conda_lockstep.github.publish.comment import BODY_LIMIT
from conda_lockstep.github.report.gate import GateResult
from conda_lockstep.render.drift import markdown
from conda_lockstep.render.escape import code, prose

SHOWN_IN_COMMENT = 5
SHOWN_IN_SUMMARY = 200
MARKS = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}


def comment(handoff: Handoff, compared: GateResult, remarks: Sequence[str] = ()) -> str:
    """Return the body of the comment. It names no run and no time: the same results are the same text.

    ``remarks`` describe how far the results can be trusted, a sentence each.
    """
    return _compose(handoff, compared, remarks, BODY_LIMIT, SHOWN_IN_COMMENT)


def summary(handoff: Handoff, compared: GateResult, remarks: Sequence[str] = ()) -> str:
    """Return the job summary."""
    return _compose(handoff, compared, remarks, SUMMARY_LIMIT, SHOWN_IN_SUMMARY)


def _compose(handoff: Handoff, compared: GateResult, remarks: Sequence[str], limit: int, shown: int) -> str:
    # The drift is what the comment is for: what the checks came to has a quarter of the room.
    notes = (f"ℹ️ {prose(remark)}." for remark in remarks)
    checks = _fitting(chain(notes, _checks(handoff, compared, shown)), limit // 4)
    budget = limit - len(checks.encode()) - 1
    drift = _drift(compared, budget)
    return f"{drift}\n{checks}" if checks else drift


def _drift(compared: GateResult, budget: int) -> str:
    report = compared.report
    if report.comparisons:
        return markdown.render(report, budget=budget, elsewhere="The job summary has the full report.")
    notes = _fitting(map(prose, report.notes), budget // 2)
    return "ℹ️ **No environment was compared.**\n" + (f"\n{notes}" if notes else "")


def _fitting(lines: Iterator[str], room: int) -> str:
    """Return a list of the lines that fit, and a note on how many do not."""
    items: list[str] = []
    left_out = 0
    for line in lines:
        item = f"- {line}\n"
        room -= len(item.encode())
        if room < 0:
            left_out += 1
        else:
            items.append(item)
    if left_out:
        items.append(f"- and {left_out} more in the job's log\n")
    return "".join(items)


def _checks(handoff: Handoff, compared: GateResult, shown: int) -> Iterator[str]:
    for line in compared.broken[:shown]:
        yield f"❌ {prose(line)}"
    if compared.spared == 1:
        yield "ℹ️ 1 change would fail the check, but comes from upstream alone."
    elif compared.spared:
        yield f"ℹ️ {compared.spared} changes would fail the check, but come from upstream alone."
    for checked in handoff.checked:
        yield from _lock(checked)
        yield from (f"⚠️ {prose(notice)}" for notice in checked.notices)
        yield from _build(checked)
    yield from _remarks(handoff.remarks, shown)


def _lock(checked: Checked) -> Iterator[str]:
    lock, file = code(checked.lock_path), code(checked.path)
    reasons = "".join(f"; {prose(reason)}" for reason in checked.reasons[:5])
    if checked.state == "stale":
        yield f"❌ {lock} does not fit {file}{reasons}. The table shows a fresh solution."
    elif checked.state == "failed":
        yield f"❌ {file} cannot be locked{reasons}."
    elif checked.state == "missing":
        yield f"⚠️ {file} has no lock yet; the table shows a fresh solution."


def _build(checked: Checked) -> Iterator[str]:
    if checked.build == "failed":
        yield f"❌ {code(checked.path)} could not be built: {prose(checked.build_reason)}."
    elif checked.build == "refused":
        yield f"🔒 {code(checked.path)} was not built: {prose(checked.build_reason)}."


def _remarks(remarks: Sequence[Remark], shown: int) -> Iterator[str]:
    worst_first = [remark for remark in by_severity(remarks) if remark.severity != "note"]
    for remark in worst_first[:shown]:
        place = code(f"{remark.path}:{remark.line}:{remark.column}")
        yield f"{MARKS[remark.severity]} {place} {prose(remark.message)} ({code(remark.rule)})"
    if len(worst_first) > shown:
        yield f"{len(worst_first) - shown} more linter findings are in the job's log"
