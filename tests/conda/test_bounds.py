from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import BuildString, MatchSpec, PackageRecord

from conda_lockstep.conda.bounds import Bounds, both, bounds, is_confined, numbers
from conda_lockstep.conda.match_spec import CondaSpec, parse_conda


def spec_of(text: str) -> CondaSpec:
    spec = parse_conda(text)
    assert isinstance(spec, CondaSpec), spec
    return spec


@pytest.mark.parametrize(
    ("version", "count"),
    [("1", 1), ("1.21", 2), ("1.21.*", 2), ("1.21rc1", 2), ("1.2.3", 3), ("*", 0), ("a1", 0)],
)
def test_the_numbers_of_a_version_are_counted(version: str, count: int) -> None:
    assert numbers(version) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", Bounds()),
        ("x=*", Bounds()),
        ("x!=1.5", Bounds()),
        ("x=1.21", Bounds((1, 21), True, (1, 22), False)),
        ("x 1.21.*", Bounds((1, 21), True, (1, 22), False)),
        ("x==1.21.*", Bounds((1, 21), True, (1, 22), False)),
        ("x==1.21", Bounds((1, 21), True, (1, 21), True)),
        ("x 1.21.0", Bounds((1, 21), True, (1, 21), True)),
        ("x=1.21=build", Bounds((1, 21), True, (1, 21), True)),
        ("x==1.21.*=build", Bounds((1, 21), True, (1, 21), True)),
        ("x>=1.2,<2", Bounds((1, 2), True, (2,), False)),
        ("x>1.2,<=2.0", Bounds((1, 2), False, (2,), True)),
        ("x>=1,>=1.5,>1.5", Bounds((1, 5), False)),
        ("x<3,<2,<=2", Bounds(high=(2,), closed_high=False)),
        ("x~=1.4.2", Bounds((1, 4, 2), True, (1, 5), False)),
        ("x=1.9", Bounds((1, 9), True, (1, 10), False)),
        ("x=0", Bounds((0,), True, (1,), False)),
    ],
)
def test_the_clauses_of_a_spec_bound_it_together(text: str, expected: Bounds) -> None:
    assert bounds(spec_of(text)) == expected


@pytest.mark.parametrize("text", ["x=1.2|=1.3", "x>=1.2rc1", "x=2024a", "x<1!2"])
def test_nothing_is_said_of_what_plain_numbers_cannot_tell(text: str) -> None:
    assert bounds(spec_of(text)) is None


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("x>=2,<1", True),
        ("x>1,<=1", True),
        ("x>1.0,<1", True),
        ("x=1.2,>=1.3", True),
        ("x=1.2,==1.3", True),
        ("x>=1,<=1", False),
        ("x>=1,<=1.0.0", False),
        ("x=1.2,>=1.2.3", False),
        ("x>=1", False),
        ("x<1", False),
        ("x", False),
        ("x==1.10,>1.9", False),
    ],
)
def test_a_range_that_ends_before_it_begins_is_empty(text: str, empty: bool) -> None:
    found = bounds(spec_of(text))
    assert found is not None
    assert found.is_empty is empty


_clause = st.tuples(
    st.sampled_from(["=", "==", ">=", "<=", "<", ">", "!=", "~="]),
    st.sampled_from(["1.0", "1.1", "1.2", "1.2.1", "2.0", "1.10"]),
).map("".join)
_CANDIDATES = ["0", "0.9", "1", "1.0.5", "1.1", "1.1.1", "1.2", "1.2.0", "1.2.1", "1.2.5", "1.9", "1.10", "1.10.1",
               "1.11", "2", "2.0.1", "2.5", "3"]  # fmt: skip


@given(st.lists(_clause, min_size=1, max_size=3))
@settings(max_examples=400, deadline=None)
def test_what_matches_lies_within_the_bounds(clauses: list[str]) -> None:
    text = "x" + ",".join(clauses)
    found = bounds(spec_of(text))
    assert found is not None
    for version in _CANDIDATES:
        record = PackageRecord("x", version, BuildString("0"), 0, "noarch")
        if MatchSpec(text, strict=False).matches(record):
            exactly = bounds(spec_of(f"x=={version}"))
            assert exactly is not None
            assert not both(found, exactly).is_empty


@pytest.mark.parametrize(
    ("text", "places", "confined"),
    [
        ("x=3.9", 2, True),
        ("x==3.9.1", 2, True),
        ("x 3", 2, True),
        ("x=3.9.*=build", 2, True),
        ("x>=3.9,<3.10", 2, True),
        ("x>=3.9.7,<3.10", 2, True),
        ("x>=3.9,<=3.9.20", 2, True),
        ("x>=3,=3.9", 2, True),
        ("x~=3.9.1", 2, True),
        ("x=2024a", 1, True),
        ("x=3.9rc1", 2, True),
        ("x>=1.23,<2", 1, True),
        ("x=3", 2, False),
        ("x 3.*", 2, False),
        ("x~=3.9", 2, False),
        ("x>=3.9", 2, False),
        ("x<3.10", 2, False),
        ("x>=3.9,<3.11", 2, False),
        ("x>=3.9,<=3.10", 2, False),
        ("x 3.9.*|3.10.*", 2, False),
        ("x>=1.23,<3", 1, False),
        ("x=1.2", 3, False),
        ("x", 1, False),
        ("x=*", 1, False),
        ("x!=1.2", 1, False),
    ],
)
def test_a_confined_spec_shares_its_first_numbers(text: str, places: int, confined: bool) -> None:
    assert is_confined(spec_of(text), places) is confined
