"""Plain values of YAML: what is refused, and with which place."""

from __future__ import annotations

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.yaml_limits import MAX_DEPTH
from conda_lockstep.text.yaml_values import load

BOMB = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: [\n",
            "lock:2:1: not YAML: while parsing a flow node did not find expected node content; relock",
        ),
        (
            "a: 1\n<<<<<<< HEAD\nb: 2\n",
            "lock:2:1: unresolved merge conflict ('<<<<<<<'); keep one side, or relock",
        ),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "lock:4:3: the key 'b' occurs twice; relock"),
        ("a: &a {b: *a}\n", "lock:1:4: an alias refers to a value that contains it; relock"),
        (BOMB, "lock:6:4: the aliases expand to more than 100,000 values; relock"),
        (
            "a: " + "[" * (MAX_DEPTH + 1),
            f"lock:1:{MAX_DEPTH + 3}: nested more than {MAX_DEPTH} levels deep; relock",
        ),
        ('["]]]]", ' * 5000, f"lock:1:901: nested more than {MAX_DEPTH} levels deep; relock"),
        ("a: 2020-13-01\n", "lock:1:4: not YAML: month must be in 1..12; relock"),
        ("? [a]\n: b\n", "lock:1:3: not YAML: while constructing a mapping found unhashable key; relock"),
        ("a: !x b\n", "lock:1:4: not YAML: could not determine a constructor for the tag '!x'; relock"),
        ("a: 1\n---\nb: 2\n", "lock:2:1: the file contains several YAML documents; relock"),
    ],
)
def test_what_cannot_be_loaded_is_one_line_with_its_place(text: str, message: str) -> None:
    with pytest.raises(LockstepError) as caught:
        load(text, "lock", remedy="relock")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_merged_key_is_no_repeated_one() -> None:
    text = "base: &base {a: 1, b: 2}\nother:\n  <<: *base\n  b: 3\n"
    assert load(text, "lock") == {"base": {"a": 1, "b": 2}, "other": {"a": 1, "b": 3}}


def test_as_text_every_scalar_is_what_is_written() -> None:
    assert load("a: 1.10\nb: [yes, ~, !x y]\n", "lock", as_text=True) == {"a": "1.10", "b": ["yes", "~", "y"]}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_text_has_no_value(text: str) -> None:
    assert load(text, "lock") is None
