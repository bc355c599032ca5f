"""Which environment file a command means: it is looked for in the repository, where images and runners get it from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from conda_lockstep.installs.file import Copy, InstallFile, Step

MAX_FOLDERS = 20
"""How many folders above a file are looked into."""


def environment_file(file: InstallFile, step: Step, text: str) -> Path | None:
    """Return the environment file that a command names by a path; None where the repository has no such file.

    It is found beside the file that the command stands in, or in a folder above it, up to the repository's.
    """
    for folder in _folders(Path(file.path)):
        for candidate in _candidates(file, step, text):
            found = folder / candidate
            if found.is_file():
                return found
    return None


def copies_of(file: InstallFile, step: Step, name: str) -> Iterator[Copy]:
    """Iterate over the ``COPY`` instructions that bring a file of this name into the image."""
    lineage = frozenset(file.lineage(step.scope))
    for copy in file.copies:
        if copy.scope in lineage and any(PurePosixPath(word.value).name == name for word in copy.sources):
            yield copy


def _folders(path: Path) -> list[Path]:
    """Return a file's folder and those above it, up to that of the repository, or to the one that we run in."""
    here = path.absolute().parent
    chain = [here, *here.parents][:MAX_FOLDERS]
    tops = [number for number, folder in enumerate(chain) if (folder / ".git").exists()]
    tops += [number for number, folder in enumerate(chain) if folder == Path.cwd()]
    return chain[: tops[0] + 1] if tops else [here]


def _candidates(file: InstallFile, step: Step, text: str) -> Iterator[str]:
    """Yield the paths, relative to a folder of the repository, that a path in a command may mean."""
    path = PurePosixPath(text)
    lineage = frozenset(file.lineage(step.scope))
    for copy in file.copies if file.kind == "dockerfile" else ():
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
