"""The registry of rules: a rule is a function under :func:`rule`, in the module of its family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, Trait
from conda_lockstep.text.source import Span

Severity: TypeAlias = Literal["error", "warning", "note"]
Safety: TypeAlias = Literal["safe", "unsafe"]
Subject: TypeAlias = Literal["environment", "requirements", "lock", "installs"]
"""What a rule looks at: an environment file, or the text of a lock or of a file that installs packages (a Dockerfile, a
script, a workflow): neither of these has entries. A requirements file has some, for :data:`OF_REQUIREMENTS`."""

FAMILIES = ("document", "channels", "pins", "pip", "gpu", "secrets", "lock", "installs", "suppressions")
OF_ENVIRONMENTS = tuple(family for family in FAMILIES if family != "installs")
"""The families that look at environment files and their locks; a run over these alone loads no other."""

OF_REQUIREMENTS = frozenset(
    "build-needs-torch duplicate-requirement extra-index git-without-commit index-credentials insecure-index "
    "invalid-requirement local-requirement unpinned-pip unused-suppression url-without-hash "
    "wrong-ecosystem-name".split()
)
"""Rules about environment files that look at the requirements files they name, too: those that need nothing else."""


class Fix(NamedTuple):
    """Edits that mend a problem. Safe ones keep the meaning, or do what was plainly meant."""

    message: str
    edits: tuple[Edit, ...]
    safety: Safety


class Problem(NamedTuple):
    """What a rule saw: where, what is wrong, and what to do. ``severity`` overrides the rule's own.

    ``also`` are further places to show; ``covers`` those where the rules that this one ``supersedes`` report nothing,
    either.
    """

    span: Span
    message: str
    help: str
    fix: Fix | None = None
    severity: Severity | None = None
    also: tuple[tuple[Span, str], ...] = ()
    covers: tuple[Span, ...] = ()


Check: TypeAlias = Callable[[Entries, Config], Iterator[Problem]]


class Rule(NamedTuple):
    """A rule's identity and its check. ``summary`` is the check's docstring.

    ``supersedes`` names general rules that report nothing for an entry that this rule reports. A rule that
    ``requires_solver`` is chosen by its name or its family only: the linter alone, without the extra ``solve``, cannot
    run it. ``requires`` are traits without which a file has nothing for it: it is not
    asked about one that lacks any of them.
    """

    name: str
    family: str
    severity: Severity
    summary: str
    check: Check
    supersedes: tuple[str, ...] = ()
    default: bool = True
    subject: Subject = "environment"
    requires_solver: bool = False
    requires: frozenset[Trait] = frozenset()


_RULES: dict[str, Rule] = {}


def rule(
    name: str,
    severity: Severity,
    *,
    supersedes: tuple[str, ...] = (),
    default: bool = True,
    subject: Subject = "environment",
    requires_solver: bool = False,
    requires: tuple[Trait, ...] = (),
) -> Callable[[Check], Check]:
    """Register a check as a rule; its family is its module's or package's name, its summary the docstring."""

    def register(check: Check) -> Check:
        if name in _RULES:
            raise ValueError(f"two rules are named {name}")
        family = check.__module__.removeprefix("conda_lockstep.lint.rules.").partition(".")[0]
        summary = " ".join((check.__doc__ or "").split())
        _RULES[name] = Rule(
            name,
            family,
            severity,
            summary,
            check,
            supersedes,
            default,
            subject,
            requires_solver,
            frozenset(requires),
        )
        return check

    return register


def rules(families: tuple[str, ...] = FAMILIES) -> tuple[Rule, ...]:
    """Return the rules of some families, in their order; imports no other family."""
    for family in families:
        import_module(f"conda_lockstep.lint.rules.{family}")
    in_order = [family for family in FAMILIES if family in families]
    return tuple(found for family in in_order for found in _RULES.values() if found.family == family)
