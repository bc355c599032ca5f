"""Compares two pixi.lock files, environment by environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import Operand, from_lock
from conda_lockstep.drift.report import Report
from conda_lockstep.lock.formats import pixi
from conda_lockstep.text.bounded_text import read_text


class ComparedEnvironment(NamedTuple):
    """The report on one environment, and the two operands that it compares."""

    report: Report
    old: Operand
    new: Operand


def compare_environments(old: Path, new: Path, platform: str = "") -> list[ComparedEnvironment]:
    """Compare each environment of two pixi.lock files; one that was dropped or added has no platforms on one side.

    The list is empty where neither has more than the default environment. Raises ``LockstepError`` for a damaged file.
    """
    texts = [read_text(path) for path in (old, new)]
    names = [pixi.environments(text, str(path)) for text, path in zip(texts, (old, new), strict=True)]
    every = list(dict.fromkeys((*names[1], *names[0])))
    if every == [pixi.DEFAULT]:
        return []
    return list(_compared(old, new, texts, names, every, platform))


def _compared(
    old: Path, new: Path, texts: list[str], names: list[tuple[str, ...]], every: list[str], platform: str
) -> Iterator[ComparedEnvironment]:
    for environment in every:
        before, after = (
            _operand(path, text, environment) if environment in known else Operand(str(path), "pixi", {})
            for path, text, known in zip((old, new), texts, names, strict=True)
        )
        if not platform or platform in before.platforms or platform in after.platforms:
            report = compare(before, after, platform=platform, name=f"{new} ({environment})")
            yield ComparedEnvironment(report, before, after)


def _operand(path: Path, text: str, environment: str) -> Operand:
    operand = from_lock(pixi.parse(text, str(path), environment), str(path))
    return operand._replace(notes=())  # they name the environments that were not read
