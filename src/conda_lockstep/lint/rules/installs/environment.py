"""Which environment file a command means: it is looked for in the repository, where images and runners get it from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath

from conda_lockstep.lint.targets.install_script.install_script import Copy, InstallFile, ScriptStep

MAX_FOLDERS = 20
"""How many folders above a file are looked into."""
MAX_COPIES = 200
"""How many ``COPY`` instructions of a file are gone through."""
MAX_CANDIDATES = 20
"""How many paths one path in a command is tried as."""


def environment_file(file: InstallFile, step: ScriptStep, text: str) -> Path | None:
    """Return the environment file that a command names by a path; None where the repository has no such file.

    It is found beside the file that the command stands in, or in a folder above it, up to the repository's.
    """
    return _first(Path(file.path).absolute(), tuple(islice(_candidates(file, step, text), MAX_CANDIDATES)))


def copies_of(file: InstallFile, step: ScriptStep, name: str) -> Iterator[Copy]:
    """Iterate over the ``COPY`` instructions that bring a file of this name into the image."""
    lineage = frozenset(file.lineage(step.scope))
    for copy in file.copies[:MAX_COPIES]:
        if copy.scope in lineage and any(PurePosixPath(word.value).name == name for word in copy.sources):
            yield copy


@lru_cache(maxsize=100)
def _first(path: Path, candidates: tuple[str, ...]) -> Path | None:
    """Return the first of some paths that is a file, relative to a file's folder or to one above it."""
    for folder in _folders(path):
        for candidate in candidates:
            if (folder / candidate).is_file():
                return folder / candidate
    return None


def _folders(path: Path) -> list[Path]:
    """Return a file's folder and those above it, up to that of the repository, or to the one that we run in."""
    chain = [*path.parents][:MAX_FOLDERS]
    tops = [number for number, folder in enumerate(chain) if (folder / ".git").exists()]
    tops += [number for number, folder in enumerate(chain) if folder == Path.cwd()]
    return chain[: tops[0] + 1] if tops else chain[:1]


def _candidates(file: InstallFile, step: ScriptStep, text: str) -> Iterator[str]:
    """Yield the paths, relative to a folder of the repository, that a path in a command may mean."""
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
    # What a variable names is unknown; behind it the path goes on in the repository.
    known = list(path.parts)
    while any("$" in part or "{{" in part for part in known):
        known.pop(0)
    if known and "/" not in known:
        yield "/".join(known)
    elif known:
        yield path.name
