"""Runs rules over a target."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import touches_any
from conda_lockstep.lint.engine.findings import Finding, findings, unreadable
from conda_lockstep.lint.engine.reading import read_file
from conda_lockstep.lint.engine.registry import Problem, Rule
from conda_lockstep.lint.engine.selection import for_path
from conda_lockstep.text.source import Span, UnreadableFileError

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.target import Target

Found: TypeAlias = list[tuple[Rule, Problem]]


def lint_path(
    path: Path, chosen: Sequence[Rule], config: Config, load: Callable[[Path], Target] = read_file
) -> list[Finding]:
    """Read a file and return what the rules say of it, in the order of the file.

    What cannot be read has one finding, ``unreadable-file``. Raises ``LockstepError`` where there is no file.
    """
    try:
        return lint(load(path), chosen, config)
    except UnreadableFileError as error:
        return [unreadable(error)]


def lint(file: Target, chosen: Sequence[Rule], config: Config) -> list[Finding]:
    """Return what the rules say of a file, in the order of the file."""
    return findings(file, problems(file, chosen, config))


def problems(target: Target, chosen: Sequence[Rule], config: Config) -> Found:
    """Return what the rules for a target report, in the order of the file, after its suppressions."""
    kind, traits, checked = target.kind, target.traits, target.checked
    chosen = [rule for rule in for_path(chosen, target.path, config) if kind in rule.targets]
    found = [
        (rule, problem)
        for rule in chosen
        if rule.check and rule.requires <= traits
        for problem in rule.check(checked, config)
    ]
    if target.shared:
        found = [(rule, _without_shared_fix(target.shared, problem)) for rule, problem in found]
    if len(found) > 1:
        found = _one_cause_one_finding(found)
    if "lockstep:" in target.source.text:
        # Few files have suppressions; the others pay nothing for them.
        from conda_lockstep.lint.engine.apply_suppressions import apply

        found = apply(target.source, found, chosen, target.suppressions())
    if len(found) > 1:
        found.sort(key=lambda pair: (pair[1].span, pair[0].name))
    return found


def _without_shared_fix(shared: Sequence[Span], problem: Problem) -> Problem:
    """Withhold a fix that edits what aliases refer to: the other uses would change with it."""
    is_shared = problem.fix is not None and touches_any(problem.fix.edits, shared)
    return problem._replace(fix=None) if is_shared else problem


def _one_cause_one_finding(found: Found) -> Found:
    """Drop what a general rule says of the places that a more specific one speaks about."""
    reported = {rule.name for rule, _ in found}
    places: dict[str, list[Span]] = {}
    for rule, problem in found:
        for name in rule.supersedes:
            if name in reported:
                places.setdefault(name, []).extend((problem.span, *problem.covers))
    if not places:
        return found
    covered = {name: _Covered(spans) for name, spans in places.items()}
    return [
        (rule, problem)
        for rule, problem in found
        if rule.name not in covered or not covered[rule.name].touches(problem.span)
    ]


class _Covered:
    """Spans that can be asked in logarithmic time whether they touch another: a hostile file has many."""

    def __init__(self, spans: list[Span]) -> None:
        spans.sort()
        self._starts = [span.start for span in spans]
        self._furthest = list(accumulate((span.end for span in spans), max))

    def touches(self, span: Span) -> bool:
        last = bisect_right(self._starts, span.end) - 1
        return last >= 0 and self._furthest[last] >= span.start
