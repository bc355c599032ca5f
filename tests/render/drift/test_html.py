"""The page: one file that loads nothing, is readable without its script, and contains no foreign markup."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.render.drift.test_markdown import filled
from tests.render.hostile import ATTACKS, Page, texts
from tests.render.samples import LARGE, SAMPLES, TELLING, comparison, explained, report
from tests.support.snapshots import assert_as_seen

from conda_lockstep.drift.report import Report
from conda_lockstep.render.drift.html import render

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_matches_its_snapshot(name: str) -> None:
    body = re.sub(
        r"<style>.*?</style>|<script>.*?</script>|sha256-[\w+/=]+", "", render(SAMPLES[name]), flags=re.DOTALL
    )
    assert_as_seen(body, SNAPSHOTS / f"{name}.html")


@pytest.mark.parametrize("name", ["telling", "explained"])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    text = render(SAMPLES[name])
    found = Page(text)
    assert not {
        "img",
        "image",
        "use",
        "link",
        "iframe",
        "object",
        "embed",
        "base",
        "a",
        "foreignobject",
    } & set(found.elements)
    assert not [
        name
        for _, name, _ in found.attributes
        if name in ("src", "href", "action", "style") or name.startswith("on")
    ]
    assert "url(" not in text
    assert "@import" not in text


def test_the_policy_allows_this_script_and_style_alone() -> None:
    import base64
    import hashlib

    text = render(SAMPLES["telling"])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    for element in ("style", "script"):
        (inner,) = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none';")


def test_every_row_can_be_read_without_the_script() -> None:
    without = re.sub(r"<script>.*?</script>", "", render(SAMPLES["telling"]), flags=re.DOTALL)
    for row in TELLING:
        assert f">{row.subject}" in without
        assert row.why.replace("'", "&#x27;") in without
    assert "hidden>" in without.partition("<section")[0]  # the search box, which needs the script


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(SAMPLES["thirty"]) == render(SAMPLES["thirty"])


def test_three_thousand_changes_are_a_page_of_two_megabytes_in_a_second() -> None:
    started = time.process_time()
    text = render(LARGE)
    assert time.process_time() - started < 1
    assert len(text.encode()) < 2_000_000
    assert text.count("<tr class=") == len(LARGE.rows)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_markup(attack: str) -> None:
    assert_harmless(attack)


@given(texts)
@settings(max_examples=100, deadline=None)
def test_no_combination_of_texts_becomes_markup(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    for hostile, plain in (
        (filled(text), filled("plain")),
        (replace(filled(text), comparisons=()), replace(filled("plain"), comparisons=())),
    ):
        found, expected = Page(render(hostile)), Page(render(plain))
        if text.strip():
            assert found.elements - expected.elements == {}
            assert expected.elements - found.elements == {}
        assert {(tag, name) for tag, name, _ in found.attributes} <= {
            (tag, name) for tag, name, _ in expected.attributes
        }
        assert not [shown for shown in found.prose if not shown.replace("\n", "").isprintable()]
        assert found.comments == 0


def test_chains_and_the_timeline_are_on_the_page_that_hostile_text_is_tried_on() -> None:
    found = Page(render(filled("plain"))).elements
    assert {"svg", "circle", "figcaption", "ol", "details", "title"} <= set(found)


@given(st.lists(st.tuples(st.integers(0, 1 << 70), st.integers(0, 1 << 70)), min_size=1, max_size=4))
@example([(0, 1)])
@example([(1, 4_102_444_799)])
@example([(1_700_000_000, 1_700_000_000)])
def test_any_date_can_be_drawn_or_is_left_out(dates: list[tuple[int, int]]) -> None:
    rows = [explained(TELLING[4], "upstream", "", pair) for pair in dates]
    text = render(report(comparison(*rows)))
    drawn = [new for _, new in dates if 0 < new < 4_102_444_800]
    assert text.count("<g class=") == len(drawn)
    for place in re.findall(r' c?x[12]?="([^"]*)"', text):
        assert 0 <= float(place) <= 900


def test_an_empty_report_is_a_page() -> None:
    assert "No environment drift" in render(Report(()))
