"""``lockstep lint``: rules over environment files and what installs from them, in the format that is asked for."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep.config import Config, load
from conda_lockstep.environment.encoding import read_bytes
from conda_lockstep.errors import LockstepError
from conda_lockstep.rules import OF_ENVIRONMENTS, OF_REQUIREMENTS, Rule, lint
from conda_lockstep.rules.lint import UNREADABLE, Finding

if TYPE_CHECKING:
    from conda_lockstep.rules.baseline import Scope


def run(
    *,
    files: Sequence[Path],
    fix: bool,
    unsafe: bool,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...] = (),
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    strict: bool,
    diff: bool = False,
    statistics: bool = False,
    show_fixes: bool = False,
) -> int:
    """Lint files, print what was found, and return the exit status.

    2 where a file could not be read, else 1 for errors and warnings (with ``strict`` for notes too), else 0. What a
    ``baseline`` holds is neither said nor counted; ``write_baseline`` records what is found, and the status is 0.
    ``diff`` shows what fixes would do and writes nothing; the status is then 1 where a file would change.
    """
    config = load(Path.cwd())
    config = config._replace(
        ignore=config.ignore + ignore, extend_select=config.extend_select + extend_select
    )
    only = select + extend_select if select else ()
    paths = list(files) or _discover(config, only)
    installs = any(lint.subject_of(str(path)) == "installs" for path in paths)
    chosen = lint.select(config, only, installs=installs)
    paths = _with_requirements(_with_partners(paths, chosen), chosen)
    if diff:
        return _preview(paths, chosen, config, unsafe)
    seen = _look(paths, chosen, config, fix, unsafe)
    if write_baseline:
        return _record(seen, chosen, write_baseline)
    if baseline:
        seen = _without_old(seen, chosen, baseline)
    _print(seen, output, strict, statistics, show_fixes)
    if seen.failures or any(finding.rule == UNREADABLE for finding in seen.findings):
        return 2
    return int(any(strict or finding.severity != "note" for finding in seen.findings))


class _Seen(NamedTuple):
    """What came of looking at files: findings that are left, what was fixed, and files that are not there."""

    paths: Sequence[Path]
    findings: Sequence[Finding]
    done: Sequence[str]
    failures: Sequence[LockstepError]


def _discover(config: Config, only: Sequence[str]) -> list[Path]:
    """Return the files that git knows: environment files, and those that install packages where it is asked for them.

    They are asked for by selecting their family or one of its rules.
    """
    from conda_lockstep.environment.discover import environment_files

    named = set(only or config.select)
    asked = {name for name in named.union(() if only else config.extend_select) if _is_of_installs(name)}
    found = environment_files(Path.cwd()) if not named or named - asked else []
    if asked:
        from conda_lockstep.installs.discover import install_files

        found += install_files(Path.cwd())
    if not found:
        what = "no Dockerfile, script or workflow" if asked else "no environment file"
        print(f"lockstep: git knows {what} here", file=sys.stderr)
    return found


def _is_of_installs(name: str) -> bool:
    return name not in OF_ENVIRONMENTS and (name == "installs" or lint.find_rule(name).family == "installs")


def _with_partners(paths: list[Path], chosen: Sequence[Rule]) -> list[Path]:
    """Return the files, with the locks beside them and the files beside locks that a chosen rule is about."""
    subjects = {rule.subject for rule in chosen if rule.family == "lock"}
    if not subjects:
        return paths
    from conda_lockstep.lock.paths import environment_of, is_lock, locks_of

    locks = [path for path in paths if is_lock(str(path))]
    found = dict.fromkeys(paths)
    if "environment" in subjects:
        found |= dict.fromkeys(file for lock in locks if (file := environment_of(lock)))
    if "lock" in subjects:
        files = [path for path in found if not is_lock(str(path))]
        found |= dict.fromkeys(lock for beside in locks_of(files).values() for lock in beside)
    return list(found)


def _with_requirements(paths: list[Path], chosen: Sequence[Rule]) -> list[Path]:
    """Return the files, each with the requirements files that it names, where a chosen rule looks at those."""
    if not any(rule.name in OF_REQUIREMENTS for rule in chosen):
        return paths
    found: dict[Path, None] = {}
    for path in paths:
        found[path] = None
        if lint.subject_of(str(path)) == "environment" and _mentions_a_file(path):
            from conda_lockstep.environment.requirements import named_by

            found |= dict.fromkeys(named_by(path))
    return list(found)


def _mentions_a_file(path: Path) -> bool:
    """Say whether ``-r`` stands in a file at all, which few have, and which costs less than to read it twice."""
    try:
        data = read_bytes(path, str(path))
    except LockstepError:
        return False
    return b"-r" in data and re.search(rb"-r\b|--requirement\b", data) is not None


def _look(paths: Sequence[Path], chosen: Sequence[Rule], config: Config, fix: bool, unsafe: bool) -> _Seen:
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
    return _Seen(paths, findings, done, failures)


def _record(seen: _Seen, chosen: Sequence[Rule], path: Path) -> int:
    from conda_lockstep.report import text
    from conda_lockstep.rules import baseline

    count = baseline.write(path, seen.findings, _scope(seen, chosen, path))
    print(f"lockstep: {path} holds {count} finding{'' if count == 1 else 's'}", file=sys.stderr)
    sys.stderr.write(text.errors(str(failure) for failure in seen.failures))
    return 2 if seen.failures else 0


def _without_old(seen: _Seen, chosen: Sequence[Rule], path: Path) -> _Seen:
    """Leave out what a baseline holds, and say what it need not hold any longer."""
    from conda_lockstep.report import text
    from conda_lockstep.rules import baseline

    compared = baseline.compare(baseline.read(path), seen.findings, _scope(seen, chosen, path))
    gone = [f"{path}: no longer needed: {key.path}: {key.rule}: {key.entry}" for key in compared.gone]
    if gone:
        gone.append(f"{path}: write it again with --write-baseline")
    sys.stderr.write(text.errors(gone))
    return seen._replace(findings=compared.new)


def _scope(seen: _Seen, chosen: Sequence[Rule], path: Path) -> Scope:
    from conda_lockstep.rules.baseline import Scope

    return Scope.of(path, seen.paths, (rule.name for rule in chosen))


def _preview(paths: Sequence[Path], chosen: Sequence[Rule], config: Config, unsafe: bool) -> int:
    """Print what fixing would change as a diff; return 2 where a file could not be read, 1 where one would change."""
    from conda_lockstep.report import text
    from conda_lockstep.report.diff import unified

    changed, done, failures = 0, 0, []
    for path in paths:
        try:
            file, fixed = lint.plan_path(path, chosen, config, unsafe=unsafe)
        except LockstepError as error:
            failures.append(str(error))
            continue
        if file is None:
            failures += (f"{each.path}:{each.line}:{each.column}: {each.message}" for each in fixed.left)
        elif fixed.done:
            changed, done = changed + 1, done + len(fixed.done)
            sys.stdout.write(unified(file, lint.parse_text(fixed.text, file.path), colour=_colour()))
    sys.stderr.write(text.errors(failures))
    print(f"would fix {text.count(done, 'problem')} in {text.count(changed, 'file')}", file=sys.stderr)
    return 2 if failures else int(changed > 0)


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _print(seen: _Seen, output: str, strict: bool, statistics: bool, show_fixes: bool) -> None:
    from conda_lockstep.report import text

    if output == "text":
        sys.stdout.write(_text(seen, statistics, show_fixes))
    else:
        sys.stdout.write(_render(seen, output, strict))
    sys.stderr.write(text.errors(str(failure) for failure in seen.failures))


def _text(seen: _Seen, statistics: bool, show_fixes: bool) -> str:
    from conda_lockstep.report import text

    colour = _colour()
    done = "".join(f"{text.visible(line)}\n" for line in seen.done)
    if statistics:
        from conda_lockstep.report.statistics import render

        blocks = [done, render(seen.findings)]
    else:
        blocks = [done, text.render(seen.findings, colour=colour, fixes=show_fixes)]
    if not seen.failures or seen.findings or done:
        files = len(seen.paths) - len(seen.failures)
        blocks.append(text.summary(seen.findings, files, fixed=len(seen.done), colour=colour))
    return "\n".join(block for block in blocks if block)


def _render(seen: _Seen, output: str, strict: bool) -> str:
    """Return what programs read; each format is imported when it is asked for."""
    if output == "json":
        from conda_lockstep.report import json

        return json.render(seen.findings)
    from conda_lockstep.report.paths import repository_root

    root = repository_root(Path.cwd())
    if output == "github":
        from conda_lockstep.report import annotations

        return annotations.render(seen.findings, root)
    if output == "sarif":
        from conda_lockstep.report import sarif

        return sarif.render(seen.findings, seen.failures, root)
    from conda_lockstep.report import junit

    paths = [str(path) for path in seen.paths]
    return junit.render(paths, seen.findings, seen.failures, root, strict=strict)
