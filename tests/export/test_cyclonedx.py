"""The bill of materials: valid by CycloneDX's own schema, whole, and without a clock."""

from __future__ import annotations

import json
from dataclasses import replace

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

FORGE = "https://conda.anaconda.org/conda-forge"


def test_it_names_every_package_with_its_hash(subject: Subject) -> None:
    text = export("cyclonedx", subject).text
    document = json.loads(text)
    packages = subject.lock.platforms["linux-64"]
    found = {
        (PackageURL.from_string(entry["purl"]).type, entry["name"], entry["version"]): entry["hashes"]
        for entry in document["components"]
    }
    assert found.keys() == {
        ("conda" if package.manager == "conda" else "pypi", package.name, package.version)
        for package in packages.values()
    }
    requests = packages["pip", "requests"]
    assert found["pypi", "requests", requests.version] == [{"alg": "SHA-256", "content": requests.sha256}]
    assert document["metadata"]["component"]["version"] == packages.environment_id


def test_the_same_lock_is_the_same_bytes_and_its_date_is_the_newest_package(subject: Subject) -> None:
    first = export("cyclonedx", subject).text
    assert export("cyclonedx", subject).text == first
    assert "timestamp" not in json.loads(first)["metadata"]
    dated = replace(subject.lock, metadata={"linux-64.newest": "2026-07-17T01:06:46Z"})
    text = export("cyclonedx", replace(subject, lock=dated)).text
    assert json.loads(text)["metadata"]["timestamp"] == "2026-07-17T01:06:46+00:00"


def test_it_is_valid_and_edges_cross_from_pip_to_conda() -> None:
    numpy = Package(
        "conda", "pytorch", "2.4.1", "cuda126_0", "linux-64", FORGE, f"{FORGE}/linux-64/pytorch-2.4.1-cuda126_0.conda",
        "1" * 64, depends=("python >=3.12", "__cuda", "python_abi 3.12.*"),
    )  # fmt: skip
    python = Package(
        "conda",
        "python",
        "3.12.1",
        "h0_0",
        "linux-64",
        FORGE,
        f"{FORGE}/linux-64/python-3.12.1-h0_0.tar.bz2",
        "2" * 64,
    )
    trl = Package(
        "pip",
        "trl",
        "1.0",
        url="https://example.org/trl-1.0-py3-none-any.whl",
        sha256="3" * 64,
        depends=("Torch>=2",),
    )
    lock = Lock(
        {"linux-64": PackageSet.of([numpy, python, trl])},
        metadata={"linux-64.newest": "2026-07-17T01:06:46Z"},
    )
    text = export("cyclonedx", Subject(lock, "x")).text
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    edges = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    torch = "pkg:conda/pytorch@2.4.1?build=cuda126_0&channel=conda-forge&subdir=linux-64&type=conda"
    snake = "pkg:conda/python@3.12.1?build=h0_0&channel=conda-forge&subdir=linux-64&type=tar.bz2"
    wheel = "pkg:pypi/trl@1.0?file_name=trl-1.0-py3-none-any.whl"
    assert edges == {
        lock.platforms["linux-64"].environment_id: sorted([torch, snake, wheel]),
        torch: [snake],
        snake: [],
        wheel: [torch],
    }
