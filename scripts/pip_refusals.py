"""Counts which pip entries of a collection of environment files cannot be locked, by reason, before any network.

    .venv/bin/python -m scripts.pip_refusals ../shared/corpus/environments

A file of a collection lies alone: the folders and requirements files of its repository are not there. Those entries are
counted apart. ``without projects`` is what would be refused if local and git projects could not be locked.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.conda.project_source import Folder
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.pip.requirements import read_pip_part

NOT_HERE = "a requirements file that is not in the collection"
UNREADABLE = "the file cannot be read as an environment file"


class PipEntries(NamedTuple):
    """The pip entries of one file: how many local and git projects it has, and the reasons of what is refused."""

    local: int
    git: int
    editable: int
    refused: tuple[str, ...]


def entries_of(file: EnvironmentFile) -> PipEntries:
    """Read the pip entries of a file, without looking for their projects."""
    part = read_pip_part(file)
    local = sum(isinstance(entry.reference, Folder) for entry in part.projects)
    editable = sum(entry.editable for entry in part.projects)
    return PipEntries(local, len(part.projects) - local, editable, tuple(map(_reason, part.refused)))


def report(folders: Sequence[Path]) -> Iterator[str]:
    """Yield the lines of the report on all environment files of some folders."""
    files, unreadable = [], Counter[str]()
    for path in sorted(
        path for folder in folders for path in folder.iterdir() if path.suffix in (".yml", ".yaml")
    ):
        try:
            files.append(entries_of(read(path)))
        except LockstepError:
            unreadable[UNREADABLE] += 1
    refused = [each for each in files if set(each.refused) - {NOT_HERE}]
    before = [each for each in files if each.local or each.git or set(each.refused) - {NOT_HERE}]
    yield f"{len(files)} environment files, and {sum(unreadable.values())} that cannot be read as one"
    for kind in ("local", "git"):
        counts = [count for each in files if (count := getattr(each, kind))]
        yield f"with {kind} projects: {len(counts)} files, {sum(counts)} entries"
    yield f"editable projects: {sum(each.editable for each in files)} entries"
    yield f"with requirements files: {sum(NOT_HERE in each.refused for each in files)} files"
    yield f"refused without projects: {len(before)} files"
    yield f"refused with projects: {len(refused)} files"
    reasons = Counter(
        reason for each in files for reason in dict.fromkeys(each.refused) if reason != NOT_HERE
    )
    for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {count:4} {reason}"


def _reason(error: LockstepError) -> str:
    """Return the reason of a refusal without the entry, and without what is told of it."""
    if "no such file" in error.what:
        return NOT_HERE
    what = error.what.partition("cannot be locked: ")[2] or error.what.partition("cannot be read: ")[2]
    if not what and error.what.startswith("'"):
        return "it is not a valid requirement (PEP 508)"
    return (what or error.what).partition(": ")[0].partition(" (")[0]


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m scripts.pip_refusals FOLDER…")
    print(*report([Path(name) for name in sys.argv[1:]]), sep="\n")
