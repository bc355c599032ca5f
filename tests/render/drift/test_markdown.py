"""The comment as GitHub shows it: its contents, what it leaves out, and that no text can become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.hostile import ATTACKS, REFERENCES, Page, texts
from tests.render.samples import LARGE, SAMPLES, TELLING, comparison, many, report
from tests.support.snapshots import assert_as_seen

from conda_lockstep.drift.report import Comparison, Evidence, Report, Row, Side
from conda_lockstep.packages import Package
from conda_lockstep.render.drift.markdown import COMMENT_BUDGET, SUMMARY_BUDGET, render
from conda_lockstep.render.escape import code, prose
from conda_lockstep.snapshot.model import MismatchedFile

SNAPSHOTS = Path(__file__).parent / "snapshots"


def page(markdown: str) -> Page:
    return Page(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_comment_matches_its_snapshot(name: str) -> None:
    assert_as_seen(render(SAMPLES[name]), SNAPSHOTS / f"{name}.md")


def test_the_comment_on_three_thousand_changes_matches_its_snapshot() -> None:
    """All but its rows, which are alike."""
    text = render(LARGE, elsewhere="The job summary has all of it.")
    rows = re.compile(r"(?:^\| `package-\d+`.*\n)+", re.MULTILINE)
    assert_as_seen(
        rows.sub(lambda found: f"({found[0].count(chr(10))} rows)\n", text), SNAPSHOTS / "large.md"
    )


def test_nothing_changed_is_one_line() -> None:
    text = render(SAMPLES["none"])
    assert text.count("\n") == 1
    assert text.startswith("✅ **No environment drift**")


def test_an_empty_report_says_so() -> None:
    assert render(Report(())) == "✅ **No environment drift**.\n"


def test_dangerous_changes_are_shown_and_the_rest_is_folded() -> None:
    text = render(SAMPLES["telling"])
    before, *folded = text.split("<details>")
    for row in TELLING:
        assert (f"`{row.subject}`" in before) == (row.severity in ("critical", "high"))
    assert len(folded) == 4


def test_the_first_line_counts_a_change_once_however_many_platforms_have_it() -> None:
    assert render(SAMPLES["platforms"]).splitlines()[0] == "### 🟠 Environment drift: 1 high, 1 low"


def test_causes_are_a_column_if_there_are_any() -> None:
    blamed = TELLING[4]._replace(cause="upstream: nccl 2.27.3 was uploaded on 2026-11-02")
    assert "| Cause |" in render(report(comparison(blamed)))
    assert "Cause" not in render(report(comparison(TELLING[4])))


@pytest.mark.parametrize("budget", [2_000, 10_000, COMMENT_BUDGET, SUMMARY_BUDGET])
def test_the_budget_is_kept_by_leaving_out_whole_sections(budget: int) -> None:
    text = render(LARGE, budget=budget, elsewhere="The job summary has all of it.")
    assert len(text.encode()) <= budget
    whole = render(LARGE, budget=1 << 30)
    found = page(text)
    assert found.elements["details"] == found.elements["summary"] == text.count("</details>")
    assert text.count("```") % 2 == 0
    assert ("Left out" in text) == (text != whole)
    if text != whole:
        assert "The job summary has all of it." in text


def test_the_most_important_is_left_out_last() -> None:
    text = render(LARGE, budget=6_000)
    assert "`pytorch`" in text
    assert "ls1-2e679ade04d8" in text
    assert "### 🔴" in text
    assert "package-0003" not in text


@given(st.integers(0, 60), st.integers(1_500, 9_000))
def test_any_budget_is_kept(count: int, budget: int) -> None:
    comparisons = [
        comparison(*TELLING, *many(40), platform=f"p{index}", name=f"{index}.yml") for index in range(count)
    ]
    assert len(render(report(*comparisons), budget=budget).encode()) <= budget


ALLOWED = {
    "h3",
    "p",
    "br",
    "strong",
    "em",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "ul",
    "li",
}
SHAPE = (
    "h3",
    "strong",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
    "ul",
    "li",
)


def filled(text: str) -> Report:
    """Return a report that says this text wherever a report says anything."""
    package = Package("conda", text, text, text, text, text, text, text, text, 1, 1_700_000_000)
    row = Row(
        text, text, (text, text), "critical", text, text, text, text, text,
        old=package, new=package._replace(timestamp=1_750_000_000), files=(MismatchedFile(text, "changed", text),),
        attribution="upstream", chain=(text, text, text),
    )  # fmt: skip
    side = Side(text, text, text, 3, complete=False)
    one = Comparison(
        text,
        text,
        side,
        side,
        (row, row._replace(severity="low"), row._replace(severity="medium")),
        3,
        (text,),
    )
    return Report((one, replace(one, rows=())), Evidence((text,), (text,)), (text,), (text,), (text,))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_anything_but_text(attack: str) -> None:
    assert_harmless(attack)


@given(texts)
@settings(max_examples=200, deadline=None)
def test_no_combination_of_texts_becomes_anything_but_text(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    found, plain = page(render(filled(text))), page(render(filled("plain")))
    assert set(found.elements) <= ALLOWED
    if text.strip():  # a blank is left out, with what would mark it
        assert {element: found.elements[element] for element in SHAPE} == {
            element: plain.elements[element] for element in SHAPE
        }
    assert found.attributes == plain.attributes
    assert found.comments == 0
    assert not [prose for prose in found.prose if REFERENCES.search(prose)]


def test_a_clean_report_is_as_harmless() -> None:
    for attack in ATTACKS:
        clean = replace(filled(attack), comparisons=(replace(filled(attack).comparisons[0], rows=()),))
        found = page(render(clean))
        assert set(found.elements) <= {"p", "strong", "code"}
        assert not [prose for prose in found.prose if REFERENCES.search(prose)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the framework: kernels, defaults, checkpoints and its C++ ABI change with it",) * 2,
        ("both managers own its files: the code that is imported is not what conda records",) * 2,
        ("required by sysroot_linux-64", "required by `sysroot_linux-64`"),
        ("sha256 abcdef1 instead of 1234567", "`sha256` `abcdef1` instead of `1234567`"),
        ("ping @octocat, please", "ping `@octocat`, please"),
        ("see #12 or GH-12", "see `#12` or `GH-12`"),
        ("deadbeef", "`deadbeef`"),
        ("", ""),
    ],
)
def test_prose_stays_readable(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("text", "cell", "expected"),
    [
        ("numpy", False, "`numpy`"),
        ("a|b", True, "`a\\|b`"),
        ("a|b", False, "`a|b`"),
        ("a`b", False, "`a⟨U+0060⟩b`"),
        (" a", False, "`  a `"),
        ("\u202ea\nb", False, "`⟨U+202E⟩a⟨U+000A⟩b`"),
        ("", False, ""),
        ("   ", False, ""),
        ("x" * 300, False, f"`{'x' * 199}…`"),
    ],
)
def test_code_shows_what_is_there(text: str, cell: bool, expected: str) -> None:
    assert code(text, cell=cell) == expected


def test_platforms_with_the_same_changes_of_other_causes_are_shown_apart() -> None:
    rows = {
        name: Row("numpy", "conda", ("upgrade",), "high", "1", "2", "") for name in ("linux-64", "osx-64")
    }
    causes = {
        "linux-64": ("upstream", "upstream"),
        "osx-64": ("both", "this pull request and upstream together"),
    }
    side = Side("lock", "ls1-0123456789ab", "ls1-0123456789ab", 1)
    comparisons = tuple(
        Comparison(
            "env", name, side, side, (row._replace(attribution=causes[name][0], cause=causes[name][1]),)
        )
        for name, row in rows.items()
    )
    text = render(Report(comparisons))
    assert "| upstream |" in text
    assert "| this pull request and upstream together |" in text
