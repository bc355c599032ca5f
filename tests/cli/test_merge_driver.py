"""Two branches that both changed the lock, merged by git itself with the driver that ``init`` sets up."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import Package, PackageSet
from tests.support.repository import IDENTITY, Repository

CHANNEL = "https://conda.anaconda.org/conda-forge"
LOCK, FILE = "conda-lock.yml", "environment.yml"
DRIVER = f"'{sys.executable}' -m conda_lockstep merge-driver %O %A %B %P --marker-size %L"
NO_NETWORK = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}


def package(name: str, version: str = "1.0", *depends: str) -> Package:
    url = f"{CHANNEL}/noarch/{name}-{version}-h0_0.conda"
    digest = hashlib.md5(url.encode()).hexdigest()
    return Package(
        "conda", name, version, "h0_0", "noarch", CHANNEL, url, digest * 2, digest, depends=depends
    )


def lock(*packages: Package, **metadata: str) -> str:
    machine = "__archspec=1=x86_64 __cuda=13.0 __glibc=2.28 __linux=5.10 __unix=0"
    facts = {"channel_priority": "strict", "linux-64.machine": machine, **metadata}
    return cep37.render(Lock({"linux-64": PackageSet.of(packages)}, ("conda-forge",), (FILE,), facts))


def file(*entries: str) -> str:
    """An environment file with room around each entry, so that git merges changes of two of them."""
    room = "".join(f"  # {number}\n" for number in range(3))
    return "channels:\n  - conda-forge\ndependencies:\n" + "".join(
        f"  - {entry}\n{room}" for entry in entries
    )


class Branches:
    """A repository with the driver in it, whose two branches come from one commit."""

    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder)
        self.repository.git("config", "merge.lockstep.driver", f"{DRIVER} --offline")

    def merge(self, base: dict, ours: dict, theirs: dict, *, command=("merge", "theirs"), env=None):
        repository = self.repository
        repository.commit({".gitattributes": "*conda-lock.yml merge=lockstep\n", **base}, "base")
        repository.branch("theirs")
        repository.commit(theirs, "theirs")
        repository.git("checkout", "--quiet", "main")
        repository.commit(ours, "ours")
        return self.git(*command, env=env)

    def git(self, *command: str, env=None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["git", *command], cwd=self.repository.folder, capture_output=True, text=True, check=False,
            env={**os.environ, **IDENTITY, "GIT_EDITOR": "true", **NO_NETWORK, **(env or {})}, timeout=60,
        )  # fmt: skip

    def text(self, name: str = LOCK) -> str:
        return (self.repository.folder / name).read_text()

    def packages(self, name: str = LOCK) -> dict[str, str]:
        packages = cep37.parse(self.text(name), name).platforms["linux-64"]
        return {package.name: package.version for package in packages.values()}


@pytest.fixture
def branches(tmp_path: Path) -> Branches:
    return Branches(tmp_path / "repository")


A, B, C = package("a", "1.0", "c"), package("b", "1.0", "c"), package("c")
A2, B2 = package("a", "2.0", "c"), package("b", "2.0", "c >=1")
COMMANDS = [
    ("merge", "theirs"),
    ("cherry-pick", "theirs"),
    ("rebase", "theirs"),
    ("merge", "-s", "recursive", "theirs"),
]
BASE = {FILE: file("a", "b"), LOCK: lock(A, B, C)}


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (LOCK, COMMANDS[0]),
        ("envs/gpu.conda-lock.yml", COMMANDS[0]),
        ("gpu-conda-lock.yml", COMMANDS[0]),
    ],
)
def test_changes_of_different_packages_merge_to_what_one_solve_would_have_written(branches, name, command):
    ours, theirs = lock(A2, B, C), lock(A, B2, C)
    done = branches.merge({name: lock(A, B, C)}, {name: ours}, {name: theirs}, command=command)
    assert done.returncode == 0, done.stderr
    assert branches.text(name) == lock(A2, B2, C)


PYTHON = package("python", "3.12.7")
PIP = package("pip", "25.0")


def wheel(name: str, version: str, *depends: str, tag: str = "py3-none-any") -> Package:
    url = f"https://files.pythonhosted.org/{name}-{version}-{tag}.whl"
    return Package(
        "pip", name, version, url=url, sha256=hashlib.sha256(url.encode()).hexdigest(), depends=depends
    )


def pip_file(*entries: str) -> str:
    items = "".join(f"      - {entry}\n      # a\n      # b\n      # c\n" for entry in entries)
    return f"{file('python', 'pip')}  - pip:\n{items}"


@pytest.mark.parametrize("with_file", [True, False])
def test_pip_packages_whose_bounds_contradict_each_other_are_a_conflict(branches, with_file):
    """Ours takes app 2, which needs lib 2; theirs holds lib back."""
    app1, app2 = wheel("app", "1.0", "lib", "python"), wheel("app", "2.0", "lib >=2", "python")
    lib1, lib2 = wheel("lib", "1.0", "python"), wheel("lib", "2.0", "python")
    base = {LOCK: lock(PYTHON, PIP, app1, lib2)}
    ours, theirs = {LOCK: lock(PYTHON, PIP, app2, lib2)}, {LOCK: lock(PYTHON, PIP, app1, lib1)}
    if with_file:
        base[FILE] = pip_file("app", "lib")
        ours[FILE], theirs[FILE] = pip_file("app>=2", "lib"), pip_file("app", "lib<2")
    done = branches.merge(base, ours, theirs)
    assert done.returncode == 1
    assert "pip's app needs 'lib >=2'; the lock for linux-64 has lib 1.0" in done.stderr


def test_a_wheel_of_the_python_that_the_other_side_left_is_a_conflict(branches):
    old = package("python", "3.11.9")
    native = wheel("native", "1.0", "python", tag="cp311-cp311-manylinux_2_17_x86_64")
    done = branches.merge({LOCK: lock(old, PIP)}, {LOCK: lock(PYTHON, PIP)}, {LOCK: lock(old, PIP, native)})
    assert done.returncode == 1
    assert "native-1.0-cp311-cp311-manylinux_2_17_x86_64.whl does not fit Python 3.12.7" in done.stderr


def test_bounds_that_the_locks_do_not_record_are_reported_as_unchecked(branches):
    app = wheel("app", "1.0", "lib")
    done = branches.merge(
        {LOCK: lock(PYTHON, PIP, app, wheel("lib", "1.0"), C)},
        {LOCK: lock(PYTHON, PIP, app, wheel("lib", "1.1"), C)},
        {LOCK: lock(PYTHON, PIP, app, wheel("lib", "1.0"))},
    )
    assert done.returncode == 0
    assert "the bounds of pip dependencies are not recorded for app, lib, and were not checked" in done.stderr


def test_git_without_the_driver_would_have_left_a_conflict(branches):
    branches.repository.git("config", "--unset", "merge.lockstep.driver")
    assert branches.merge(BASE, {LOCK: lock(A2, B, C)}, {LOCK: lock(A, B2, C)}).returncode == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_the_environment_file_is_the_merged_one_although_git_has_not_written_it_yet(branches, command):
    d, e = package("d", "1.0", "c"), package("e")
    ours = {FILE: file("d", "a", "b"), LOCK: lock(A, B, C, d)}
    theirs = {FILE: file("a", "b", "e"), LOCK: lock(A, B, C, e)}
    done = branches.merge(BASE, ours, theirs, command=command)
    assert done.returncode == 0, done.stderr
    assert branches.text() == lock(A, B, C, d, e)
    assert not is_satisfied(
        parse(branches.text(FILE), FILE), cep37.parse(branches.text(), LOCK), mirrors=Mirrors({}, TRUSTED)
    )
    assert "merged, 5 packages" in done.stderr
    assert "not checked" not in done.stderr


def test_what_nobody_needs_after_the_merge_goes(branches):
    """Each side drops one of the two that need c, and keeps c for the other."""
    d = package("d")
    base = {FILE: file("a", "d", "b"), LOCK: lock(A, B, C, d)}
    ours, theirs = {FILE: file("d", "b"), LOCK: lock(B, C, d)}, {FILE: file("a", "d"), LOCK: lock(A, C, d)}
    done = branches.merge(base, ours, theirs)
    assert done.returncode == 0, done.stderr
    assert branches.packages() == {"d": "1.0"}


def test_what_one_side_dropped_and_the_other_needs_comes_back(branches):
    d, e = package("d"), package("e", "1.0", "c")
    ours, theirs = lock(d), lock(A, C, d, e)
    base = {FILE: file("a", "d"), LOCK: lock(A, C, d)}
    done = branches.merge(base, {FILE: file("d"), LOCK: ours}, {FILE: file("a", "d", "e"), LOCK: theirs})
    assert done.returncode == 0, done.stderr
    assert branches.packages() == {"c": "1.0", "d": "1.0", "e": "1.0"}


@pytest.mark.parametrize("dropping", ["ours", "theirs"])
def test_a_pip_package_that_one_side_dropped_and_the_other_needs_comes_back(branches, dropping):
    app, new, keep = (wheel(name, "1.0", "lib >=1", "python") for name in ("app", "new", "Keep"))
    keep = keep._replace(depends=("python",))
    lib, deep = wheel("lib", "1.2", "Deep", "python"), wheel("deep", "0.1", "python")
    base = {FILE: pip_file("app", "keep"), LOCK: lock(PYTHON, PIP, app, keep, lib, deep)}
    dropped = {FILE: pip_file("keep"), LOCK: lock(PYTHON, PIP, keep)}
    added = {FILE: pip_file("app", "keep", "new"), LOCK: lock(PYTHON, PIP, app, keep, lib, deep, new)}
    done = branches.merge(base, *((dropped, added) if dropping == "ours" else (added, dropped)))
    assert done.returncode == 0, done.stderr
    assert branches.text() == lock(PYTHON, PIP, keep, lib, deep, new)


def test_what_one_side_dropped_and_the_other_requests_by_name_comes_back(branches):
    """Ours drops a, and with it c; theirs requests c by name."""
    base = {FILE: file("a", "b"), LOCK: lock(A, C, package("b"))}
    ours = {FILE: file("b"), LOCK: lock(package("b"))}
    theirs = {FILE: file("a", "b", "c", "e"), LOCK: lock(A, C, package("b"), package("e"))}
    done = branches.merge(base, ours, theirs)
    assert done.returncode == 0, done.stderr
    assert branches.packages() == {"b": "1.0", "c": "1.0", "e": "1.0"}


def test_a_lock_beside_an_environment_file_in_conflict_is_merged_and_not_called_checked(branches):
    ours = {FILE: file("a>=1", "b"), LOCK: lock(A2, B, C)}
    done = branches.merge(BASE, ours, {FILE: file("a>=0.9", "b"), LOCK: lock(A, B2, C)})
    assert done.returncode == 1
    assert (
        f"not checked against {FILE}, which is in conflict; run: lockstep lock --check {FILE}" in done.stderr
    )
    assert branches.git("diff", "--name-only", "--diff-filter=U").stdout == f"{FILE}\n"
    assert branches.text() == lock(A2, B2, C)


def test_one_package_in_two_versions_is_a_conflict_around_that_package_alone(branches):
    branches.repository.git("config", "merge.lockstep.driver", DRIVER)  # and no channel answers
    a3 = package("a", "3.0", "c")
    done = branches.merge(BASE, {LOCK: lock(A2, B2, C)}, {LOCK: lock(a3, B, C)})
    assert done.returncode == 1
    assert "both sides changed a (linux-64) differently" in done.stderr
    assert (
        "not solved anew: https://conda.anaconda.org/conda-forge: the channel cannot be reached"
        in done.stderr
    )
    assert "left in conflict: take either side whole, then run: lockstep lock environment.yml" in done.stderr
    text = branches.text()
    assert "  build: 'h0_0'\n" in text.partition(">>>>>>> theirs\n")[2]
    hunks = re.findall(r"(?ms)^<<<<<<< ours\n(.*?)^=======\n(.*?)^>>>>>>> theirs\n", text)
    assert [each.count("- name: ") for hunk in hunks for each in hunk] == [0, 0, 1, 1]
    assert "version: '2.0'" in hunks[1][0] and "version: '3.0'" in hunks[1][1]
    for side, other in (("ours", lock(A2, B2, C)), ("theirs", lock(a3, B2, C))):
        pick = r"\1" if side == "ours" else r"\2"
        taken = re.sub(r"(?ms)^<<<<<<< ours\n(.*?)^=======\n(.*?)^>>>>>>> theirs\n", pick, text)
        assert taken == other
    assert main(["lint", str(branches.repository.folder / LOCK)]) == 1


def test_an_edge_that_the_merge_breaks_is_a_conflict_though_the_texts_merge(branches):
    needy, c2 = package("b", "2.0", "c <2"), package("c", "2.0")
    base = {FILE: file("a", "b", "c"), LOCK: lock(A, B, C)}
    done = branches.merge(base, {LOCK: lock(A, B, c2)}, {LOCK: lock(A, needy, C)})
    assert done.returncode == 1
    assert "b needs 'c <2'; the lock for linux-64 has c 2.0 h0_0" in done.stderr
    assert branches.text().count("<<<<<<< ours") >= 1


@pytest.mark.parametrize("beside", [{FILE: file("a", "b", "c")}, {}])
def test_a_machine_that_one_side_lowers_below_what_the_other_locks_is_a_conflict(branches, beside):
    """cuda-version says under constrains alone which driver it needs: no edge breaks, and the texts merge."""
    machine, allows = "linux-64.machine", "linux-64.allows"
    base = {**beside, LOCK: lock(A, B, C, **{machine: "__cuda=12.9", allows: "__cuda >=12"})}
    ours = lock(A2, B, C, **{machine: "__cuda=12.4", allows: "__cuda >=12"})
    theirs = lock(A, B2, C, **{machine: "__cuda=12.9", allows: "__cuda >=12.8"})
    done = branches.merge(base, {LOCK: ours}, {LOCK: theirs})
    assert done.returncode == 1
    told = "the packages for linux-64 rule out all but '__cuda >=12.8'; the lock is for a machine with __cuda=12.4"
    assert told in done.stderr
    assert "<<<<<<< ours" in branches.text()


def test_without_a_common_lock_what_both_added_alike_is_kept(branches):
    base = {FILE: file("a", "b")}
    done = branches.merge(base, {LOCK: lock(A, B, C)}, {LOCK: lock(A, B, C, newest="x")})
    assert done.returncode == 0, done.stderr
    assert branches.packages() == {"a": "1.0", "b": "1.0", "c": "1.0"}


def test_without_a_common_lock_two_versions_are_a_conflict(branches):
    done = branches.merge({FILE: file("a", "b")}, {LOCK: lock(A, B, C)}, {LOCK: lock(A2, B, C)})
    assert done.returncode == 1
    assert "<<<<<<< ours" in branches.text()


def test_locks_for_two_machines_are_a_conflict(branches):
    ours = lock(A2, B, C, **{"linux-64.machine": "__cuda=12.4"})
    theirs = lock(A, B2, C, **{"linux-64.machine": "__cuda=12.9"})
    assert branches.merge(BASE, {LOCK: ours}, {LOCK: theirs}).returncode == 1
    assert "<<<<<<< ours\n    linux-64.machine: '__cuda=12.4'\n" in branches.text()


@pytest.mark.parametrize("broken", ["<<<<<<< HEAD\n", "version: 1\nmetadata: {}\npackage: []\n"])
def test_what_is_no_lock_of_ours_is_merged_as_any_text(branches, broken):
    done = branches.merge(BASE, {LOCK: lock(A2, B, C)}, {LOCK: broken})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert branches.git("ls-files", "--unmerged").stdout


def test_a_clash_is_solved_anew_where_a_solver_may_be_asked(forge, tmp_path, branches):
    """Both sides move idna, each to another version: that alone is up to the solver, from the merged file."""
    settings = Settings((forge.subdir,), cache=tmp_path / "cache", mirrors=Mirrors({}, TRUSTED))

    def side(*entries: str) -> dict[str, str]:
        text = file(*entries).replace("conda-forge", forge.channel_url)
        return {FILE: text, LOCK: cep37.render(make_lock(parse(text, FILE), settings))}

    base, ours, theirs = side("idna", "click"), side("idna=3.7", "click"), side("idna<3.10", "click", "six")
    theirs[FILE] = theirs[FILE].replace("idna<3.10", "idna")
    mixed = cep37.parse(theirs[LOCK], LOCK)
    ((platform, packages),) = mixed.platforms.items()
    gone = package("idna", "3.9")
    theirs[LOCK] = cep37.render(
        Lock(
            {platform: PackageSet.of([*packages.values(), gone])},
            mixed.channels,
            mixed.sources,
            mixed.metadata,
        )
    )
    branches.repository.git("config", "merge.lockstep.driver", DRIVER)
    env = {"RATTLER_CACHE_DIR": str(tmp_path / "rattler")}
    done = branches.merge(base, ours, theirs, env=env)
    assert done.returncode == 0, done.stderr
    assert "both sides changed idna" in done.stderr
    assert "solved anew" in done.stderr
    assert branches.text() == side("idna=3.7", "click", "six")[LOCK]
    branches.git("reset", "--hard", "--quiet", "HEAD^")
    branches.repository.git("config", "merge.lockstep.driver", f"{DRIVER} --offline")
    assert branches.git("merge", "theirs", env=env).returncode == 1
    assert "<<<<<<< ours" in branches.text()


@pytest.mark.parametrize("present", [True, False])
def test_what_init_sets_up_runs_the_command_or_merges_the_text(branches, monkeypatch, tmp_path, present):
    repository = branches.repository
    repository.git("config", "--unset", "merge.lockstep.driver")
    monkeypatch.chdir(repository.folder)
    assert main(["init", "--merge-driver"]) == 0
    (tmp_path / "bin").mkdir()
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    if present:
        command = tmp_path / "bin" / "lockstep"
        command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m conda_lockstep \"$@\"\n")
        command.chmod(0o755)
    ours, theirs = {LOCK: lock(A2, B, C)}, {LOCK: lock(A, B2, C)}
    done = branches.merge(BASE, ours, theirs, env={"PATH": path})
    assert done.returncode == (0 if present else 1)
    assert ("<<<<<<<" in branches.text()) != present


def test_init_sets_it_up_and_keeps_what_is_there(tmp_path, monkeypatch, capsys):
    repository = Repository(tmp_path / "clone")
    monkeypatch.chdir(repository.folder)
    repository.commit({".gitattributes": "*.png binary"})
    assert main(["init", "--merge-driver", "--diff"]) == 0
    assert repository.git("status", "--porcelain") == ""
    assert main(["init", "--merge-driver"]) == 0
    lines = "*.png binary\n*conda-lock.yml merge=lockstep\n*conda-lock.yaml merge=lockstep\n"
    assert (repository.folder / ".gitattributes").read_text() == lines
    assert "lockstep merge-driver %O %A %B %P --marker-size %L" in repository.git(
        "config", "merge.lockstep.driver"
    )
    for name in ("conda-lock.yml", "a/b/gpu.a100.conda-lock.yml", "gpu-conda-lock.yaml"):
        assert repository.git("check-attr", "merge", name).endswith(": merge: lockstep")
    repository.git("config", "merge.lockstep.driver", "mine %O %A %B")
    capsys.readouterr()
    assert main(["init", "--merge-driver"]) == 0
    assert "git config: unchanged, runs 'mine %O %A %B'" in capsys.readouterr().out
    assert (repository.folder / ".gitattributes").read_text() == lines
    assert sorted(path.name for path in repository.folder.iterdir()) == [".git", ".gitattributes"]


def project(name: str, commit: str, *depends: str) -> Package:
    url = f"git+https://host/{name}@{commit * 40}#rev=main&tree={commit * 40}"
    return Package("pip", name, "1.0", url=url, depends=("python", *depends))


def test_projects_that_both_sides_add_are_merged_with_their_dependencies(branches):
    six, tqdm = wheel("six", "1.0", "python"), wheel("tqdm", "4.0", "python")
    here = Package("pip", "here", "", url="./#editable=true", depends=("python",))
    knn, clip = project("knn", "a", "six"), project("clip", "b", "tqdm")
    toml = '[project]\nname = "here"\nversion = "1"\n'
    git = "git+https://host/{}@main"
    base = {FILE: pip_file("-e ."), LOCK: lock(PYTHON, PIP, here), "pyproject.toml": toml}
    ours = {FILE: pip_file(git.format("knn"), "-e ."), LOCK: lock(PYTHON, PIP, here, knn, six)}
    theirs = {FILE: pip_file("-e .", git.format("clip")), LOCK: lock(PYTHON, PIP, here, clip, tqdm)}
    done = branches.merge(base, ours, theirs)
    assert done.returncode == 0, done.stderr
    assert branches.text() == lock(PYTHON, PIP, here, knn, six, clip, tqdm)


def test_a_project_that_both_sides_moved_to_other_commits_is_a_conflict(branches):
    entries = pip_file("git+https://host/knn@main")
    base = {FILE: entries, LOCK: lock(PYTHON, PIP, project("knn", "a"))}
    ours, theirs = ({LOCK: lock(PYTHON, PIP, project("knn", each))} for each in "bc")
    done = branches.merge(base, ours, theirs)
    assert done.returncode == 1
    assert "both sides changed knn (linux-64) differently" in done.stderr
