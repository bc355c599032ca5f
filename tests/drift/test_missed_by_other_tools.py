"""Changes that other tools miss, from the files to the exit status: each is found, and critical."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.lock_pairs import LockPair
from tests.support.prefixes import Installed
from tests.support.repodata import package, repodata

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet


def changes_of(capsys: pytest.CaptureFixture[str], *argv: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main([*argv, "--format", "json"]) == 1
    return [
        change for each in json.loads(capsys.readouterr().out)["comparisons"] for change in each["changes"]
    ]


@pytest.mark.parametrize("name", ["conda-lock.yml", "conda-linux-64.lock"])
def test_a_hash_that_changed_behind_one_url(
    lock_pair: LockPair, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    real = lock_pair("arrays") / "new" / name
    numpy = cep37.read(real.with_name("conda-lock.yml")).platforms["linux-64"]["conda", "numpy"]
    edited = tmp_path / name
    edited.write_text(real.read_text().replace(numpy.md5, "c" * 32).replace(numpy.sha256, "c" * 64))
    (change,) = changes_of(capsys, "diff", str(real), str(edited), "--platform", "linux-64")
    assert (change["subject"], change["severity"], change["classes"]) == ("numpy", "critical", ["bytes"])
    assert change["old"]["url"] == change["new"]["url"]


def test_a_hash_that_changed_behind_one_url_of_a_pixi_lock(
    lock_pair: LockPair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = lock_pair("training") / "new" / "pixi.lock"
    text = real.read_text()
    found = re.search(r"- conda: \S*/linux-64/pytorch-\S+\n\s+sha256: (\w{64})", text)
    assert found
    edited = tmp_path / "pixi.lock"
    edited.write_text(text.replace(found[1], "c" * 64))
    (change,) = changes_of(capsys, "diff", str(real), str(edited), "--platform", "linux-64")
    assert (change["subject"], change["severity"], change["classes"][0]) == ("pytorch", "critical", "bytes")


def test_another_build_than_the_locked_one_is_installed(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (key, locked), *_ = (item for item in installed.packages.items() if item[0] == ("conda", "tqdm"))
    other = locked._replace(
        build="pyhd8ed1ab_9", url=locked.url.replace(locked.build, "pyhd8ed1ab_9"), sha256="0" * 64
    )
    packages = PackageSet({**installed.packages, key: other})
    lock = Lock({installed.platform: packages}, ("conda-forge",), ("environment.yml",))
    cep37.write(lock, tmp_path / "conda-lock.yml")
    changes = changes_of(
        capsys,
        "verify",
        "--ignore-machine",
        "--prefix",
        str(installed.prefix),
        "--lock",
        str(tmp_path / "conda-lock.yml"),
    )
    assert [(each["subject"], each["severity"], each["classes"]) for each in changes] == [
        ("tqdm", "critical", ["build"])
    ]


def test_a_pypi_entry_that_was_dropped(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = corpus / "locks" / "pairs" / "detectron2-pixi-step" / "new" / "pixi.lock"
    text = real.read_text()
    (url,) = set(re.findall(r"- pypi: (\S*/pycocotools-\S+manylinux\S+)", text))
    edited = tmp_path / "pixi.lock"
    edited.write_text(text.replace(f"      - pypi: {url}\n", ""))
    (change,) = changes_of(capsys, "diff", str(real), str(edited), "--platform", "linux-64")
    assert (change["subject"], change["manager"], change["severity"], change["classes"]) == (
        "pycocotools", "pip", "critical", ["removed"],
    )  # fmt: skip


def test_a_gpu_build_that_became_a_cpu_build(
    channel_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found: dict[tuple[str, str], Package] = {}
    for record in repodata(channel_data):
        if (
            record["name"] == "pytorch"
            and record["channel"] == "conda-forge"
            and record["subdir"] == "linux-64"
        ):
            found[record["version"], record["build"].partition("_")[0][:4]] = package(record)
    version = max((version for version, device in found if device == "cuda" and (version, "cpu") in found))
    for name, device in (("old", "cuda"), ("new", "cpu")):
        lock = Lock(
            {"linux-64": PackageSet.of([found[version, device]])}, ("conda-forge",), ("environment.yml",)
        )
        cep37.write(lock, tmp_path / f"{name}.conda-lock.yml")
    changes = changes_of(
        capsys, "diff", *(str(tmp_path / f"{name}.conda-lock.yml") for name in ("old", "new"))
    )
    pytorch = changes[0]
    assert (pytorch["subject"], pytorch["severity"], pytorch["classes"][0]) == (
        "pytorch",
        "critical",
        "variant",
    )
    assert pytorch["why"].startswith("the GPU build became a CPU build")
