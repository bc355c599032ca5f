"""What is wrong with a lock by itself: its text and its packages, without its environment file, without a solver.

Locks are read where there is one: nothing of that is loaded for a file that has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.config import Config
from conda_lockstep.environment.credentials import url_secrets
from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.engine.registry import Fix, Problem, lock_rule
from conda_lockstep.lock.model.paths import environment_of
from conda_lockstep.text.source import Source, Span

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.lock_file import LockTarget
    from conda_lockstep.lock.model.lock import Lock
    from conda_lockstep.packages import Package

SHOWN = 3
"""How many of the packages that a finding is about are pointed at."""

# Patterns are text: they are compiled when a lock first needs them, and kept by ``re``.
_BEHIND_HOST = r"://[^/\s]+/t/$"
_COMMIT = r"git\+.*@[0-9a-f]{40}(?:#.*)?"


@lock_rule("lock-conflict-markers", "error")
def lock_conflict_markers(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A merge conflict was committed with the lock: no tool can install from it."""
    source, markers = file.source, file.markers
    for number, marker in enumerate(markers):
        if marker[0].startswith("<") or number == 0:
            end = next((each for each in markers[number + 1 :] if each[0].startswith(">")), None)
            yield Problem(
                Span(*marker.span()),
                "a merge conflict was committed",
                f"take one side whole, then run: {_relock(source)}",
                also=((Span(*end.span()), "it ends here"),) if end else (),
            )


@lock_rule("hand-edited-lock", "warning")
def hand_edited_lock(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A lock is not as lockstep wrote it: somebody edited it, or some tool laid it out anew."""
    from conda_lockstep.lock.formats import cep37

    source = file.source
    text, lock = file.text, file.lock
    if lock is None or not cep37.is_ours(text, lock):
        return
    written = cep37.render(lock)
    if text == written:
        return
    from conda_lockstep.lint.rules.lock.recorded import is_same_document, recorded_digests
    from conda_lockstep.packages import environment_id

    place = _first_difference(source, written)
    if is_same_document(text, written, source.path):
        whole = Span(0, len(source.text))
        edits = (Edit(whole, written.replace("\n", source.newline)),)
        fix = Fix("lay the lock out as lockstep writes it", edits, "safe")
        yield Problem(
            place,
            "the lock was laid out anew: a change of one package shows as many",
            "keep formatters off it",
            fix,
        )
        return
    recorded = recorded_digests(text, source.path)
    for name, packages in sorted(lock.platforms.items()):
        if recorded.get(name, packages.digest) != packages.digest:
            told = environment_id(recorded[name])
            message = f"the packages for {name} are not those that were locked: {packages.environment_id}, not {told}"
            yield Problem(place, message, f"nobody solved for this; run: {_relock(source)}")
            return
    yield Problem(place, "the lock holds what lockstep does not write", f"run: {_relock(source)}")


@lock_rule("lock-without-hash", "warning")
def lock_without_hash(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A locked package has no hash: whatever its URL gives on the day is installed."""
    source = file.source
    lock = file.lock
    bare = [package for package in _packages(lock) if not _is_fixed(package)] if lock else []
    if not bare:
        return
    more = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
    yield Problem(
        _place(source, bare[0]),
        f"'{bare[0]}' has no hash{more}: whatever the URL gives is installed",
        f"run: {_relock(source)}",
        also=tuple((_place(source, package), "no hash") for package in bare[1:SHOWN]),
    )


@lock_rule("lock-with-credentials", "error", supersedes=("hand-edited-lock",))
def lock_with_credentials(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A URL in the lock holds a password or a token: everyone who can read the repository has it."""
    source = file.source
    found: dict[tuple[str, str], list[Span]] = {}
    for start, end, kind in url_secrets(source.text):
        # Behind the host, '/t/' is conda's; many a server has folders of that name elsewhere.
        in_path = source.text[max(0, start - 3) : start].lower() == "/t/"
        if not in_path or re.search(_BEHIND_HOST, source.text[max(0, start - 300) : start]):
            found.setdefault((kind.lower(), source.text[start:end]), []).append(Span(start, end))
    for (kind, _), places in found.items():
        many = f" ({len(places)} times)" if len(places) > 1 else ""
        yield Problem(
            places[0],
            f"a {kind} stands in the lock{many}",
            f"revoke it: whoever can read the history has it; then run: {_relock(source)}",
        )


def _relock(source: Source) -> str:
    file = environment_of(Path(source.path))
    return f"lockstep lock {file}" if file else "lockstep lock"


def _packages(lock: Lock) -> Iterator[Package]:
    for _, packages in sorted(lock.platforms.items()):
        yield from packages.values()


def _is_fixed(package: Package) -> bool:
    """Say whether bytes are settled by a hash, or by a commit, which conda-lock writes in the place of one."""
    return bool(package.sha256 or package.md5) or re.fullmatch(_COMMIT, package.url) is not None


def _place(source: Source, package: Package) -> Span:
    """Return where a package's file is named; URLs are looked for by their end, as a lock has no credentials for us."""
    archive = package.url.rpartition("/")[2]
    start = max(source.text.find(archive), 0)
    return Span(start, start + len(archive) if start else source.rest_of_line(0).end)


def _first_difference(source: Source, written: str) -> Span:
    """Return the first line that is another than what would be written."""
    lines = written.split("\n")
    for number in range(1, len(source.line_starts) + 1):
        if number > len(lines) or source.line(number) != lines[number - 1]:
            break
    line, start = source.line(number), source.line_starts[number - 1]
    return Span(start + len(line) - len(line.lstrip()), start + len(line))
