"""One lock, installed with the records that rattler, conda and pip write: all three prefixes are identical."""

from __future__ import annotations

from pathlib import Path

from tests.snapshot.test_relocation import as_conda_writes
from tests.support.forge import Forge
from tests.support.prefixes import copy_of, install, lock_of, pip, solve

from conda_lockstep.drift.compare.operands import from_prefix
from conda_lockstep.drift.compare.verify import verify, verify_deeply
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet


def test_prefixes_with_the_records_of_three_installers_are_identical(forge: Forge, tmp_path: Path) -> None:
    """The pip part is installed by the real pip into each; conda's records are made after those of conda 26.7."""
    records = solve(forge, ["python", "pip", "six", "tqdm", "numpy"])
    rattler = tmp_path / "rattler"
    install(records, rattler, tmp_path / "cache")
    index = (forge.pypi / "simple").as_uri()
    pip(
        rattler,
        "install",
        "--no-deps",
        "--no-compile",
        "--index-url",
        index,
        "tabulate==0.9.0",
        "colorama==0.4.6",
    )
    conda = copy_of(rattler, tmp_path / "conda")
    for record in (conda / "conda-meta").glob("*.json"):
        as_conda_writes(record)
    wheels = [
        Package(
            "pip", name, version, url=f"https://files.pythonhosted.org/{name}-{version}.whl", sha256="1" * 64
        )
        for name, version in (("tabulate", "0.9.0"), ("colorama", "0.4.6"))
    ]
    base = lock_of(records, forge.subdir)
    packages = PackageSet.of([*base.platforms[forge.subdir].values(), *wheels])
    lock = tmp_path / "conda-lock.yml"
    cep37.write(Lock({forge.subdir: packages}, channels=base.channels, sources=("environment.yml",)), lock)
    for prefix in (rattler, conda):
        for found in (verify(prefix, lock), verify_deeply(prefix, lock)):
            assert found.rows == ()
            assert found.comparisons[0].new.environment_id == packages.environment_id
    assert from_prefix(rattler, "a").platforms == from_prefix(conda, "b").platforms
