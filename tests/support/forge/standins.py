"""Small stand-ins for packages too big to carry, in the shape conda-forge gives the real ones.

They import and tell their version and variant; they compute nothing, and their summary says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from tests.support.forge.archive import NOARCH_GENERIC_HASH, Draft, Member, variant_hash
from tests.support.forge.interpreter import SERIES
from tests.support.forge.platform import GLIBC, SUBDIR
from tests.support.forge.repack import PY, PYTHON_OF_THIS_ABI

RELEASED = datetime(2024, 8, 28, 12, 0, tzinfo=timezone.utc)
LABEL = "a stand-in of the forge, not the real package"
TORCH_VERSION = "2.4.1"
CUDA_BUILD, CPU_BUILD = 201, 1
TORCH_INIT = f'"""{LABEL.capitalize()}."""\n\nfrom torch.version import __version__\n'


def standin_drafts() -> Iterator[Draft]:
    """Yield ``pytorch`` (one CUDA and one CPU build), ``pytorch-gpu``/``-cpu``, ``cuda-version``, metapackages."""
    cpu, cuda = _torch("cpu", "", CPU_BUILD), _torch("cuda120", "12.0", CUDA_BUILD)
    yield from (cpu, cuda)
    yield _metapackage("pytorch-cpu", TORCH_VERSION, f"pytorch {TORCH_VERSION} {cpu.build}")
    yield _metapackage("pytorch-gpu", TORCH_VERSION, f"pytorch {TORCH_VERSION} {cuda.build}")
    for version in ("11.8", "12.0", "12.4"):
        yield _cuda_version(version)
    yield _metapackage("typing-extensions", "4.12.2", "typing_extensions ==4.12.2")


def _torch(variant: str, cuda: str, number: int) -> Draft:
    depends = [
        "filelock",
        "jinja2",
        "numpy >=1.19,<3",
        "typing_extensions >=4.8.0",
        *PYTHON_OF_THIS_ABI,
        GLIBC,
    ]
    if cuda:
        depends += ["__cuda", f"cuda-version >={cuda},<13"]
    version = f"__version__ = {TORCH_VERSION!r}\ncuda = {cuda or None!r}\n"
    package = f"lib/python{SERIES}/site-packages/torch"
    return Draft(
        name="pytorch",
        version=TORCH_VERSION,
        build=f"{variant}_py{PY}{variant_hash(*sorted(depends))}_{number}",
        number=number,
        released=RELEASED,
        subdir=SUBDIR,
        depends=tuple(sorted(depends)),
        constrains=(f"pytorch-{'cpu' if cuda else 'gpu'} ==99999999",),
        license="BSD-3-Clause",
        summary=f"PyTorch: {LABEL}",
        members=(
            Member(
                f"{package}/__init__.py",
                TORCH_INIT.encode(),
            ),
            Member(f"{package}/version.py", version.encode()),
        ),
    )


def _cuda_version(version: str) -> Draft:
    major = version.partition(".")[0]
    return replace(
        _metapackage("cuda-version", version),
        build=f"{NOARCH_GENERIC_HASH}_3",
        number=3,
        constrains=(f"cudatoolkit {version}|{version}.*", f"__cuda >={major}"),
    )


def _metapackage(name: str, version: str, *depends: str) -> Draft:
    return Draft(
        name=name,
        version=version,
        build=f"{NOARCH_GENERIC_HASH}_0",
        released=RELEASED,
        noarch="generic",
        depends=depends,
        license="BSD-3-Clause",
        summary=f"{name}: {LABEL}",
    )
