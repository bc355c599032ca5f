"""The registry of rules: a rule is a function under :func:`rule`, in the module of its family."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.text.source import Span

if TYPE_CHECKING:
    from conda_lockstep.environment.entries import Entries, Trait
    from conda_lockstep.lint.targets.install_script.install_script import InstallFile
    from conda_lockstep.lint.targets.lock_file import LockTarget
    from conda_lockstep.lint.targets.target import TargetKind

Severity: TypeAlias = Literal["error", "warning", "note"]
Safety: TypeAlias = Literal["safe", "unsafe"]


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


Check: TypeAlias = Callable[[Any, Config], Iterator[Problem]]
"""What a rule does. It receives what its target's ``checked`` is: the decorators hold the two together."""
EntriesCheck: TypeAlias = Callable[["Entries", Config], Iterator[Problem]]
LockCheck: TypeAlias = Callable[["LockTarget", Config], Iterator[Problem]]
InstallCheck: TypeAlias = Callable[["InstallFile", Config], Iterator[Problem]]


class Rule(NamedTuple):
    """A rule's identity and its check; None where the engine itself makes the findings.

    ``supersedes`` names general rules that report nothing for an entry that this rule reports. A rule that
    ``requires_solver`` runs only if its name or its family is selected: the linter alone, without the extra ``solve``,
    cannot run it. ``requires`` are traits without which a file has nothing to report: the check is not run then.
    """

    name: str
    family: str
    severity: Severity
    summary: str
    check: Check | None
    supersedes: tuple[str, ...] = ()
    default: bool = True
    targets: tuple[TargetKind, ...] = ("environment",)
    requires_solver: bool = False
    requires: frozenset[Trait] = frozenset()


_RULES: dict[str, Rule] = {}


def rule(
    name: str,
    severity: Severity,
    *,
    supersedes: tuple[str, ...] = (),
    default: bool = True,
    requirements: bool = False,
    requires_solver: bool = False,
    requires: tuple[Trait, ...] = (),
) -> Callable[[EntriesCheck], EntriesCheck]:
    """Register a check of environment files, and of ``requirements`` files too if it needs nothing but pip entries.

    Its family is its module's or package's name, its summary the docstring.
    """
    targets: tuple[TargetKind, ...] = ("environment", "requirements") if requirements else ("environment",)

    def register(check: EntriesCheck) -> EntriesCheck:
        family, summary = _family(check.__module__), _summary(check)
        _add(
            Rule(
                name, family, severity, summary, check, supersedes, default, targets, requires_solver,
                frozenset(requires),
            )
        )  # fmt: skip
        return check

    return register


def lock_rule(
    name: str, severity: Severity, *, supersedes: tuple[str, ...] = ()
) -> Callable[[LockCheck], LockCheck]:
    """Register a check of locks."""

    def register(check: LockCheck) -> LockCheck:
        family, summary = _family(check.__module__), _summary(check)
        _add(Rule(name, family, severity, summary, check, supersedes, targets=("lock",)))
        return check

    return register


def install_rule(
    name: str, severity: Severity, *, supersedes: tuple[str, ...] = ()
) -> Callable[[InstallCheck], InstallCheck]:
    """Register a check of files that install packages: Dockerfiles, shell scripts, workflows."""

    def register(check: InstallCheck) -> InstallCheck:
        family, summary = _family(check.__module__), _summary(check)
        _add(Rule(name, family, severity, summary, check, supersedes, targets=("installs",)))
        return check

    return register


def declare(
    module: str,
    name: str,
    severity: Severity,
    summary: str,
    targets: tuple[TargetKind, ...] = ("environment",),
) -> None:
    """Register a rule whose findings the engine makes, as of a file that cannot be read; it has no check."""
    _add(Rule(name, _family(module), severity, summary, None, targets=targets))


def families() -> frozenset[str]:
    """Return the names of all families; imports none of them."""
    return frozenset(_modules(_ROOM))


def families_of(kind: TargetKind) -> frozenset[str]:
    """Return the families with rules about a kind of target; imports the families' packages, and no rule in them."""
    return frozenset(name for name in families() if kind in _package(name).TARGETS)


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return families in the order in which they are listed, which each declares."""
    return tuple(sorted(names, key=lambda name: (_package(name).ORDER, name)))


def rules(names: Iterable[str] | None = None) -> tuple[Rule, ...]:
    """Return the rules of some families, or of all, in the order of families and names; imports no other family."""
    ordered = in_order(families() if names is None else names)
    for family in ordered:
        _load(family)
    by_family: dict[str, list[Rule]] = {family: [] for family in ordered}
    for found in sorted(_RULES.values(), key=lambda each: each.name):
        if found.family in by_family:
            by_family[found.family].append(found)
    return tuple(found for family in ordered for found in by_family[family])


_ROOM = "conda_lockstep.lint.rules"
_loaded: set[str] = set()


def _add(added: Rule) -> None:
    if added.name in _RULES:
        raise ValueError(f"two rules are named {added.name}")
    _RULES[added.name] = added


def _family(module: str) -> str:
    return module.removeprefix(f"{_ROOM}.").partition(".")[0]


def _summary(check: EntriesCheck | LockCheck | InstallCheck) -> str:
    return " ".join((check.__doc__ or "").split())


def _package(family: str) -> ModuleType:
    return import_module(f"{_ROOM}.{family}")


def _load(family: str) -> None:
    """Import every module of a family, which registers its rules."""
    if family not in _loaded:
        for module in _modules(f"{_ROOM}.{family}"):
            import_module(f"{_ROOM}.{family}.{module}")
        _loaded.add(family)


def _modules(package: str) -> list[str]:
    """Return the names of the modules and packages in a package, sorted."""
    (folder,) = import_module(package).__path__
    try:
        names = os.listdir(folder)  # noqa: PTH208 (at each start, and pathlib is not free)
    except OSError:
        # Inside a zip archive there is no folder to list.
        from pkgutil import iter_modules

        return sorted(module.name for module in iter_modules([folder]))
    found = {name.removesuffix(".py") for name in names if name.endswith(".py") or "." not in name}
    return sorted(name for name in found if not name.startswith("_"))
