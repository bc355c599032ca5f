"""Rules are found in their families' folders, and nothing is imported that a run does not need."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import get_args

import pytest

import conda_lockstep
from conda_lockstep.lint.engine.registry import families, families_of, in_order, rules
from conda_lockstep.lint.rules import __path__ as room
from conda_lockstep.lint.targets.target import TargetKind

FOLDERS = {path.name for path in Path(next(iter(room))).iterdir() if (path / "__init__.py").is_file()}
SHOWS_RULES = "from conda_lockstep.lint.engine.registry import rules; print(*(rule.name for rule in rules()))"


def run(code: str, *path: Path) -> list[str]:
    text = f"import sys; sys.path[:0] = {list(map(str, path))}; {code}"
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    ).stdout.split()


def test_every_folder_of_rules_is_a_family() -> None:
    assert families() == FOLDERS
    assert sorted(in_order(families())) == sorted(families())


@pytest.mark.parametrize("family", sorted(families()))
def test_a_family_declares_the_targets_of_its_rules(family: str) -> None:
    found = rules((family,))
    assert found
    assert {rule.family for rule in found} == {family}
    kinds = {kind for rule in found for kind in rule.targets}
    assert kinds == {kind for kind in get_args(TargetKind) if family in families_of(kind)}


@pytest.mark.parametrize("family", sorted(families()))
def test_one_family_imports_no_rule_of_another(family: str) -> None:
    loaded = run(
        "from conda_lockstep.config import Config; from conda_lockstep.lint.engine.runner import select;"
        f"select(Config(), ({family!r},)); print(*sys.modules)"
    )
    prefix = "conda_lockstep.lint.rules."
    modules = [name.removeprefix(prefix).split(".") for name in loaded if name.startswith(prefix)]
    # What the family 'pip' knows of conda's entries is that of 'pins'.
    allowed = {"pins"} if family == "pip" else set()
    assert {parts[0] for parts in modules if len(parts) > 1} - allowed == {family}


def test_rules_have_one_order_whatever_was_imported_first() -> None:
    first = run(SHOWS_RULES)
    assert first == [rule.name for rule in rules()]
    assert run(f"import conda_lockstep.lint.rules.pins.unpinned; {SHOWS_RULES}") == first


def test_rules_are_found_inside_a_zip_archive(tmp_path: Path) -> None:
    package = Path(next(iter(conda_lockstep.__path__)))
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in package.rglob("*.py"):
            zipped.write(path, path.relative_to(package.parent))
    code = f"import conda_lockstep; assert 'all.zip' in conda_lockstep.__file__; {SHOWS_RULES}"
    assert run(code, archive) == [rule.name for rule in rules()]


def test_every_rule_has_a_check_but_those_whose_findings_the_engine_makes() -> None:
    assert {rule.name for rule in rules() if rule.check is None} == {"unreadable-file", "unused-suppression"}
