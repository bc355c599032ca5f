"""The results that the checking step passes to the reporting step: typed, limited in size, validated on arrival."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias, TypeVar

from conda_lockstep.drift.report import ATTRIBUTIONS, Attribution
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.json_fields import Fields, parse_object

FILE_NAME = "handoff.json"
SCHEMA = 2
MAX_BYTES = 64 << 20
MAX_ITEMS = 10_000
MAX_TEXT = 2_000
LAST_MOMENT = 32_503_680_000
"""The year 3000, in seconds: a later date is none."""

Level: TypeAlias = Literal["error", "warning", "note"]
LockState: TypeAlias = Literal["current", "stale", "missing", "failed"]
BuildState: TypeAlias = Literal["built", "refused", "skipped", "failed"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
LOCK_STATES: tuple[LockState, ...] = ("current", "stale", "missing", "failed")
BUILD_STATES: tuple[BuildState, ...] = ("built", "refused", "skipped", "failed")

_Item = TypeVar("_Item")
_Choice = TypeVar("_Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding of the linter, as a report shows it."""

    rule: str
    severity: Level
    message: str
    path: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Cause:
    """The attribution of one change against the base commit; see :class:`drift.report.Row`.

    ``uploaded`` is when the new file was published, in seconds since the epoch, 0 if unknown. ``chain`` leads from the
    changed line to the package.
    """

    platform: str
    manager: str
    subject: str
    attribution: Attribution
    uploaded: int = 0
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caveat:
    """What makes the causes of one platform uncertain, or why there are none, as a sentence."""

    platform: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for one environment file.

    ``sha256`` and ``lock_sha256`` are of the committed bytes, empty if there is no such file. ``state`` is the status
    of the committed lock, and ``reasons`` say why it is not current, the one that decides first. ``committed`` is its
    text, empty if there is none or it cannot be read. ``lock`` is the text of the lock that fits: the committed one if
    it is current, else a fresh solution; empty if there is none. ``notices`` are remarks about it.
    ``build`` is whether that lock was installed, ``build_reason`` why or why not, ``reached`` the steps of the
    evidence ladder. ``causes`` are of its changes against the base commit.
    """

    path: str
    lock_path: str
    state: LockState
    sha256: str = ""
    lock_sha256: str = ""
    reasons: tuple[str, ...] = ()
    committed: str = ""
    lock: str = ""
    notices: tuple[str, ...] = ()
    build: BuildState = "skipped"
    build_reason: str = ""
    reached: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Handoff:
    """All results of the checking step.

    ``failures`` are errors, a line each. ``base`` is the commit that the change is compared with, empty if there is
    none or it is not known without a token. ``files`` are the environment files that were looked at.
    ``own_settings`` is true if the base's settings could not be read, so that the change's own ones were used.
    """

    remarks: tuple[Remark, ...] = ()
    checked: tuple[Checked, ...] = ()
    failures: tuple[str, ...] = ()
    base: str = ""
    files: tuple[str, ...] = ()
    own_settings: bool = False


def without_causes(handoff: Handoff) -> Handoff:
    """Return the hand-off without the causes: they were found against another commit than it is compared with."""
    checked = (replace(one, causes=(), caveats=()) for one in handoff.checked)
    return replace(handoff, checked=tuple(checked))


def write(handoff: Handoff, path: Path) -> None:
    """Write the hand-off as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps({"schema": SCHEMA, **asdict(handoff)}, ensure_ascii=True))


def read(path: Path) -> Handoff:
    """Read a hand-off and validate every value; raises ``LockstepError`` for anything invalid."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LockstepError(f"the hand-off is larger than {MAX_BYTES >> 20} MiB", where=path.name)
        content = path.read_bytes()
    except FileNotFoundError:
        raise LockstepError(
            "the check did not finish, so there are no results to report", remedy="see its log above"
        ) from None
    return parse(content, path.name)


def parse(content: bytes, name: str) -> Handoff:
    """Read the bytes of a hand-off; see :func:`read`."""
    fields = parse_object(content, name)
    if fields.number("schema") != SCHEMA:
        raise LockstepError("the hand-off has another version", where=name)
    return Handoff(
        remarks=_all(fields, "remarks", _remark),
        checked=_all(fields, "checked", _checked),
        failures=_texts(fields, "failures"),
        base=_text(fields, "base"),
        files=_texts(fields, "files"),
        own_settings=fields.flag("own_settings"),
    )


def _remark(fields: Fields) -> Remark:
    return Remark(
        rule=_text(fields, "rule"),
        severity=_one_of(fields, "severity", LEVELS),
        message=_text(fields, "message"),
        path=_text(fields, "path"),
        line=fields.number("line"),
        column=fields.number("column"),
    )


def _checked(fields: Fields) -> Checked:
    return Checked(
        path=_inner_path(fields, "path"),
        lock_path=_inner_path(fields, "lock_path"),
        state=_one_of(fields, "state", LOCK_STATES),
        sha256=_text(fields, "sha256"),
        lock_sha256=_text(fields, "lock_sha256"),
        reasons=_texts(fields, "reasons"),
        committed=fields.text("committed"),
        lock=fields.text("lock"),
        notices=_texts(fields, "notices"),
        build=_one_of(fields, "build", BUILD_STATES),
        build_reason=_text(fields, "build_reason"),
        reached=_texts(fields, "reached"),
        causes=_all(fields, "causes", _cause),
        caveats=_all(fields, "caveats", _caveat),
    )


def _cause(fields: Fields) -> Cause:
    uploaded = fields.number("uploaded")
    if not 0 <= uploaded <= LAST_MOMENT:
        raise LockstepError("'uploaded' is not a valid time", where=fields.where)
    return Cause(
        platform=_text(fields, "platform"),
        manager=_text(fields, "manager"),
        subject=_text(fields, "subject"),
        attribution=_one_of(fields, "attribution", ATTRIBUTIONS),
        uploaded=uploaded,
        chain=_texts(fields, "chain"),
    )


def _caveat(fields: Fields) -> Caveat:
    return Caveat(platform=_text(fields, "platform"), text=_text(fields, "text"))


def _all(fields: Fields, name: str, read_one: Callable[[Fields], _Item]) -> tuple[_Item, ...]:
    items = tuple(read_one(item) for item in fields.children(name))
    _limit(items, name, fields)
    return items


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    texts = fields.texts(name)
    _limit(texts, name, fields)
    return tuple(text[:MAX_TEXT] for text in texts)


def _limit(items: Sequence[object], name: str, fields: Fields) -> None:
    if len(items) > MAX_ITEMS:
        raise LockstepError(f"'{name}' has {len(items)} items, more than {MAX_ITEMS}", where=fields.where)


def _text(fields: Fields, name: str) -> str:
    return fields.text(name)[:MAX_TEXT]


def _inner_path(fields: Fields, name: str) -> str:
    """Return the path of a file in the repository; the base's file of the same path is requested with it."""
    path = PurePosixPath(_text(fields, name))
    if path.is_absolute() or ".." in path.parts:
        raise LockstepError(f"'{name}' is outside the repository", where=fields.where)
    return path.as_posix()


def _one_of(fields: Fields, name: str, allowed: Sequence[_Choice]) -> _Choice:
    value = fields.text(name)
    for choice in allowed:
        if choice == value:
            return choice
    raise LockstepError(f"'{name}' is not one of {', '.join(allowed)}", where=fields.where)
