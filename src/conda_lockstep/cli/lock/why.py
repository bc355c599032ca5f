"""``lockstep why``: shows what requires a locked package, offline, from the lock and the file alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.errors import LockstepError

if TYPE_CHECKING:
    from conda_lockstep.drift.compare.operands import Operand
    from conda_lockstep.lock.explain.why import Explanation, Graph, RequestingEntry


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "packages",
        nargs="+",
        metavar="PACKAGE",
        help="a name, a glob such as 'cuda-*', or a virtual package such as __cuda",
    )
    parser.add_argument(
        "--file", type=Path, metavar="FILE", help="environment file; default: environment.yml"
    )
    parser.add_argument(
        "--lock", type=Path, metavar="LOCK", help="a lock, snapshot or prefix; default: the file's locks"
    )
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="a platform such as linux-64; default: all",
    )
    parser.add_argument("--all", action="store_true", help="show every chain, not only the first few")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return explain_packages(
        arguments.packages,
        file=arguments.file,
        lock=arguments.lock,
        platforms=names(arguments.platform),
        every=arguments.all,
        as_json=arguments.format == "json",
    )


MAX_PACKAGES = 50
"""How many packages a glob may mean."""


def explain_packages(
    patterns: Sequence[str],
    *,
    file: Path | None,
    lock: Path | None,
    platforms: Sequence[str],
    every: bool,
    as_json: bool,
) -> int:
    """Say for each package who asks for it; 0 where all of them are in the lock.

    Raises ``LockstepError`` for a package that is in none of the locks, with the name that may be meant.
    """
    from conda_lockstep.drift.compare.operands import read_source
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lock.explain.why import entries_of
    from conda_lockstep.lock.model.paths import DEFAULT_FILE
    from conda_lockstep.render import why as report

    path = file or _file_of(lock)
    entries = entries_of(read(path)) if path else None
    sources = [read_source(each) for each in ([lock] if lock else _locks(path or DEFAULT_FILE))]
    graphs = dict(_graphs(sources, platforms))
    found = [
        report.WhyRow(label, platform, answer)
        for pattern in dict.fromkeys(patterns)
        for (label, platform), answer in _answers(pattern, graphs, entries)
    ]
    if as_json:
        terminal.write_document(report.as_json(found))
    else:
        terminal.write_text(report.as_text(found, every=every))
    return 0


def _file_of(lock: Path | None) -> Path | None:
    """Return the environment file to look for entries in: the lock's; prefixes and snapshots have none."""
    from conda_lockstep.lock.model.paths import DEFAULT_FILE, environment_of, is_lock

    if lock is None:
        return DEFAULT_FILE
    if is_lock(lock.name):
        return environment_of(lock)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _locks(file: Path) -> tuple[Path, ...]:
    from conda_lockstep.lock.model.paths import lock_path, locks_of

    locks = locks_of([file])[file]
    if not locks:
        raise LockstepError("no lock found", where=str(lock_path(file)), remedy=f"run: lockstep lock {file}")
    return locks


def _graphs(sources: Sequence[Operand], platforms: Sequence[str]) -> Iterator[tuple[tuple[str, str], Graph]]:
    from conda_lockstep.lock.explain.why import Graph

    for source in sources:
        if source.kind == "explicit":
            remedy = "name the lock that it was made from"
            raise LockstepError("says of no package what it depends on", where=source.label, remedy=remedy)
        for platform in platforms:
            if platform not in source.platforms:
                has = ", ".join(source.platforms)
                raise LockstepError(
                    f"has nothing for '{platform}'", where=source.label, remedy=f"it has {has}"
                )
        for platform, packages in sorted(source.platforms.items()):
            if not platforms or platform in platforms:
                yield (source.label, platform), Graph(packages)


def _answers(
    pattern: str, graphs: Mapping[tuple[str, str], Graph], entries: Sequence[RequestingEntry] | None
) -> Iterator[tuple[tuple[str, str], Explanation]]:
    from conda_lockstep.text.listing import nearest

    found = {place: graph.matching(pattern) for place, graph in graphs.items()}
    names = {package.key for packages in found.values() for package in packages}
    where = ", ".join(dict.fromkeys(label for label, _ in graphs))
    if not names:
        close = nearest(pattern.lower(), {name for graph in graphs.values() for name in graph.names})
        remedy = f"did you mean '{close}'?" if close else "look for it with a glob, such as 'cuda-*'"
        raise LockstepError(f"'{pattern}' is not locked", where=where, remedy=remedy)
    if len(names) > MAX_PACKAGES:
        what = f"'{pattern}' means {len(names)} packages"
        raise LockstepError(what, where=where, remedy=f"write one that means {MAX_PACKAGES} at most")
    for place, graph in graphs.items():
        for package in found[place]:
            yield place, graph.why(package, entries)
