"""Prints the notes of a release from the changelog: ``python -m scripts.release_notes v1.2.3``.

Exits with one line where the tag is not the version of ``pyproject.toml``, or the changelog has no section for it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


class NotesError(Exception):
    """A tag that cannot be released, and why."""


def notes(tag: str, changelog: str, project: str) -> str:
    """Return the changelog's section for a tag; ``project`` is the text of ``pyproject.toml``.

    Raises :class:`NotesError` where the tag, the version and the changelog do not agree.
    """
    declared = re.search(r'^version = "([^"]+)"$', project, re.MULTILINE)
    version = tag.removeprefix("v")
    if not declared or tag != f"v{declared[1]}":
        raise NotesError(
            f"the tag is {tag}, and pyproject.toml has version {declared[1] if declared else 'none'}"
        )
    section = re.search(
        rf"^## \[?{re.escape(version)}\]?(?: [^\n]*)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if not section or not section[1].strip():
        raise NotesError(f"CHANGELOG.md has no section '## {version}'")
    return section[1].strip() + "\n"


def main() -> int:
    """Print the notes of the tag that is given; return the exit status."""
    (tag,) = sys.argv[1:]
    try:
        text = notes(
            tag, *((ROOT / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "pyproject.toml"))
        )
    except NotesError as error:
        print(f"release notes: {error}", file=sys.stderr)
        return 2
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
