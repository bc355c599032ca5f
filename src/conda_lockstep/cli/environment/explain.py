"""``lockstep explain`` and ``lockstep rules``: what rules there are, and the page of one."""

from __future__ import annotations

import json
import sys

from conda_lockstep.lint.engine.registry import Rule, families, in_order, rules
from conda_lockstep.lint.engine.rule_pages import family_page, page, plain


def explain(name: str) -> int:
    """Print the page of a rule or of a family as Markdown; raises ``LockstepError`` for an unknown name."""
    from conda_lockstep.lint.engine.selection import find_rule

    sys.stdout.write(family_page(name) if name in families() else page(find_rule(name)))
    return 0


def list_rules(output: str) -> int:
    """Print all rules, by family, as a table or as a JSON array of objects."""
    known = rules()
    if output == "json":
        sys.stdout.write(json.dumps([_object(rule) for rule in known], indent=2, ensure_ascii=False) + "\n")
        return 0
    width = max(len(rule.name) for rule in known)
    for family in in_order(families()):
        print(family)
        for rule in known:
            if rule.family == family:
                print(f"  {rule.name:<{width}}  {rule.severity:<7}  {plain(rule.summary)}{_opt_in(rule)}")
    return 0


def _opt_in(rule: Rule) -> str:
    if rule.requires_solver:
        return " (by name or family)"
    return "" if rule.default else " (off by default)"


def _object(rule: Rule) -> dict[str, object]:
    return {
        "name": rule.name,
        "family": rule.family,
        "severity": rule.severity,
        "summary": plain(rule.summary),
        "default": rule.default and not rule.requires_solver,
        "silences": list(rule.supersedes),
    }
