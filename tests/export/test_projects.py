"""Local and git projects in each format: as its readers take them, or named in a line on what is left out."""

from __future__ import annotations

import pytest
from packaging.pylock import Pylock

from conda_lockstep.export import FORMATS, export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.pip.pylock import tomllib
from conda_lockstep.packages import Package, PackageSet

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PACKAGES = (
    Package("conda", "python", "3.11.7", "0_cpython", "linux-64", "https://conda.anaconda.org/conda-forge",
            "https://conda.anaconda.org/conda-forge/linux-64/python-3.11.7-0_cpython.conda", "1" * 64, "2" * 32),
    Package("conda", "pip", "25", "0", "noarch", "https://conda.anaconda.org/conda-forge",
            "https://conda.anaconda.org/conda-forge/noarch/pip-25-0.conda", "3" * 64, "4" * 32),
    Package("pip", "app", "", url="./#editable=true&extras=dev"),
    Package("pip", "ext", "", url="./sub/ext"),
    Package("pip", "knn", "1.0", url=f"git+https://host/knn@{COMMIT}#subdirectory=py&rev=main&tree={COMMIT}"),
    Package("pip", "clone", "", url=f"git+https://host/clone@{COMMIT}#tree={COMMIT}&editable=true"),
)  # fmt: skip
SUBJECT = Subject(
    Lock({"linux-64": PackageSet.of(PACKAGES)}, channels=("conda-forge",)), "conda-lock.yml",
    f"python:3.12@sha256:{'5' * 64}",
)  # fmt: skip
INSTALL = "install after it: pip install --no-deps --no-build-isolation"
APP, EXT = "-e './[dev]'", "./sub/ext"

LOST = {
    "explicit": [f"2 projects are not in it, which has URLs only: app, ext; {INSTALL} {APP} {EXT}",
                 "it does not say that these are editable: clone"],
    "requirements": [
        f"4 projects are not in it, as pip has no hashes for them: app, clone, ext, knn; {INSTALL} {APP} "
        f"-e 'git+https://host/clone@{COMMIT}#egg=clone' {EXT} "
        f"'knn @ git+https://host/knn@{COMMIT}#subdirectory=py'"],
    "pylock": ["the folders of local projects are relative to the lock's folder: app, ext",
               "it does not say that these are editable: clone"],
    "pixi": [f"2 projects are not in it, as pixi takes them from its own manifest: app, ext; {INSTALL} {APP} {EXT}",
             "it does not say that these are editable: clone"],
    "environment": ["the folders of local projects are relative to this file: app, ext"],
    "manifest": [],
    "cyclonedx": ["projects have no hash, and local ones neither a version nor a URL: app, clone, ext, knn"],
    "dockerfile": ["4 projects are not in it, as their code is not in the lock: app, clone, ext, knn"],
    "kubernetes": ["projects are not compared: app, clone, ext, knn"],
}  # fmt: skip


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_each_format_says_what_it_leaves_out_of_projects(name):
    lost = export(name, SUBJECT).lost
    for line in LOST[name]:
        assert any(each.startswith(line) for each in lost), lost
    assert bool(LOST[name]) == any("project" in each or "editable" in each for each in lost)


@pytest.mark.parametrize(
    "name", [each.name for each in FORMATS if each.name not in ("manifest", "kubernetes")]
)
def test_no_format_has_the_notation_of_our_lock(name):
    text = export(name, SUBJECT).text
    assert "tree=" not in text
    assert "editable=true" not in text.replace("editable = true", "")


def test_pylock_is_valid_with_directories_and_commits():
    written = tomllib.loads(export("pylock", SUBJECT).text)
    found = {package.name: package for package in Pylock.from_dict(written).packages}
    assert (found["app"].directory.path, found["app"].directory.editable) == ("./", True)
    assert found["ext"].directory.path == "./sub/ext"
    vcs = found["knn"].vcs
    assert (vcs.commit_id, vcs.requested_revision, vcs.subdirectory) == (COMMIT, "main", "py")


def test_an_environment_file_names_them_as_pip_does():
    text = export("environment", SUBJECT).text
    for line in ("-e ./[dev]", "./sub/ext", f"knn @ git+https://host/knn@{COMMIT}#subdirectory=py"):
        assert line in text


def test_the_image_and_the_job_leave_projects_out():
    assert "--prefix /opt/env --no-projects\n" in export("dockerfile", SUBJECT).text
    assert "        - --no-projects\n" in export("kubernetes", SUBJECT).text
