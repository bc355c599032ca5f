from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.corpus import environment_files

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import Fix, Problem, Rule, Severity, rules
from conda_lockstep.render.findings import json as report_json
from conda_lockstep.text.source import Span

OURS = ("document", "channels", "gpu", "secrets")


def rule_that(
    name: str, *problems: Problem, supersedes: tuple[str, ...] = (), severity: Severity = "error"
) -> Rule:
    def check(entries: Entries, config: Config) -> Iterator[Problem]:
        yield from problems

    return Rule(name, "document", severity, "", check, supersedes)


def problem(start: int, end: int, fix: Fix | None = None) -> Problem:
    return Problem(Span(start, end), "wrong", "mend it", fix)


def fix(*edits: tuple[int, int, str], safety: str = "safe") -> Fix:
    assert safety in ("safe", "unsafe")
    made = tuple(Edit(Span(start, end), text) for start, end, text in edits)
    return Fix("mend", made, "safe" if safety == "safe" else "unsafe")


FILE = lint.parse_text("dependencies: [aaa, bbb, ccc]\n", "environment.yml")
AAA, BBB, CCC = (15, 18), (20, 23), (25, 28)


def test_findings_stand_in_the_order_of_the_file() -> None:
    chosen = [rule_that("z", problem(*CCC), problem(*AAA)), rule_that("a", problem(*AAA), problem(*BBB))]
    findings = lint.lint(FILE, chosen, Config())
    assert [(one.rule, one.column) for one in findings] == [("a", 16), ("z", 16), ("a", 21), ("z", 26)]


@pytest.mark.parametrize(
    ("special", "general", "silent"),
    [
        (AAA, AAA, True),
        ((15, 16), AAA, True),
        ((0, 30), BBB, True),
        ((17, 20), BBB, True),
        (AAA, BBB, False),
        (CCC, AAA, False),
    ],
)
def test_a_general_rule_is_silent_where_a_specific_one_speaks(
    special: tuple[int, int], general: tuple[int, int], silent: bool
) -> None:
    chosen = [
        rule_that("general", problem(*general)),
        rule_that("other", problem(*general)),
        rule_that("special", problem(*special), supersedes=("general",)),
    ]
    names = {one.rule for one in lint.lint(FILE, chosen, Config())}
    assert ("general" not in names) is silent
    assert {"special", "other"} <= names


def test_a_finding_has_the_severity_of_its_problem_or_of_its_rule() -> None:
    chosen = [rule_that("a", problem(*AAA), problem(*BBB)._replace(severity="note"), severity="warning")]
    assert [one.severity for one in lint.lint(FILE, chosen, Config())] == ["warning", "note"]


def test_a_finding_shows_three_lines_at_most() -> None:
    file = lint.parse_text("dependencies:\n" + "- a\n" * 6, "environment.yml")
    chosen = [rule_that("a", problem(0, len(file.source.text) - 1))]
    (one,) = lint.lint(file, chosen, Config())
    assert (one.line, one.end_line, one.lines) == (1, 7, ("dependencies:", "- a", "- a"))


def test_fixes_that_touch_wait_for_the_next_round() -> None:
    calls = []

    def check(entries: Entries, config: Config) -> Iterator[Problem]:
        calls.append(entries.file.source.text)
        for item in entries.file.conda_items:
            if len(item.value) < 5:
                grown = Edit(item.span, f"{item.value}x")
                yield Problem(item.span, "short", "grow it", Fix("grow", (grown,), "safe"))

    rule = Rule("grow", "document", "error", "", check)
    fixed = lint.fix(FILE, [rule, rule._replace(name="also")], Config(), unsafe=False)
    assert fixed.text == "dependencies: [aaaxx, bbbxx, cccxx]\n"
    assert len(fixed.done) == 6
    assert len(calls) == 12  # each text is also judged by all rules, once
    assert fixed.left == ()


def test_unsafe_fixes_are_applied_only_when_asked_for() -> None:
    chosen = [rule_that("a", problem(*AAA, fix((*AAA, "xxx"), safety="unsafe")))]
    assert lint.fix(FILE, chosen, Config(), unsafe=False).text == FILE.source.text
    assert "xxx" in lint.fix(FILE, chosen, Config(), unsafe=True).text


@pytest.mark.parametrize(
    "harmful",
    [
        pytest.param(fix((14, 15, "[")), id="no YAML any more"),
        pytest.param(fix((20, 20, "# ")), id="comments out an entry that it does not name"),
        pytest.param(fix((14, 14, "- x:\n  ")), id="makes another thing of the entries"),
        pytest.param(fix((0, 5, "a"), (3, 9, "b")), id="in itself not possible"),
    ],
)
def test_a_fix_that_harms_is_not_applied_and_the_others_are(harmful: Fix) -> None:
    text = "dependencies:\n- aaa\n- bbb\nchannels: [ddd]\n"
    file = lint.parse_text(text, "environment.yml")
    place = text.index("ddd")
    good = rule_that("good", problem(place, place + 3, fix((place, place + 3, "eee"))))
    bad = rule_that("bad", problem(0, 1, harmful))
    fixed = lint.fix(file, [bad, good], Config(), unsafe=False)
    assert fixed.text == text.replace("ddd", "eee")
    assert fixed.done == ("good: mend",)


def test_two_fixes_that_undo_each_other_come_to_an_end() -> None:
    def check(entries: Entries, config: Config) -> Iterator[Problem]:
        item = next(iter(entries.file.conda_items))
        other = "bbb" if item.value == "aaa" else "aaa"
        yield Problem(item.span, "other", "", Fix("turn", (Edit(item.span, other),), "safe"))

    fixed = lint.fix(FILE, [Rule("turn", "document", "error", "", check)], Config(), unsafe=False)
    assert len(fixed.done) == 1


def test_a_file_in_utf_16_becomes_utf_8_only_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    text = "name: x\r\nchannels: [a, a]\r\ndependencies: [b]\r\n"
    path.write_bytes(text.encode("utf-16"))
    chosen = lint.select(Config(), ("channels",))
    safe = lint.fix_path(path, chosen, Config(), unsafe=False)
    assert [one.rule for one in safe.left] == ["unreadable-file"]
    assert path.read_bytes() == text.encode("utf-16")
    fixed = lint.fix_path(path, chosen, Config(), unsafe=True)
    assert fixed.done[:2] == (
        "unreadable-file: rewrite the file as UTF-8",
        "duplicate-channel: delete the second 'a'",
    )
    assert path.read_bytes().startswith(b"name: x\r\nchannels: [a, nodefaults]\r\n")


def test_an_unreadable_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "environment.yml"
    path.write_bytes(b"a: [\n")
    assert lint.fix_path(path, lint.select(Config()), Config(), unsafe=True).done == ()
    assert path.read_bytes() == b"a: [\n"


def test_every_rule_is_named_in_kebab_case_and_says_what_it_finds() -> None:
    names = [rule.name for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule.name == rule.name.lower()
        assert set(rule.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert rule.summary.endswith(".")
        assert set(rule.supersedes) <= set(names), rule.name


def test_the_rules_hold_on_every_real_file() -> None:
    config = Config()
    chosen = lint.select(config, OURS)
    for path in environment_files("environments", "odd"):
        findings = lint.lint_path(path, chosen, config)
        unreadable = [one for one in findings if one.rule == lint.UNREADABLE]
        if unreadable:
            assert len(findings) == 1, path.name
            continue
        for one in findings:
            assert one.message
            assert one.help
            assert (one.end_line, one.end_column) >= (one.line, one.column)
            assert len(one.lines[0]) >= one.column - 1
        assert json.loads(report_json.render(findings)) is not None


@pytest.mark.parametrize("unsafe", [False, True])
def test_fixing_a_real_file_twice_is_fixing_it_once(unsafe: bool) -> None:
    config = Config()
    chosen = lint.select(config)
    changed = 0
    for path in environment_files("environments", "odd"):
        try:
            file = lint.parse_text(path.read_bytes().decode("utf-8-sig"), path.name)
        except (LockstepError, UnicodeDecodeError):
            continue
        once = lint.fix(file, chosen, config, unsafe=unsafe)
        after = lint.parse_text(once.text, path.name)
        again = lint.fix(after, chosen, config, unsafe=unsafe)
        assert again.text == once.text, path.name
        assert again.done == (), path.name
        changed += once.text != file.source.content
        assert ("\r\n" in once.text) == ("\r\n" in file.source.text)
        assert once.text.endswith("\n") == file.source.text.endswith("\n"), path.name
        assert file.keeps(after, []) or once.done
    assert changed > 5


def test_a_fix_that_causes_an_error_is_withdrawn_and_said() -> None:
    """The error may be that of a rule that was not chosen: only ``grow`` is run."""
    file = lint.parse_text(
        "channels: [pytorch, conda-forge, nodefaults]\ndependencies: [aaa, pytorch=2.0, cudatoolkit=11.8]\n",
        "environment.yml",
    )

    def replace(name: str, old: str, new: str) -> Rule:
        def check(entries: Entries, config: Config) -> Iterator[Problem]:
            for item in entries.file.conda_items:
                if item.value == old:
                    yield Problem(item.span, "wrong", "mend it", Fix(name, (Edit(item.span, new),), "safe"))

        return Rule(name, "document", "error", "", check)

    chosen = [replace("better", "aaa", "bbb"), replace("worse", "cudatoolkit=11.8", "pytorch-cuda=11.8")]
    fixed = lint.fix(file, chosen, Config(), unsafe=False)
    assert "[bbb, pytorch=2.0, cudatoolkit=11.8]" in fixed.text
    assert fixed.done == ("better: better",)
    assert fixed.withdrawn == ("worse: worse: that would cause 'pytorch-cuda-without-channel'",)
    assert [(left.rule, left.fix) for left in fixed.left] == [("worse", None)]
    assert "not fixed, because that would cause 'pytorch-cuda-without-channel'" in fixed.left[-1].help


def test_a_fix_that_makes_a_cuda_build_less_certain_is_withdrawn() -> None:
    file = lint.parse_text(
        "channels: [conda-forge, pytorch]\ndependencies: [pytorch=2.4]\n", "environment.yml"
    )
    worse = Fix("reorder", (Edit(Span(11, 31), "pytorch, conda-forge"),), "safe")
    fixed = lint.fix(file, [rule_that("a", problem(11, 31, worse))], Config(), unsafe=False)
    assert (fixed.text, fixed.withdrawn) == (
        file.source.text,
        ("a: reorder: the CUDA build of pytorch would be less certain",),
    )
