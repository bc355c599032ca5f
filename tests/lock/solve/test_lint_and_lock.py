"""What lint says of a file's CUDA or CPU build is what lock gets, over generated files and a channel made of facts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.cuda_files import DRIVER, Comparison, Said, generated
from tests.support.http_server import serve

from conda_lockstep.conda.torch_releases import torch_releases

FILES, SEED = 250, 20261201
PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12")
LATER = 1_700_000_000_000
"""When the pytorch channel's CUDA builds were published: after the CPU builds, which a solver goes by."""
PINNED = {"1.10", "1.11", "1.12", "1.13", "2.0", "2.1", "2.3", "2.4", "2.5", "2.8", "2.9"}


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    folder = tmp_path_factory.mktemp("channels")
    for name, records in _channels().items():
        _write(folder / name, records)
    with serve(folder) as server:
        yield Comparison(server.url, tmp_path_factory.mktemp("cache"))


def test_what_lint_says_of_the_build_is_what_lock_gets(comparison: Comparison) -> None:
    compared = [comparison.compare(text) for text in _files(FILES)]
    assert [found for found in compared if found.disagree] == []
    solved: Counter[Said] = Counter(found.said for found in compared if found.with_driver != "none")
    assert min(solved[said] for said in ("cuda", "cpu", "driver", "undecided", "error")) >= 5


def test_no_fix_turns_a_cuda_build_into_a_cpu_build_or_breaks_the_file(comparison: Comparison) -> None:
    looked_at = 0
    for text in _files(FILES):
        after = comparison.after_fix(text)
        if after != text:
            looked_at += 1
            before, built = comparison.built(text, DRIVER), comparison.built(after, DRIVER)
            assert before != "cuda" or built == "cuda" or comparison.said(after) == "cpu", (text, after)
    assert looked_at >= 20


def test_the_files_that_started_it(comparison: Comparison) -> None:
    """With conda-forge first, it is a CUDA build; with pytorch first, and since 1.13, the CPU build."""
    entries = "dependencies:\n  - python=3.10\n  - pytorch={}\n  - cudatoolkit=11.8\n"
    forge_first = "channels: [conda-forge, pytorch, nvidia, nodefaults]\n" + entries.format("2.0")
    assert comparison.built(forge_first, DRIVER) == "cuda"
    assert comparison.said(forge_first) == "driver"
    assert comparison.built(comparison.after_fix(forge_first), DRIVER) == "cuda"
    pytorch_first = "channels: [pytorch, conda-forge, nvidia, nodefaults]\n" + entries.format("1.13")
    assert comparison.built(pytorch_first, DRIVER) == "cpu"
    assert comparison.said(pytorch_first) == "error"


def _files(count: int) -> Iterator[str]:
    names = {record["name"] for records in _channels().values() for record in records}
    return generated(count, SEED, names)


def _channels() -> dict[str, list[dict[str, Any]]]:
    """Return small channels that depend on each other as the real ones do: see data/cuda-builds.txt and torch.txt."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    _add(found["pytorch"], "pytorch-mutex", "1.0", "cuda", number=100)
    _add(found["pytorch"], "pytorch-mutex", "1.0", "cpu", track_features=["pytorch-mutex"])
    _add(found["pytorch"], "cpuonly", "2.0", "0", ["pytorch-mutex 1.0 cpu"])
    for cuda in ("11.6", "11.7", "11.8", "12.1", "12.4"):
        _add(found["pytorch"], "pytorch-cuda", cuda, "h0", [f"cuda-runtime {cuda}.*"])
        _add(found["nvidia"], "cuda-runtime", f"{cuda}.0", "0")
    forge = found["conda-forge"]
    for python in PYTHONS:
        _add(forge, "python", f"{python}.1", "h0")
    for version in ("10.2.89", "11.3.1", "11.6.0", "11.7.0", "11.8.0"):
        _add(forge, "cudatoolkit", version, "h0")
    for version in ("11.8", "12.0", "12.4", "12.9"):
        _add(forge, "cuda-version", version, "h0", constrains=["__cuda >=11"])
    for release in torch_releases().values():
        if release.torch in PINNED:
            _add_torch(
                found,
                release.torch,
                [python for python in PYTHONS if _fits(python, release.pythons)],
                release.cudas,
            )
    # Because it has the name, nvidia's builds are not searched below it.
    _add(forge, "cuda-runtime", "12.9.0", "0")
    for name, version in (("tensorflow", "2.17.0"), ("jaxlib", "0.7.2")):
        _add_forge(forge, name, version, "3.12", "12.9")
    _add(forge, "tensorflow-gpu", "2.17.0", "cuda129", ["tensorflow 2.17.0 cuda*", "__cuda"])
    return found


def _add_torch(
    found: dict[str, list[dict[str, Any]]],
    release: str,
    pythons: list[str],
    cudas: tuple[tuple[int, ...], ...],
) -> None:
    number = tuple(map(int, release.split(".")))
    for python in pythons:
        if number < (2, 6):
            common = [f"python {python}.*"]
            _add(
                found["pytorch"],
                "pytorch",
                f"{release}.1",
                f"py{python}_cpu_0",
                [*common, "pytorch-mutex 1.0 cpu"],
            )
            for major, minor in cudas:
                selector = "cudatoolkit" if number < (1, 13) else "pytorch-cuda"
                depends = [*common, f"{selector} {major}.{minor}.*", "pytorch-mutex 1.0 cuda"]
                build = f"py{python}_cuda{major}.{minor}_0"
                _add(found["pytorch"], "pytorch", f"{release}.1", build, depends, timestamp=LATER)
        _add_forge(
            found["conda-forge"], "pytorch", f"{release}.1", python, "11.8" if number < (2, 4) else "12.9"
        )
    gpu = [f"pytorch {release}.1 cuda*", "__cuda"]
    _add(found["conda-forge"], "pytorch-gpu", f"{release}.1", "cuda", gpu)


def _add_forge(records: list[dict[str, Any]], name: str, version: str, python: str, cuda: str) -> None:
    """Add a CPU build, and a CUDA build that a solver prefers where it sees a driver."""
    common, digits = [f"python {python}.*"], cuda.replace(".", "")
    _add(records, name, version, f"cpu_py{python.replace('.', '')}_0", common)
    library = "cudatoolkit >=11.2,<12" if cuda < "12" else f"cuda-version >={cuda},<13"
    depends = [*common, library, "__cuda"]
    _add(records, name, version, f"cuda{digits}_py{python.replace('.', '')}_200", depends, number=200)


def _add(
    records: list[dict[str, Any]], name: str, version: str, build: str, depends: list[str] | None = None, *,
    number: int = 0, **more: Any,
) -> None:  # fmt: skip
    record = {
        "name": name, "version": version, "build": build, "build_number": number, "subdir": "linux-64", "size": 1,
        "depends": depends or [], "timestamp": LATER - 3_600_000, **more,
    }  # fmt: skip
    records.append(record)


def _fits(python: str, pythons: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    return pythons[0] <= tuple(map(int, python.split("."))) <= pythons[1]


def _write(folder: Path, records: list[dict[str, Any]]) -> None:
    packages = {}
    for record in records:
        file = f"{record['name']}-{record['version']}-{record['build']}.conda"
        digests = {
            "sha256": hashlib.sha256(file.encode()).hexdigest(),
            "md5": hashlib.md5(file.encode()).hexdigest(),
        }
        packages[file] = record | digests
    for subdir, held in (("linux-64", packages), ("noarch", {})):
        (folder / subdir).mkdir(parents=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": held, "repodata_version": 1}
        (folder / subdir / "repodata.json").write_text(json.dumps(index))
