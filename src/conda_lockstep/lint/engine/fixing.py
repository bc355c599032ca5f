"""Applies the fixes that rules offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from conda_lockstep.config import Config
from conda_lockstep.environment import edit
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.findings import RECODE, UNREADABLE, Finding, findings, unreadable
from conda_lockstep.lint.engine.fix_harm import Judge
from conda_lockstep.lint.engine.reading import parse_text, read_file
from conda_lockstep.lint.engine.registry import Fix, Rule
from conda_lockstep.lint.engine.running import Found, problems
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.source import UnreadableFileError

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.target import Target

MAX_ROUNDS = 20
"""How often fixes are applied and the file is looked at again; ``duplicate-spec`` may need one round a copy."""

_Target = TypeVar("_Target", bound="Target")


class Fixed(NamedTuple):
    """What fixing a file came to: the new content, what was done, and the findings that are left.

    ``withdrawn`` are fixes that were not applied, each with what it would have caused.
    """

    text: str
    done: tuple[str, ...]
    left: tuple[Finding, ...]
    withdrawn: tuple[str, ...] = ()


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

    A fix whose result cannot be read again, or has lost what the fix did not name, is not applied. Nor is one that
    causes an error, whichever rules are chosen, or makes the CUDA build of a framework less certain.
    """
    rounds = _Rounds(chosen, config, unsafe)
    done: list[str] = []
    seen = {file.source.text}
    found = problems(file, chosen, config)
    for _ in range(MAX_ROUNDS):
        applied, after = rounds.one(file, found)
        if after is None or after.source.text in seen:
            rounds.withdraw_the_rest(found)
            break
        hide = Redactor(file.document)
        for rule, change in applied:
            done.append(_described(rule, change, hide))
        file = after
        seen.add(file.source.text)
        found = problems(file, chosen, config)
    left, withdrawn = rounds.without_withdrawn(file, found)
    return Fixed(file.source.content, tuple(done), tuple(findings(file, left)), withdrawn)


_RECODED = f"{UNREADABLE}: {RECODE}"
_Change: TypeAlias = tuple[Rule, Fix]


def _described(rule: Rule, change: Fix, hide: Redactor) -> str:
    return f"{rule.name}: {hide.text(change.message, *(one.span for one in change.edits))}"


class _Rounds:
    """Applies fixes in rounds. ``withdrawn`` are those of the last round that cause harm, with the harm."""

    def __init__(self, chosen: Sequence[Rule], config: Config, unsafe: bool) -> None:
        self.unsafe = unsafe
        self.judge = Judge(chosen, config)
        self.withdrawn: dict[tuple[str, str], str] = {}

    def one(self, file: _Target, found: Found) -> tuple[list[_Change], _Target | None]:
        """Apply all fixes that do not touch each other; one by one where together they do harm."""
        self.withdrawn = {}
        taken: list[_Change] = []
        claims = edit.Claims()
        for rule, problem in found:
            change = problem.fix
            if change is None or (change.safety == "unsafe" and not self.unsafe):
                continue
            if claims.claim(change.edits):
                taken.append((rule, change))
        if not taken:
            return [], None
        harmless = (
            taken if self._together(file, taken) else [pair for pair in taken if self._alone(file, pair)]
        )
        for applied in (harmless, *([pair] for pair in harmless)):
            after = self._together(file, applied)
            if after is not None:
                return applied, after
        return [], None

    def _together(self, file: _Target, changes: Sequence[_Change]) -> _Target | None:
        """Return the file with fixes applied; None where they do harm, or where there is none."""
        after = _applied(file, [change for _, change in changes]) if changes else None
        return None if after is None or self.judge.harm(file, after) else after

    def _alone(self, file: Target, pair: _Change) -> bool:
        """Return whether a fix does no harm by itself, and keep in mind which it does."""
        after = _applied(file, [pair[1]])
        harm = self.judge.harm(file, after) if after is not None else ""
        if harm:
            self.withdrawn[pair[0].name, pair[1].message] = harm
        return after is not None and not harm

    def withdraw_the_rest(self, found: Found) -> None:
        """Withdraw the fixes that are left once none can be applied any more."""
        for rule, problem in found:
            change = problem.fix
            if change and (change.safety == "safe" or self.unsafe):
                self.withdrawn.setdefault((rule.name, change.message), "the result would not be what it says")

    def without_withdrawn(self, file: Target, found: Found) -> tuple[Found, tuple[str, ...]]:
        """Return the problems that are left without the fixes that cause harm, and say of these what they cause."""
        left, messages, hide = [], [], Redactor(file.document)
        for rule, problem in found:
            change = problem.fix
            harm = self.withdrawn.get((rule.name, change.message), "") if change else ""
            if change and harm:
                messages.append(f"{_described(rule, change, hide)}: {harm}")
                problem = problem._replace(fix=None, help=f"{problem.help} (not fixed, because {harm})")
            left.append((rule, problem))
        return left, tuple(messages)


def _applied(file: _Target, fixes: Iterable[Fix]) -> _Target | None:
    """Return the file with fixes applied, None where the result is not what they meant."""
    edits = [change for fix in fixes for change in fix.edits]
    try:
        after = file.with_text(edit.apply(file.source, edits))
        return after if file.keeps(after, edits) else None
    except LockstepError:
        return None
