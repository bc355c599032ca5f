"""Applies the fixes that rules offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.findings import RECODE, UNREADABLE, Finding, findings, unreadable
from conda_lockstep.lint.engine.reading import parse_text, read_file
from conda_lockstep.lint.engine.registry import Fix, Rule
from conda_lockstep.lint.engine.running import Found, problems
from conda_lockstep.lint.targets.target import Target
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.source import UnreadableFileError

MAX_ROUNDS = 20
"""How often fixes are applied and the file is looked at again; ``duplicate-spec`` may need one round a copy."""

_Target = TypeVar("_Target", bound=Target)


class Fixed(NamedTuple):
    """What fixing a file came to: the new content, what was done, and the findings that are left."""

    text: str
    done: tuple[str, ...]
    left: tuple[Finding, ...]


def fix_path(path: Path, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Fix a file in place, atomically; an unreadable one is left as it is.

    With ``unsafe`` a file in UTF-16 becomes one in UTF-8, and is then fixed as any other.
    """
    file, fixed = plan_path(path, chosen, config, unsafe=unsafe)
    if file is not None and (fixed.text != file.source.content or _RECODED in fixed.done):
        write_text(path, fixed.text)
    return fixed


def plan_path(
    path: Path,
    chosen: Sequence[Rule],
    config: Config,
    load: Callable[[Path], Target] = read_file,
    *,
    unsafe: bool,
) -> tuple[Target | None, Fixed]:
    """Return a file as it was read, and what fixing it comes to; None for the file where it stays unreadable."""
    done: tuple[str, ...] = ()
    try:
        file = load(path)
    except UnreadableFileError as error:
        if error.recoded is None or not unsafe:
            return None, Fixed("", (), (unreadable(error),))
        try:
            file = parse_text(error.recoded, str(path))
        except UnreadableFileError as deeper:
            return None, Fixed("", (), (unreadable(deeper),))
        done = (_RECODED,)
    fixed = fix(file, chosen, config, unsafe=unsafe)
    return file, fixed._replace(done=done + fixed.done)


def fix(file: _Target, chosen: Sequence[Rule], config: Config, *, unsafe: bool) -> Fixed:
    """Apply fixes until none is left to apply. Fixes that touch each other wait for the next round.

    A fix whose result cannot be read again, or has lost what the fix did not name, is not applied.
    """
    done: list[str] = []
    seen = {file.source.text}
    found = problems(file, chosen, config)
    for _ in range(MAX_ROUNDS):
        applied, after = _one_round(file, found, unsafe)
        if after is None or after.source.text in seen:
            break
        hide = Redactor(file.document)
        for rule, change in applied:
            done.append(f"{rule.name}: {hide.text(change.message, *(one.span for one in change.edits))}")
        file = after
        seen.add(file.source.text)
        found = problems(file, chosen, config)
    return Fixed(file.source.content, tuple(done), tuple(findings(file, found)))


_RECODED = f"{UNREADABLE}: {RECODE}"


def _one_round(file: _Target, found: Found, unsafe: bool) -> tuple[list[tuple[Rule, Fix]], _Target | None]:
    """Apply all fixes that do not touch each other; one by one where together they do harm."""
    taken: list[tuple[Rule, Fix]] = []
    claims = edit.Claims()
    for rule, problem in found:
        change = problem.fix
        if change is None or (change.safety == "unsafe" and not unsafe):
            continue
        if claims.claim(change.edits):
            taken.append((rule, change))
    if not taken:
        return [], None
    after = _applied(file, [change for _, change in taken])
    if after is not None:
        return taken, after
    for pair in taken:
        after = _applied(file, [pair[1]])
        if after is not None:
            return [pair], after
    return [], None


def _applied(file: _Target, fixes: Iterable[Fix]) -> _Target | None:
    """Return the file with fixes applied, None where the result is not what they meant."""
    edits = [change for fix in fixes for change in fix.edits]
    try:
        after = file.with_text(edit.apply(file.source, edits))
        return after if file.keeps(after, edits) else None
    except LockstepError:
        return None
