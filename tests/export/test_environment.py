"""environment.yml with every version and build."""

from __future__ import annotations

import pytest

from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.export import export
from conda_lockstep.export.model import Subject
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

FORGE, TORCH = "https://conda.anaconda.org/conda-forge", "https://conda.anaconda.org/pytorch"


def conda(name: str, version: str, build: str, channel: str = FORGE) -> Package:
    url = f"{channel}/linux-64/{name}-{version}-{build}.conda"
    return Package("conda", name, version, build, "linux-64", channel, url, "1" * 64)


def test_the_text_is_exact() -> None:
    packages = [
        conda("pytorch", "2.4.1", "py3.11_cuda12.4_0", TORCH),
        conda("pip", "24.0", "pyhd8ed1ab_0"),
        conda("zlib", "1.3", "0", "https://example.org/private"),
        Package(
            "pip",
            "six",
            "1.17.0",
            url="https://files.pythonhosted.org/p/six-1.17.0-py3-none-any.whl",
            sha256="2" * 64,
        ),
        Package("pip", "mine", "1", url="https://example.org/mine-1-py3-none-any.whl", sha256="3" * 64),
    ]
    written = export(
        "environment", Subject(Lock({"linux-64": PackageSet.of(packages)}, ("pytorch", "conda-forge")), "x")
    )
    assert written.text == (
        "# Written by conda-lockstep from the lock, for linux-64: do not edit.\n"
        "channels:\n  - pytorch\n  - conda-forge\n  - nodefaults\n"
        "dependencies:\n"
        "  - conda-forge::pip=24.0=pyhd8ed1ab_0\n"
        "  - pytorch=2.4.1=py3.11_cuda12.4_0\n"
        "  - https://example.org/private::zlib=1.3=0\n"
        "  - pip:\n"
        f"      - 'mine @ https://example.org/mine-1-py3-none-any.whl#sha256={'3' * 64}'\n"
        "      - six==1.17.0\n"
    )
    assert written.lost[1:] == ("pip is given the URL of what PyPI does not have: mine",)


def test_each_entry_is_a_spec_of_its_package(subject: Subject) -> None:
    file = parse(export("environment", subject).text, "environment.yml")
    specs = [parse_conda(item.value) for item in file.dependencies if not hasattr(item, "items")]
    found = {(spec.name, spec.version, spec.build) for spec in specs if isinstance(spec, CondaSpec)}
    packages = subject.lock.platforms["linux-64"].only("conda").values()
    assert found == {(package.name, f"={package.version}", package.build) for package in packages}
    pip = subject.lock.platforms["linux-64"].only("pip").values()
    assert [item.value for section in file.pip_sections for item in section.items] == [
        f"{package.name}=={package.version}" for package in pip
    ]


def test_pip_packages_need_pip() -> None:
    six = Package(
        "pip", "six", "1", url="https://files.pythonhosted.org/six-1-py3-none-any.whl", sha256="1" * 64
    )
    with pytest.raises(
        LockstepError, match=r"^x: has pip packages but not pip itself, .*; list 'pip' in the"
    ):
        export("environment", Subject(Lock({"linux-64": PackageSet.of([six])}, ("conda-forge",)), "x"))
