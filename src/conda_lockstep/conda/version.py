"""The order of versions, as conda and PEP 440 define it, and how far apart two of them are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import zip_longest
from typing import Literal, TypeAlias

from conda_lockstep.packages import Manager

Step: TypeAlias = Literal["major", "minor", "patch"]
Part: TypeAlias = tuple[int, str]
"""A number ``n`` as ``(n, "")``, a text as ``(rank, text)``: dev < _ < other text < 0 < 1 < … < post."""
Segments: TypeAlias = tuple[tuple[Part, ...], ...]

_TEXT_RANKS = {"dev": -3, "_": -2, "post": 1 << 62}
_OTHER_TEXT = -1
_ZERO: Part = (0, "")
_YEARS: Part = (1990, "")
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_RUNS = re.compile(r"[0-9]+|_|[^0-9_]+")


def compare(manager: Manager, old: str, new: str) -> int:
    """Return 1 where ``new`` is the newer version, -1 where it is the older one, 0 where they are equal.

    pip versions that PEP 440 does not know are ordered as conda would.
    """
    if old == new:
        return 0
    if manager == "pip":
        order = _compare_pep440(old, new)
        if order is not None:
            return order
    return compare_conda(old, new)


def compare_conda(old: str, new: str) -> int:
    """Order two conda versions as conda's ``VersionOrder`` does (CEP 33); the result is that of :func:`compare`.

    Text that conda would refuse is ordered all the same, part by part: a lock that was read has to be
    compared, and is not ours to validate.
    """
    old_epoch, old_release, old_local = _parse(old)
    new_epoch, new_release, new_local = _parse(new)
    if old_epoch != new_epoch:
        return 1 if new_epoch > old_epoch else -1
    return _compare_segments(old_release, new_release) or _compare_segments(old_local, new_local)


def step(old: str, new: str) -> Step:
    """Return which number of the release is the first to differ: the first, the second, or a later one.

    An epoch counts as major; pre-releases, post-releases and local labels count as patches. Where the first
    number is a year, a new year is a minor step: it promises nothing about compatibility.
    """
    old_epoch, old_release, _ = _parse(old)
    new_epoch, new_release, _ = _parse(new)
    if old_epoch != new_epoch:
        return "major"
    for position, (before, after) in enumerate(zip_longest(old_release, new_release, fillvalue=())):
        old_number, new_number = before[0] if before else _ZERO, after[0] if after else _ZERO
        if old_number != new_number:
            is_major = position == 0 and min(old_number, new_number) < _YEARS
            return "major" if is_major else "minor" if position < 2 else "patch"
    return "patch"


def release_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with, without its epoch: ``(2, 0)`` for ``1!2.0rc1``."""
    return tuple(segment[0][0] for segment in _parse(text)[1] if segment and not segment[0][1])


def _compare_pep440(old: str, new: str) -> int | None:
    try:
        from packaging.version import InvalidVersion, Version
    except ImportError:  # on a bare node there is only the standard library
        return None
    try:
        left, right = Version(old), Version(new)
    except InvalidVersion:
        return None
    return (right > left) - (right < left)


@lru_cache(maxsize=1 << 14)
def _parse(text: str) -> tuple[int, Segments, Segments]:
    if _NUMBERS.fullmatch(text):  # as most are
        return 0, tuple([((int(number), ""),) for number in text.split(".")]), ()
    epoch, _, rest = text.strip().lower().rpartition("!")
    release, _, local = rest.partition("+")
    return int(epoch) if epoch.isdecimal() else 0, _segments(release), _segments(local)


def _segments(text: str) -> Segments:
    text = text.replace("-", "_")
    trailing = "_" if text.endswith("_") else ""
    text = text[: len(text) - len(trailing)].replace("_", ".") + trailing
    return tuple(tuple(_parts(segment)) for segment in text.split(".")) if text else ()


def _parts(segment: str) -> Iterable[Part]:
    if not segment[:1].isdecimal():
        yield _ZERO
    for run in _RUNS.findall(segment):
        yield (int(run), "") if run.isdecimal() else (_TEXT_RANKS.get(run, _OTHER_TEXT), run)


def _compare_segments(old: Segments, new: Segments) -> int:
    for old_segment, new_segment in zip_longest(old, new, fillvalue=()):
        if old_segment == new_segment:
            continue
        for old_part, new_part in zip_longest(old_segment, new_segment, fillvalue=_ZERO):
            if old_part != new_part:
                return 1 if new_part > old_part else -1
    return 0
