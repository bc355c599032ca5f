"""The table of layers: every layer matches real packages, and the docs show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.drift.compare.test_diff import conda
from tests.support.corpus import REPOSITORY
from tests.support.repodata import repodata

from conda_lockstep.data import table
from conda_lockstep.drift.severity.layers import OTHER, STACK, layer_named, layer_of


def test_every_layer_matches_packages_that_exist(corpus: Path) -> None:
    names = {record["name"] for record in repodata(corpus / "channels")}
    for layer in STACK:
        assert any(layer_named(name) is layer for name in names), layer.title


def test_every_name_of_the_table_is_in_its_own_layer_and_stands_once() -> None:
    patterns = [
        (title, name.strip()) for title, names, _ in table("layer-packages") for name in names.split(",")
    ]
    for title, name in patterns:
        found = layer_named(name.replace("*", ""))
        assert found and found.title == title, name
    assert len({name for _, name in patterns}) == len(patterns)


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
    assert rows[0] == ["layer", "upgrade", "downgrade", "build", "between machines"]
    assert rows[1:] == [
        [
            each.title,
            ", ".join(each.upgrade),
            ", ".join(each.downgrade),
            each.build,
            each.differs or "one worse",
        ]
        for each in (*STACK, OTHER)
    ]


def test_the_docs_list_the_names_of_each_layer() -> None:
    text = (REPOSITORY / "docs" / "drift.md").read_text(encoding="utf-8")
    for layer in STACK:
        assert any(line.startswith(f"| {layer.title} |") for line in text.splitlines())
    assert "layer-packages.txt" in text
