"""Applies suppressions to findings, and reports those that suppress nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conda_lockstep.environment.edit import Edit
from conda_lockstep.lint.engine.registry import Fix, Problem, Rule, families, families_of, rules
from conda_lockstep.lint.engine.selection import closest
from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.suppressions import Name, Suppression

UNUSED = "unused-suppression"
MAX_SUGGESTIONS = 20
"""The maximum number of unknown names that get a suggestion, which takes a millisecond each."""
_OWN_NAMES = frozenset((UNUSED, "suppressions"))


def apply(
    source: Source,
    found: Sequence[tuple[Rule, Problem]],
    chosen: Sequence[Rule],
    written: Sequence[Suppression],
) -> list[tuple[Rule, Problem]]:
    """Return the findings that are not suppressed, and those about unused suppressions.

    ``chosen`` are the rules that were run: a suppression of another one may be of use in another run. ``written`` are
    the suppressions in the file.
    """
    if not written:
        return list(found)
    silences = _Silences(written)
    left = [
        (rule, problem)
        for rule, problem in found
        if not silences.silence(rule, source.position(problem.span.start)[0])
    ]
    own = next((rule for rule in chosen if rule.name == UNUSED), None)
    if own and not any(one.whole_file and _names_us(one) for one in written):
        left += ((own, problem) for problem in _unused(source, written, silences, chosen))
    return left


class _Silences:
    """Which rules are suppressed where, and which suppressions were used; one lookup per finding."""

    def __init__(self, written: Sequence[Suppression]) -> None:
        self._names = {(_lines(one), name.text) for one in written for name in one.names}
        self._by_line: dict[int, list[tuple[int, int]]] = {}
        for lines in {_lines(one) for one in written if not one.whole_file}:
            for line in range(lines[0], lines[1] + 1):
                self._by_line.setdefault(line, []).append(lines)
        self._used: set[tuple[tuple[int, int], str]] = set()

    def silence(self, rule: Rule, line: int) -> bool:
        """Return whether a finding is suppressed, and record by which suppressions."""
        places = [_WHOLE_FILE, *self._by_line.get(line, ())]
        by = self._names & {(place, name) for place in places for name in (rule.name, rule.family)}
        self._used |= by
        return bool(by)

    def was_used(self, suppression: Suppression, name: Name) -> bool:
        """Return whether a name in a suppression has suppressed a finding."""
        return (_lines(suppression), name.text) in self._used


_WHOLE_FILE = (0, 0)


def _lines(suppression: Suppression) -> tuple[int, int]:
    return suppression.first, suppression.last


def _names_us(suppression: Suppression) -> bool:
    return any(name.text in _OWN_NAMES for name in suppression.names)


def _unused(
    source: Source, written: Sequence[Suppression], silences: _Silences, chosen: Sequence[Rule]
) -> Iterator[Problem]:
    of_environments = families_of("environment")
    known = rules(of_environments)
    if _names_in(written) - {*of_environments, *(rule.name for rule in known)}:
        known = rules()
    exists = {*families(), *(rule.name for rule in known)}
    idle_names = {name for name in exists if _was_run(name, known, chosen)}
    suggestions = MAX_SUGGESTIONS
    for suppression in written:
        if not suppression.names:
            yield _malformed(suppression)
        if not suppression.names or _names_us(suppression):
            continue
        for name in suppression.names:
            if name.text not in exists:
                suggestions -= 1
                yield _unknown(name, closest(name.text, known) if suggestions >= 0 else "")
        idle = [
            name
            for name in suppression.names
            if name.text in idle_names and not silences.was_used(suppression, name)
        ]
        if idle:
            yield _idle(source, suppression, idle)


def _names_in(written: Sequence[Suppression]) -> set[str]:
    return {name.text for suppression in written for name in suppression.names}


def _was_run(name: str, known: Sequence[Rule], chosen: Sequence[Rule]) -> bool:
    """Return whether a rule was run, or all rules of a family that are on by default."""
    ran = {rule.name for rule in chosen}
    if name in families():
        return all(rule.name in ran for rule in known if rule.family == name and rule.default)
    return name in ran


def _malformed(suppression: Suppression) -> Problem:
    message = "malformed suppression: the comment suppresses nothing"
    remedy = "write '# lockstep: ignore=RULE reason'; separate rules with commas, and use no brackets"
    return Problem(suppression.span, message, remedy)


def _unknown(name: Name, close: str) -> Problem:
    message = f"no rule or family is named '{name.text}': it suppresses nothing"
    if not close:
        return Problem(name.span, message, "run 'lockstep rules' to list the names")
    fix = Fix(f"replace '{name.text}' with '{close}'", (Edit(name.span, close),), "unsafe")
    return Problem(name.span, message, f"did you mean '{close}'?", fix)


def _idle(source: Source, suppression: Suppression, idle: Sequence[Name]) -> Problem:
    listed = ", ".join(name.text for name in idle)
    where = "in the file" if suppression.whole_file else "here"
    message = f"unused suppression: '{listed}' reports nothing {where}"
    if len(idle) == len(suppression.names):
        fix = Fix(f"remove the suppression of {listed}", (Edit(_removable(source, suppression), ""),), "safe")
        return Problem(suppression.span, message, "remove the comment", fix)
    useless = set(idle)
    rest = ",".join(name.text for name in suppression.names if name not in useless)
    names = Span(suppression.names[0].span.start, suppression.names[-1].span.end)
    fix = Fix(f"remove {listed} from the suppression", (Edit(names, rest),), "safe")
    return Problem(idle[0].span, message, f"remove {listed}", fix)


def _removable(source: Source, suppression: Suppression) -> Span:
    """Return the span to remove: the suppression with the spaces beside it, or its whole line."""
    start, end = suppression.span
    line = source.line_span(source.position(start)[0])
    before, rest = source.text[line.start : start], source.rest_of_line(end)
    after = source.text[slice(*rest)].lstrip()
    if after:
        return Span(start, rest.end - len(after))
    return Span(line.start + len(before.rstrip()), rest.end) if before.strip() else line
