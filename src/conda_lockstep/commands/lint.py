"""``lockstep lint``: rules over environment files, with fixes, as text or JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conda_lockstep.config import Config, load
from conda_lockstep.errors import LockstepError
from conda_lockstep.rules import lint
from conda_lockstep.rules.lint import UNREADABLE, Finding


def run(
    *,
    files: Sequence[Path],
    fix: bool,
    unsafe: bool,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
) -> int:
    """Lint files, print what was found, and return the exit status.

    2 where a file could not be read, else 1 for errors and warnings (with ``strict`` for notes too), else 0.
    """
    config = load(Path.cwd())
    config = replace(config, select=select or config.select, ignore=config.ignore + ignore)
    paths = list(files) or _discover()
    findings, done, failures = _look(paths, config, fix, unsafe)
    _print(findings, done, failures, len(paths), output)
    if failures or any(finding.rule == UNREADABLE for finding in findings):
        return 2
    return int(any(strict or finding.severity != "note" for finding in findings))


def _discover() -> list[Path]:
    from conda_lockstep.environment.discover import environment_files

    found = environment_files(Path.cwd())
    if not found:
        print("lockstep: git knows no environment file here", file=sys.stderr)
    return found


def _look(
    paths: Sequence[Path], config: Config, fix: bool, unsafe: bool
) -> tuple[list[Finding], list[str], list[LockstepError]]:
    chosen = lint.select(config)
    findings: list[Finding] = []
    done: list[str] = []
    failures: list[LockstepError] = []
    for path in paths:
        try:
            if fix:
                fixed = lint.fix_path(path, chosen, config, unsafe=unsafe)
                findings += fixed.left
                done += [f"{path}: fixed {what}" for what in fixed.done]
            else:
                findings += lint.lint_path(path, chosen, config)
        except LockstepError as error:
            failures.append(error)
    return findings, done, failures


def _print(
    findings: Sequence[Finding],
    done: Sequence[str],
    failures: Sequence[LockstepError],
    files: int,
    output: str,
) -> None:
    from conda_lockstep.report import text

    if output == "json":
        from conda_lockstep.report import json

        sys.stdout.write(json.render(findings))
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        blocks = ["".join(f"{text.visible(line)}\n" for line in done), text.render(findings, colour=colour)]
        if not failures or findings or done:
            blocks.append(text.summary(findings, files - len(failures), fixed=len(done), colour=colour))
        sys.stdout.write("\n".join(block for block in blocks if block))
    sys.stderr.write(text.errors(str(failure) for failure in failures))
