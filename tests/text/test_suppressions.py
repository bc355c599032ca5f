from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.corpus import environment_files

from conda_lockstep.environment.reader import read
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Source, UnreadableFileError
from conda_lockstep.text.suppressions import Suppression, suppressions


def read_from(text: str) -> tuple[Suppression, ...]:
    return suppressions(Source.of("environment.yml", text))


def names(suppression: Suppression) -> list[str]:
    return [name.text for name in suppression.names]


@pytest.mark.parametrize(
    ("comment", "named", "reason"),
    [
        ("# lockstep: ignore=unpinned-conda", ["unpinned-conda"], ""),
        ("# lockstep: ignore=unpinned-conda we test it nightly", ["unpinned-conda"], "we test it nightly"),
        ("#lockstep:ignore=pins", ["pins"], ""),
        ("#  lockstep:  ignore = pins , gpu  why, oh why", ["pins", "gpu"], "why, oh why"),
        ("# lockstep: ignore=pins,gpu", ["pins", "gpu"], ""),
        ("# lockstep: ignore=pins, gpu", ["pins", "gpu"], ""),
        ("# needs it # lockstep: ignore=pins why", ["pins"], "why"),
    ],
)
def test_a_suppression_names_rules_and_a_reason(comment: str, named: list[str], reason: str) -> None:
    (found,) = read_from(f"dependencies:\n  - numpy  {comment}\n")
    assert names(found) == named
    assert found.reason == reason
    assert (found.first, found.last) == (2, 2)
    assert not found.whole_file


@pytest.mark.parametrize(
    "comment",
    [
        "# lockstep: ignore",
        "# lockstep: ignore=",
        "# lockstep: ignore[unpinned-conda]",
        "# lockstep: ignore=[unpinned-conda]",
        "# lockstep: ignore=unpinned-conda,",
        "# lockstep: ignore unpinned-conda",
        "# lockstep: ignore-all=pins",
        "# lockstep: disable=pins",
        "# lockstep: noqa",
    ],
)
def test_what_is_meant_to_silence_but_names_no_rule_is_told(comment: str) -> None:
    (found,) = read_from(f"dependencies:\n  - numpy  {comment}\n")
    assert found.names == ()


@pytest.mark.parametrize(
    "comment",
    [
        "# lockstep: keeps this file",
        "# see lockstep ignore=pins",
        "# locksteps: ignore=pins",
        "# ignore=pins",
        "# see: lockstep: a note",
        "# mylockstep: ignore=pins",
        "# # lockstep:",
    ],
)
def test_other_comments_are_left_to_people(comment: str) -> None:
    assert read_from(f"dependencies:\n  - numpy  {comment}\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        'name: "a # lockstep: ignore=pins"\n',
        "name: 'a # lockstep: ignore=pins'\n",
        'name: "a\n  # lockstep: ignore=pins\n  b"\n',
        "name: a#lockstep:ignore=pins\n",
        "variables:\n  A: |\n    # lockstep: ignore=pins\n    x\n",
        "variables:\n  A: >-\n    x # lockstep: ignore=pins\n",
    ],
)
def test_a_hash_inside_of_a_scalar_begins_no_comment(text: str) -> None:
    assert read_from(text) == ()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# lockstep: ignore=pins\nname: a\n", (2, 2)),
        ("name: a  # lockstep: ignore=pins\ndependencies: []\n", (1, 1)),
        ("dependencies:\n  # lockstep: ignore=pins\n  - a\n  - b\n", (3, 3)),
        ("dependencies:\n  # lockstep: ignore=pins\n\n  # why\n\n  - a\n  - b\n", (6, 6)),
        ("# lockstep: ignore=pins\n---\nname: a\n", (3, 3)),
        ('dependencies:\n  # lockstep: ignore=pins\n  - "a\n    b"\n  - c\n', (3, 4)),
        ('dependencies:\n  - "a\n    b" # lockstep: ignore=pins\n  - c\n', (2, 3)),
        ("variables:\n  A: | # lockstep: ignore=pins\n    x\n    y\n  B: 1\n", (2, 4)),
        ("dependencies: ['a\n  b', 'c\n  d', e]  # lockstep: ignore=pins\n", (1, 3)),
        ("dependencies: ['a\n  b', 'c', d]  # lockstep: ignore=pins\n", (1, 2)),
        ("dependencies:\n  - pip:  # lockstep: ignore=pins\n    - a\n", (2, 2)),
        ("dependencies: [a,  # lockstep: ignore=pins\n  b]\n", (1, 1)),
        ("dependencies:\r\n  # lockstep: ignore=pins\r\n  - a\r\n", (3, 3)),
    ],
)
def test_a_suppression_holds_for_the_entry_it_stands_beside_or_above(
    text: str, lines: tuple[int, int]
) -> None:
    (found,) = read_from(text)
    assert (found.first, found.last) == lines


@pytest.mark.parametrize("end", ["", "\n", "\n\n# more\n"])
def test_a_suppression_with_nothing_below_it_holds_for_nothing(end: str) -> None:
    (found,) = read_from(f"name: a\n# lockstep: ignore=pins{end}")
    assert not any(found.covers(line) for line in range(1, 3 + end.count("\n")))


@pytest.mark.parametrize("before", ["", "name: a\n", "name: a\ndependencies:\n  - b\n  "])
def test_ignore_file_holds_everywhere(before: str) -> None:
    (found,) = read_from(f"{before}# lockstep: ignore-file=pins,gpu an image\n")
    assert found.whole_file
    assert names(found) == ["pins", "gpu"]
    assert found.reason == "an image"
    assert all(found.covers(line) for line in (1, 2, 99))


def test_one_comment_may_hold_two_suppressions() -> None:
    text = "dependencies:\n  - a  # lockstep: ignore=pins x  # lockstep: ignore-file=gpu y\n"
    first, second = read_from(text)
    assert (names(first), first.reason, first.whole_file) == (["pins"], "x", False)
    assert (names(second), second.reason, second.whole_file) == (["gpu"], "y", True)


def test_spans_point_at_the_suppression_and_at_its_names() -> None:
    text = "dependencies:\n  - a  # note # lockstep: ignore=pins, gpu why \n"
    (found,) = read_from(text)
    assert text[slice(*found.span)] == "# lockstep: ignore=pins, gpu why"
    assert [text[slice(*name.span)] for name in found.names] == ["pins", "gpu"]


def test_a_text_without_the_word_is_not_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conda_lockstep.text.comments.layout", None)
    assert read_from("name: a # ignore=pins\n") == ()


SCALARS = ["a", "'b # c'", '"d # e"', "f#g", "|\n    # in\n    h", ">\n    i # in"]


@given(st.lists(st.tuples(st.sampled_from(SCALARS), st.sampled_from(["", " # x", "\n  # y", "\n# z"]))))
def test_comments_are_what_stands_outside_of_scalars(pairs: list[tuple[str, str]]) -> None:
    parts, wanted = ["variables:\n"], []
    for number, (scalar, comment) in enumerate(pairs):
        on_line = comment.startswith(" ") and "\n" not in scalar
        below = comment.startswith("\n")
        shown = comment if on_line or below else ""
        wanted += [shown.strip()] if shown else []
        parts.append(f"  K{number}: {scalar}{shown}\n")
    text = "".join(parts)
    found = layout(Source.of("x", text)).comments
    assert [text[slice(*span)] for span in found] == wanted


def test_every_comment_of_real_files_is_found() -> None:
    for path in environment_files("environments"):
        try:
            source = read(path).source
        except UnreadableFileError:
            continue
        # Files as people write them have no '#' in scalars but those of URLs, which no blank stands before.
        lines = (line.strip() for line in source.text.splitlines())
        expected = sum(line.startswith("#") or " #" in line or "\t#" in line for line in lines)
        assert len(layout(source).comments) == expected, path
