"""The bounds of pip's dependencies come from the wheels' metadata, however a server offers it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.http_server import serve
from tests.support.small_index import SmallWheel, write_small_index

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.model.virtual_packages import virtual_packages
from conda_lockstep.lock.pip.fetch_metadata import fetch_metadata
from conda_lockstep.lock.pip.pylock import WheelFile
from conda_lockstep.lock.pip.requirements import pip_part
from conda_lockstep.lock.pip.resolve import Resolved, resolve
from conda_lockstep.lock.pip.wheel_metadata import parse_metadata
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.packages import Package

TEAM = "https://conda.anaconda.org/team"
FORGE = "https://conda.anaconda.org/conda-forge"
FILES = (
    SmallWheel("app", "2.0", requires=("Lib_X >=2, <3", "numpy>=1.21", "torch>=2; sys_platform=='linux'"),
               requires_python="<4, >=3.8"),
    SmallWheel("lib-x", "2.5", requires=("far; python_version < '3.8'",)),
    SmallWheel("twice", "1.0", requires=("lib-x>=1", "lib-x<9; python_version>='3'")),
    SmallWheel("rich", "1.0", requires=("rich[one,two]; extra=='all'", "lib-x>=2; extra=='One'", "app; extra=='two'"),
               extras=("one", "two", "all")),
    SmallWheel("uses-rich", "1.0", requires=("rich[all]",)),
    SmallWheel("capped", "3.0", requires_python=">=3.8,<3.11"),
    SmallWheel("capped", "2.0", requires_python=">=3.8,<3.10"),
    SmallWheel("capped", "1.0", requires_python=">=3.6"),
    SmallWheel("too-old", "1.0", requires_python="<3.8"),
    SmallWheel("owned", "1.0", requires=("socks>=1,!=1.5; extra=='socks'", "numpy"), extras=("socks",)),
    SmallWheel("socks", "1.6"),
    SmallWheel("uses-owned", "1.0", requires=("owned[socks]>=1",)),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of wheels without code."""
    return write_small_index(tmp_path_factory.mktemp("index") / "pypi", FILES)


@pytest.fixture
def solve(index: Path, index_cache: Path) -> Callable[..., Resolved]:
    """Resolves pip entries beside conda's packages."""

    def run(*items: str, conda: dict[str, str] | None = None) -> Resolved:
        listed = "".join(f"      - {item}\n" for item in items)
        part = pip_part(parse(f"dependencies:\n  - python\n  - pip:\n{listed}", "environment.yml"))
        packages = [
            Package(
                "conda", name, version, "0", "noarch", TEAM if name == "owned" else FORGE, depends=("python",)
            )
            for name, version in {
                "python": "3.11.7",
                "numpy": "1.26.4",
                "pytorch": "2.5.0",
                **(conda or {}),
            }.items()
        ]
        target = WheelTarget("3.11.7", "linux-64", virtual_packages("linux-64"))
        return resolve(
            part, packages, target, Mirrors({}, TRUSTED), index=index.as_uri(), cache=index_cache / "uv"
        )

    return run


def depends(found: Resolved) -> dict[str, tuple[str, ...]]:
    return {package.name: package.depends for package in found.packages}


@pytest.mark.parametrize(
    ("items", "name", "expected"),
    [
        (("app",), "app", ("lib-x <3,>=2", "numpy >=1.21", "python <4,>=3.8", "torch >=2")),
        (("app",), "lib-x", ("python",)),
        (("twice",), "twice", ("lib-x <9,>=1", "python")),
        (("rich",), "rich", ("python",)),
        (("rich[one]",), "rich", ("lib-x >=2", "python")),
        (("uses-rich",), "rich", ("app", "lib-x >=2", "python")),
        (("uses-rich",), "uses-rich", ("python", "rich")),
    ],
)
def test_dependencies_have_the_bounds_that_apply_here(solve, items, name, expected):
    assert depends(solve(*items))[name] == expected


def test_of_a_requirement_that_pep_508_does_not_allow_the_name_is_read():
    found = parse_metadata(
        "Metadata-Version: 2.1\nRequires-Dist: old (>=1 or <3)\nRequires-Python: 3 or so\n"
    )
    assert [str(requirement) for requirement in found.requires] == ["old"]
    assert (found.accepts("3.12.1"), found.python_bounds) == (True, "")


def test_an_extra_of_a_package_that_conda_installs_is_recorded(solve):
    found = solve("uses-owned", conda={"owned": "1.0"})
    assert depends(found)["uses-owned"] == ("owned >=1", "python", "socks !=1.5,>=1")
    assert found.extra_needs == ()
    found = solve("owned[socks]", conda={"owned": "1.0"})
    assert (depends(found), found.extra_needs) == ({"socks": ("python",)}, ("socks !=1.5,>=1",))


def test_the_upper_bound_of_requires_python_counts(solve):
    assert [(package.name, package.version) for package in solve("capped").packages] == [("capped", "1.0")]
    with pytest.raises(LockstepError) as caught:
        solve("too-old")
    assert str(caught.value) == (
        "environment.yml:4:9: no version of too-old fits Python 3.11.7: too-old 1.0 requires Python <3.8; "
        "lock another Python, or request another version"
    )


def _serving(index: Path, tmp_path: Path) -> Path:
    wheel = next((index.parent / "files").glob("app-2.0*.whl"))
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / wheel.name, "w") as made, zipfile.ZipFile(wheel) as whole:
        made.writestr("app_data.bin", bytes(range(256)) * 4_000)  # more than is read at first
        for name in sorted(whole.namelist()):
            made.writestr(name, whole.read(name))
        made.writestr("zzz.bin", bytes(range(256)) * 2_000)
    return folder / wheel.name


@pytest.mark.parametrize("offers", ["sidecar", "parts", "whole"])
def test_metadata_is_read_with_as_little_as_a_server_allows(index, tmp_path, offers):
    wheel = _serving(index, tmp_path)
    if offers == "sidecar":
        wheel.with_name(f"{wheel.name}.metadata").write_bytes(FILES[0].metadata)
    with serve(wheel.parent) as server:
        server.any_range = offers == "parts"
        file = WheelFile("app", "2.0", f"{server.url}/{wheel.name}", "a" * 64)
        found = fetch_metadata([file], Access(), tmp_path / "cache")
        asked = len(server.requests)
        assert found["app"] == parse_metadata(FILES[0].metadata.decode())
        assert fetch_metadata([file], Access(), tmp_path / "cache") == found  # from the cache
        assert len(server.requests) == asked
        ranges = [request.headers.get("Range", "") for request in server.requests]
        assert any(ranges[2:]) == (offers == "parts")


@pytest.mark.parametrize("fault", ["404", "500", "truncate"])
def test_a_wheel_whose_metadata_cannot_be_read_is_named(index, tmp_path, fault, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    wheel = _serving(index, tmp_path)
    with serve(wheel.parent) as server:
        server.fail("*.whl", fault)
        with pytest.raises(LockstepError, match=r"the metadata of app 2\.0 cannot be read: "):
            fetch_metadata([WheelFile("app", "2.0", f"{server.url}/{wheel.name}", "")], Access(), None)
