"""What is read line by line is read as libyaml reads it, to the character; anything else is left to libyaml."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.node_reader import read_nodes
from conda_lockstep.environment.plain_reader import read_plain
from conda_lockstep.text.source import Source, UnreadableFileError
from tests.support.corpus import environment_files

PLAIN = """\
# how to train
---
name: train  # the job
channels: [ pytorch, conda-forge ]
dependencies:
  - python=3.12   # pinned

  - 'numpy>=1.26,<3'
  - "a b#c: d"
  - conda-forge::scipy >=1.2
  - pip
  - pip:  # the rest
    - --extra-index-url https://example.com/simple
    # off
    - torch==2.4.1+cu118
    - "einops"
  - zlib
variables:
  A: one two
  B: '1'
platforms:
- linux-64
prefix: /opt/conda
"""

NOT_PLAIN = [
    "",
    "# nothing\n",
    "- a\n",
    "just text\n",
    "name:\n",
    "name: 3.10\n",
    "name: no\n",
    "yes: a\n",
    "name: 'it''s'\n",
    'name: "a\\tb"\n',
    "name: a\n  b\n",
    "name: a\n  - b\n",
    "name: a\nname: b\n",
    "name: &a a\n",
    "name: a: b\n",
    "name: [a: b]\n",
    "name: []\n",
    "name: |\n  a\n",
    "name: a\n---\nname: b\n",
    "name: a\n...\n",
    "name: a\t\n",
    "name: a # \x07\n",
    "name: a # \u2028b\n",
    "name: größe\n",
    "name: a\rchannels: [b]\n",
    "channels:\n  - a\n - b\n",
    "channels:\n  - a\n    - b\n",
    "channels:\n  - a\n    b\n",
    "channels:\n  - a\n  b: c\n",
    "channels:\n  -\n",
    "channels:\n  - [a]\n",
    "channels:\n  - pip:\n    - a\n",
    "dependencies:\n  - pip:\n",
    "dependencies:\n  - pip:\n  - a\n",
    "dependencies:\n  - pip:\n   - a\n",
    "dependencies:\n  - pip: a\n",
    "dependencies:\n  - python: a\n",
    "dependencies:\n  - pip:\n      - a\n    - b\n",
    "variables:\n  A: b\n   C: d\n",
    "variables:\n  A:\n    - b\n",
    "variables:\n- A\n",
    "  name: a\n",
    "<<<<<<< HEAD\nname: a\n",
]


def by_nodes(source: Source) -> EnvironmentFile | UnreadableFileError:
    try:
        return read_nodes(source)
    except UnreadableFileError as error:
        return error


def check(text: str) -> bool:
    """Compare both readers, and say whether the text was plain."""
    source = Source.of("environment.yml", text)
    read = read_plain(source)
    if read is not None:
        assert read == by_nodes(source)
    return read is not None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_plain_file_is_read_as_libyaml_reads_it(end: str) -> None:
    text = PLAIN.replace("\n", end)
    assert check(text)
    assert check(f"\ufeff{text}")
    assert check(text.rstrip())


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_not_plain_is_left_to_libyaml(text: str) -> None:
    assert not check(text)


def test_real_files_are_read_as_libyaml_reads_them_and_nearly_all_are_plain() -> None:
    own = {*environment_files()}
    plain = {
        path: check(path.read_bytes().decode("utf-8", "replace"))
        for path in environment_files("environments")
    }
    real = [is_plain for path, is_plain in plain.items() if path not in own]
    assert sum(real) >= 0.95 * len(real)
    assert sum(plain[path] for path in own) > 0.8 * len(own) > 0
    for path in environment_files("odd", "pairs"):
        check(path.read_bytes().decode("utf-8", "replace"))


_MARKS = "-:#'\"[]{}&*!|>%@`?,=~ \t\r\n\\\x07é\u2028"
_PIECES = (
    "- ", ": ", " #", "\n\n", "---\n", "  ", "- pip:\n", "pip:", "no", "3.10", "null", "<<: ", "[a, b]", "{a: b}",
    "&a ", "!!str ", "x: y\n", "- x\n", "    - x\n", "channels: [a]\n",
)  # fmt: skip
FRAGMENTS = st.sampled_from((*_MARKS, *_PIECES))


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN)), st.integers(0, 6), FRAGMENTS), min_size=1, max_size=3))
def test_what_is_broken_on_purpose_is_read_as_libyaml_reads_it(changes: list[tuple[int, int, str]]) -> None:
    text = PLAIN
    for at, cut, fragment in changes:
        text = text[:at] + fragment + text[at + cut :]
    check(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PLAIN.splitlines()), min_size=1, max_size=12), st.integers(0, 5))
def test_lines_in_any_order_and_column_are_read_as_libyaml_reads_them(lines: list[str], shift: int) -> None:
    check("\n".join([*lines[:-1], " " * shift + lines[-1].lstrip()]) + "\n")
