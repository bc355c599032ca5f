"""What became of locked pip files on their index: deleted, or yanked, with the publisher's reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.small_index import SmallWheel, write_small_index

from conda_lockstep.drift.attribution.index_diff import compare_with_index
from conda_lockstep.drift.model import Drift
from conda_lockstep.drift.severity.grading import judge
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.pip.index_pages import index_files
from conda_lockstep.packages import Package, PackageSet


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return write_small_index(
        tmp_path / "pypi",
        [
            SmallWheel("kept", "1.0"),
            SmallWheel("broken", "1.0", yanked="loses data; use 1.1"),
            SmallWheel("broken", "1.1"),
            SmallWheel("deleted", "1.1"),
        ],
    )


def locked(index: Path, name: str, version: str, url: str = "") -> Package:
    file = (index.parent / "files" / f"{name}-{version}-py3-none-any.whl").as_uri()
    return Package("pip", name, version, url=url or file)


@pytest.mark.parametrize("served", [False, True], ids=["folder", "server"])
@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("kept", "1.0", []),
        ("broken", "1.1", []),
        (
            "broken",
            "1.0",
            [("yanked", "high", "broken-1.0-py3-none-any.whl was yanked: loses data; use 1.1")],
        ),
        ("deleted", "1.0", [("vanished", "high", "deleted-1.0-py3-none-any.whl is no longer on its index")]),
        ("unknown", "1.0", []),
    ],
)
def test_a_deleted_or_yanked_file_is_a_change(
    index: Path, http_server, served: bool, name: str, version: str, expected: list[tuple[str, str, str]]
) -> None:
    url = http_server(index.parent).url if served else index.parent.as_uri()
    package = locked(index, name, version, f"{url}/files/{name}-{version}-py3-none-any.whl")
    packages = PackageSet.of([package])
    published = index_files([name], [f"{url}/simple"], Access())
    changes = tuple(compare_with_index(packages, published))
    found = judge(Drift(changes), packages, packages)
    assert [(each.decisive.value, each.severity, each.change.detail) for each in found] == expected


def test_a_file_from_elsewhere_is_on_no_index(index: Path) -> None:
    package = locked(index, "deleted", "1.0", "https://example.org/deleted-1.0-py3-none-any.whl")
    published = index_files(["deleted"], [index.as_uri()], Access())
    assert list(compare_with_index(PackageSet.of([package]), published)) == []


def test_a_page_that_is_damaged_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "simple" / "app").mkdir(parents=True)
    (tmp_path / "simple" / "app" / "index.html").write_text('{"files": [{}]}')
    with pytest.raises(LockstepError, match="the page of the index cannot be read"):
        index_files(["app"], [(tmp_path / "simple").as_uri()], Access())
