"""The real locks and their real successors give drift that a person agrees with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from tests.support.corpus import find_corpus

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.diff import diff
from conda_lockstep.drift.compare.operands import Operand, read_source
from conda_lockstep.drift.model import accounted
from conda_lockstep.drift.report import Report, Row
from conda_lockstep.errors import LockstepError

# What was read and agreed with, by hand: (pair, platform) -> rows of a severity that stands open.
JUDGED = {
    ("detectron2-pixi-step", "linux-64"): [
        "critical upgrade python 3.12.8 → 3.13.9",
        "high upgrade pytorch 2.5.1 → 2.8.0",
        "high upgrade llvm-openmp 19.1.7 → 21.1.6",
        "high envelope raised __glibc 2.17 → 2.28",
    ],
    ("conda-lock-root-pixi-step", "linux-64"): [],
    ("pangeo-base-notebook-step", "linux-64"): [],
    ("pangeo-base-notebook-step", "osx-arm64"): [],
    ("pangeo-pytorch-notebook-step", "linux-64"): [],
    ("pangeo-pangeo-notebook-step", "linux-64"): [],
    ("pangeo-pangeo-notebook-span10", "linux-64"): [
        "high upgrade rdma-core 58.0 → 61.0",
        "high envelope raised __glibc 2.17 → 2.28",
    ],
}


def pairs() -> list[Path]:
    corpus = find_corpus()
    return sorted((corpus / "locks" / "pairs").iterdir()) if corpus else []


def locks(pair: Path) -> list[str]:
    return [
        name
        for name in ("conda-lock.yml", "pixi.lock", "conda-linux-64.lock")
        if (pair / "new" / name).exists()
    ]


@lru_cache
def source(path: Path) -> Operand:
    return read_source(path)


def report_of(pair: Path, name: str) -> Report:
    return compare(source(pair / "old" / name), source(pair / "new" / name))


def summary(row: Row) -> str:
    return f"{row.severity} {row.classes[0]} {row.subject} {row.before} → {row.after}"


@pytest.mark.parametrize("pair", pairs(), ids=lambda path: path.name)
def test_a_real_change_is_accounted_for_package_by_package(pair: Path) -> None:
    for name in locks(pair):
        old, new = source(pair / "old" / name), source(pair / "new" / name)
        for platform in old.platforms.keys() & new.platforms.keys():
            before, after = old.platforms[platform], new.platforms[platform]
            assert sorted(accounted(diff(before, after))) == sorted({*before, *after})
        report = report_of(pair, name)
        assert len(report.comparisons) == len(old.platforms.keys() & new.platforms.keys())


@pytest.mark.parametrize(
    "pair", [pair for pair in pairs() if "conda-linux-64.lock" in locks(pair)], ids=lambda path: path.name
)
def test_lock_and_explicit_file_of_one_change_give_the_same_report(pair: Path) -> None:
    shown = []
    for name in locks(pair):
        report = report_of(pair, name)
        (comparison,) = [each for each in report.comparisons if each.platform == "linux-64"]
        shown.append({summary(row).partition(" ")[2] for row in comparison.rows if row.manager == "conda"})
    assert shown[0] == shown[1]


@pytest.mark.parametrize(("pair", "platform"), JUDGED, ids=lambda value: value)
def test_the_dangerous_changes_of_real_locks_are_those_worth_a_look(
    corpus: Path, pair: str, platform: str
) -> None:
    folder = corpus / "locks" / "pairs" / pair
    report = report_of(folder, locks(folder)[0])
    (comparison,) = [each for each in report.comparisons if each.platform == platform]
    assert [summary(row) for row in comparison.rows if row.severity in ("critical", "high")] == JUDGED[
        pair, platform
    ]


def test_every_real_lock_is_an_operand_or_refused_in_one_line(corpus: Path) -> None:
    read = refused = 0
    for path in sorted((corpus / "locks").rglob("*")):
        if (
            not path.is_file()
            or path.suffix == ".toml"
            or "environment" in path.name
            or path.name in ("packages.txt", "INDEX.tsv")
        ):
            continue
        try:
            assert source(path).platforms
            read += 1
        except LockstepError as error:
            assert "\n" not in str(error)
            refused += 1
    assert (read > 45, refused < 15) == (True, True), (read, refused)
