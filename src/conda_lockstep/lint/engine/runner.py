"""What the engine offers to those who lint: select rules, read files, run rules over them, apply fixes."""

from __future__ import annotations

from conda_lockstep.lint.engine.findings import UNREADABLE, EditAt, Finding, FixAt, unreadable
from conda_lockstep.lint.engine.fixing import MAX_ROUNDS, Fixed, fix, fix_path, plan_path
from conda_lockstep.lint.engine.reading import kind_of_target, parse_text, read_file
from conda_lockstep.lint.engine.running import lint, lint_path
from conda_lockstep.lint.engine.selection import find_rule, select

__all__ = [
    "MAX_ROUNDS",
    "UNREADABLE",
    "EditAt",
    "Finding",
    "FixAt",
    "Fixed",
    "find_rule",
    "fix",
    "fix_path",
    "kind_of_target",
    "lint",
    "lint_path",
    "parse_text",
    "plan_path",
    "read_file",
    "select",
    "unreadable",
]
