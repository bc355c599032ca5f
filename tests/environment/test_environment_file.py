from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conda_lockstep.environment.environment_file import EnvironmentFile, Item, MappingEntry, PipSection
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.encoding import MAX_BYTES, decode
from conda_lockstep.text.source import UnreadableFileError
from conda_lockstep.text.yaml_nodes import MAX_DEPTH
from tests.support.corpus import environment_files, find_corpus

TEXT = """\
name: train  # the job
channels:
  - pytorch
  - "conda-forge"
dependencies:
  - python=3.12   # pinned
  - 'numpy>=1.26,<3'
  - pip
  - pip:
      - torch==2.4.1
      - "einops"
  - python: 3.10
  -
  - 3.5
variables:
  A: 1
platforms: [linux-64, osx-arm64]
pip-repositories: [https://example.com/simple]
"""


def shown(file: EnvironmentFile, item: Item) -> str:
    return file.source.text[item.span.start : item.span.end]


def test_every_entry_has_its_place_in_the_text() -> None:
    file = parse(TEXT, "environment.yml")
    assert file.name == "train"
    assert [(item.value, shown(file, item)) for item in file.channels.items] == [
        ("pytorch", "pytorch"),
        ("conda-forge", '"conda-forge"'),
    ]
    assert [item.value for item in file.conda_items] == ["python=3.12", "numpy>=1.26,<3", "pip"]
    assert [item.value for item in file.pip_items] == ["torch==2.4.1", "einops"]
    assert [file.source.position(item.span.start) for item in file.pip_items] == [(10, 9), (11, 9)]
    assert [item.value for item in file.platforms] == ["linux-64", "osx-arm64"]
    assert [item.value for item in file.pip_repositories] == ["https://example.com/simple"]
    assert [(pair.key.value, pair.value.value) for pair in file.variables] == [("A", "1")]


def test_what_stands_among_the_dependencies_is_told_apart() -> None:
    entries = parse(TEXT, "environment.yml").dependencies
    kinds = [entry.kind if isinstance(entry, Item) else type(entry) for entry in entries]
    assert kinds == ["string", "string", "string", PipSection, MappingEntry, "null", "number"]


def test_an_entry_ends_where_its_text_ends() -> None:
    file = parse(TEXT, "environment.yml")
    section = next(file.pip_sections)
    assert file.source.text[section.span.start : section.span.end].endswith('"einops"')
    mapping = next(entry for entry in file.dependencies if isinstance(entry, MappingEntry))
    assert file.source.text[mapping.span.start : mapping.span.end] == "python: 3.10"


@pytest.mark.parametrize(
    ("entry", "part", "expected"),
    [
        ("numpy=1.26", (6, 10), "1.26"),
        ("'numpy=1.26'", (6, 10), "1.26"),
        ('"numpy=1.26"', (0, 5), "numpy"),
        ('"num\\x70y=1.26"', (0, 5), '"num\\x70y=1.26"'),
        ("'it''s=1'", (0, 4), "'it''s=1'"),
        ("!!str numpy=1.26", (0, 5), "!!str numpy=1.26"),
        ("&a numpy=1.26", (0, 5), "&a numpy=1.26"),
        ("numpy\n    =1.26", (0, 5), "numpy\n    =1.26"),
        (">-\n    numpy=1.26", (0, 5), ">-\n    numpy=1.26"),
    ],
)
def test_a_part_of_an_entry_has_a_place_where_value_and_text_agree(
    entry: str, part: tuple[int, int], expected: str
) -> None:
    file = parse(f"dependencies:\n  - {entry}\n  - python\n", "environment.yml")
    item = file.dependencies[0]
    assert isinstance(item, Item)
    span = item.at(*part)
    assert file.source.text[span.start : span.end] == expected


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        ("  - numpy  # why", "# why"),
        ("  - numpy # a # b", "# a # b"),
        ("  - numpy", None),
        ("  - 'numpy'  # why", "# why"),
        ("  - git+https://x/y#egg=z", None),
        ("  - numpy#why", None),
    ],
)
def test_the_comment_behind_an_entry_is_found(line: str, comment: str | None) -> None:
    file = parse(f"dependencies:\n{line}\n  - python  # another\n", "environment.yml")
    item = file.dependencies[0]
    assert isinstance(item, Item)
    span = file.comment_after(item)
    assert (span and file.source.text[span.start : span.end]) == comment


def test_the_comment_behind_a_key_and_a_list_between_brackets_is_found() -> None:
    file = parse(
        "dependencies: # one\n  - pip:  # two\n    - a\nchannels: [a, b]  # three\n", "environment.yml"
    )
    spans = [
        file.comment_after(file.keys[0].key),
        file.comment_after(next(file.pip_sections).key),
        file.comment_after(file.channels.items[1]),
        file.comment_after(file.channels.items[0]),
    ]
    found = [span and file.source.text[span.start : span.end] for span in spans]
    assert found == ["# one", "# two", "# three", None]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_no_place(newline: str, bom: str) -> None:
    file = parse(bom + TEXT.replace("\n", newline), "environment.yml")
    assert file.source.newline == newline
    assert file.source.bom is bool(bom)
    assert [file.source.position(item.span.start) for item in file.pip_items] == [(10, 9), (11, 9)]
    assert file.source.line(6) == "  - python=3.12   # pinned"
    assert file.source.content == bom + TEXT.replace("\n", newline)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in pairwise("abcdefghij")
)
DAMAGED: list[tuple[str, str, tuple[int, int]]] = [
    ("", "the file is empty", (1, 1)),
    ("# only a comment\n", "the file is empty", (1, 1)),
    ("- python\n", "not a mapping", (1, 1)),
    ("just text\n", "not a mapping", (1, 1)),
    ("name: x\ndependencies:\n\t- python\n", "tabs", (3, 1)),
    ("a: b\n---\nc: d\n", "several YAML documents", (2, 1)),
    ("a: *b\n", "undefined alias", (1, 4)),
    ("a: [1, 2\n", "not YAML", (2, 1)),
    ("a: b: c\n", "mapping values are not allowed", (1, 5)),
    ("a: @b\n", "cannot start any token", (1, 4)),
    ("a: b\n<<<<<<< HEAD\nc: d\n", "merge conflict", (2, 1)),
    ("a: b\n>>>>>>> theirs\n", "merge conflict", (2, 1)),
    ("a: b\r\n<<<<<<< HEAD\r\nc: d\r\n", "merge conflict", (2, 1)),
    ("a: \x00\n", "not allowed in YAML", (1, 4)),
    ("a: &a [*a]\n", "an alias points at what contains it", (1, 4)),
    ("a: &a {b: *a}\n", "an alias points at what contains it", (1, 4)),
    (BOMB, "its aliases expand to more than 100,000 values", (5, 4)),
    ("a: " + "[" * 101 + "]" * 101, "nested more than 100 levels deep", (1, 103)),
    ("a: *\n", "did not find expected alphabetic or numeric character", (1, 5)),
    ("a:\n  - b\n c: d\n", "did not find expected key", (3, 2)),
    ("a: b\n \tc: d\n", "tabs", (2, 2)),
    ("a: 'b\n", "unexpected end of stream", (2, 1)),
    ("a: b\x07\n", "the character U\\+0007 is not allowed in YAML", (1, 5)),
]


@pytest.mark.parametrize(("text", "what", "place"), DAMAGED)
def test_a_damaged_file_is_refused_with_its_place(text: str, what: str, place: tuple[int, int]) -> None:
    with pytest.raises(UnreadableFileError, match=what) as caught:
        parse(text, "environment.yml")
    assert caught.value.source.position(caught.value.start) == place
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a: '<<<<<<< HEAD'\n", "a: |\n  <<<<<<< no marker\n", "# <<<<<<<x\na: 1\n"])
def test_what_only_looks_like_a_merge_conflict_is_read(text: str) -> None:
    assert parse(text, "environment.yml").keys


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "dependencies: " + "[" * 50_000,
        "dependencies: " + "{a: " * 20_000,
        "dependencies:\n" + "".join(" " * depth + "- \n" for depth in range(2, 1400)),
        "dependencies:\n  " + "- " * 30_000 + "x\n",
        "? " * 20_000 + "x\n",
    ],
)
def test_a_hostile_file_is_refused_in_bounded_time(text: str) -> None:
    with pytest.raises(UnreadableFileError):
        parse(text, "environment.yml")


def test_more_entries_than_any_environment_has_are_refused() -> None:
    with pytest.raises(
        UnreadableFileError, match="more than 2,000 entries: no environment file; name the right file"
    ):
        parse("dependencies:\n" + "- a\n" * 1_000 + "- pip:\n" + "  - b\n" * 1_000, "environment.yml")
    assert parse("dependencies:\n" + "- a\n" * 1_900, "environment.yml").dependencies


def test_deep_but_decent_nesting_is_read() -> None:
    depth = MAX_DEPTH - 2
    assert parse("a: " + "[" * depth + "]" * depth + "\n", "environment.yml").keys


@pytest.mark.parametrize(
    ("data", "what", "recoded"),
    [
        ("name: x\n".encode("utf-16"), "UTF-16LE", "name: x\n"),
        (b"\xfe\xff" + "name: x\n".encode("utf-16-be"), "UTF-16BE", "name: x\n"),
        ("name: x\n".encode("utf-16-le"), "UTF-16LE", "name: x\n"),
        ("name: x\n".encode("utf-16-be"), "UTF-16BE", "name: x\n"),
        (b"\xff\xfe\x00\xd8", "UTF-16LE", None),
        ("name: x\n".encode("utf-32"), "UTF-16LE", None),
        ("name: é\n".encode("latin-1"), "byte 0xe9 is not UTF-8", None),
    ],
)
def test_another_encoding_is_named(data: bytes, what: str, recoded: str | None) -> None:
    with pytest.raises(UnreadableFileError, match=what) as caught:
        decode(data, "environment.yml")
    assert caught.value.recoded == recoded


def test_a_file_that_is_not_there_or_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match="no such file"):
        read(tmp_path / "environment.yml")
    with pytest.raises(LockstepError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(LockstepError, match="cannot be read: embedded null byte; check the path") as caught:
        read(tmp_path / "a\0b")
    assert caught.value.where == f"{tmp_path}/a\0b"
    huge = tmp_path / "huge.yml"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(
        UnreadableFileError, match="larger than 1 MiB: no environment file; name the right file"
    ) as refusal:
        read(huge)
    assert refusal.value.start == 0
    huge.write_bytes(b"#" * MAX_BYTES)
    with pytest.raises(UnreadableFileError, match="empty"):
        read(huge)


@settings(max_examples=400, deadline=None)
@example("\x85: \u2028")
@example("a: !!python/object:os.system x")
@example("a: &x !<tag:yaml.org,2002:int> 1\nb: *x")
@example("? [a, b]\n: c\n")
@example("dependencies:\n- ? a\n  : b\n")
@example("%YAML 1.1\n---\ndependencies: [a]\n")
@given(st.text(st.sampled_from("abc10.:-#*&!|>'\"[]{},?%@` \t\n\r\ufeff\u2028é=<~$"), max_size=60))
def test_the_reader_takes_a_text_or_refuses_it(text: str) -> None:
    try:
        file = parse(text, "environment.yml")
    except UnreadableFileError as error:
        assert error.source.position(error.start)
        return
    for entry in file.dependencies:
        assert 0 <= entry.span.start <= entry.span.end <= len(file.source.text)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_the_reader_takes_bytes_or_refuses_them(data: bytes) -> None:
    try:
        parse(decode(data, "environment.yml"), "environment.yml")
    except UnreadableFileError as error:
        assert error.what


_names = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_specs = st.tuples(_names, st.sampled_from(["", "=1.2", "==1.2.3", ">=1,<2", "=1.*=*cuda*", "::x"])).map(
    "".join
)


@st.composite
def yaml_ish(draw: st.DrawFn) -> str:
    """Something between an environment file and a mistake."""
    dash = draw(st.sampled_from(["- ", "  - ", "    -  "]))
    entries = draw(
        st.lists(st.one_of(_specs, st.sampled_from(["", "~", "3.10", "a: b", "[x]", "'q'"])), max_size=6)
    )
    lines = ["dependencies:", *(f"{dash}{entry}" for entry in entries)]
    if draw(st.booleans()):
        lines += [f"{dash}pip:", *(f"{dash.replace('-', ' ')}  - {entry}" for entry in entries)]
    keys = draw(
        st.lists(st.sampled_from(["name: x", "channels: [a, b]", "channels:", "prefix: /x"]), max_size=3)
    )
    return draw(st.sampled_from(["\n", "\r\n"])).join([*keys, *lines])


@settings(max_examples=200, deadline=None)
@given(yaml_ish())
def test_every_entry_of_a_generated_file_is_where_it_says(text: str) -> None:
    try:
        file = parse(text, "environment.yml")
    except UnreadableFileError:
        return
    for item in (*file.conda_items, *file.pip_items, *file.channels.items):
        if item.verbatim:
            span = item.at(0, len(item.value))
            assert file.source.text[span.start : span.end] == item.value


def test_every_real_file_is_read_or_refused_with_one_line() -> None:
    refused: Counter[str] = Counter()
    for path in environment_files("environments", "odd"):
        try:
            file = read(path)
        except UnreadableFileError as error:
            refused[path.parent.name] += 1
            assert "\n" not in str(error)
            assert error.remedy
            continue
        for item in (*file.conda_items, *file.pip_items):
            if item.verbatim:
                span = item.at(0, len(item.value))
                assert file.source.text[span.start : span.end] == item.value
    assert refused["environments"] == 0
    assert refused["odd"] == (13 if find_corpus() else 0)
    assert refused["unreadable-file"] > 0
