"""The dependency tree of the page: from a line of the file to each changed package, each package once on its path."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.render.samples import comparison, report, row

from conda_lockstep.drift.report import Row
from conda_lockstep.render.drift import html
from conda_lockstep.render.drift.tree import SHOWN, tree


def chained(subject: str, *chain: str, severity: str = "high") -> Row:
    return row(subject, severity, "upgrade", "1.0", "2.0", "why")._replace(chain=chain)  # type: ignore[arg-type]


LINE = "environment.yml:7: pytorch=2.4"
ROWS = (
    chained("nccl", LINE, "pytorch 2.4.1 requires libtorch 2.4.1.*", "libtorch 2.4.1 requires nccl >=2.20"),
    chained("pytorch", LINE, severity="medium"),
    chained("cudnn", LINE, "pytorch 2.4.1 requires libtorch 2.4.1.*", "libtorch 2.4.1 requires cudnn >=9"),
    chained("orphan"),
)


def outline(text: str) -> list[str]:
    """Return the items of nested lists, indented by their depth."""
    found, depth = [], -1
    for tag, label in re.findall(r"<(ul|/ul)>|<span>(.*?)</span>", text):
        depth += {"ul": 1, "/ul": -1, "": 0}[tag]
        if label:
            found.append("  " * depth + re.sub(r"</?b>", "", label))
    return found


def test_a_tree_leads_from_the_line_to_each_changed_package() -> None:
    text = "".join(tree(ROWS))
    assert outline(text) == [
        LINE,
        "  pytorch 1.0 → 2.0",
        "    libtorch 2.4.1",
        "      nccl 1.0 → 2.0",
        "      cudnn 1.0 → 2.0",
    ]
    assert '<li class="medium"><span><b>pytorch</b>' in text


def test_rows_without_a_chain_draw_nothing() -> None:
    assert list(tree(ROWS[3:])) == []
    assert '<details class="tree">' not in html.render(report(comparison(*ROWS[3:])))
    assert '<details class="tree">' in html.render(report(comparison(*ROWS)))


def test_a_large_tree_is_cut_and_says_so() -> None:
    rows = [chained(f"p{number}", f"environment.yml:{number}: p{number}") for number in range(SHOWN + 5)]
    text = "".join(tree(rows))
    assert text.count("<b>") == SHOWN
    assert "5 more changed packages are not drawn" in text


def test_a_chain_of_any_length_is_drawn() -> None:
    endless = chained("x", *(f"p{number} 1 requires p{number + 1}" for number in range(20_000)))
    shown = html.render(replace(report(comparison(endless))))
    assert "p10 1" in shown
