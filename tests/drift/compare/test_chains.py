"""Why a changed package is there: a chain for each change, on the side that has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.lock_pairs import OWN, LockPair, pair_names

from conda_lockstep.drift.compare.chains import add_chains
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import read_source
from conda_lockstep.drift.report import Row
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

CHANNEL = "https://conda.anaconda.org/conda-forge"


def conda(name: str, version: str, *depends: str) -> Package:
    url = f"{CHANNEL}/linux-64/{name}-{version}-0.conda"
    return Package("conda", name, version, "0", "linux-64", CHANNEL, url, "0" * 64, "0" * 32, depends=depends)


def rows(folder: Path, old: list[Package], new: list[Package], environment: str) -> dict[str, Row]:
    for side, packages in (("old", old), ("new", new)):
        (folder / side).mkdir()
        cep37.write(
            Lock({"linux-64": PackageSet.of(packages)}, (CHANNEL,), ("environment.yml",)),
            folder / side / "conda-lock.yml",
        )
    if environment:
        (folder / "new" / "environment.yml").write_text(environment)
    sources = [read_source(folder / side / "conda-lock.yml") for side in ("old", "new")]
    return {row.subject: row for row in add_chains(compare(*sources), *sources).rows}


OLD = [
    conda("esmpy", "8.8", "ucx", "tidy"),
    conda("bottleneck", "1.4", "__glibc >=2.17,<3.0.a0"),
    conda("ucx", "1.19", "__glibc >=2.17,<3.0.a0"),
    conda("tidy", "1.0"),
]
NEW = [
    conda("esmpy", "8.9", "ucx"),
    conda("bottleneck", "1.4", "__glibc >=2.17,<3.0.a0"),
    conda("ucx", "1.20", "__glibc >=2.28,<3.0.a0"),
]


def test_each_change_has_the_chain_of_the_side_that_has_it(tmp_path: Path) -> None:
    found = rows(tmp_path, OLD, NEW, "dependencies:\n  - bottleneck\n  - esmpy\n")
    assert {name: row.chain for name, row in found.items()} == {
        "esmpy": ("environment.yml:3: esmpy",),
        "ucx": ("environment.yml:3: esmpy", "esmpy 8.9 requires ucx"),
        "tidy": ("environment.yml:3: esmpy", "esmpy 8.8 requires tidy"),
        # Not bottleneck, which is nearer, and needs no newer glibc.
        "__glibc": (
            "environment.yml:3: esmpy",
            "esmpy 8.9 requires ucx",
            "ucx 1.20 requires __glibc >=2.28,<3.0.a0",
        ),
    }


def test_without_an_environment_file_a_chain_starts_at_a_package_that_nothing_requires(
    tmp_path: Path,
) -> None:
    assert rows(tmp_path, OLD, NEW, "")["ucx"].chain == ("esmpy 8.9 requires ucx",)


def test_a_lowered_bound_is_explained_by_the_package_that_set_it(tmp_path: Path) -> None:
    found = rows(tmp_path, NEW, OLD, "dependencies:\n  - bottleneck\n  - esmpy\n")
    assert found["__glibc"].chain[-1] == "ucx 1.20 requires __glibc >=2.28,<3.0.a0"


def test_a_package_that_no_entry_leads_to_has_no_chain(tmp_path: Path) -> None:
    assert rows(tmp_path, OLD, NEW, "dependencies:\n  - bottleneck\n")["ucx"].chain == ()


REAL = ("pangeo-base-notebook-span10", "pangeo-base-notebook-step")
PAIRS = [*OWN, *(name for name in REAL if name in pair_names())]


@pytest.mark.parametrize("pair", PAIRS)
def test_in_real_pairs_nearly_every_change_is_explained(lock_pair: LockPair, pair: str) -> None:
    sources = [read_source(lock_pair(pair) / side / "conda-lock.yml") for side in ("old", "new")]
    [first, *_] = add_chains(compare(*sources), *sources).comparisons
    explained = [row for row in first.rows if row.chain]
    assert len(explained) >= 0.95 * len(first.rows)
    assert all(row.chain[0].startswith("environment.yml:") for row in explained)
