"""Which packages of an environment install the same Python module: the last one overwrites the others' files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.shared_modules import modules_of
from conda_lockstep.lock.model.owned_projects import owned_by_conda
from conda_lockstep.packages import Package


class ModuleClash(NamedTuple):
    """A module that a pip package and another package install; ``other`` is conda's where conda has it."""

    module: str
    other: Package
    pip: Package

    def __str__(self) -> str:
        """Say it without a verdict: ``conda's py-opencv 4.10.0 and pip's opencv-python 4.10.0 both install …``."""
        return f"{self.other.manager}'s {self.other} and pip's {self.pip} both install the module '{self.module}'"


def module_clashes(packages: Iterable[Package]) -> Iterator[ModuleClash]:
    """Yield the pairs of packages, at least one of them pip's, that install one module under different project names.

    What two conda packages share is conda's concern; the same project in both managers is not a pair.
    """
    packages = tuple(packages)
    pip = sorted((each for each in packages if each.manager == "pip"), key=lambda each: each.name)
    sharing = {package: modules for package in pip if (modules := modules_of(normalize(package.name)))}
    if not sharing:
        return
    owned = owned_by_conda(each for each in packages if each.manager == "conda")
    holders: dict[str, Package] = {}
    for project, held in sorted(owned.items()):
        for module in modules_of(project):
            holders.setdefault(module, held.package)
    for package, modules in sharing.items():
        if normalize(package.name) in owned:
            continue
        # Projects may have several modules in common, such as cupy and cupyx: the first is enough.
        others = {holders[module]: module for module in reversed(modules) if module in holders}
        for other, module in others.items():
            yield ModuleClash(module, other, package)
        for module in modules:
            holders.setdefault(module, package)
