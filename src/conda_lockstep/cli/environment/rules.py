"""``lockstep rules``: lists all rules by family."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from conda_lockstep import terminal

if TYPE_CHECKING:
    from conda_lockstep.lint.engine.registry import Rule


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return _list_rules(arguments.format)


def _list_rules(output: str) -> int:
    """Print all rules, by family, as a table or as a JSON array of objects."""
    import json

    from conda_lockstep.lint.engine.registry import families, in_order, rules
    from conda_lockstep.lint.engine.rule_pages import plain

    known = rules()
    if output == "json":
        terminal.write_document(
            json.dumps([_object(rule) for rule in known], indent=2, ensure_ascii=False) + "\n"
        )
        return 0
    width = max(len(rule.name) for rule in known)
    for family in in_order(families()):
        print(family)
        for rule in known:
            if rule.family == family:
                line = f"  {rule.name:<{width}}  {rule.severity:<7}  {plain(rule.summary)}{_opt_in(rule)}"
                terminal.write_text(f"{line}\n")
    return 0


def _opt_in(rule: Rule) -> str:
    if rule.requires_solver:
        return " (by name or family)"
    return "" if rule.default else " (off by default)"


def _object(rule: Rule) -> dict[str, object]:
    from conda_lockstep.lint.engine.rule_pages import plain

    return {
        "name": rule.name,
        "family": rule.family,
        "severity": rule.severity,
        "summary": plain(rule.summary),
        "default": rule.default and not rule.requires_solver,
        "silences": list(rule.supersedes),
    }
