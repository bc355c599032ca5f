"""Translates a wheel's requirements (PEP 508) into match specs under conda's names."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

CONDA_NAMES = {"msgpack": "msgpack-python", "typing-extensions": "typing_extensions"}


def conda_name(project: str) -> str:
    """Return what conda-forge calls a PyPI project: its normalised name, a few aside."""
    normalised = canonicalize_name(project)
    return CONDA_NAMES.get(normalised, normalised)


def match_specs(requirements: Iterable[Requirement]) -> tuple[str, ...]:
    """Translate those requirements that hold on this machine, extras aside, sorted."""
    return tuple(
        sorted(
            match_spec(conda_name(requirement.name), requirement.specifier)
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        )
    )


def match_spec(name: str, specifiers: SpecifierSet) -> str:
    """Translate ``>=1.21.1,<3`` to ``name >=1.21.1,<3``: lower bounds first, ``~=`` and ``==`` spelt as conda does."""
    parts = sorted((_part(specifier) for specifier in specifiers), key=_bounds_first)
    return f"{name} {','.join(parts)}" if parts else name


def _part(specifier: Specifier) -> str:
    if specifier.operator == "~=":
        release = Version(specifier.version).release
        return f">={specifier.version},{'.'.join(map(str, release[:-1]))}.*"
    if specifier.operator in {"==", "==="}:
        return specifier.version if specifier.version.endswith(".*") else f"=={specifier.version}"
    return f"{specifier.operator}{specifier.version}"


def _bounds_first(part: str) -> tuple[int, str]:
    order = (">", "<", "!")
    return (order.index(part[0]) if part[0] in order else len(order), part)
