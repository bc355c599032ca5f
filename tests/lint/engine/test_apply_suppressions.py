from __future__ import annotations

import subprocess
import sys
import time

import pytest
from tests.support.lint import fixed, found, marked, of

from conda_lockstep.config import Config
from conda_lockstep.environment.reader import parse
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.apply_suppressions import apply
from conda_lockstep.lint.engine.registry import Problem
from conda_lockstep.lint.engine.runner import Finding
from conda_lockstep.text.source import Source, Span

UNUSED = "unused-suppression"
RULES = ("unpinned-conda", "duplicate-spec", "redundant-glob", UNUSED)


def said(text: str, *selected: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in found(text, *(selected or RULES))]


def unused(text: str, *selected: str) -> list[Finding]:
    return [finding for finding in found(text, *(selected or RULES)) if finding.rule == UNUSED]


@pytest.mark.parametrize(
    "entries",
    [
        ["numpy  # lockstep: ignore=unpinned-conda"],
        ["numpy  # lockstep: ignore=unpinned-conda we test it nightly"],
        ["numpy  # lockstep: ignore=pins"],
        ["numpy  # why # lockstep: ignore=unpinned-conda"],
        ["numpy=1.2", "numpy=1.2.*  # lockstep: ignore=redundant-glob,duplicate-spec"],
        ["numpy=1.2", "numpy=1.2.*  # lockstep: ignore=redundant-glob # lockstep: ignore=duplicate-spec"],
    ],
)
def test_a_suppression_that_hides_a_finding_is_used(entries: list[str]) -> None:
    assert said(of(*entries)) == []


@pytest.mark.parametrize("above", ["  # lockstep: ignore=pins\n", "  # lockstep: ignore=pins\n\n  # why\n"])
def test_a_suppression_above_an_entry_applies_to_the_entry(above: str) -> None:
    text = of("scipy", "numpy").replace("  - numpy", f"{above}  - numpy")
    assert said(text) == [("unpinned-conda", 3)]


def test_a_suppression_for_the_file_applies_to_the_whole_file() -> None:
    text = "# lockstep: ignore-file=pins a scratch image\n" + of("numpy", "scipy")
    assert said(text) == []


def test_a_suppression_applies_to_no_other_line_and_no_other_rule() -> None:
    comment = "# lockstep: ignore=unpinned-conda"
    text = of(f"numpy  {comment}", "scipy", f"zlib=1.2.*  {comment}")
    assert said(text) == [("unpinned-conda", 4), ("redundant-glob", 5), (UNUSED, 5)]


def test_a_suppressed_finding_is_not_fixed() -> None:
    text = of("numpy=1.2", "numpy=1.2  # lockstep: ignore=duplicate-spec both are meant")
    assert fixed(text, "duplicate-spec", UNUSED).text == text


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("numpy=1.2  # lockstep: ignore=unpinned-conda", "numpy=1.2"),
        ("numpy=1.2  # lockstep: ignore=unpinned-conda why ", "numpy=1.2"),
        ("numpy=1.2  # note  # lockstep: ignore=unpinned-conda why", "numpy=1.2  # note"),
        (
            "numpy  # lockstep: ignore=duplicate-spec,unpinned-conda why",
            "numpy  # lockstep: ignore=unpinned-conda why",
        ),
        (
            "numpy  # lockstep: ignore=unpinned-conda, duplicate-spec",
            "numpy  # lockstep: ignore=unpinned-conda",
        ),
        (
            "numpy  # lockstep: ignore=duplicate-spec a # lockstep: ignore=unpinned-conda b",
            "numpy  # lockstep: ignore=unpinned-conda b",
        ),
    ],
)
def test_an_unused_suppression_is_a_finding_and_a_safe_fix_removes_it(entry: str, expected: str) -> None:
    (finding,) = unused(of(entry))
    assert finding.severity == "warning"
    assert finding.fix
    assert finding.fix.safety == "safe"
    result = fixed(of(entry), *RULES, unsafe=False)
    assert result.text == of(expected)
    assert not result.left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "dependencies:\n  # lockstep: ignore=unpinned-conda\n  - numpy=1.2\n",
            "dependencies:\n  - numpy=1.2\n",
        ),
        (
            "dependencies:\r\n  # why # lockstep: ignore=unpinned-conda\r\n  - numpy=1.2\r\n",
            "dependencies:\r\n  # why\r\n  - numpy=1.2\r\n",
        ),
        (
            "# lockstep: ignore-file=unpinned-conda x\ndependencies: [numpy=1.2]\n",
            "dependencies: [numpy=1.2]\n",
        ),
        (
            "dependencies: [numpy=1.2]\n# lockstep: ignore-file=unpinned-conda x",
            "dependencies: [numpy=1.2]\n",
        ),
    ],
)
def test_a_line_with_only_the_suppression_is_removed(text: str, expected: str) -> None:
    assert fixed(text, *RULES, unsafe=False).text == expected


@pytest.mark.parametrize("name", ["accidental-exact", "gpu", "pins", "suppressions"])
def test_a_suppression_of_a_rule_that_was_not_run_is_not_reported_as_unused(name: str) -> None:
    assert unused(of(f"numpy=1.2  # lockstep: ignore={name}")) == []


def test_a_suppression_of_a_family_is_unused_when_all_of_it_ran() -> None:
    (finding,) = unused(of("numpy=1.2  # lockstep: ignore=pins", "python=3.11"), "pins", UNUSED)
    assert "'pins'" in finding.message


def test_a_suppression_of_a_rule_ignored_for_this_file_is_not_reported_as_unused() -> None:
    config = Config(per_file_ignores={"environment.yml": ("unpinned-conda",)})
    text = of("numpy=1.2  # lockstep: ignore=unpinned-conda")
    assert found(text, *RULES, config=config) == []


def test_an_unknown_name_is_reported_with_the_closest_one() -> None:
    text = of("numpy  # lockstep: ignore=unpined-conda why")
    (finding,) = unused(text)
    assert marked(text, finding) == "unpined-conda"
    assert finding.help == "did you mean 'unpinned-conda'?"
    assert fixed(text, *RULES, unsafe=False).text == text
    assert fixed(text, *RULES, unsafe=True).text == of("numpy  # lockstep: ignore=unpinned-conda why")


def test_a_name_like_no_other_is_reported_and_not_fixed() -> None:
    (finding,) = unused(of("numpy  # lockstep: ignore=E501"))
    assert "no rule or family is named 'E501'" in finding.message
    assert finding.fix is None


@pytest.mark.parametrize("comment", ["# lockstep: ignore", "# lockstep: ignore[pins]", "# lockstep: noqa"])
def test_a_malformed_suppression_is_reported(comment: str) -> None:
    text = of(f"numpy=1.2  {comment}")
    (finding,) = unused(text)
    assert marked(text, finding) == comment
    assert "ignore=RULE" in finding.help
    assert finding.fix is None


@pytest.mark.parametrize("name", [UNUSED, "suppressions"])
def test_unused_suppressions_can_be_suppressed_themselves(name: str) -> None:
    entry = "numpy=1.2  # lockstep: ignore=unpinned-conda"
    assert unused(of(f"{entry},{name}")) == []
    assert unused(f"# lockstep: ignore-file={name}\n" + of(entry)) == []


def test_unused_suppressions_are_reported_only_if_the_rule_is_selected() -> None:
    assert said(of("numpy=1.2  # lockstep: ignore=unpinned-conda"), "unpinned-conda") == []


def test_a_suppression_applies_to_the_first_line_of_a_finding_only() -> None:
    # The second entry repeats the first; the finding stands at the second.
    text = of("numpy=1.2  # lockstep: ignore=duplicate-spec", "numpy=1.2")
    assert said(text) == [(UNUSED, 3), ("duplicate-spec", 4)]


def test_a_file_without_suppressions_costs_no_import_of_them() -> None:
    code = (
        "import sys; from conda_lockstep.lint.engine import runner; from conda_lockstep.config import Config;"
        "from conda_lockstep.environment.reader import parse; c = Config();"
        "runner.lint(parse('dependencies: [numpy]', 'x'), runner.select(c), c); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "conda_lockstep.lint.rules.suppressions" in loaded
    lazy = (
        "text.comments",
        "text.suppressions",
        "lint.engine.apply_suppressions",
        "lint.engine.baseline",
        "settings_reader",
    )
    assert not loaded & {f"conda_lockstep.{name}" for name in lazy}


def test_findings_stay_in_the_order_of_the_file() -> None:
    text = of(
        "scipy=1  # lockstep: ignore=unpinned-conda", "numpy", "pandas=1  # lockstep: ignore=unpinned-conda"
    )
    assert [line for _, line in said(text)] == [3, 4, 5]


def test_suppressions_apply_in_every_way_of_linting() -> None:
    text = of("numpy  # lockstep: ignore=unpinned-conda")
    config = Config()
    chosen = lint.select(config, RULES)
    assert lint.lint(parse(text, "a"), chosen, config) == []
    assert lint.fix(parse(text, "a"), chosen, config, unsafe=True).left == ()


@pytest.mark.parametrize(
    "text",
    [
        "dependencies:\n" + "  # lockstep: ignore=unpinned-conda\n  - numpy\n" * 6000,
        "dependencies:\n" + "  # lockstep: ignore=nonsense\n" * 8000 + "  - numpy\n",
        "dependencies: [numpy]  # lockstep: ignore=" + ",".join(["unpinned-conda", "pins"] * 20000),
        "dependencies: [" + "'a\n  b', " * 20000 + "c]  # lockstep: ignore=pins\n",
    ],
)
def test_many_suppressions_cost_little_time(text: str) -> None:
    source = Source.of("environment.yml", text)
    rule, own = (*lint.select(Config(), ("unpinned-conda",)), *lint.select(Config(), (UNUSED,)))
    problems = [(rule, Problem(Span(start, start), "m", "h")) for start in source.line_starts]
    start = time.process_time()
    apply(source, problems, [rule, own])
    assert time.process_time() - start < 5
