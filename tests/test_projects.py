"""Names and versions of Python projects are spelled as packaging spells them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.project_names import normalize_version

_NUMBER = st.sampled_from(["0", "1", "01", "12", "2024", ""])
_PARTS = st.lists(
    st.sampled_from(
        [".", "-", "_", "!", "+", "v", "a", "B", "rc", "C", "alpha", "pre", "post", "REV", "r", "dev", " "]
    )
    | _NUMBER,
    max_size=9,
).map("".join)
_SENSIBLE = st.tuples(
    st.sampled_from(["", "v", "1!", "0!"]),
    st.sampled_from(["1", "1.0", "01.02", "2024.01.1", "1.2.3.4"]),
    st.sampled_from(["", "a1", ".RC.1", "-alpha", "_beta2", "c3", ".preview_4", "pre"]),
    st.sampled_from(["", "-1", ".post2", "post", "_rev3", ".r4"]),
    st.sampled_from(["", ".dev1", "-DEV", "_dev_2"]),
    st.sampled_from(["", "+cu118", "+Ubuntu-1", "+abc.01_x"]),
).map("".join)


@given(_PARTS | _SENSIBLE)
def test_a_version_is_spelled_as_packaging_does(text: str) -> None:
    try:
        expected = str(Version(text))
    except InvalidVersion:
        expected = text
    assert normalize_version(text) == expected


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("2024.01.1", "2024.1.1"),
        ("1.0.0.RC1", "1.0.0rc1"),
        ("v1.0-1", "1.0.post1"),
        ("1.0+Cu-118", "1.0+cu.118"),
        ("2004d", "2004d"),
        ("9e", "9e"),
    ],
)
def test_a_spelling_is_made_canonical(spelled: str, canonical: str) -> None:
    assert normalize_version(spelled) == canonical
