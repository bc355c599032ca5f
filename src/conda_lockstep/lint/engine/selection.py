"""Which rules look at which file, and how loud they are: what the settings say about rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from conda_lockstep.config import Config
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import (
    Problem,
    Rule,
    Severity,
    families,
    families_of,
    in_order,
    rules,
)


def select(config: Config, only: Sequence[str] = (), *, installs: bool = False) -> tuple[Rule, ...]:
    """Return the rules that the settings select, with the severity that they give them.

    A family stands for those of its rules that are on by default or named in ``extend-select``; where nothing is
    selected, all families do, but for what needs the solver. ``only`` (the command line's ``--select``) takes the
    place of ``select``, and leaves of ``extend-select`` what is in its families. The family ``installs`` is loaded
    where it is named, or where ``installs`` says that there are files of its kind. Raises ``LockstepError`` for a name
    that is no rule's and no family's.
    """
    wanted, extra, ignored = set(only or config.select), set(config.extend_select), set(config.ignore)
    names = families()
    narrow = wanted <= names and bool(wanted) and (bool(only) or not extra)
    # Only an all-families selection may be answered without importing every family.
    if narrow:
        known = rules(wanted)
    else:
        known = rules(names if installs or "installs" in wanted | extra else families_of("environment"))
    if (wanted | extra) - {*names, *(rule.name for rule in known)}:
        known = rules()
    _refuse_unknown(config, wanted, known)

    def is_on(rule: Rule) -> bool:
        if {rule.name, rule.family} & ignored:
            return False
        in_family = rule.family in wanted
        if rule.name in wanted or (rule.name in extra and (in_family or not only)):
            return True
        by_family = in_family or (rule.family in extra and not only)
        return rule.default and (by_family or not (wanted or rule.requires_solver))

    chosen = (rule for rule in known if is_on(rule))
    return tuple(_moved(rule, config) for rule in chosen if _level(rule, config) != "off")


def for_path(chosen: Sequence[Rule], path: str, config: Config) -> Sequence[Rule]:
    """Return the rules without those that ``per-file-ignores`` takes away for a file."""
    if not config.per_file_ignores:
        return chosen
    relative = Path(os.path.relpath(path, config.root or Path.cwd())).as_posix()
    ignored = {
        name for glob, names in config.per_file_ignores.items() if matches(relative, glob) for name in names
    }
    return [rule for rule in chosen if not {rule.name, rule.family} & ignored]


def matches(path: str, glob: str) -> bool:
    """Say whether a path (with ``/``, relative) is one that a glob means.

    ``*`` stays within a folder, ``**`` stands for any number of folders, a glob without ``/`` holds for the file's
    name in any folder, and one that ends in ``/`` for all that the folder holds.
    """
    pattern = glob.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    parts = pattern.split("/")
    return _matches(path.split("/"), ["**", *parts] if len(parts) == 1 else parts)


def find_rule(name: str) -> Rule:
    """Return a rule by its name; raises ``LockstepError`` with the closest name where there is none."""
    known = rules()
    for rule in known:
        if rule.name == name:
            return rule
    close = closest(name, known)
    remedy = f"did you mean '{close}'?" if close else f"families are {', '.join(in_order(families()))}"
    raise LockstepError(f"no rule or family is named '{name}'", remedy=remedy)


def closest(name: str, known: Iterable[Rule]) -> str:
    """Return the rule or family whose name is closest to one that is none; nothing where none is close."""
    import difflib

    names = [*in_order(families()), *(rule.name for rule in known)]
    return next(iter(difflib.get_close_matches(name, names, n=1)), "")


def _refuse_unknown(config: Config, wanted: set[str], known: Iterable[Rule]) -> None:
    per_file = (name for names in config.per_file_ignores.values() for name in names)
    named = {*wanted, *config.extend_select, *config.ignore, *config.severity, *per_file}
    for name in sorted(named - {rule.name for rule in known} - families()):
        find_rule(name)


def _level(rule: Rule, config: Config) -> str:
    return config.severity.get(rule.name, config.severity.get(rule.family, rule.severity))


_LOUDNESS: Sequence[Severity] = ("note", "warning", "error")


def _moved(rule: Rule, config: Config) -> Rule:
    """Give a rule the severity that the settings say. What it says more quietly than the rest stays quiet."""
    if not {rule.name, rule.family} & config.severity.keys():
        return rule
    level = next(level for level in _LOUDNESS if level == _level(rule, config))

    own_check = rule.check
    if own_check is None:
        return rule._replace(severity=level)

    def check(checked: object, config: Config) -> Iterator[Problem]:
        for problem in own_check(checked, config):
            own = problem.severity or rule.severity
            quiet = _LOUDNESS.index(own) < _LOUDNESS.index(rule.severity)
            yield problem._replace(severity=min(own, level, key=_LOUDNESS.index) if quiet else level)

    return rule._replace(severity=level, check=check)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[count:], pattern[1:]) for count in range(len(parts) + 1))
    from fnmatch import fnmatchcase

    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
