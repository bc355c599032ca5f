"""Problems of a lock by itself: its text and its packages, without its environment file and without a solver.

The code that reads locks is loaded only if there is a lock.
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
"""How many of its packages a finding points at."""

# These patterns are strings, so that ``re`` compiles (and caches) them only when needed.
_AFTER_HOST = r"://[^/\s]+/t/$"
_COMMIT = r"git\+.*@[0-9a-f]{40}(?:#.*)?"


@lock_rule("lock-conflict-markers", "error")
def lock_conflict_markers(file: LockTarget, config: Config) -> Iterator[Problem]:
    """The lock contains merge conflict markers: no tool can install from it."""
    source, markers = file.source, file.markers
    for number, marker in enumerate(markers):
        if marker[0].startswith("<") or number == 0:
            end = next((each for each in markers[number + 1 :] if each[0].startswith(">")), None)
            yield Problem(
                Span(*marker.span()),
                "the lock contains a merge conflict",
                f"keep one side entirely, then run: {_relock(source)}",
                also=((Span(*end.span()), "the conflict ends here"),) if end else (),
            )


@lock_rule("hand-edited-lock", "warning")
def hand_edited_lock(file: LockTarget, config: Config) -> Iterator[Problem]:
    """The lock is not what lockstep wrote: it was edited by hand or reformatted."""
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
        fix = Fix("restore the layout that lockstep writes", edits, "safe")
        yield Problem(
            place,
            "the lock was reformatted: the next change to it will show up in many unrelated lines",
            "exclude the lock from formatters",
            fix,
        )
        return
    recorded = recorded_digests(text, source.path)
    for name, packages in sorted(lock.platforms.items()):
        if recorded.get(name, packages.digest) != packages.digest:
            expected = environment_id(recorded[name])
            message = (
                f"the packages for {name} were edited: their id is {packages.environment_id}, not {expected}"
            )
            yield Problem(place, message, f"no solver produced these packages; run: {_relock(source)}")
            return
    yield Problem(place, "the lock contains text that lockstep does not write", f"run: {_relock(source)}")


@lock_rule("lock-without-hash", "warning")
def lock_without_hash(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A locked package has no hash: a replaced file at its URL is installed unnoticed."""
    source = file.source
    lock = file.lock
    bare = [package for package in _packages(lock) if not _is_fixed(package)] if lock else []
    if not bare:
        return
    more = f" (and {len(bare) - 1} more)" if len(bare) > 1 else ""
    yield Problem(
        _place(source, bare[0]),
        f"'{bare[0]}' has no hash{more}: a replaced file at its URL is installed unnoticed",
        f"run: {_relock(source)}",
        also=tuple((_place(source, package), "no hash") for package in bare[1:SHOWN]),
    )


@lock_rule("lock-with-credentials", "error", supersedes=("hand-edited-lock",))
def lock_with_credentials(file: LockTarget, config: Config) -> Iterator[Problem]:
    """A URL in the lock contains a password or token, visible to everyone who can read the repository."""
    source = file.source
    found: dict[tuple[str, str], list[Span]] = {}
    for start, end, kind in url_secrets(source.text):
        # Right after the host, '/t/' precedes a conda token; elsewhere it may be a plain folder.
        in_path = source.text[max(0, start - 3) : start].lower() == "/t/"
        if not in_path or re.search(_AFTER_HOST, source.text[max(0, start - 300) : start]):
            found.setdefault((kind.lower(), source.text[start:end]), []).append(Span(start, end))
    for (kind, _), places in found.items():
        many = f" ({len(places)} times)" if len(places) > 1 else ""
        yield Problem(
            places[0],
            f"the lock contains a {kind}{many}",
            f"revoke it, because the git history still contains it; then run: {_relock(source)}",
        )


def _relock(source: Source) -> str:
    file = environment_of(Path(source.path))
    return f"lockstep lock {file}" if file else "lockstep lock"


def _packages(lock: Lock) -> Iterator[Package]:
    for _, packages in sorted(lock.platforms.items()):
        yield from packages.values()


def _is_fixed(package: Package) -> bool:
    """Return whether a hash, or a commit (which conda-lock writes instead), determines the content."""
    return bool(package.sha256 or package.md5) or re.fullmatch(_COMMIT, package.url) is not None


def _place(source: Source, package: Package) -> Span:
    """Return the span of a package's file name; searched by the end of the URL, as we read URLs without credentials."""
    archive = package.url.rpartition("/")[2]
    start = max(source.text.find(archive), 0)
    return Span(start, start + len(archive) if start else source.rest_of_line(0).end)


def _first_difference(source: Source, written: str) -> Span:
    """Return the span of the first line that differs from the text that lockstep would write."""
    lines = written.split("\n")
    for number in range(1, len(source.line_starts) + 1):
        if number > len(lines) or source.line(number) != lines[number - 1]:
            break
    line, start = source.line(number), source.line_starts[number - 1]
    return Span(start + len(line) - len(line.lstrip()), start + len(line))
