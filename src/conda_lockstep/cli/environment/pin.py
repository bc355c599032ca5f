"""``lockstep pin``: pins entries to the versions in the lock; everything else keeps its bytes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep import terminal
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.findings.lines import visible

if TYPE_CHECKING:
    from conda_lockstep.environment.edit import Edit
    from conda_lockstep.environment.environment_file import EnvironmentFile, Item
    from conda_lockstep.lock.update.pin import Left, Pins, Precision
    from conda_lockstep.packages import PackageSet


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="environment file or folder; default: every locked file here",
    )
    parser.add_argument(
        "--precision",
        choices=("minor", "patch", "build"),
        default="minor",
        help="the precision of pins for conda entries; pip entries get the exact version; default: minor",
    )
    parser.add_argument(
        "--all", action="store_true", help="also replace the versions of entries that have one"
    )
    parser.add_argument(
        "--diff",
        action="store_true",
        help="show what would change without writing; exit 1 if a file would change",
    )
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return pin_files(
        files=arguments.files,
        precision=arguments.precision,
        every=arguments.all,
        diff=arguments.diff,
        colour=terminal.use_color(arguments.color),
    )


class PinResult(NamedTuple):
    """What the lock gives an entry: an edit, or why there is none."""

    item: Item
    given: Edit | Left


def pin_files(
    *, files: Sequence[Path], precision: Precision, every: bool, diff: bool, colour: bool = False
) -> int:
    """Pin the entries of files, by default of all that have a lock, and return the exit status.

    Without ``every``, only those that the rules ``unpinned-*`` speak of. 2 where a file or its lock could not be read,
    else 1 where an entry had to be left open, else 0. With ``diff`` nothing is written, and the status is 1 where a
    file would change.
    """
    from conda_lockstep.cli.which_files import for_each, locked_files_for

    return for_each(
        *locked_files_for(files), lambda path: _pin(path, precision, every=every, diff=diff, colour=colour)
    )


def _pin(path: Path, precision: Precision, *, every: bool, diff: bool, colour: bool = False) -> int:
    from conda_lockstep.environment.edit import Edit
    from conda_lockstep.environment.reader import read
    from conda_lockstep.text.atomic import write_text

    file = read(path)
    results = list(_results(file, _pins(path), precision, every=every))
    edits = [result.given for result in results if isinstance(result.given, Edit)]
    after = _edited(file, edits)
    if edits and diff:
        from conda_lockstep.render.findings.unified_diff import unified

        terminal.write_document(unified(file, after, colour=colour))
    elif edits:
        write_text(path, after.source.content)
    return max(_report(file, results, would=diff), int(bool(edits) and diff))


def _pins(path: Path) -> Pins:
    """Read the locks beside a file."""
    from conda_lockstep.lock.formats import cep37
    from conda_lockstep.lock.model.paths import lock_path, locks_of
    from conda_lockstep.lock.update.pin import Pins

    locks = locks_of([path])[path]
    if not locks:
        remedy = f"run: lockstep lock {path}"
        raise LockstepError("no lock found", where=str(lock_path(path)), remedy=remedy)
    held: dict[str, PackageSet] = {}
    for lock in locks:
        for platform, packages in cep37.read(lock).platforms.items():
            held[platform if len(locks) == 1 else f"{platform} in {lock.name}"] = packages
    return Pins(held)


def _results(file: EnvironmentFile, pins: Pins, precision: Precision, *, every: bool) -> Iterator[PinResult]:
    from conda_lockstep.environment.entries import read_entries
    from conda_lockstep.lint.rules.pins.unpinned import is_open, is_open_pip

    entries = read_entries(file)
    for entry in entries.conda:
        given = pins.conda(entry, precision) if every or is_open(entry) else None
        if given is not None:
            yield PinResult(entry.item, given)
    for requirement in entries.pip:
        given = pins.pip(requirement) if every or is_open_pip(requirement) else None
        if given is not None:
            yield PinResult(requirement.item, given)


def _edited(file: EnvironmentFile, edits: Sequence[Edit]) -> EnvironmentFile:
    """Return the file with its pins; raises ``LockstepError`` where a second look shows that anything else changed."""
    from conda_lockstep.environment import edit
    from conda_lockstep.environment.reader import parse

    after = parse(edit.apply(file.source, edits), file.path)
    if not edit.kept(file, after, edits):
        raise LockstepError(
            "cannot be pinned without changing more", where=file.path, remedy="pin it by hand"
        )
    return after


def _report(file: EnvironmentFile, results: Sequence[PinResult], *, would: bool) -> int:
    """Say what was pinned and what was left; return the exit status."""
    from conda_lockstep.environment.credentials import Redactor
    from conda_lockstep.lock.update.pin import Left
    from conda_lockstep.render.findings import text

    hide = Redactor(file)
    left = 0
    for item, given in results:
        where, what = file.source.location(item.span.start), hide.text(item.value, item.span)
        if isinstance(given, Left):
            left += 1
            sys.stderr.write(text.errors([f"{where}: '{what}' is left as it is: {given.why}"]))
        elif not would:
            print(visible(f"{where}: '{what}' is now '{hide.text(_with(item, given), item.span)}'"))
    done = len(results) - left
    summary = f"{file.path}: {_entries(done)} {'would be pinned' if would else 'pinned'}"
    print(
        f"{summary}, {_entries(left)} left open" if left else summary,
        file=sys.stderr if would else sys.stdout,
    )
    return int(left > 0)


def _with(item: Item, given: Edit) -> str:
    """Return the value of an entry with its edit made."""
    begin = item.at(0, 0).start
    return f"{item.value[: given.span.start - begin]}{given.text}{item.value[given.span.end - begin :]}"


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"
