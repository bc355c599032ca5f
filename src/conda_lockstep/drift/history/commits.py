"""The commits that changed files, as ``git log`` lists them, and the line of them that a branch went through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from conda_lockstep.drift.history.repository import Repository
from conda_lockstep.errors import LockstepError

SHORT = 10
"""The digits of a commit's id that are shown."""


class FileChange(NamedTuple):
    """What a commit did to a file, compared with its first parent.

    ``status`` is git's letter: ``A`` added, ``D`` deleted, ``M`` modified, ``T`` of another type. ``blob`` is the id of
    the new content, zeros if deleted; ``mode`` is git's file mode, such as ``100644``.
    """

    status: str
    path: str
    blob: str
    mode: str


class LogCommit(NamedTuple):
    """A commit: its full id, its date (of the commit, in seconds since the epoch), and the first line of its message.

    ``parents`` are the nearest ancestors that changed one of the files, or merged such.
    """

    id: str
    date: int
    subject: str
    parents: tuple[str, ...] = ()
    changes: tuple[FileChange, ...] = ()

    @property
    def short(self) -> str:
        """Return the first digits of the id."""
        return self.id[:SHORT]


class FirstParentLine(NamedTuple):
    """The first parents from a commit back, oldest first, and what each merge among them brought.

    ``merged`` maps a merge to the other commits that came with it, oldest first.
    """

    commits: tuple[LogCommit, ...]
    merged: Mapping[str, tuple[LogCommit, ...]]


def read_line(repository: Repository, pathspecs: Sequence[str]) -> FirstParentLine:
    """Return the line of commits from HEAD back that changed files matching a pathspec."""
    commits = {commit.id: commit for commit in _log(repository, pathspecs)}
    line: list[LogCommit] = []
    here = next(iter(commits.values()), None)
    while here is not None:
        line.append(here)
        here = commits.get(here.parents[0]) if here.parents else None
    line.reverse()
    return FirstParentLine(tuple(line), _merged(line, commits))


def _merged(line: Sequence[LogCommit], commits: Mapping[str, LogCommit]) -> dict[str, tuple[LogCommit, ...]]:
    seen = {commit.id for commit in line}
    places = {name: place for place, name in enumerate(commits)}
    merged = {}
    for merge in line:
        found: list[LogCommit] = []
        todo = list(merge.parents[1:])
        while todo:
            name = todo.pop()
            if name in seen or name not in commits:
                continue
            seen.add(name)
            found.append(commits[name])
            todo += commits[name].parents
        if found:
            # git lists children before their parents.
            merged[merge.id] = tuple(sorted(found, key=lambda commit: -places[commit.id]))
    return merged


def _log(repository: Repository, pathspecs: Sequence[str]) -> Iterator[LogCommit]:
    """Yield the commits that changed a file, and all merges, children first; git-log(1), *History Simplification*."""
    output = repository.run(
        "log", "-z", "--topo-order", "--full-history", "--parents", "--raw", "--no-abbrev", "--no-renames",
        "--no-relative", "--no-color", "--no-decorate", "--no-notes", "--diff-merges=first-parent", "--encoding=UTF-8",
        "--format=tformat:%H%x00%P%x00%ct%x00%s", repository.head, "--", *pathspecs,
    )  # fmt: skip
    words = iter(output.split(b"\0"))
    word = next(words, b"")
    while word:
        head = [_text(each) for each in (word, *(next(words, b"") for _ in range(3)))]
        changes = []
        word = next(words, b"")
        while word.lstrip(b"\n").startswith(b":"):
            changes.append(_change(word.lstrip(b"\n"), next(words, b"")))
            word = next(words, b"")
        if len(head[0]) < 40 or not head[2].isdecimal():
            raise LockstepError("git printed an unknown form of its log", remedy="use git 2.31 or later")
        yield LogCommit(head[0], int(head[2]), head[3], tuple(head[1].split()), tuple(changes))


def _change(raw: bytes, path: bytes) -> FileChange:
    """Read ``:OLDMODE MODE OLDBLOB BLOB STATUS``, as git-diff-tree(1) describes it."""
    _, mode, _, blob, status = _text(raw).split()
    return FileChange(status[:1], path.decode("utf-8", "surrogateescape"), blob, mode)


def renames(repository: Repository, created: Sequence[tuple[LogCommit, str]]) -> dict[tuple[str, str], str]:
    """Return the former path of each (commit, path) that git takes for renamed in that commit, in the whole tree.

    ``created`` has commits with the paths that they added. The comparison is with the first parent.
    """
    names = sorted({commit.id for commit, _ in created})
    wanted = {(commit.id, path) for commit, path in created}
    if not names:
        return {}
    lines = "".join(f"{name} {parent}\n" for name, parent in _first_parents(repository, names).items())
    try:
        output = _renamed(repository, lines, "-M")
    except LockstepError:
        # A partial clone lacks the contents to compare; the same content has the same id.
        output = _renamed(repository, lines, "-M100%")
    found: dict[tuple[str, str], str] = {}
    commit, words = "", iter(output.split(b"\0"))
    for word in words:
        if not word.startswith(b":"):
            commit = _text(word).strip()
            continue
        old, new = (next(words, b"").decode("utf-8", "surrogateescape") for _ in range(2))
        if (commit, new) in wanted:
            found[commit, new] = old
    return found


def _renamed(repository: Repository, lines: str, similarity: str) -> bytes:
    return repository.run(
        "diff-tree", "--stdin", "-z", "-r", similarity, "--raw", "--no-abbrev", "--no-relative", "--diff-filter=R",
        stdin=lines.encode(),
    )  # fmt: skip


def _first_parents(repository: Repository, names: Sequence[str]) -> dict[str, str]:
    """Return the real first parent of each commit that has one: the log's are the nearest that it lists."""
    output = repository.run(
        "rev-list", "--no-walk=unsorted", "--parents", "--stdin", stdin="\n".join(names).encode()
    )
    lines = (line.split() for line in output.decode().splitlines())
    return {words[0]: words[1] for words in lines if len(words) > 1}


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace").strip("\n")
