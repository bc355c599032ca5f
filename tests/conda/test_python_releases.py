from __future__ import annotations

import re

import pytest

from conda_lockstep.conda.bounds import bounds
from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.conda.python_releases import newest_release, oldest_supported, python_releases


@pytest.mark.parametrize(
    ("spec", "newest"),
    [
        ("python=3.8", "3.8"),
        ("python=3.8.5", "3.8"),
        ("python==3.8.5", "3.8"),
        ("python=3.8.*", "3.8"),
        ("python>=3.6,<3.9", "3.8"),
        ("python<3.8.5", "3.8"),
        ("python<3.8", "3.7"),
        ("python<=3.8", "3.8"),
        ("python=2", "2.7"),
        ("python=3.14", "3.14"),
        ("python", ""),
        ("python=3", ""),
        ("python>=3.8", ""),
        ("python<4", ""),
        ("python=3.16", ""),
        ("python=2.5", ""),
        ("python>=3.9,<3.8", ""),
    ],
)
def test_the_newest_minor_version_that_a_spec_allows(spec: str, newest: str) -> None:
    parsed = parse_conda(spec)
    assert isinstance(parsed, CondaSpec)
    allowed = bounds(parsed)
    assert allowed is not None
    found = newest_release(allowed)
    assert (found.name if found else "") == newest


@pytest.mark.parametrize(
    ("today", "oldest"),
    [("2026-10-31", "3.10"), ("2026-11-01", "3.11"), ("2030-11-01", "3.15"), ("2031-11-01", "")],
)
def test_a_version_is_supported_up_to_its_last_day(today: str, oldest: str) -> None:
    found = oldest_supported(today)
    assert (found.name if found else "") == oldest


def test_every_last_day_is_a_date_and_versions_are_in_order() -> None:
    found = python_releases()
    assert [each.minor for each in found] == sorted({each.minor for each in found})
    assert all(re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", each.last_day) for each in found)
