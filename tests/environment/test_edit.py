from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conda_lockstep.environment import edit
from conda_lockstep.environment.edit import Claims, Edit, OverlapError
from conda_lockstep.environment.environment_file import EnvironmentFile, MappingEntry
from conda_lockstep.environment.reader import parse
from conda_lockstep.text.source import Source, Span, UnreadableFileError

BLOCK = """\
channels:
  - pytorch
  # own line
  - conda-forge  # behind
dependencies:
- python=3.12
-   numpy  # why
# between
- pip
- pip:
    - torch

    - einops
"""
FLOW = "channels: [pytorch, conda-forge]\ndependencies: [python, {pip: [a, b]}, 'numpy']\n"


def environment(text: str) -> EnvironmentFile:
    return parse(text, "environment.yml")


def changed(file: EnvironmentFile, *edits: Edit) -> str:
    return edit.apply(file.source, edits)


def test_edits_are_made_in_the_order_of_the_text_whatever_their_own() -> None:
    source = Source.of("x", "abcdef")
    edits = [Edit(Span(4, 5), "E"), Edit(Span(0, 1), "A"), Edit(Span(2, 2), "-"), Edit(Span(0, 1), "A")]
    assert edit.apply(source, edits) == "Ab-cdEf"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("prefix: /a", ""),
        ("prefix: /a\n", ""),
        ("a: b\nprefix: /a", "a: b"),
        ("a: b\r\nprefix: /a", "a: b"),
        ("a: b\rprefix: /a", "a: b"),
        ("prefix: /a\na: b", "a: b"),
        ("a: b\nprefix:\n  /a\nc: d\n", "a: b\nc: d\n"),
    ],
)
def test_lines_go_with_one_line_end(text: str, after: str) -> None:
    source = Source.of("x", text)
    value = Span(text.index("prefix"), text.index("/a") + 2)
    assert edit.apply(source, [edit.remove_lines(source, value)]) == after


@pytest.mark.parametrize(
    ("line", "dash"),
    [
        ("- a", "- "),
        ("  -  a", "  -  "),
        ("\t- a", "\t- "),
        ("a", "- "),
        ("  a", "- "),
        ("-", "-"),
        ("", "- "),
    ],
)
def test_a_dash_is_what_stands_before_the_value(line: str, dash: str) -> None:
    assert edit.dash_of(Source.of("x", f"{line}\n"), 1) == dash


def test_edits_that_want_the_same_characters_are_an_error() -> None:
    source = Source.of("x", "abcdef")
    with pytest.raises(OverlapError, match="x:1:3: two fixes change the same place"):
        edit.apply(source, [Edit(Span(1, 4), ""), Edit(Span(2, 3), "")])


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((1, 3), (3, 5), False),
        ((1, 3), (2, 5), True),
        ((1, 3), (1, 3), True),
        ((2, 2), (2, 2), True),
        ((2, 2), (2, 4), True),
        ((4, 4), (2, 4), True),
        ((5, 5), (2, 4), False),
        ((0, 9), (3, 4), True),
    ],
)
def test_fixes_touch_where_they_share_a_character_or_a_place(
    one: tuple[int, int], other: tuple[int, int], expected: bool
) -> None:
    for first, second in ((one, other), (other, one)):
        claims = Claims()
        assert claims.claim([Edit(Span(20, 21), "z"), Edit(Span(*first), "x")])
        assert claims.claim([Edit(Span(*second), "y")]) is not expected


def test_lines_that_are_inserted_at_one_place_get_along() -> None:
    one, other = Edit(Span(4, 4), "- b\n"), Edit(Span(4, 4), "- a\n")
    claims = Claims()
    assert claims.claim([one])
    assert claims.claim([other])
    assert not claims.claim([Edit(Span(4, 4), "=1.2")])
    assert edit.apply(Source.of("x", "- x\n"), [one, other]) == "- x\n- a\n- b\n"


def test_a_removed_entry_takes_its_line_and_leaves_all_others_and_its_comment() -> None:
    file = environment(BLOCK)
    assert changed(file, edit.remove(file.source, file.channels.items[1])) == BLOCK.replace(
        "  - conda-forge  # behind\n", "  # behind\n"
    )
    numpy = file.dependencies[1]
    assert changed(file, edit.remove(file.source, numpy)) == BLOCK.replace("-   numpy  # why\n", "# why\n")
    moved = edit.remove(file.source, numpy, with_comment=True)
    assert changed(file, moved) == BLOCK.replace("-   numpy  # why\n", "")
    section = next(file.pip_sections)
    assert changed(file, edit.remove(file.source, section)) == BLOCK[: BLOCK.index("- pip:")]
    assert changed(file, edit.remove(file.source, section.items[0])) == BLOCK.replace("    - torch\n", "")


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (0, "dependencies: [{pip: [a, b]}, 'numpy']"),
        (2, "dependencies: [python, {pip: [a, b]}]"),
    ],
)
def test_a_removed_entry_between_brackets_takes_one_comma(index: int, expected: str) -> None:
    file = environment(FLOW)
    assert changed(file, edit.remove(file.source, file.dependencies[index])).splitlines()[1] == expected


def test_all_but_one_entry_between_brackets_can_go() -> None:
    file = environment("channels: [a, b , c]\n")
    first, second, third = file.channels.items
    assert (
        changed(file, edit.remove(file.source, first), edit.remove(file.source, second)) == "channels: [c]\n"
    )
    assert changed(file, edit.remove(file.source, third)) == "channels: [a, b ]\n"


def test_the_last_line_goes_without_leaving_a_line_end_that_was_not_there() -> None:
    for newline in ("\n", "\r\n", "\r"):
        file = environment(f"channels:{newline}  - a{newline}  - b")
        assert changed(file, edit.remove(file.source, file.channels.items[1])) == f"channels:{newline}  - a"


def test_a_dash_on_a_line_of_its_own_goes_with_its_entry() -> None:
    file = environment("channels:\n  -\n    a\n  - b\n")
    assert changed(file, edit.remove(file.source, file.channels.items[0])) == "channels:\n  - b\n"


def test_of_two_keys_behind_one_dash_only_one_goes() -> None:
    file = environment("dependencies:\n  - one: a\n    two: b\n  - c\n")
    second = file.dependencies[1]
    assert isinstance(second, MappingEntry)
    assert changed(file, edit.remove(file.source, second)) == "dependencies:\n  - one: a\n  - c\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_an_inserted_entry_has_the_dash_and_the_line_end_of_its_neighbour(newline: str) -> None:
    file = environment(BLOCK.replace("\n", newline))
    numpy = file.dependencies[1]
    after = changed(file, edit.insert_after(file.source, numpy, "scipy"))
    assert after == BLOCK.replace("# why\n", "# why\n-   scipy\n").replace("\n", newline)
    before = changed(file, edit.insert_before(file.source, numpy, "scipy"))
    assert before == BLOCK.replace("-   numpy", "-   scipy\n-   numpy").replace("\n", newline)


def test_an_entry_behind_a_section_stands_behind_all_of_it() -> None:
    file = environment(BLOCK + "variables:\n  A: b\n")
    section = next(file.pip_sections)
    after = changed(file, edit.insert_after(file.source, section, "scipy"))
    assert after == BLOCK + "- scipy\nvariables:\n  A: b\n"


def test_an_entry_between_brackets_comes_with_a_comma() -> None:
    file = environment(FLOW)
    first = file.dependencies[0]
    assert "[python, scipy, {pip" in changed(file, edit.insert_after(file.source, first, "scipy"))
    assert "[scipy, python, {pip" in changed(file, edit.insert_before(file.source, first, "scipy"))


def test_a_file_without_a_last_line_end_keeps_none() -> None:
    file = environment("channels:\n  - a")
    assert (
        changed(file, edit.insert_after(file.source, file.channels.items[0], "b"))
        == "channels:\n  - a\n  - b"
    )


def test_the_byte_order_mark_stays() -> None:
    file = environment("\ufeffchannels:\n- a\n")
    assert changed(file, edit.remove(file.source, file.channels.items[0])) == "\ufeffchannels:\n"


def test_lines_are_removed_whole() -> None:
    file = environment("name: x  # why\nprefix: /a\n")
    pair = file.keys[0]
    span = Span(pair.key.span.start, pair.value.span.end)
    assert changed(file, edit.remove_lines(file.source, span)) == "prefix: /a\n"


@pytest.mark.parametrize(
    ("after", "edits", "expected"),
    [
        ("channels: [a, b, c]\n", [], True),
        ("channels: [a, c]\n", [], False),
        ("channels: [a, c]\n", [Edit(Span(14, 15), "")], True),
        ("channels: [a, c, b]\n", [], False),
        ("channels: [a, b, c, d]\n", [], True),
        ("channels: ['a', b, c]\nname: x\n", [], True),
        ("channels: [a, 'b', 3]\n", [], False),
    ],
)
def test_what_no_edit_names_must_be_there_afterwards(after: str, edits: list[Edit], expected: bool) -> None:
    before = environment("channels: [a, b, c]\n")
    assert edit.kept(before, environment(after), edits) is expected


# An entry is put in as it is given: 'no' and 'off' would be no text to YAML.
_words = st.from_regex(r"[a-z]{1,6}", fullmatch=True).filter(lambda word: yaml.safe_load(word) == word)


@st.composite
def files(draw: st.DrawFn) -> EnvironmentFile:
    entries = draw(st.lists(_words, min_size=1, max_size=6))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    if draw(st.booleans()):
        text = f"dependencies: [{', '.join(entries)}]"
    else:
        comments = draw(st.lists(st.sampled_from(["", "  # why", " # [x]"]), min_size=6, max_size=6))
        lines = [f"  - {entry}{comment}" for entry, comment in zip(entries, comments, strict=False)]
        text = newline.join(["dependencies:", *lines])
    return parse(text + draw(st.sampled_from(["", newline])), "environment.yml")


@settings(max_examples=300, deadline=None)
@given(files(), st.data())
def test_a_removed_entry_is_gone_and_every_other_stays(file: EnvironmentFile, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(file.dependencies) - 1))
    change = edit.remove(file.source, file.dependencies[index])
    try:
        after = parse(edit.apply(file.source, [change]), "environment.yml")
    except UnreadableFileError:
        assume(False)
        return
    expected = [item.value for item in file.conda_items]
    del expected[index]
    assert [item.value for item in after.conda_items] == expected
    assert edit.kept(file, after, [change])


@settings(max_examples=300, deadline=None)
@given(files(), _words, st.booleans(), st.data())
def test_an_inserted_entry_stands_where_it_was_put(
    file: EnvironmentFile, word: str, behind: bool, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(file.dependencies) - 1))
    place = edit.insert_after if behind else edit.insert_before
    text = edit.apply(file.source, [place(file.source, file.dependencies[index], word)])
    expected = [item.value for item in file.conda_items]
    expected.insert(index + behind, word)
    assert [item.value for item in parse(text, "environment.yml").conda_items] == expected
    if not file.source.text.endswith(("\n", "\r")):
        assert not text.endswith(("\n", "\r"))


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text(max_size=4)), max_size=5),
)
def test_what_no_edit_covers_stays_as_it_is(text: str, wanted: list[tuple[int, int, str]]) -> None:
    source = Source.of("x", text)
    length = len(source.text)
    edits = [Edit(Span(min(a, length), min(a + n, length)), new) for a, n, new in wanted]
    try:
        after = edit.apply(source, edits)
    except OverlapError:
        return
    covered = {offset for one in edits for offset in range(one.span.start, one.span.end)}
    rest = iter(after)
    assert all(char in rest for offset, char in enumerate(source.text) if offset not in covered)
    assert len(after) - source.bom == length - len(covered) + sum(len(one.text) for one in set(edits))
