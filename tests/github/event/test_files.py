"""The files that the Action looks at, in repositories that try to show it others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.repository import Repository

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.event.files import select_files

ENVIRONMENT = "channels: [conda-forge]\ndependencies: [python=3.12]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "checkout")
    files = ("environment.yml", "envs/gpu 1.yml", "envs/cpu.yml", "envs/cpu.conda-lock.yml", "docs/other.yml")
    repository.commit(
        {name: ENVIRONMENT if "lock" not in name and "other" not in name else "a: b\n" for name in files}
    )
    return repository


def test_without_patterns_all_that_git_knows_are_taken(repository: Repository) -> None:
    files, refused = select_files(repository.folder, ())
    assert [str(path) for path in files] == ["environment.yml", "envs/cpu.yml", "envs/gpu 1.yml"]
    assert refused == []


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (("envs/*.yml",), ["envs/cpu.yml", "envs/gpu 1.yml"]),
        (
            ("environment.yml", "**/cpu.yml", "envs/*.yml"),
            ["environment.yml", "envs/cpu.yml", "envs/gpu 1.yml"],
        ),
        (("docs/other.yml",), ["docs/other.yml"]),
    ],
)
def test_patterns_choose(repository: Repository, patterns: tuple[str, ...], expected: list[str]) -> None:
    files, refused = select_files(repository.folder, patterns)
    assert ([path.as_posix() for path in files], refused) == (expected, [])


def test_a_pattern_without_a_match_is_reported(repository: Repository) -> None:
    files, refused = select_files(repository.folder, ("nothing/*.yml", "environment.yml"))
    assert [str(path) for path in files] == ["environment.yml"]
    assert refused == ["nothing/*.yml: no file matches this pattern"]


@pytest.mark.parametrize("pattern", ["/etc/*.conf", "../*.yml", "envs/../../x.yml"])
def test_a_pattern_that_leads_out_is_an_error(repository: Repository, pattern: str) -> None:
    with pytest.raises(LockstepError, match="is outside the repository"):
        select_files(repository.folder, (pattern,))


@pytest.mark.parametrize("patterns", [(), ("*environment*.yml",)])
def test_a_link_out_of_the_checkout_is_refused(
    repository: Repository, tmp_path: Path, patterns: tuple[str, ...]
) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text(ENVIRONMENT)
    (repository.folder / "environment-2.yml").symlink_to(secret)
    (repository.folder / "environment-3.yml").symlink_to("environment.yml")
    (repository.folder / "environment-4.yml").symlink_to(".git/config")
    repository.commit({})
    files, refused = select_files(repository.folder, patterns)
    assert not {path.name for path in files} & {"environment-2.yml", "environment-4.yml"}
    assert "environment-3.yml" in {path.name for path in files}
    assert any(
        line.startswith("environment-2.yml: is a link that leads outside the checkout") for line in refused
    )
