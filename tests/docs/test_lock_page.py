"""What the page on the lock promises: its recipe gives our ids, and its table names what a lock holds."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37, explicit
from conda_lockstep.lock.formats.cep37_build_numbers import recorded_numbers
from conda_lockstep.lock.formats.cep37_projects import recorded_projects
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import (
    CHANNEL_PRIORITY,
    CPU_ALLOWED,
    CREATED_BY,
    EXTRA_NEEDS,
    describe,
)
from conda_lockstep.lock.model.virtual_packages import virtual_packages
from conda_lockstep.lock.pip.requirements import pip_part
from conda_lockstep.packages import Package, PackageSet
from tests.lock.strategies import locks
from tests.support.docs import DOCS
from tests.support.lock_pairs import LockFiles

PAGE = (DOCS / "lock.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def by_recipe(lock: Path, script: Path) -> str:
    script.write_text(block("environment_id.py"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", script, lock], capture_output=True, text=True, check=True)
    return done.stdout


def by_us(lock: Lock) -> str:
    return "".join(
        f"{name} {packages.environment_id} {packages.digest}\n" for name, packages in lock.platforms.items()
    )


def test_the_lock_that_is_shown_is_as_we_write_it_and_its_id_is_the_one_that_is_shown(tmp_path: Path) -> None:
    text = block("conda-lock.yml")
    lock = cep37.parse(text, "conda-lock.yml")
    assert cep37.render(lock) == text
    (tmp_path / "conda-lock.yml").write_text(text, encoding="utf-8")
    printed = by_recipe(tmp_path / "conda-lock.yml", tmp_path / "environment_id.py")
    assert printed == by_us(lock)
    assert f"```text\n{printed}```" in PAGE
    assert printed.split()[2] in text


def test_the_recipe_gives_our_id_for_locks_of_other_tools(lock_files: LockFiles, tmp_path: Path) -> None:
    seen = 0
    for path in lock_files("conda-lock.yml", "conda-lock/*lock.y*ml"):
        try:
            lock = cep37.read(path)
        except LockstepError:
            continue
        if all(package.url for packages in lock.platforms.values() for package in packages.values()):
            assert by_recipe(path, tmp_path / "environment_id.py") == by_us(lock), path
            seen += 1
    assert seen > 5


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(locks())
def test_the_recipe_gives_the_id_that_a_lock_notes(tmp_path: Path, lock: Lock) -> None:
    path = tmp_path / "conda-lock.yml"
    cep37.write(lock, path)
    assert sorted(by_recipe(path, tmp_path / "environment_id.py").splitlines()) == sorted(
        by_us(lock).splitlines()
    )


def test_every_key_of_the_metadata_is_in_the_table_and_no_other() -> None:
    needy = ("__cuda >=12",)
    packages = [
        Package("conda", "a", "1", timestamp=1, depends=needy),
        Package("conda", "b", "1", constrains=("__glibc >=2.17",)),
    ]
    items = "['a[b]', 'c @ https://host/c-1-py3-none-any.whl', --pre]"
    pip = pip_part(parse(f"dependencies:\n- pip: {items}\n", "environment.yml"))
    told = describe("linux-64", virtual_packages("linux-64", "12.4"), packages, ["a100"])
    urls = "".join(f"https://host/noarch/{name}-1-0.conda\n" for name in "ba")
    imported = explicit.parse(f"# platform: linux-64\n@EXPLICIT\n{urls}", "explicit.txt")
    numbered = recorded_numbers(Lock({"linux-64": PackageSet.of([packages[0]._replace(build_number=3)])}))
    project = Package("pip", "NAME", "", url="./")
    projects = recorded_projects(Lock({"linux-64": PackageSet.of([project])}))
    extra = f"linux-64.{EXTRA_NEEDS}"
    facts = {
        CHANNEL_PRIORITY,
        *CREATED_BY,
        extra,
        f"linux-64.{CPU_ALLOWED}",
        *told,
        *pip.metadata(),
        *imported.metadata,
        *numbered,
        *projects,
    }
    listed = re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)
    assert set(listed) == {fact.replace("linux-64", "PLATFORM") for fact in facts}


def test_the_recipe_counts_projects_by_their_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    packages = [
        Package("pip", "local", "", url="./a#editable=true"),
        Package("pip", "knn", "1.0", url=f"git+https://me.example/knn@{commit}#rev=a@b"),
    ]
    lock = Lock({"linux-64": PackageSet.of(packages)})
    path = tmp_path / "conda-lock.yml"
    cep37.write(lock, path)
    assert by_recipe(path, tmp_path / "environment_id.py") == by_us(lock)


@pytest.mark.parametrize("anchor", ["the-format", "is-it-still-right"])
def test_the_pages_of_rules_point_at_sections_that_are_there(anchor: str) -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
