"""The environment file that a command refers to, searched for in the repository that it is copied from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath

from conda_lockstep.lint.targets.install_script.install_script import Copy, InstallFile, ScriptStep

MAX_FOLDERS = 20
"""How many folders above a file are searched."""
MAX_COPIES = 200
"""How many ``COPY`` instructions of a file are read."""
MAX_CANDIDATES = 20
"""How many candidate paths are tried for one path in a command."""


def environment_file(file: InstallFile, step: ScriptStep, text: str) -> Path | None:
    """Return the environment file at a path in a command; None if the repository has no such file.

    The search starts in the folder of the file with the command and goes up to the root of the repository.
    """
    return _first(Path(file.path).absolute(), tuple(islice(_candidates(file, step, text), MAX_CANDIDATES)))


def copies_of(file: InstallFile, step: ScriptStep, name: str) -> Iterator[Copy]:
    """Iterate over the ``COPY`` instructions that copy a file of this name into the image."""
    lineage = frozenset(file.lineage(step.scope))
    for copy in file.copies[:MAX_COPIES]:
        if copy.scope in lineage and any(PurePosixPath(word.value).name == name for word in copy.sources):
            yield copy


@lru_cache(maxsize=100)
def _first(path: Path, candidates: tuple[str, ...]) -> Path | None:
    """Return the first path that is a file, relative to the folder of a file or to one above it."""
    for folder in _folders(path):
        for candidate in candidates:
            if (folder / candidate).is_file():
                return folder / candidate
    return None


def _folders(path: Path) -> list[Path]:
    """Return the folder of a file and those above it, up to the root of the repository or the working directory."""
    chain = [*path.parents][:MAX_FOLDERS]
    tops = [number for number, folder in enumerate(chain) if (folder / ".git").exists()]
    tops += [number for number, folder in enumerate(chain) if folder == Path.cwd()]
    return chain[: tops[0] + 1] if tops else chain[:1]


def _candidates(file: InstallFile, step: ScriptStep, text: str) -> Iterator[str]:
    """Yield the possible paths, relative to a folder of the repository, for a path in a command."""
    path = PurePosixPath(text)
    lineage = frozenset(file.lineage(step.scope))
    for copy in file.copies[:MAX_COPIES]:
        if copy.scope not in lineage:
            continue
        for source in (PurePosixPath(word.value) for word in copy.sources):
            renamed = len(copy.sources) == 1 and PurePosixPath(copy.target.value).name == path.name
            if path.name in (source.name, "") or renamed:
                yield str(source).lstrip("/")
            else:
                yield str(source / path.name).lstrip("/")
    # The value of a variable is unknown; the path after it may be a path in the repository.
    known = list(path.parts)
    while any("$" in part or "{{" in part for part in known):
        known.pop(0)
    if known and "/" not in known:
        yield "/".join(known)
    elif known:
        yield path.name
