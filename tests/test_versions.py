"""Versions are ordered as conda and PEP 440 order them."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rattler import Version

from conda_lockstep.conda.version import compare, compare_conda, step
from tests.support.corpus import find_corpus
from tests.support.repodata import repodata

PARTS = st.sampled_from([*"0129ab_.-+!", "10", "dev", "post", "rc", "alpha", "2024"])


def order(old: str, new: str) -> int:
    left, right = Version(old), Version(new)
    return (right > left) - (right < left)


def test_every_two_versions_of_the_real_channels_are_ordered_as_rattler_orders_them(
    channel_data: Path,
) -> None:
    versions = sorted({record["version"] for record in repodata(channel_data)})
    pairs = [random.Random(7).sample(versions, 2) for _ in range(30_000)]
    pairs += [list(pair) for pair in itertools.pairwise(versions)]
    wrong = [pair for pair in pairs if compare_conda(*pair) != order(*pair)]
    assert len(versions) > (4000 if find_corpus() else 500)
    assert not wrong


@given(
    st.lists(PARTS, min_size=1, max_size=6).map("".join), st.lists(PARTS, min_size=1, max_size=6).map("".join)
)
def test_any_two_versions_that_rattler_reads_are_ordered_as_it_orders_them(old: str, new: str) -> None:
    try:
        expected = order(old, new)
    except Exception:  # rattler's own error for what is no version
        assert compare_conda(old, new) == -compare_conda(new, old)
    else:
        assert compare_conda(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1.0rc1", "1.0", 1),
        ("2.4.0+cu121", "2.4.0", -1),
        ("1.0.post1", "1.0", -1),
        ("1.0", "1.0.0", 0),
        ("1!1.0", "2.0", -1),
        ("2024a", "2024b", 1),  # not PEP 440: as conda would
    ],
)
def test_pip_versions_follow_pep_440(old: str, new: str, expected: int) -> None:
    assert compare("pip", old, new) == expected
    assert compare("pip", new, old) == -expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("3.11.7", "3.12.1", "minor"),
        ("1.26.4", "2.0.0", "major"),
        ("2.4.0", "2.4.1", "patch"),
        ("2.4", "2.4.1", "patch"),
        ("1.0rc1", "1.0", "patch"),
        ("1.0", "1!1.0", "major"),
        ("2.4.0+cpu", "2.4.0+cu121", "patch"),
        ("2025.1.31", "2026.1.4", "minor"),
        ("2025a", "2025b", "patch"),
        ("9e", "9f", "patch"),
    ],
)
def test_a_step_is_named_after_the_first_number_that_differs(old: str, new: str, expected: str) -> None:
    assert step(old, new) == expected
    assert step(new, old) == expected
