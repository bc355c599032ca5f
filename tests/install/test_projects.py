"""Local and git projects are installed last, from their recorded source, and compared with it: real pip records."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED, Trust
from conda_lockstep.drift.compare import verify as verifying
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.build import (
    BuildOptions,
    BuildOutcome,
    build_environment,
    plan_sync,
    sync_environment,
)
from conda_lockstep.install.link.project_options import ProjectOptions
from conda_lockstep.install.link.projects import install_projects
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet
from tests.support.projects import GitRepository, pyproject, write_files

ALL = frozenset({"my-app", "ext", "knn", "clone"})
CLONE = "from setuptools import setup\nsetup(name='clone', version='3', py_modules=['clone'])\n"


class Checkout:
    """A checkout with projects of every kind, its lock, and prefixes built from it."""

    def __init__(self, folder: Path, forge, cache: Path) -> None:
        self.folder, self.cache, self.subdir = folder, cache, forge.subdir
        urls = {
            "https://conda.anaconda.org/forge": forge.channel_url,
            "https://pypi.org": forge.pypi.as_uri(),
        }
        self.mirrors = Mirrors(urls, TRUSTED)
        (folder / ".git").mkdir(parents=True)
        files = {"pyproject.toml": pyproject("my-app", "six"), "my_app.py": "import six\nWHO = 'app'\n"}
        write_files(folder, files)
        write_files(folder / "ext", {"pyproject.toml": pyproject("ext"), "ext.py": "WHO = 'ext'\n"})
        knn = {"python/pyproject.toml": pyproject("knn", "ext"), "python/knn.py": "import ext\nWHO = 'knn'\n"}
        self.knn = GitRepository.create(folder.parent / "knn", knn)
        self.clone = GitRepository.create(
            folder.parent / "clone", {"setup.py": CLONE, "clone.py": "WHO = 'clone'\n"}
        )
        self.file = folder / "environment.yml"
        self.file.write_text(
            "channels: [forge]\ndependencies:\n  - python\n  - pip\n  - pip:\n"
            f"      - -e .\n      - ./ext\n      - git+{self.knn.url}@main#subdirectory=python\n"
            f"      - -e git+{self.clone.url}@main#egg=clone\n"
        )
        self.lock_file = folder / "conda-lock.yml"
        self.packages = self.lock()

    def lock(self) -> PackageSet:
        settings = Settings((self.subdir,), mirrors=self.mirrors, cache=self.cache)
        cep37.write(make_lock(read(self.file), settings), self.lock_file)
        return cep37.read(self.lock_file).platforms[self.subdir]

    def options(self, **projects) -> BuildOptions:
        chosen = {"root": self.folder, "allowed": ALL, **projects}
        return BuildOptions(self.mirrors, cache=self.cache, projects=ProjectOptions(**chosen))

    def build(self, prefix: Path, packages: PackageSet | None = None, **projects) -> BuildOutcome:
        return build_environment(packages or self.packages, prefix, self.options(**projects))

    def rows(self, prefix: Path, *, projects: bool = True) -> list[tuple[str, str, str]]:
        pair = verifying.read(prefix, self.lock_file)
        pair = pair if projects else verifying.without_projects(pair)
        return [(row.subject, row.classes[0], row.detail) for row in verifying.report(pair).rows]


@pytest.fixture(scope="module")
def checkout(forge, cache, tmp_path_factory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("work") / "checkout", forge, cache)


@pytest.fixture(scope="module")
def built(checkout, tmp_path_factory) -> Path:
    prefix = tmp_path_factory.mktemp("built") / "prefix"
    checkout.build(prefix)
    return prefix


@pytest.fixture(scope="module")
def worked_on(checkout, tmp_path_factory) -> Path:
    """A prefix that tests damage, and bring back: building one takes seconds."""
    prefix = tmp_path_factory.mktemp("worked-on") / "prefix"
    checkout.build(prefix)
    return prefix


def _who(prefix: Path, *modules: str) -> list[str]:
    code = "import sys, importlib\nfor name in sys.argv[1:]: print(importlib.import_module(name).WHO)"
    command = [prefix / "bin/python", "-I", "-c", code, *modules]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _origin(prefix: Path, name: str) -> Path:
    (path,) = prefix.glob(f"lib/python*/site-packages/{name}-*.dist-info/direct_url.json")
    return path


def test_projects_are_installed_from_their_sources(checkout, built):
    assert _who(built, "my_app", "ext", "knn", "clone") == ["app", "ext", "knn", "clone"]
    assert json.loads(_origin(built, "my_app").read_text()) == {
        "url": checkout.folder.as_uri(),
        "dir_info": {"editable": True},
    }
    assert json.loads(_origin(built, "knn").read_text()) == {
        "url": checkout.knn.url,
        "subdirectory": "python",
        "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": checkout.knn.head},
    }
    assert (built / "src/clone/.git").is_dir()


def test_what_is_as_locked_has_no_row_and_the_confirmation_says_what_is_not_proved(checkout, built):
    assert checkout.rows(built) == []
    line = verifying.confirmation(verifying.read(built, checkout.lock_file))
    assert checkout.packages.environment_id in line
    assert "projects were compared by their source, not by their bytes: clone, ext, knn and 1 more" in line
    assert plan_sync(checkout.packages, built, checkout.options().projects).steps == ()
    assert checkout.build(built).steps == ()


def _with(prefix: Path, name: str, **record) -> None:
    path = _origin(prefix, name)
    path.write_text(json.dumps({**json.loads(path.read_text()), **record}))


DAMAGE = [
    ("my-app", lambda checkout, prefix: _with(prefix, "my_app", dir_info={}), "it is not installed editable"),
    ("my-app", lambda checkout, prefix: _with(prefix, "my_app", url="file:///elsewhere"),
     "it is installed from /elsewhere"),
    ("ext", lambda checkout, prefix: _with(prefix, "ext", dir_info={"editable": True}), "it is installed editable"),
    ("ext", lambda checkout, prefix: _origin(prefix, "ext").unlink(), "it is installed from an index"),
    ("knn", lambda checkout, prefix: _with(prefix, "knn", vcs_info={"vcs": "git", "commit_id": "0" * 40}),
     "its commit is 000000000000"),
    ("knn", lambda checkout, prefix: _with(prefix, "knn", url="https://example.org/knn"),
     "it is installed from https://example.org/knn"),
    ("knn", lambda checkout, prefix: _with(prefix, "knn", subdirectory="other"),
     "it is installed from the folder 'other' of the repository"),
    ("clone", lambda checkout, prefix: (prefix / "src/clone/.git/HEAD").write_text("1" * 40),
     "its commit is 111111111111"),
    ("clone", lambda checkout, prefix: (prefix / "src/clone/.git/HEAD").write_text("ref: refs/heads/gone\n"),
     "its commit is not known"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage", "detail"), DAMAGE)
def test_another_source_is_drift_and_sync_brings_it_back(checkout, worked_on, name, damage, detail):
    prefix = worked_on
    damage(checkout, prefix)
    assert checkout.rows(prefix) == [(name, "channel", detail)]
    steps = plan_sync(checkout.packages, prefix, checkout.options().projects).steps
    assert [(step.action, step.package.name, step.why) for step in steps] == [("replace", name, detail)]
    sync_environment(checkout.packages, prefix, checkout.options())
    assert checkout.rows(prefix) == []


def test_a_missing_project_is_drift(checkout, tmp_path):
    prefix = tmp_path / "prefix"
    outcome = checkout.build(prefix, leave=True)
    assert [package.name for package in outcome.left] == ["clone", "ext", "knn", "my-app"]
    assert {(subject, kind) for subject, kind, _ in checkout.rows(prefix)} == {
        (name, "removed") for name in ("clone", "ext", "knn", "my-app")
    }
    assert checkout.rows(prefix, projects=False) == []
    assert checkout.build(prefix, leave=True).steps == ()
    checkout.build(prefix)
    assert checkout.rows(prefix) == []
    assert checkout.build(prefix, leave=True).steps == ()  # what is there stays


def test_nothing_is_built_that_is_not_allowed_by_name(checkout, tmp_path):
    with pytest.raises(LockstepError) as caught:
        checkout.build(tmp_path / "prefix", allowed=frozenset({"my-app", "./ext", "knn"}))
    assert str(caught.value) == (
        f"installing clone ({checkout.clone.url} at {checkout.clone.head[:12]}, editable) runs the code of its build; "
        "allow it with --allow-build clone, or leave projects out with --no-projects"
    )
    assert not (tmp_path / "prefix").exists()
    with pytest.raises(
        LockstepError, match="which is not allowed: the change comes from a fork; leave them out"
    ):
        checkout.build(tmp_path / "prefix", allowed=frozenset(), trust=Trust("the change comes from a fork"))


def test_a_tree_that_is_not_the_locked_one_is_refused(checkout, tmp_path):
    key = ("pip", "knn")
    knn = checkout.packages[key]
    tree = knn.url.rpartition("tree=")[2]
    packages = PackageSet({**checkout.packages, key: knn._replace(url=knn.url.replace(tree, "0" * 40))})
    with pytest.raises(
        LockstepError, match=rf"commit {checkout.knn.head} of knn has the tree {tree}, and 0000"
    ):
        checkout.build(tmp_path / "prefix", packages)
    assert not (tmp_path / "prefix").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"setup.py": "from setuptools import setup\nimport absent\nsetup()"},
         "the build of ext needs 'absent', which the lock does not have; add it to the environment file"),
        ({"setup.py": "from setuptools import setup\nraise ValueError('on purpose')"},
         "the build of ext fails: ValueError: on purpose; see its output above"),
        ({"pyproject.toml": pyproject("ext", "click>=99")},
         "the build of ext says that it needs 'click >=99', and the lock has none; lock again"),
        ({"pyproject.toml": pyproject("other", module="ext")},
         "the build of ext made another project; lock again: its name may have changed"),
        ({"pyproject.toml": pyproject("ext", module="six"), "six.py": ""}, "ext was installed over lib/python"),
        (None, "ext is locked from ./ext, and there is no such project; check the repository out"),
    ],
)  # fmt: skip
def test_a_project_that_is_not_what_was_locked_is_refused(checkout, worked_on, tmp_path, files, message):
    root = tmp_path / "root"
    shutil.copytree(checkout.folder / "ext", root / "ext")
    if files is None:
        shutil.rmtree(root / "ext")
    else:
        write_files(root / "ext", files)
    ext = checkout.packages[("pip", "ext")]
    try:
        with pytest.raises(LockstepError) as caught:
            install_projects([ext], checkout.packages, worked_on, checkout.options(root=root).projects)
    finally:
        sync_environment(checkout.packages, worked_on, checkout.options())
    assert message in str(caught.value)


def test_another_root_is_another_folder(checkout, built, tmp_path):
    pair = verifying.read(built, checkout.lock_file)
    moved = pair._replace(locked=pair.locked._replace(root=str(tmp_path)))
    assert {row.subject for row in verifying.report(moved).rows} == {"ext", "my-app"}


def test_a_snapshot_of_another_machine_is_compared_by_the_end_of_the_path(checkout, built):
    from conda_lockstep.drift.compare.compare import compare
    from conda_lockstep.drift.compare.operands import from_lock, from_snapshot
    from conda_lockstep.snapshot import snapshot_json
    from conda_lockstep.snapshot.machine import detect
    from conda_lockstep.snapshot.model import Snapshot
    from conda_lockstep.snapshot.prefix import read as read_prefix

    text = snapshot_json.dumps(Snapshot(read_prefix(built), detect()))
    moved = text.replace(str(checkout.folder), "/home/other/checkout")
    lock = from_lock(cep37.read(checkout.lock_file), "lock")
    for text, rows in ((moved, 0), (moved.replace("checkout/ext", "checkout/etx"), 1)):
        node = from_snapshot(snapshot_json.loads(text, "node"), "node")
        assert len(compare(lock, node).rows) == rows
        assert len(compare(node, lock).rows) == rows


def test_a_later_commit_of_the_same_branch_is_a_change_between_locks(checkout):
    from conda_lockstep.drift.compare.diff import diff

    knn = checkout.packages[("pip", "knn")]
    for change, kind in (
        (knn.url.replace(checkout.knn.head, "1" * 40), "build"),
        (knn.url + "&editable=true", "channel"),
        (knn.url.replace("subdirectory=python", "subdirectory=other"), "channel"),
    ):
        other = replace_package(checkout.packages, knn._replace(url=change))
        (found,) = diff(checkout.packages, other).changes
        assert [each.value for each in found.classes] == [kind], change
    ext = checkout.packages[("pip", "ext")]
    (found,) = diff(
        checkout.packages, replace_package(checkout.packages, ext._replace(url="./other"))
    ).changes
    assert found.detail == "from ./other instead of ./ext"


def replace_package(packages: PackageSet, package) -> PackageSet:
    return PackageSet({**packages, package.key: package})


def test_what_pip_itself_installed_from_the_entries_is_as_locked(checkout, tmp_path):
    """conda's own pip step, after everything else: its records are the same (PEP 610)."""
    prefix = tmp_path / "prefix"
    checkout.build(prefix, leave=True)
    pip = [
        prefix / "bin/python",
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-q",
    ]
    for words in (
        ["-e", checkout.folder],
        [checkout.folder / "ext"],
        [f"git+{checkout.knn.url}@main#subdirectory=python"],
        ["--use-pep517", "-e", f"git+{checkout.clone.url}@{checkout.clone.head}#egg=clone"],
    ):
        subprocess.run([*pip, *words], check=True, cwd=tmp_path, capture_output=True)
    assert checkout.rows(prefix) == []
    assert _who(prefix, "my_app", "ext", "knn", "clone") == ["app", "ext", "knn", "clone"]
