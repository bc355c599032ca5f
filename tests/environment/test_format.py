from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.environment.blocks import is_plain
from conda_lockstep.environment.environment_file import EnvironmentFile, PipSection
from conda_lockstep.environment.format import UnformattableError, canonical
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Source, UnreadableFileError
from tests.support.corpus import HOOKS, environment_files, find_corpus


def formatted(text: str) -> str:
    """Format a text; twice is once, or the test fails."""
    once = canonical(parse(text, "environment.yml"))
    assert canonical(parse(once, "environment.yml")) == once
    return once


def in_list(text: str) -> str:
    return f"dependencies:\n{text}"


def comments(text: str) -> Counter[str]:
    source = Source.of("x", text)
    return Counter(source.text[slice(*span)] for span in layout(source).comments)


def specs(file: EnvironmentFile) -> object:
    """Return all that a file asks for; entries have no order, channels do."""
    entries = Counter(
        ("pip", *sorted(item.value for item in entry.items))
        if isinstance(entry, PipSection)
        else (entry.kind, entry.value)
        if hasattr(entry, "kind")
        else (entry.key.value, entry.value.value)
        for entry in file.dependencies
    )
    keys = {key.value: value.value for key, value in file.keys}
    channels = [item.value for item in file.channels.items]
    variables = [(key.value, value.value) for key, value in file.variables]
    return entries, keys, channels, variables, [item.value for item in file.platforms]


CANONICAL = """\
# Made by hand.

name: demo
channels:
  - conda-forge
platforms:
  - linux-64
dependencies:
  - python=3.11
  - numpy=1.26  # ABI
  - zlib
  - pip
  - pip:
      - alpha
      - beta
variables:
  A: b
prefix: /x
"""


def test_a_canonical_file_stays_as_it_is() -> None:
    assert formatted(CANONICAL) == CANONICAL


ENTRIES: dict[str, tuple[str, str]] = {
    "indented and sorted": (
        "- b\n- a\n",
        "  - a\n  - b\n",
    ),
    "one blank behind the dash": (
        "    -   a\n",
        "  - a\n",
    ),
    "python first": (
        "  - numpy\n  - python=3.11\n  - attrs\n",
        "  - python=3.11\n  - attrs\n  - numpy\n",
    ),
    "case and channel do not count": (
        "  - Zlib\n  - attrs\n  - c::Bar\n",
        "  - attrs\n  - c::Bar\n  - Zlib\n",
    ),
    "as conda sorts": (
        "  - mkl_fft\n  - mkl-service\n  - mkl\n",
        "  - mkl\n  - mkl-service\n  - mkl_fft\n",
    ),
    "pip last, with a section or without": (
        "  - pip\n  - python-dateutil\n  - a\n",
        "  - a\n  - python-dateutil\n  - pip\n",
    ),
    "of one name as they stand": (
        "  - b 2\n  - b 1\n",
        "  - b 2\n  - b 1\n",
    ),
    "pip and its section last": (
        "  - pip\n  - pip:\n    - b\n    - a\n  - zlib\n",
        "  - zlib\n  - pip\n  - pip:\n      - a\n      - b\n",
    ),
    "a section of its own goes last as a whole": (
        "  - pip:\n      - b\n\n  - zlib\n",
        "  - zlib\n\n  - pip:\n      - b\n",
    ),
    "with its comment": (
        "  - a\n\n  # p\n  - pip:\n    - b\n\n  - c\n",
        "  - a\n\n  - c\n\n  # p\n  - pip:\n      - b\n",
    ),
    "blank lines part groups, one is enough": (
        "\n  - b\n\n\n  - a\n \n",
        "  - b\n\n  - a\n",
    ),
    "what is under a comment stays there": (
        "  - b\n  # one\n  - z\n  - y\n",
        "  - b\n  # one\n  - z\n  - y\n",
    ),
    "the rest of its group is sorted": (
        "  # one\n  - z\n  - y\n  - x\n",
        "  # one\n  - z\n  - x\n  - y\n",
    ),
    "a comment that stands alone heads the group": (
        "  # one\n\n  - z\n  - y\n",
        "  # one\n\n  - y\n  - z\n",
    ),
    "a comment beside goes along": (
        "  - b  # the b\n  - a # the a\n",
        "  - a # the a\n  - b  # the b\n",
    ),
    "no tabs": (
        "  - b\t# tab\n",
        "  - b  # tab\n",
    ),
    "comments are indented as entries": (
        "- b\n# - c\n- a\n",
        "  - b\n  # - c\n  - a\n",
    ),
    "but those at the margin stay": (
        "  - b\n#  - c\n  - a\n",
        "  - b\n#  - c\n  - a\n",
    ),
    "deeper comments, too": (
        "  - b\n    # c\n  - a\n",
        "  - b\n  # c\n  - a\n",
    ),
    "quotes go": (
        "  - 'b'\n  - \"a>=1\"\n",
        "  - a>=1\n  - b\n",
    ),
    "quotes that are needed stay": (
        "  - \"3\"\n  - 'y'\n",
        "  - \"3\"\n  - 'y'\n",
    ),
    "no blanks at the end": (
        "  - a   \n",
        "  - a\n",
    ),
    "a line end at the end": (
        "  - a",
        "  - a\n",
    ),
    "and one only": (
        "  - a\n\n\n",
        "  - a\n",
    ),
    "mappings stay where they are": (
        "  - sel(linux): b\n  - a\n",
        "  - sel(linux): b\n  - a\n",
    ),
    "what has no name, too": (
        "  - b\n  - -r x.txt\n  - a\n",
        "  - b\n  - -r x.txt\n  - a\n",
    ),
    "what is no spec has a name": (
        "  - b={{ v }}\n  - a =1= 2 3\n",
        "  - a =1= 2 3\n  - b={{ v }}\n",
    ),
    "comments of the section": (
        "  - pip:\n    # one\n    - b\n    # tail\n  # outer\n",
        "  - pip:\n      # one\n      - b\n      # tail\n  # outer\n",
    ),
    "a commented-out entry at the margin": (
        "  - pip:\n    - b\n#    - c\n",
        "  - pip:\n      - b\n#    - c\n",
    ),
    "the comment above what follows": (
        "  - pip:\n    - b\n  # z\n  - a\n",
        "  # z\n  - a\n\n  - pip:\n      - b\n",
    ),
    "pip among pip's own entries is one of them": (
        "  - pip:\n    - zeta\n    - pip>=24\n    - python-etcd\n",
        "  - pip:\n      - pip>=24\n      - python-etcd\n      - zeta\n",
    ),
    "options stay in front": (
        "  - pip:\n    - -e .\n    - b\n    - a\n",
        "  - pip:\n      - -e .\n      - a\n      - b\n",
    ),
    "requirements of every kind": (
        "  - pip:\n    - b @ https://x/b.whl\n    - a[x]==1; python_version<'3'\n",
        "  - pip:\n      - a[x]==1; python_version<'3'\n      - b @ https://x/b.whl\n",
    ),
    "a section without entries": (
        "  - pip:\n",
        "  - pip:\n",
    ),
    "an empty section": (
        "  - pip: []\n",
        "  - pip: []\n",
    ),
    "a section in brackets": (
        "  - pip: [b, a]\n",
        "  - pip:\n      - a\n      - b\n",
    ),
    "with a comment it stays one line": (
        "  - pip: [b, a]  # c\n",
        "  - pip: [b, a]  # c\n",
    ),
}
"""What stands below ``dependencies:``, before and after."""


@pytest.mark.parametrize(("before", "after"), ENTRIES.values(), ids=ENTRIES)
def test_dependencies_become_canonical(before: str, after: str) -> None:
    assert formatted(in_list(before)) == in_list(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "prefix: /x\nvariables:\n  A: b\ndependencies: []\nplatforms: []\nchannels: []\nname: a\n",
            "name: a\nchannels: []\nplatforms: []\ndependencies: []\nvariables:\n  A: b\nprefix: /x\n",
            id="keys have an order",
        ),
        pytest.param(
            "zeta: 1\nalpha: 2\ndependencies: []\n",
            "dependencies: []\nzeta: 1\nalpha: 2\n",
            id="others keep theirs",
        ),
        pytest.param(
            "name:   'a'\ndependencies: []\n", "name: a\ndependencies: []\n", id="spacing of a value"
        ),
        pytest.param(
            'name: "3.10"\ndependencies: []\n', 'name: "3.10"\ndependencies: []\n', id="a number stays text"
        ),
        pytest.param(
            '"name" : a # c\ndependencies: []\n', "name: a # c\ndependencies: []\n", id="keys lose quotes"
        ),
        pytest.param("channels: [b, a]\n", "channels:\n  - b\n  - a\n", id="channels are never sorted"),
        pytest.param("channels:\n- b\n-   a\n", "channels:\n  - b\n  - a\n", id="but indented"),
        pytest.param("channels: [b,\n  'a']\n", "channels:\n  - b\n  - a\n", id="brackets over lines"),
        pytest.param(
            "channels: [b, a]  # c\n", "channels: [b, a]  # c\n", id="a comment keeps brackets on a line"
        ),
        pytest.param("channels:\ndependencies: [a]\n", "channels:\ndependencies:\n  - a\n", id="no value"),
        pytest.param("channels: a\n", "channels: a\n", id="no list"),
        pytest.param("channels:\n  a: b\n", "channels:\n  a: b\n", id="not understood, not touched"),
        pytest.param(
            "channels:  # top\n  # one\n  - a\n  # two\n",
            "channels:  # top\n  # one\n  - a\n  # two\n",
            id="comments",
        ),
        pytest.param("\n\nchannels: []\n", "channels: []\n", id="no blank lines at the top"),
        pytest.param("---\nchannels: []\n", "---\nchannels: []\n", id="a document start stays"),
        pytest.param(
            "# usage\nchannels: []\nname: a\n",
            "# usage\nname: a\nchannels: []\n",
            id="the comment on top stays on top",
        ),
        pytest.param(
            "# usage\n\n# order\nchannels: []\nname: a\n",
            "# usage\n\nname: a\n# order\nchannels: []\n",
            id="behind a blank line it is the key's",
        ),
        pytest.param(
            "# lockstep: ignore=channels\nchannels: []\nname: a\n",
            "name: a\n# lockstep: ignore=channels\nchannels: []\n",
            id="a suppression goes with its key",
        ),
        pytest.param(
            "dependencies:\n- a\n# - b\n# more\nname: x\n# end\n",
            "# more\nname: x\ndependencies:\n  - a\n  # - b\n# end\n",
            id="comments between keys",
        ),
        pytest.param(
            "variables:\n\n    A:   'b'   # c\n    # d\n    B: \"1\"\ndependencies: []\n",
            'dependencies: []\nvariables:\n  A: b   # c\n  # d\n  B: "1"\n',
            id="variables",
        ),
        pytest.param(
            "variables:\n    A: |\n      x\n\n    B:   1\ndependencies: []\n",
            "dependencies: []\nvariables:\n    A: |\n      x\n\n    B:   1\n",
            id="variables over lines stay as they are",
        ),
        pytest.param(
            "extras:\n    x:   [a,   b]  \n    # c\ndependencies: []\n",
            "dependencies: []\nextras:\n    x:   [a,   b]  \n    # c\n",
            id="unknown keys stay as they are",
        ),
        pytest.param("\ufeffchannels: [a]\n", "\ufeffchannels:\n  - a\n", id="a byte order mark"),
        pytest.param("channels:\r\n- a\r\n# c\r\n", "channels:\r\n  - a\r\n# c\r\n", id="CRLF"),
        pytest.param(
            "channels:\r\n- a\n- b", "channels:\r\n  - a\r\n  - b\r\n", id="line ends are those of the first"
        ),
        (
            "pip-repositories: ['https://a/simple', b]\ndependencies: []\n",
            "dependencies: []\npip-repositories:\n  - https://a/simple\n  - b\n",
        ),
        (
            "dependencies:\n- pip: [b]\n- z\n- pip\n",
            "dependencies:\n  - z\n  - pip\n  - pip:\n      - b\n",
        ),
        (
            "dependencies:\n  - 'numpy=={{ v }}'\n  - NumPy\n  - a\n",
            "dependencies:\n  - a\n  - 'numpy=={{ v }}'\n  - NumPy\n",
        ),
        (
            "dependencies: [a]\n#  - b\n\n# x\nchannels: [c]\n",
            "# x\nchannels:\n  - c\ndependencies:\n  - a\n#  - b\n",
        ),
    ],
)
def test_files_become_canonical(before: str, after: str) -> None:
    assert formatted(before) == after


UNSAFE: list[tuple[str, str]] = [
    ("dependencies:\n  - &a numpy\n", "2:5: not formatted: it holds an anchor; write the value out"),
    ("dependencies:\n  - !!str numpy\n", "2:5: not formatted: it holds a tag"),
    ("%YAML 1.1\n---\ndependencies: []\n", "1:1: not formatted: it holds a directive"),
    ("dependencies: []\n...\n", "2:1: not formatted: it holds a document end"),
    ("dependencies: [a, # c\n  b]\n", "1:15: not formatted: a list in brackets has comments"),
    ("dependencies: [a,\n  {pip: [b]}]\n", "1:15: not formatted: a list in brackets has comments, or more than"),
    ("dependencies:\n  - pip: [a, # c\n      b]\n", "2:10: not formatted: a list in brackets has comments"),
    ("channels: []\nname: a\nchannels: []\n", "3:1: not formatted: the key 'channels' is there twice"),
    ("{channels: [], dependencies: []}\n", "1:2: not formatted: a key is not at the left margin; move it there"),
    ("  channels: []\n  dependencies: []\n", "1:3: not formatted: a key is not at the left margin"),
    ("dependencies:\n  - 'a\n    b'\n", "2:5: not formatted: an entry reaches over several lines; put it on one"),
    ("dependencies:\n  - a\n    b\n", "2:5: not formatted: an entry reaches over several lines"),
    ("dependencies:\n  -\n    a\n", "3:5: not formatted: an entry does not stand behind '- ' on one line"),
    ("dependencies:\n  - a\n  -\n", "not formatted: "),
    ("dependencies:\n  - pip: [a]\n    b: c\n", "not formatted: an entry does not stand behind '- ' on one line"),
    ("? channels\n: []\n", "not formatted: "),
    ("version: 1\npackage: []\n", "1:1: not formatted: it has neither channels nor dependencies"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), UNSAFE)
def test_what_cannot_be_formatted_safely_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(UnformattableError) as refusal:
        canonical(parse(text, "environment.yml"))
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("environment.yml:")


@pytest.mark.parametrize(
    "value", ["numpy", "python>=3.8,<4", "a::b", "pytorch=2.*=*cuda*", "b @ https://x/y", "x[y]", "_a"]
)
def test_plain_texts_need_no_quotes(value: str) -> None:
    assert is_plain(value)
    assert [item.value for item in parse(f"dependencies:\n  - {value}\n", "x").conda_items] == [value]


@pytest.mark.parametrize(
    "value",
    ["", "1.2", ">=1", "*", "- a", "a: b", "a:", "a #b", " a", "a ", "a  #", "yes", "No", "null", "~", "{{ a }}",
     "a\tb", "é", "#a", "@a"],
)  # fmt: skip
def test_other_texts_keep_their_quotes(value: str) -> None:
    assert not is_plain(value)


NAMES = st.sampled_from(
    ["python=3.11", "numpy", "'scipy>=1'", '"zlib"', "attrs  # beside", "pip", "c::d =1", "'3'", "Foo_bar"]
)
PIP = st.sampled_from(["alpha==1", "beta", "'gamma>=1'", "-r r.txt", "git+https://x/y", "delta[x]  # beside"])
BETWEEN = st.sampled_from(
    ["", "", "", "\n", "# note\n", "\n# note\n", "# note\n\n", "  # note\n", "# - gone\n", " \n"]
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Environment files as people lay them out: any indentation, comments and blank lines anywhere."""
    blocks = [draw(st.sampled_from(["name: x\n", "name:  'y' # beside\n"])), *_lists(draw)]
    if draw(st.booleans()):
        blocks.append("variables:\n  A: 'b'\n  # note\n  B: 1\n")
    if draw(st.booleans()):
        blocks.append("extras:\n    x: [1,  2]\n")
    text = "".join(f"{draw(BETWEEN)}{block}" for block in draw(st.permutations(blocks))) + draw(BETWEEN)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = text.rstrip("\n") if draw(st.booleans()) else text
    return text.replace("\n", end)


def _lists(draw: st.DrawFn) -> Iterator[str]:
    yield "".join(
        ["channels:\n", *(f"- {name}\n" for name in draw(st.lists(st.sampled_from("abc"), min_size=1)))]
    )
    indent = " " * draw(st.sampled_from([0, 2, 4]))
    deeper = indent + " " * draw(st.sampled_from([2, 4]))
    lines = ["dependencies:\n"]
    for name in draw(st.lists(NAMES, min_size=1)):
        lines += [*_commented(draw, indent), f"{indent}- {name}\n"]
        if name == "pip" and draw(st.booleans()):
            lines.append(f"{indent}- pip:\n")
            for entry in draw(st.lists(PIP, min_size=1)):
                lines += [*_commented(draw, deeper), f"{deeper}- {entry}\n"]
    yield "".join(lines)


def _commented(draw: st.DrawFn, indent: str) -> list[str]:
    column = draw(st.sampled_from(["", indent, indent, indent + "  "]))
    return [f"{column}{line}" for line in draw(BETWEEN).splitlines(keepends=True)]


@given(files())
@settings(max_examples=300, deadline=None)
def test_formatting_keeps_all_but_the_layout(text: str) -> None:
    after = formatted(text)
    assert comments(after) == comments(text)
    assert specs(parse(after, "x")) == specs(parse(text, "x"))
    assert ("\r\n" in after) == ("\r\n" in text or ("\n" not in text and "\r\n" in after))
    assert after.count("\n") == after.count("\r\n") or "\r" not in after


def test_formatting_real_files_keeps_all_but_the_layout() -> None:
    seen = 0
    for path in environment_files("environments"):
        try:
            file = read(path)
            text = file.source.content
            after = formatted(text)
        except (UnformattableError, UnreadableFileError) as error:
            assert path.is_relative_to(HOOKS) or isinstance(error, UnreadableFileError)
            continue
        assert comments(after) == comments(text), path
        assert specs(parse(after, "x")) == specs(file), path
        # A file of a single line tells nothing about its line ends.
        assert after.count("\r\n") == (after.count("\n") if "\r\n" in text else 0), path
        seen += 1
    assert seen > (400 if find_corpus() else 100)


def test_damaged_files_are_formatted_or_left_with_one_line() -> None:
    for path in environment_files("odd"):
        try:
            canonical(read(path))
        except (UnformattableError, UnreadableFileError) as error:
            assert "\n" not in str(error)
