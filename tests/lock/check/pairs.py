"""A small environment file and its lock, sound and complete, for tests that damage one of them."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.model.metadata import describe
from conda_lockstep.lock.model.virtual_packages import virtual_packages
from conda_lockstep.packages import Package, PackageSet

PLATFORM = "linux-64"
FORGE = "https://conda.anaconda.org/conda-forge"
FILES = "https://files.pythonhosted.org/packages/00/00"
FILE = """\
name: train
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy >=1.26,<2
  - cuda-version=12.6
  - six
  - pip
  - pip:
      - app>=1.0
      - native
"""


def conda(
    name: str, version: str, build: str = "h0_0", *depends: str, subdir: str = PLATFORM, **more: Any
) -> Package:
    """Return a conda package of conda-forge; its hashes are made of its URL."""
    url = f"{FORGE}/{subdir}/{name}-{version}-{build}.conda"
    sha256, md5 = hashlib.sha256(url.encode()).hexdigest(), hashlib.md5(url.encode()).hexdigest()
    return Package("conda", name, version, build, subdir, FORGE, url, sha256, md5, depends=depends, **more)


def wheel(name: str, version: str, *depends: str, tag: str = "py3-none-any") -> Package:
    """Return a pip package; ``tag`` is that of its wheel."""
    url = f"{FILES}/{name.replace('-', '_')}-{version}-{tag}.whl"
    return Package(
        "pip", name, version, url=url, sha256=hashlib.sha256(url.encode()).hexdigest(), depends=depends
    )


PACKAGES = (
    conda("python", "3.12.7", "h5d932e8_0_cpython", "__glibc >=2.17,<3.0.a0", "openssl >=3.3,<4", "tzdata"),
    conda("openssl", "3.3.2", "hb9d3cd8_0"),
    conda("tzdata", "2026c", "h151e31d_0", subdir="noarch"),
    conda("numpy", "1.26.4", "py312hc5e2394_0", "python >=3.12,<3.13.0a0", "libblas >=3.9,<4.0a0"),
    conda("libblas", "3.9.0", "25_linux64_openblas"),
    conda(
        "cuda-version",
        "12.6",
        "h7480c83_3",
        subdir="noarch",
        constrains=("__cuda >=12", "cudatoolkit 12.6|12.6.*"),
    ),
    conda("six", "1.17.0", "pyhe01879c_1", "python >=3.9", subdir="noarch"),
    conda("pip", "25.3", "pyh8b19718_0", "python >=3.10", subdir="noarch"),
    wheel("app", "1.0", "lib >=2", "numpy <2,>=1.21", "python >=3.9", "six"),
    wheel("lib", "2.0", "python <3.14,>=3.8"),
    wheel("native", "1.5", "python", tag="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
)
MACHINE = virtual_packages(PLATFORM, "12.6", glibc="2.28")


def lock(*packages: Package) -> Lock:
    """Return a lock of these packages, as it is read back."""
    made = Lock(
        {PLATFORM: PackageSet.of(packages)},
        ("conda-forge",),
        ("environment.yml",),
        {"channel_priority": "strict", **describe(PLATFORM, MACHINE, packages)},
    )
    return reread(made)


def reread(made: Lock) -> Lock:
    """Return a lock as its file is read."""
    return cep37.parse(cep37.render(made), "conda-lock.yml")


def changed(made: Lock, name: str, manager: str = "", **fields: Any) -> Lock:
    """Return a lock with other fields of a package; without fields, without the package. The hashes are rewritten."""
    found = {key for key in made.platforms[PLATFORM] if key[1] == name and manager in ("", key[0])}
    assert len(found) == 1, name
    packages = dict(made.platforms[PLATFORM])
    for key in found:
        package = packages.pop(key)
        if fields:
            new = package._replace(**fields)
            packages[new.key] = new
    return reread(dataclasses.replace(made, platforms={PLATFORM: PackageSet.of(packages.values())}))


def added(made: Lock, *packages: Package) -> Lock:
    """Return a lock with these packages, in the place of those with their names."""
    kept = [*made.platforms[PLATFORM].values(), *packages]
    return reread(dataclasses.replace(made, platforms={PLATFORM: PackageSet.of(kept)}))


def recorded(made: Lock, **facts: str | None) -> Lock:
    """Return a lock that records other facts of its platform; None removes one."""
    named = {f"{PLATFORM}.{key}": value for key, value in facts.items()}
    both = {**made.metadata, **named}
    return reread(
        dataclasses.replace(made, metadata={key: value for key, value in both.items() if value is not None})
    )
