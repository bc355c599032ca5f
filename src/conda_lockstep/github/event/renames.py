"""Pairs files that a change removes with files that it adds, as git finds renames: by how much they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from conda_lockstep.environment.discover import may_be_environment
from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.event.git import run
from conda_lockstep.lock.model.paths import is_lock

DIFFERENT = 1
MOST = 1_000
"""How many files of each kind are compared with each other; git's own limit is the same."""


def find_old_paths(base: CommitFiles, head: CommitFiles, scratch: Path) -> dict[str, str]:
    """Return the old path of each environment file and lock that a change renames, by its new one.

    Raises ``LockstepError`` if one of the commits cannot be read.
    """
    old, new = base.tree(), head.tree()
    removed = {path: base for path, entry in old.items() if entry.is_file and path not in new}
    added = {path: head for path, entry in new.items() if entry.is_file and path not in old}

    def contents(files: Mapping[str, CommitFiles], *, locks: bool) -> dict[str, bytes]:
        paths = [path for path in files if is_lock(path) is locks and (locks or may_be_environment(path))]
        return {path: files[path].read(path) or b"" for path in paths[:MOST]}

    pairs: dict[str, str] = {}
    for locks in (False, True):
        before = contents(removed, locks=locks)
        if before:
            pairs |= find_renames(before, contents(added, locks=locks), scratch)
    return pairs


def find_renames(removed: Mapping[str, bytes], added: Mapping[str, bytes], scratch: Path) -> dict[str, str]:
    """Return the old path of each added file that is a removed one under another name.

    The contents are by path. A file is a rename if at least half of it is the same, which is git's own measure:
    https://git-scm.com/docs/git-diff#Documentation/git-diff.txt--Mltngt. ``scratch`` is a folder to work in.
    """
    if not removed or not added:
        return {}
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=scratch) as folder:
        # Under numbers, since a name of a commit may lead anywhere.
        old = _lay_out(Path(folder) / "a", removed)
        new = _lay_out(Path(folder) / "b", added)
        done = run(Path(folder), "diff", "--no-index", "--no-ext-diff", "-M", "--name-status", "-z", "a", "b")
    if done is None or done.returncode > DIFFERENT:
        raise LockstepError("git could not compare the files that the change renames")
    words = iter(done.stdout.decode().split("\0"))
    pairs = {}
    for status in words:
        if status.startswith("R"):
            before, after = next(words), next(words)
            pairs[new[after]] = old[before]
        elif status:
            next(words)
    return pairs


def _lay_out(folder: Path, contents: Mapping[str, bytes]) -> dict[str, str]:
    folder.mkdir()
    names = {}
    for number, (path, content) in enumerate(sorted(contents.items())):
        # Of files of one name, git compares the two contents, and looks for no other.
        name = f"{folder.name}{number}"
        (folder / name).write_bytes(content)
        names[f"{folder.name}/{name}"] = path
    return names
