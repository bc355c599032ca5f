"""What runs, or adds a path, in every start of a prefix's Python: ``.pth`` files and the two customize modules.

The ``site`` module looks for them, https://docs.python.org/3/library/site.html; packages bring some of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from conda_lockstep.snapshot.distributions import Distribution, recorded_paths
from conda_lockstep.snapshot.model import UnownedFile

_MODULES = ("sitecustomize", "usercustomize")
_FORMS = ("", ".py", ".pyc")


def candidates(root: str, listings: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the paths in a prefix that Python looks at when it starts; ``listings`` are its site-packages.

    The folder of the standard library, above each of them, comes before it on the path.
    """
    found = set()
    wanted = {module + form for module in _MODULES for form in _FORMS}
    for folder, names in listings.items():
        inside = os.path.relpath(folder, root)
        found |= {f"{inside}/{name}" for name in names if name.endswith(".pth") or name in wanted}
        above = os.path.dirname(inside)
        found |= {
            path
            for name in wanted
            if name.endswith(".py") and os.path.exists(os.path.join(root, path := f"{above}/{name}"))
        }
    return found


def unclaimed(root: str, paths: set[str], distributions: Iterable[Distribution]) -> Iterator[UnownedFile]:
    """Yield the paths that no RECORD of these distributions lists, with what they do."""
    left = set(paths)
    for distribution in distributions if left else ():
        folder = os.path.relpath(os.path.dirname(distribution.path), root)
        left -= {f"{folder}/{name}" for name in recorded_paths(distribution)}
    for path in sorted(left):
        yield _unowned(root, path)


def _unowned(root: str, path: str) -> UnownedFile:
    if not path.endswith(".pth"):
        return UnownedFile("startup", path, "it runs in every start of Python, and no package brought it")
    try:
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    except OSError:
        lines = []
    if any(line.startswith(("import ", "import\t")) for line in lines):
        return UnownedFile(
            "startup", path, "it runs code in every start of Python, and no package brought it"
        )
    added = f"adds {lines[0]} to the path" if lines else "is empty"
    return UnownedFile("path", path, f"it {added}, and no package brought it")
