"""``@EXPLICIT``: what conda-lock renders from our lock is what we export, line by line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rattler.explicit_environment import ExplicitEnvironmentSpec

from conda_lockstep.errors import LockstepError
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.export.projects import projects_of, without_projects
from conda_lockstep.lock.channels.records import record_of
from conda_lockstep.lock.formats import cep37, explicit
from conda_lockstep.lock.formats import detect as formats
from conda_lockstep.lock.formats.canonical import canonical
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.snapshot import prefix as prefixes
from tests.lock.peer import render_with_conda_lock
from tests.support.lock_pairs import LockFiles
from tests.support.prefixes import install

REAL = (
    "conda-lock/01-ai__Yi__conda-lock.yml",
    "conda-lock/conda__conda-lock__tests-test-install-with-pip-deps-conda-lock.yml",
    "conda-lock/conda__conda-lock__tests-test-explicit-toposorted-conda-lock.yml",
    "conda-lock/mamba-org__mamba__micromamba-tests-env_lockfiles-test-env-lock-pip-git-https.yaml",
    "pixi/v7__prefix-dev__parselmouth__pixi.lock",
)


def as_conda_lock_writes(text: str, lock: Lock, platform: str) -> list[str]:
    """Return the lines of an export that say what to install, hashes in conda-lock's form: always the md5."""
    md5 = {package.url: package.md5 for package in lock.platforms[platform].values()}
    lines = [line for line in text.splitlines() if line.startswith(("http", "# pip "))]
    return [
        line if line[0] == "#" else f"{line.partition('#')[0]}#{md5[line.partition('#')[0]]}"
        for line in lines
    ]


def test_conda_lock_renders_from_our_lock_what_we_export(lock_files: LockFiles, tmp_path: Path) -> None:
    """Projects from git are not entries of our lock; see cep37_projects."""
    path = tmp_path / "conda-lock.yml"
    for source in lock_files("conda-lock.yml", *REAL):
        lock = canonical(formats.read(source), source.name).lock
        platforms = {
            platform: without_projects(packages, projects_of(packages))
            for platform, packages in lock.platforms.items()
        }
        lock = replace(lock, platforms=platforms)
        cep37.write(lock, path)
        for platform, theirs in render_with_conda_lock(path, lock.platforms).items():
            ours = explicit.render(lock.platforms[platform], platform)
            assert as_conda_lock_writes(ours, lock, platform) == theirs, source


def test_rattler_reads_it(subject: Subject, tmp_path: Path) -> None:
    written = export("explicit", subject).text
    (tmp_path / "explicit.txt").write_text(written)
    spec = ExplicitEnvironmentSpec.from_path(tmp_path / "explicit.txt")
    assert str(spec.platform) == "linux-64"
    assert [entry.url for entry in spec.packages] == [
        line for line in written.splitlines() if line.startswith("https:")
    ]


def test_the_pip_part_is_comments_and_that_is_said(subject: Subject) -> None:
    written = export("explicit", subject)
    pip = subject.lock.platforms["linux-64"]["pip", "requests"]
    assert f"# pip requests @ {pip.url}#sha256={pip.sha256}\n" in written.text
    assert written.lost == (
        "4 pip packages are in it as comments, which conda-lock and micromamba install and conda does not: "
        "certifi, charset-normalizer, requests, urllib3",
    )


def test_one_file_is_one_platform(real: Lock) -> None:
    with pytest.raises(LockstepError) as caught:
        export("explicit", Subject(real, "conda-lock.yml"))
    assert str(caught.value) == (
        "conda-lock.yml: is for linux-64 and linux-aarch64, and this format holds one platform; add --platform linux-64"
    )


def test_lock_file_and_prefix_have_one_environment_id(forged: Lock, tmp_path: Path) -> None:
    ((platform, packages),) = forged.platforms.items()
    (tmp_path / "explicit.txt").write_text(export("explicit", Subject(forged, "conda-lock.yml")).text)
    again = formats.read(tmp_path / "explicit.txt").platforms[platform]
    assert again.environment_id == packages.environment_id
    conda = again.only("conda")
    install([record_of(package) for package in conda.values()], tmp_path / "env", tmp_path / "cache")
    installed = prefixes.read(tmp_path / "env").packages
    assert (
        f"# environment id of the conda part: {installed.environment_id}\n"
        in (tmp_path / "explicit.txt").read_text()
    )
    assert installed.environment_id == conda.environment_id == packages.only("conda").environment_id
