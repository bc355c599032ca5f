from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from conda_lockstep.environment.discover import YAML_FILES
from conda_lockstep.lint.engine.registry import Rule, families, in_order, rules
from conda_lockstep.lint.targets.install_script.kinds import ALL_FILES
from tests.support import pages
from tests.support.pages import HOOKS, Case

FAMILIES = in_order(families())
MANIFEST = HOOKS.parent / ".pre-commit-hooks.yaml"
SECTIONS = (
    "## What it does",
    "## Why is this bad?",
    "## Example",
    "## Fix safety",
    "## Options",
    "## References",
)
"""The sections of every rule's page, in order; a rule without options has no section for them."""
RULES = rules()
CASES = list(pages.cases())


def manifest() -> list[dict[str, object]]:
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_case_has_the_expected_output_and_the_expected_fix(case: Case) -> None:
    outcome = pages.run(case)
    assert outcome.printed == (case.read("expected.txt") or b"").decode()
    after = case.read(case.fixed)
    assert outcome.after == (after if after is not None else case.read(case.about))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_second_fix_changes_nothing(case: Case, tmp_path: Path) -> None:
    after = case.read(case.fixed)
    if after is None:
        return
    for name in pages.PARTS:
        content = after if name == case.about else case.read(name)
        if content is not None:
            (tmp_path / name).write_bytes(content)
    assert pages.run(Case(case.rule, tmp_path, "")).after == after


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_page_with_a_case_that_it_reports(rule: Rule) -> None:
    folder = HOOKS / f"lockstep-{rule.family}" / rule.name
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule.name}\n\n> {rule.severity} · {rule.family}")
    sections = [line for line in page.splitlines() if line.startswith("## ")]
    assert sections == [section for section in SECTIONS if section in sections or section != "## Options"]
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    file = re.escape(Case(rule.name, folder, "").shown)
    assert re.search(rf"^{file}:\d+:\d+: (error|warning|note) {rule.name}: ", expected, re.MULTILINE)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_page_quotes_its_case_verbatim(rule: Rule) -> None:
    folder = HOOKS / f"lockstep-{rule.family}" / rule.name
    page = (folder / "README.md").read_text(encoding="utf-8")
    for name in (Case(rule.name, folder, "").about, "expected.txt"):
        assert f"\n{(folder / name).read_text(encoding='utf-8')}```\n" in page, name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_fix_is_as_safe_as_the_page_states(rule: Rule) -> None:
    folder = HOOKS / f"lockstep-{rule.family}" / rule.name
    section = (folder / "README.md").read_text(encoding="utf-8").split("## Fix safety\n")[1].split()[0]
    case = Case(rule.name, folder, "")
    outcome, before = pages.run(case), case.read(case.about)
    fixed = [pages.run(case) for case in CASES if case.rule == rule.name]
    kinds = {
        "Safe": outcome.safely != before and outcome.after == outcome.safely,
        "Unsafe": outcome.safely == before,
        "None": outcome.after == before,
    }
    word = section.strip(".,:;*")
    if word in kinds:
        assert kinds[word]
    if word == "None":
        befores = [case.read(case.about) for case in CASES if case.rule == rule.name]
        assert [one.after for one in fixed] == befores


def test_every_folder_is_a_rule_of_its_family_and_every_hook_has_a_folder() -> None:
    hooks = {str(hook["id"]) for hook in manifest()}
    families = {f"lockstep-{family}" for family in FAMILIES}
    folders = {path.name for path in HOOKS.iterdir() if path.is_dir()}
    assert hooks - folders == set()
    known = {(f"lockstep-{rule.family}", rule.name) for rule in RULES}
    found = {(path.parent.name, path.name) for path in HOOKS.glob("*/*/") if path.is_dir()}
    assert found - known == set()
    assert all((HOOKS / name / "README.md").is_file() for name in hooks)
    assert folders <= hooks | families


@pytest.mark.parametrize("family", FAMILIES)
def test_the_page_of_a_family_lists_its_rules(family: str) -> None:
    page = (HOOKS / f"lockstep-{family}" / "README.md").read_text(encoding="utf-8")
    if "<!-- rules -->" in page:
        assert pages.with_table(page, family) == page
    assert [rule.name for rule in RULES if rule.family == family and rule.name not in page] == []


def test_the_hooks_are_given_what_may_be_theirs_and_tell_it_by_what_it_holds() -> None:
    for hook in manifest():
        scripts = hook["id"] in ("lockstep", "lockstep-installs")
        assert hook["files"] == (ALL_FILES if scripts else YAML_FILES)
        assert hook["types"] == ["text" if scripts else "yaml"]
        assert " --skip-unrelated" in str(hook["entry"])
        assert hook["language"] == "python"


def test_each_family_hook_runs_its_family_and_one_hook_runs_the_default_rules_and_those_of_locks() -> None:
    entries = {str(hook["id"]): str(hook["entry"]) for hook in manifest()}
    assert entries["lockstep"] == "lockstep lint --skip-unrelated --extend-select lock"
    for name, entry in entries.items():
        family = name.removeprefix("lockstep-")
        if family in FAMILIES:
            assert entry == f"lockstep lint --skip-unrelated --select {family}"


@pytest.mark.parametrize(
    "text",
    [
        "no block\n",
        "```yaml before.yml\nold\n```\n",
        "```yaml before.yml\n```\nand\n```text expected.txt\n```\n",
    ],
)
def test_updating_a_page_changes_only_its_quoted_blocks(text: str, tmp_path: Path) -> None:
    (tmp_path / "before.yml").write_text("name: x\n")
    (tmp_path / "expected.txt").write_text("found\n")
    filled = pages.with_quotes(text, tmp_path)
    assert pages.with_quotes(filled, tmp_path) == filled
    assert pages.quoted(filled) == {name: (tmp_path / name).read_text() for name in pages.quoted(text)}
    assert re.sub(r"(?s)\n(name: x|found|old)?\n?```\n", "", filled) == re.sub(
        r"(?s)\n(old)?\n?```\n", "", text
    )
