"""The guide in ``docs/``: its blocks that name a file are written, its blocks behind ``<!-- run -->`` are run.

``python -m tests.support.docs`` writes what the commands print into the pages, to be looked at.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from conda_lockstep.cli import main as cli

DOCS = Path(__file__).parents[2] / "docs"
_STEP = re.compile(
    r"```\w+ (?P<file>[\w./-]+)\n(?P<content>.*?)```|(?P<open><!-- run -->\n```console\n)(?P<shown>.*?)(?P<close>```)",
    re.DOTALL,
)


def as_run(page: str) -> str:
    """Return a page with what its commands print when they are run in a new repository, one after the other."""

    def step(match: re.Match[str]) -> str:
        if match["file"]:
            path = Path(match["file"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(match["content"], encoding="utf-8")
            return match[0]
        commands = [line for line in match["shown"].splitlines() if line.startswith("$ ")]
        return (
            match["open"] + "\n".join(f"{line}\n{_printed(line[2:])}" for line in commands) + match["close"]
        )

    with TemporaryDirectory() as folder, _inside(folder):
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], check=True)
        return _STEP.sub(step, page)


def _printed(command: str) -> str:
    """Run a command in this process; what it says on both streams, as a terminal shows it."""
    words = shlex.split(command)
    assert words[0] == "lockstep", command
    both = io.StringIO()
    with contextlib.redirect_stdout(both), contextlib.redirect_stderr(both):
        cli.main(words[1:])
    return both.getvalue()


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


if __name__ == "__main__":
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        path.write_text(as_run(text), encoding="utf-8")
