"""Findings for the tests of the renderers: an ordinary one, and one made of what breaks formats."""

from __future__ import annotations

from conda_lockstep.lint.engine.runner import EditAt, Finding, FixAt

HOSTILE = "a]]>&\"'<b>\x1b[31m\x00\udcff\ufffe\u202e\r\n::error::100% [x](https://evil.example)"
"""Ends of CDATA, markup, control characters, a lone surrogate, a non-character, a command, a link."""


def unpinned(path: str = "environment.yml", line: int = 4, name: str = "numpy") -> Finding:
    """``numpy`` without a version, with an unsafe fix and a second place."""
    end = 5 + len(name)
    return Finding(
        rule="unpinned-conda",
        family="pins",
        severity="warning",
        message=f"'{name}' has no version",
        help=f"write {name}=2.1",
        path=path,
        line=line,
        column=5,
        end_line=line,
        end_column=end,
        lines=(f"  - {name}",),
        fix=FixAt("pin it", "unsafe", (EditAt(line, 5, line, end, f"{name}=2.1"),)),
        also=((9, 5, 12, "locked as 2.1.3 here"),),
    )


def note(path: str = "environment.yml") -> Finding:
    """A note over two lines, without a fix."""
    return Finding(
        "defaults-channel", "channels", "note", "mixes channels", "", path, 2, 1, 3, 4, ("channels:", "  - x")
    )


def hostile() -> Finding:
    """A finding whose every text is hostile."""
    return unpinned(path=HOSTILE.replace("\0", ""))._replace(
        message=HOSTILE, help=HOSTILE, lines=(HOSTILE,), also=((1, 1, 2, HOSTILE),)
    )
