"""Turns a wheel into a conda package: ``noarch: python`` where it is pure, built for this interpreter where not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from packaging.specifiers import SpecifierSet

from tests.support.forge.archive import NOARCH_PYTHON_HASH, Draft, Member, variant_hash
from tests.support.forge.depends import conda_name, match_spec, match_specs
from tests.support.forge.interpreter import NEXT_SERIES, SERIES
from tests.support.forge.platform import GLIBC, SUBDIR
from tests.support.forge.wheel import Wheel

PY = SERIES.replace(".", "")
PYTHON_OF_THIS_ABI = (f"python >={SERIES},<{NEXT_SERIES}.0a0", f"python_abi {SERIES}.* *_cp{PY}")
PLACEHOLDER_LENGTH = 255
BUNDLED_WITH_PIP = ("setuptools", "wheel")


def repack(wheel: Wheel, released: datetime) -> Draft:
    """Return the conda package that holds the wheel's files, with its requirements as match specs."""
    name = conda_name(wheel.metadata.name)
    depends = match_specs(wheel.metadata.requires_dist or ())
    if name == "pip":
        depends += BUNDLED_WITH_PIP
    common = Draft(
        name=name,
        version=wheel.version,
        build=f"{NOARCH_PYTHON_HASH}_0",
        released=released,
        license=_license(wheel),
        summary=wheel.metadata.summary or "",
    )
    if wheel.pure:
        return _noarch(common, wheel, depends)
    return _compiled(common, wheel, depends)


def _noarch(common: Draft, wheel: Wheel, depends: tuple[str, ...]) -> Draft:
    python = match_spec("python", wheel.metadata.requires_python or SpecifierSet())
    return replace(
        common,
        noarch="python",
        depends=tuple(sorted((*depends, python))),
        entry_points=wheel.entry_points,
        members=tuple(_script_to_noarch(member) for member in wheel.files()),
    )


def _compiled(common: Draft, wheel: Wheel, depends: tuple[str, ...]) -> Draft:
    glibc = _glibc(wheel)
    depends = tuple(sorted((*depends, *PYTHON_OF_THIS_ABI, glibc)))
    placeholder = f"/home/conda/feedstock_root/build_artifacts/{common.name}/_h_env".ljust(
        PLACEHOLDER_LENGTH, "_"
    )
    site_packages = f"lib/python{SERIES}/site-packages/"
    members = [
        replace(member, path=re.sub(r"^site-packages/", site_packages, member.path))
        for member in wheel.files()
    ]
    return replace(
        common,
        build=f"py{PY}{variant_hash(*depends)}_0",
        subdir=SUBDIR,
        depends=depends,
        members=(*members, *_scripts(wheel.entry_points, placeholder)),
    )


def _scripts(entry_points: tuple[str, ...], placeholder: str) -> Iterator[Member]:
    """Yield one script per entry point; the installer writes the prefix over the placeholder."""
    for entry_point in entry_points:
        name, _, target = (part.strip() for part in entry_point.partition("="))
        module, _, function = target.partition(":")
        body = (
            f"#!{placeholder}/bin/python\n"
            f"import sys\n\nfrom {module} import {function.partition('.')[0]}\n\n"
            f"if __name__ == '__main__':\n    sys.exit({function}())\n"
        )
        yield Member(f"bin/{name}", body.encode(), executable=True, placeholder=placeholder)


def _script_to_noarch(member: Member) -> Member:
    return replace(member, path=re.sub(r"^bin/", "python-scripts/", member.path))


def _glibc(wheel: Wheel) -> str:
    """The oldest glibc that the wheel's platform tags allow (PEP 600), as conda-forge writes it."""
    minors = [int(match[1]) for tag in wheel.tags if (match := re.match(r"manylinux_2_(\d+)_", tag.platform))]
    return f"__glibc >=2.{min(minors)},<3.0.a0" if minors else GLIBC


def _license(wheel: Wheel) -> str:
    """The SPDX expression, else the short licence field, else what the trove classifiers say."""
    metadata = wheel.metadata
    if metadata.license_expression:
        return metadata.license_expression
    if metadata.license and "\n" not in metadata.license and len(metadata.license) < 40:
        return metadata.license
    classifiers = [line for line in metadata.classifiers or () if line.startswith("License :: ")]
    return classifiers[0].rpartition(" :: ")[2] if classifiers else "unknown"
