"""Lints and fixes a text with a few rules, for tables of entries."""

from __future__ import annotations

from collections.abc import Iterable

from conda_lockstep.config import Config
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.runner import Finding, Fixed

TODAY = "2024-01-01"
"""The date for examples: what they pin is maintained then, whenever the tests run."""
HEAD = "channels: [conda-forge, nodefaults]\ndependencies:\n"


def of(*conda: str, pip: Iterable[str] = (), head: str = HEAD) -> str:
    """Return an environment file with these entries, written as they stand in YAML."""
    lines = [f"  - {entry}\n" for entry in conda]
    section = ["  - pip:\n", *(f"    - {entry}\n" for entry in pip)] if pip else []
    return head + "".join(lines + section)


def found(text: str, *rules: str, config: Config | None = None) -> list[Finding]:
    """Return what these rules say of a text."""
    config = config or Config(today=TODAY)
    return lint.lint(lint.parse_text(text, "environment.yml"), lint.select(config, rules), config)


def fixed(text: str, *rules: str, config: Config | None = None, unsafe: bool = True) -> Fixed:
    """Apply the fixes of these rules to a text; twice is once, or the test fails."""
    config = config or Config(today=TODAY)
    chosen = lint.select(config, rules)
    once = lint.fix(lint.parse_text(text, "environment.yml"), chosen, config, unsafe=unsafe)
    again = lint.fix(lint.parse_text(once.text, "environment.yml"), chosen, config, unsafe=unsafe)
    assert again.text == once.text
    assert not again.done
    return once


def marked(text: str, finding: Finding) -> str:
    """Return the characters that a finding on one line points at."""
    assert finding.line == finding.end_line
    return text.splitlines()[finding.line - 1][finding.column - 1 : finding.end_column - 1]
