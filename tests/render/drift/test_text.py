"""Drift in a terminal: aligned, coloured only on request, and harmless."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.render.drift.test_markdown import filled
from tests.render.hostile import ATTACKS, texts
from tests.render.samples import SAMPLES
from tests.support.snapshots import assert_as_seen

from conda_lockstep.render.drift.text import render

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_matches_its_snapshot(name: str) -> None:
    assert_as_seen(render(SAMPLES[name]), SNAPSHOTS / f"{name}.txt")


def test_colour_changes_nothing_but_colour() -> None:
    coloured = render(SAMPLES["telling"], colour=True)
    assert "\x1b[1;31mcritical" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(SAMPLES["telling"])


def test_columns_line_up_whatever_their_colour() -> None:
    lines = [
        line
        for line in render(SAMPLES["telling"]).splitlines()
        if " → " in line and line.startswith("  ") and "ls1-" not in line
    ]
    assert len({line.index(line.split()[1]) for line in lines}) == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_reaches_the_terminal_as_more_than_text(attack: str) -> None:
    assert_harmless(attack)


@given(texts)
@settings(max_examples=100)
def test_no_combination_of_texts_does(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    printed = render(filled(text))
    assert printed.replace("\n", "").isprintable()
    assert printed.count("\n") == render(filled("plain")).count("\n") or not text.strip()
