from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.lint import found, of

from conda_lockstep.config import Config, Level
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import families, families_of, in_order, rules
from conda_lockstep.lint.engine.selection import find_rule, for_path, matches, select

OPT_IN = next(rule for rule in rules() if not rule.default)
DEFAULT = next(rule for rule in rules() if rule.family == OPT_IN.family and rule.default)
FAMILIES = in_order(families())
OTHER = next(family for family in FAMILIES if family != OPT_IN.family)


def names(config: Config, *only: str) -> set[str]:
    return {rule.name for rule in select(config, only)}


def in_family(*families: str) -> set[str]:
    return {rule.name for rule in rules() if rule.family in families and rule.default}


EVERYDAY = {
    rule.name for rule in rules(families_of("environment")) if rule.default and not rule.requires_solver
}


@pytest.mark.parametrize(
    ("config", "only", "chosen"),
    [
        (Config(), (), EVERYDAY),
        (Config(), (OTHER,), in_family(OTHER)),
        (Config(), (OPT_IN.name,), {OPT_IN.name}),
        (Config(), (OPT_IN.family,), in_family(OPT_IN.family)),
        (Config(select=(OTHER,)), (), in_family(OTHER)),
        (Config(select=(OTHER,)), (OPT_IN.family,), in_family(OPT_IN.family)),
        (Config(extend_select=(OPT_IN.name,)), (), EVERYDAY | {OPT_IN.name}),
        (Config(select=(OTHER,), extend_select=(OPT_IN.name,)), (), in_family(OTHER) | {OPT_IN.name}),
        (Config(select=(OTHER,), extend_select=(OPT_IN.family,)), (), in_family(OTHER, OPT_IN.family)),
        # The hook of a family runs what the settings turn on in it, and nothing of other families.
        (Config(extend_select=(OPT_IN.name,)), (OPT_IN.family,), in_family(OPT_IN.family) | {OPT_IN.name}),
        (Config(extend_select=(OPT_IN.name,)), (OTHER,), in_family(OTHER)),
        (Config(extend_select=(OPT_IN.family,)), (OTHER,), in_family(OTHER)),
        (Config(ignore=(DEFAULT.name,)), (), EVERYDAY - {DEFAULT.name}),
        (Config(ignore=(OTHER,)), (), EVERYDAY - in_family(OTHER)),
        (Config(ignore=(DEFAULT.name,)), (DEFAULT.name,), set()),
        (Config(severity={DEFAULT.name: "off"}), (), EVERYDAY - {DEFAULT.name}),
        (Config(severity={OTHER: "off"}), (), EVERYDAY - in_family(OTHER)),
        (Config(severity={OPT_IN.name: "error"}), (), EVERYDAY),
    ],
)
def test_rules_are_chosen_by_name_and_family(config: Config, only: tuple[str, ...], chosen: set[str]) -> None:
    assert names(config, *only) == chosen


@pytest.mark.parametrize(
    "config",
    [
        Config(select=("unpined-conda",)),
        Config(ignore=("unpined-conda",)),
        Config(extend_select=("unpined-conda",)),
        Config(severity={"unpined-conda": "note"}),
        Config(per_file_ignores={"*.yml": ("unpined-conda",)}),
    ],
)
def test_a_name_that_is_no_rules_is_refused_wherever_it_stands(config: Config) -> None:
    with pytest.raises(
        LockstepError, match="no rule or family is named 'unpined-conda'; did you mean 'unpinned-conda'"
    ):
        select(config)
    with pytest.raises(LockstepError, match="unpined-conda"):
        select(config._replace(select=()), config.select or ("channels",))


def test_a_rule_is_found_by_its_name_alone() -> None:
    assert find_rule(OPT_IN.name) == OPT_IN
    with pytest.raises(LockstepError, match="families are"):
        find_rule("E501")


QUIET = of("pip")
PLAIN = of("numpy")


@pytest.mark.parametrize(
    ("text", "level", "shown"),
    [
        (PLAIN, None, "warning"),
        (PLAIN, "error", "error"),
        (PLAIN, "note", "note"),
        # What the rule says more quietly than the rest is not made louder.
        (QUIET, None, "note"),
        (QUIET, "error", "note"),
        (QUIET, "note", "note"),
    ],
)
def test_settings_move_a_rule_and_its_family(text: str, level: Level | None, shown: str) -> None:
    for name in ("unpinned-conda", "pins"):
        config = Config(severity={name: level} if level else {})
        (finding,) = found(text, "unpinned-conda", config=config)
        assert finding.severity == shown


def test_a_rule_has_the_last_word_over_its_family() -> None:
    config = Config(severity={"pins": "off", "unpinned-conda": "error"})
    (finding,) = found(PLAIN, "pins", config=config)
    assert (finding.rule, finding.severity) == ("unpinned-conda", "error")


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("environment.yml", "environment.yml", True),
        ("a/b/environment.yml", "environment.yml", True),
        ("a/b/environment.yml", "./environment.yml", True),
        ("a/environment.yml", "*.yml", True),
        ("a/environment.yaml", "*.yml", False),
        ("a/environment.yml", "a/*.yml", True),
        ("a/b/environment.yml", "a/*.yml", False),
        ("a/b/environment.yml", "a/**/*.yml", True),
        ("a/environment.yml", "a/**/*.yml", True),
        ("a/b/c/environment.yml", "a/", True),
        ("b/a/environment.yml", "a/", False),
        ("b/a/environment.yml", "**/a/", True),
        ("a/b/c/environment.yml", "a/**", True),
        ("ab/environment.yml", "a*/*", True),
        ("gpu-1/environment.yml", "gpu-[0-9]/*", True),
        ("Environment.yml", "environment.yml", False),
    ],
)
def test_globs_mean_what_they_say(path: str, glob: str, expected: bool) -> None:
    assert matches(path, glob) is expected


def test_per_file_ignores_are_relative_to_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sub"
    folder.mkdir()
    monkeypatch.chdir(folder)
    config = Config(root=tmp_path, per_file_ignores={"sub/*.yml": ("pins",), "a.yml": ("channels",)})
    chosen = select(config, ("pins", "channels", "pip"))
    left = {rule.family for rule in for_path(chosen, "a.yml", config)}
    assert left == {"pip"}
    assert {rule.family for rule in for_path(chosen, "b.yml", config)} == {"channels", "pip"}
    assert {rule.family for rule in for_path(chosen, "../a.yml", config)} == {"pins", "pip"}
    assert {rule.family for rule in for_path(chosen, str(folder / "b.yml"), config)} == {"channels", "pip"}


def test_per_file_ignores_hold_while_fixing_and_linting() -> None:
    config = Config(per_file_ignores={"environment.yml": ("unpinned-conda",)})
    assert found(PLAIN, "unpinned-conda", config=config) == []
