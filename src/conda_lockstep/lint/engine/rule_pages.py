"""The rules' pages: ``hooks/`` of the repository, carried inside the wheel."""

from __future__ import annotations

import re
from pathlib import Path

from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import Rule


def page(rule: Rule) -> str:
    """Return the Markdown of a rule's page; ``LockstepError`` where this installation carries none."""
    return _read(rule.name, f"lockstep-{rule.family}/{rule.name}/README.md")


def family_page(family: str) -> str:
    """Return the Markdown of a family's page, which is that of its hook; ``LockstepError`` where there is none."""
    return _read(family, f"lockstep-{family}/README.md")


def lead(rule: Rule) -> str:
    """Return the first paragraph of a rule's page as Markdown on one line; the summary where there is no page."""
    try:
        blocks = re.split(r"\n\s*\n", page(rule))
    except LockstepError:
        blocks = []
    for block in blocks:
        if block.strip() and not block.lstrip().startswith(_NO_PROSE):
            return " ".join(block.split())
    return rule.summary.replace("``", "`")


def plain(markdown: str) -> str:
    """Return a paragraph of Markdown as text: code in quotes, links and emphasis as their words."""
    codes: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        codes.append(f"'{match[2].strip()}'")
        return "\0"

    text = re.sub(r"(`+)(.+?)\1", set_aside, markdown)
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    text = re.sub(r"(\*\*|(?<!\w)[*_])(\S(?:.*?\S)?)\1(?!\w)", r"\2", text)
    return re.sub("\0", lambda _: codes.pop(0), text)


_NO_PROSE = ("#", "|", "<", "```", "- ", "* ", "> ")


def _read(name: str, place: str) -> str:
    # In a wheel the pages are inside the package; in a checkout that is installed in place they are not.
    package = Path(__file__).parents[2]
    for hooks in (package / "hooks", package.parent.parent / "hooks"):
        if (hooks / place).is_file():
            return (hooks / place).read_text(encoding="utf-8")
    raise LockstepError(f"this installation carries no page for '{name}'", remedy="install the wheel again")
