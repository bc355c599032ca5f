"""What ``lockstep snapshot``, ``diff`` and ``verify`` do: read, compare, print; the exit code is returned."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.compare.operands import Operand
    from conda_lockstep.drift.report import Report, Row

Format: TypeAlias = Literal["text", "json", "markdown", "html"]
FORMATS: tuple[Format, ...] = ("text", "json", "markdown", "html")

SAME, DRIFT = 0, 1
_CHECK = "'lockstep lock --check'"


def snapshot(prefix: str | Path | None = None, output: str | Path | None = None) -> int:
    """Write what a prefix and its machine hold as JSON; without ``prefix`` the active environment's."""
    from conda_lockstep.drift.compare.operands import active_prefix
    from conda_lockstep.snapshot import machine
    from conda_lockstep.snapshot import prefix as prefixes
    from conda_lockstep.snapshot import snapshot_json as document
    from conda_lockstep.snapshot.model import Snapshot

    installed = prefixes.read(Path(prefix) if prefix else active_prefix())
    write(document.dumps(Snapshot(installed, machine.detect())), output)
    return SAME


def diff(
    old: str | Path,
    new: str | Path,
    format: str = "text",  # noqa: A002
    platform: str | None = None,
    output: str | Path | None = None,
    fail_on: str | None = None,
    environment: str = "default",
    explain: bool = False,
    causes: bool = False,
    file: str | Path | None = None,
) -> int:
    """Compare two locks, snapshots, prefixes or environment files.

    1 where a change is as bad as ``fail_on``, by default any at all. ``causes`` says whose doing each is, and then
    upstream's fails nothing; ``explain`` which entry pulls it in, as the page (``html``) always does. ``file`` is what
    both locks are of, by default the environment file beside the new one.
    """
    report, sources = _compared(Path(old), Path(new), platform or "", environment)
    if causes:
        from conda_lockstep.cli.lock import upstream

        report = upstream.attributed(report, Path(old), Path(new), Path(file) if file else None)
    if sources and (explain or format == "html"):
        from conda_lockstep.drift.compare import chains

        report = chains.add_chains(report, *sources)
    write(render(report, format, colour=output is None and colourful()), output)
    from conda_lockstep.drift.report import counts_against_change

    return DRIFT if fails(filter(counts_against_change, report.rows), fail_on or "any") else SAME


def _compared(
    old: Path, new: Path, platform: str, environment: str
) -> tuple[Report, tuple[Operand, Operand] | None]:
    """Return the report on two operands, and what was read of them where they hold packages."""
    from conda_lockstep.drift.compare.operands import is_environment_file, read_source

    files = [path for path in (old, new) if is_environment_file(path)]
    if len(files) == 1:
        (other,) = {old, new} - set(files) or {old}
        what = f"cannot compare an environment file with {other}"
        remedy = f"pass the lock for it, or run {_CHECK} to check whether that is stale"
        raise LockstepError(what, where=str(files[0]), remedy=remedy)
    if files:
        from conda_lockstep.drift.requested.spec_diff import spec_diff
        from conda_lockstep.environment.reader import read

        return spec_diff(read(old), read(new)), None
    from conda_lockstep.drift.compare.compare import compare

    before, after = (read_source(each, environment=environment) for each in (old, new))
    return compare(before, after, platform=platform), (before, after)


def verify(
    prefix: str | Path | None = None,
    lock: str | Path | None = None,
    format: str = "text",  # noqa: A002
    platform: str | None = None,
    machine: str = "",
    deep: bool = False,
    gpu_libraries: bool = False,
) -> int:
    """Say whether a prefix holds exactly what its lock says; without ``lock`` the one in the working folder.

    Of several there, the one that names ``machine``, or the one that fits this node. ``deep`` compares the bytes of
    every file, ``gpu_libraries`` those of the libraries that a training job loads.
    """
    from conda_lockstep.drift.compare import verify as verifying
    from conda_lockstep.drift.compare.operands import active_prefix

    where = Path(prefix) if prefix else active_prefix()
    against = Path(lock) if lock else verifying.find_lock(Path(), platform=platform or "", machine=machine)
    if deep or gpu_libraries:
        pair = verifying.read_deeply(where, against, platform=platform or "", libraries_only=gpu_libraries)
    else:
        pair = verifying.read(where, against, platform=platform or "")
    if format == "text" and verifying.agrees(pair):
        print(verifying.confirmation(pair))
        return SAME
    report = verifying.report(pair)
    failed = bool(verifying.failures(report))
    if format == "text" and not failed:
        print(verifying.confirmation_of(report, pair))
    else:
        write(render(report, format, colour=colourful()), None)
    return DRIFT if failed else SAME


def render(report: Report, format: str, *, colour: bool = False) -> str:  # noqa: A002
    """Return a report in one of :data:`FORMATS`; raises ``LockstepError`` for any other."""
    if format == "json":
        from conda_lockstep.render.drift import json as drift_json

        return drift_json.dumps(report)
    if format == "markdown":
        from conda_lockstep.render.drift import markdown

        return markdown.render(report)
    if format == "html":
        from conda_lockstep.render.drift import html

        return html.render(report)
    if format == "text":
        from conda_lockstep.render.drift import text as drift_text

        return drift_text.render(report, colour=colour)
    raise LockstepError(f"there is no format '{format}'", remedy=f"choose from: {', '.join(FORMATS)}")


def fails(rows: Iterable[Row], fail_on: str) -> bool:
    """Say whether a change is as bad as ``fail_on``; raises ``LockstepError`` for what is no severity."""
    from conda_lockstep.drift.report import SEVERITIES, at_least

    if fail_on == "never":
        return False
    if fail_on == "any":
        return any(True for _ in rows)
    for severity in SEVERITIES:
        if severity == fail_on:
            return bool(at_least(rows, severity))
    known = ", ".join(("any", *SEVERITIES, "never"))
    raise LockstepError(f"there is no severity '{fail_on}'", remedy=f"choose from: {known}")


def write(text: str, output: str | Path | None) -> None:
    """Write to a file, or to standard output where none is named."""
    if output is None:
        sys.stdout.write(text)
    else:
        from conda_lockstep.text.atomic import write_text

        write_text(Path(output), text)


def colourful() -> bool:
    """Say whether standard output is a terminal that shows colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
