"""The table of layers: every layer matches real packages, and the docs show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.drift.compare.test_diff import conda
from tests.support.corpus import REPOSITORY
from tests.support.repodata import repodata

from conda_lockstep.drift.severity.layers import OTHER, STACK, layer_of


def test_every_layer_matches_packages_that_exist(corpus: Path) -> None:
    names = {record["name"] for record in repodata(corpus)}
    for layer in STACK:
        assert any(layer.names.match(name) for name in names), layer.title


@pytest.mark.parametrize(
    "name",
    [
        "tqdm",
        "requests",
        "cudf-docs",
        "numpydoc",
        "pytorch3d-docs",
        "python-dateutil",
        "mpi-serial",
        "nvidia-ml-py",
    ],
)
def test_a_name_that_only_resembles_a_layer_is_not_in_it(name: str) -> None:
    assert layer_of(conda(name, "1.0")) is None


def test_the_docs_show_the_table_that_decides() -> None:
    text = (REPOSITORY / "docs" / "drift.md").read_text(encoding="utf-8")
    rows = [
        line.strip("| ").split(" | ")
        for line in text.splitlines()
        if line.startswith("| ") and line.count("|") == 6
    ]
    assert rows[0] == ["layer", "major", "minor", "patch", "build"]
    assert rows[1:] == [
        [each.title, each.major, each.minor, each.patch, each.build] for each in (*STACK, OTHER)
    ]
