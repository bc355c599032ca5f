"""Every string is read back as it was, by the YAML 1.1 and 1.2 readers that people have."""

from __future__ import annotations

import io

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from conda_lockstep.text.yaml_scalars import key, quoted, word

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TRAPS = (
    "1.10", "1e5", "12e45", "0o17", "017", "0x1f", "1_000", "1:30", "190:20:30", ".5", "1.", "+1", "-1", ".inf", ".nan",
    "yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "Null", "~", "", " ", "=", "<<", "2024-01-01",
    "- a", "a: b", "a:", ": a", "a #b", "#a", "[a", "{a", "*a", "&a", "!a", "|", ">", "'a'", '"a"', "it's", "%a", "@a",
    "`a", "a\tb", "a\nb", "\u2028", "\x85", "\ufeff", "\x00", "\x7f", "é", "😀", "\ufffe", "a ", "?", "? a", "---",
    "...", "0" * 64,
    "https://conda.anaconda.org/conda-forge/linux-64/_x-1!2.0+cu118-h_0.conda", ">=1.2,<2|3.*", "py312_cu*",
)  # fmt: skip


def _readers(text: str) -> list[object]:
    found = [yaml.load(text, Loader=loader) for loader in (yaml.CSafeLoader, yaml.SafeLoader)]
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        found.append(reader.load(io.StringIO(text)))
    return found


@pytest.mark.parametrize("text", TRAPS)
def test_what_yaml_misreads_is_quoted(text):
    for write in (word, quoted):
        assert _readers(f"- {write(text)}\n") == [[text]] * 4
    assert _readers(f"{key(text)} x\n") == [{text: "x"}] * 4


@given(TEXTS)
@example("a" * 2000)
def test_any_string_is_read_back(text):
    for write in (word, quoted):
        assert _readers(f"- {write(text)}\n") == [[text]] * 4


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_key_is_read_back(text):
    assert _readers(f"{key(text)} 'x'\n") == [{text: "x"}] * 4


@pytest.mark.parametrize(
    "text", ["numpy", "_libgcc_mutex", "linux-64", "https://a.b/c-1.0_0.conda", "./sub/env.yml"[2:]]
)
def test_names_and_urls_go_without_quotes(text):
    assert word(text) == text
