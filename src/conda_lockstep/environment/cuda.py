"""The CUDA versions in an environment file: in pins, builds, channels, wheels and indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.bounds import Bounds, Release, both, bounds, numbers
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.cuda_packages import cuda_packages
from conda_lockstep.environment.entries import CondaEntry, Entries, PipEntry, once_per_file
from conda_lockstep.environment.pip_lines import split_options
from conda_lockstep.text.source import Span

Kind: TypeAlias = Literal["selects", "part", "wheel"]
"""What a statement decides: which CUDA conda installs, which release one part of a toolkit has, or which CUDA a
wheel carries in itself."""


_MARKS = ("cuda", "+cu", "-cu", "/cu", "=cu", "_cu", "*cu", "nvcc")
"""What stands somewhere in every file that speaks of CUDA."""


class Statement(NamedTuple):
    """What one entry says about CUDA: ``text`` shows it, ``name`` is its package, ``range`` is what it allows."""

    text: str
    name: str
    span: Span
    kind: Kind
    range: Bounds

    @property
    def release(self) -> Release | None:
        """Return major and minor where the statement names both, else None."""
        low = self.range.low
        if low is None or self.range.high is None or self.range.high > (low[0], _minor(low) + 1):
            return None
        return low[0], _minor(low)


@once_per_file
def statements(entries: Entries) -> Sequence[Statement]:
    """Return what a file says about CUDA, in its order; nothing for a file that does not speak of it."""
    text = entries.file.source.text.lower()
    if "cu" not in text or not any(mark in text for mark in _MARKS):
        return []
    found = [*_of_channels(entries)]
    for conda in entries.conda:
        if "cu" in conda.spec.build or conda.spec.name in cuda_packages():
            found += _of_conda(conda)
    for pip in entries.pip:
        if "cu" in pip.item.value.lower():
            found += _of_pip(pip)
    return sorted(found, key=lambda statement: statement.span)


def exclude(one: Statement, other: Statement) -> bool:
    """Return whether two statements cannot both be kept.

    Majors never mix. Minors of one major do, but for what selects the CUDA of conda's packages, or a wheel's.
    """
    if one.kind == other.kind and one.kind != "part":
        return both(one.range, other.range).is_empty
    return both(_majors(one.range), _majors(other.range)).is_empty


def show(release: Release) -> str:
    """Write a release as text."""
    return ".".join(str(number) for number in release)


def _of_channels(entries: Entries) -> Iterator[Statement]:
    """Yield what labels such as ``nvidia/label/cuda-11.8.0`` say, where nvidia's other packages are not to be had."""
    channels = [(item, read_channel(item.value)) for item in entries.file.channels.items]
    if any(channel.name == "nvidia" for _, channel in channels):
        return
    for item, channel in channels:
        label = re.search(r"/label/cuda-(\d+)\.(\d+)", channel.name)
        if label and channel.base == "nvidia":
            yield Statement(item.value, "", item.span, "selects", _one_minor(int(label[1]), int(label[2])))


def _of_conda(entry: CondaEntry) -> Iterator[Statement]:
    spec = entry.spec
    package = cuda_packages().get(spec.name)
    if package and spec.clauses:
        limits = bounds(spec)
        if limits and (limits.low or limits.high):
            if spec.is_exact and limits.low and numbers(spec.clauses[0].version) < package.numbers:
                # '==12' is a mistake with a rule of its own; here it counts as what was meant.
                limits = Bounds(limits.low, True, (*limits.low[:-1], limits.low[-1] + 1), False)
            yield Statement(entry.item.value, spec.name, entry.item.span, package.kind, limits)
    elif "cu" in spec.build:
        limits = _of_build(spec.build)
        if limits:
            yield Statement(entry.item.value, spec.name, entry.item.span, "selects", limits)


def _of_pip(entry: PipEntry) -> Iterator[Statement]:
    requirement, text = entry.requirement, entry.item.value
    if requirement.kind == "requirement" and " -" in text:
        text = split_options(text)[0].rstrip()  # pip ignores an index behind a requirement
    for pattern in (r"\+cu(\d{2,4})\b", r"/whl/(?:nightly/|test/)?cu(\d{2,4})\b"):
        match = re.search(pattern, text)
        if match:
            yield Statement(text, requirement.name, entry.item.span, "wheel", _one_minor(*_digits(match[1])))
            return
    named = re.search(r"-cu(?:da)?(\d{2,3})x?$", requirement.name)
    extra = re.search(r"\[(?:[^\]]*,)?\s*cuda(\d\d)(?=[\],_-])", text)
    if named or extra:
        digits = (named or extra or [""])[1]
        limits = _one_major(int(digits)) if _is_major(digits) else _one_minor(*_digits(digits))
        yield Statement(text, requirement.name, entry.item.span, "wheel", limits)


def _of_build(build: str) -> Bounds | None:
    """Read the CUDA of a build string such as ``*cuda118*``, ``cuda12*``, ``py38_cuda11.3_cudnn8_0`` or ``*cu110``."""
    match = re.search(r"cu(?:da)?_?(\d+)(?:\.(\d+))?", build)
    if not match:
        return None
    if match[2]:
        return _one_minor(int(match[1]), int(match[2]))
    if _is_major(match[1]):
        return _one_major(int(match[1]))
    major, minor = _digits(match[1])
    # conda-forge names the CUDA that it builds with, and lets any later minor release stand in.
    return Bounds((major, minor), True, (major + 1,), False)


def _is_major(digits: str) -> bool:
    """Return whether digits name a major release, as ``12`` does; ``92`` and ``118`` name a minor one, too."""
    return len(digits) == 1 or (len(digits) == 2 and digits[0] in "123456")


def _digits(text: str) -> tuple[int, int]:
    """Read ``118`` as 11.8, ``92`` as 9.2."""
    return int(text[:-1]), int(text[-1])


def _one_major(major: int) -> Bounds:
    return Bounds((major,), True, (major + 1,), False)


def _one_minor(major: int, minor: int) -> Bounds:
    return Bounds((major, minor) if minor else (major,), True, (major, minor + 1), False)


def _majors(limits: Bounds) -> Bounds:
    """Widen a range to whole majors."""
    high = limits.high
    if high is not None and (len(high) > 1 or limits.closed_high):
        high = (high[0] + 1,)
    return Bounds(limits.low and limits.low[:1], True, high, False)


def _minor(release: Release) -> int:
    return release[1] if len(release) > 1 else 0
