"""The real locks and their real successors give drift that a person agrees with."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
from tests.support.lock_pairs import LockPair, formats_of, pair_names

from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.diff import diff
from conda_lockstep.drift.compare.operands import Operand, read_source
from conda_lockstep.drift.model import accounted
from conda_lockstep.drift.report import Report, Row
from conda_lockstep.errors import LockstepError

# What was read and agreed with, by hand: (pair, platform) -> rows of a severity that stands open.
JUDGED = {
    ("arrays", "linux-64"): [],
    ("training", "linux-64"): [
        "critical upgrade python 3.11.15 → 3.12.13",
        "critical upgrade cudnn 8.9.7.29 → 9.13.0.50",
        "high variant _openmp_mutex 4.5 7_kmp_llvm → 4.5 20_gnu",
        "high upgrade pytorch 2.3.1 → 2.10.0",
        "high upgrade libabseil 20240116.2 → 20250512.1",
    ],
    ("device", "linux-64"): [
        "critical variant pytorch 2.5.1 cuda120_py312hd285dae_303 → 2.5.1 cpu_mkl_py312_hf462abe_109",
        "high downgrade libblas 3.11.0 6_h4a7cf45_openblas → 3.9.0 32_hfdb39a5_mkl",
    ],
    ("detectron2-pixi-step", "linux-64"): [
        "critical upgrade python 3.12.8 → 3.13.9",
        "high upgrade pytorch 2.5.1 → 2.8.0",
        "high upgrade libabseil 20240722.0 → 20250512.1",
        "high envelope raised __glibc 2.17 → 2.28",
    ],
    ("conda-lock-root-pixi-step", "linux-64"): [],
    ("pangeo-base-notebook-step", "linux-64"): [],
    ("pangeo-base-notebook-step", "osx-arm64"): [],
    ("pangeo-pytorch-notebook-step", "linux-64"): [],
    ("pangeo-pangeo-notebook-step", "linux-64"): [],
    ("pangeo-pangeo-notebook-span10", "linux-64"): [
        "high envelope raised __glibc 2.17 → 2.28",
    ],
}


@lru_cache
def source(path: Path) -> Operand:
    return read_source(path)


def report_of(pair: Path, name: str) -> Report:
    return compare(source(pair / "old" / name), source(pair / "new" / name))


def summary(row: Row) -> str:
    return f"{row.severity} {row.classes[0]} {row.subject} {row.before} → {row.after}"


@pytest.mark.parametrize("pair", pair_names())
def test_a_real_change_is_accounted_for_package_by_package(lock_pair: LockPair, pair: str) -> None:
    folder = lock_pair(pair)
    for name in formats_of(pair):
        old, new = source(folder / "old" / name), source(folder / "new" / name)
        for platform in old.platforms.keys() & new.platforms.keys():
            before, after = old.platforms[platform], new.platforms[platform]
            assert sorted(accounted(diff(before, after))) == sorted({*before, *after})
        report = report_of(folder, name)
        assert len(report.comparisons) == len(old.platforms.keys() & new.platforms.keys())


@pytest.mark.parametrize("pair", [name for name in pair_names() if "conda-linux-64.lock" in formats_of(name)])
def test_every_format_of_one_change_gives_the_same_report(lock_pair: LockPair, pair: str) -> None:
    shown = []
    for name in formats_of(pair):
        report = report_of(lock_pair(pair), name)
        (comparison,) = [each for each in report.comparisons if each.platform == "linux-64"]
        shown.append({summary(row).partition(" ")[2] for row in comparison.rows if row.manager == "conda"})
    assert shown[1:] == shown[:-1]


@pytest.mark.parametrize(("pair", "platform"), [key for key in JUDGED if key[0] in pair_names()])
def test_the_dangerous_changes_of_real_locks_are_those_worth_a_look(
    lock_pair: LockPair, pair: str, platform: str
) -> None:
    report = report_of(lock_pair(pair), formats_of(pair)[0])
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
