"""Who asks for a package, before and after: what tells a dropped request from a tidied dependency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from conda_lockstep.packages import Key, Manager, Package, PackageSet
from conda_lockstep.projects import normalize

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_EXTRA = re.compile(r";.*\bextra\b")


class Needs:
    """The dependency edges of two package sets, read when first asked for."""

    def __init__(self, old: PackageSet, new: PackageSet) -> None:
        self._old, self._new = old, new
        self._edges: dict[int, Mapping[Key, frozenset[str]]] = {}

    def before(self, package: Package) -> frozenset[str] | None:
        """Return who asked for a package in the old set; None where that set does not know its dependencies."""
        edges = self._of(self._old)
        return edges.get(_key(package.manager, package.name), frozenset()) if edges else None

    def after(self, package: Package) -> frozenset[str]:
        """Return who asks, without a condition, for a package in the new set."""
        return self._of(self._new).get(_key(package.manager, package.name), frozenset())

    def _of(self, packages: PackageSet) -> Mapping[Key, frozenset[str]]:
        if id(packages) not in self._edges:
            self._edges[id(packages)] = _edges(packages, conditional=packages is self._old)
        return self._edges[id(packages)]


def _edges(packages: PackageSet, *, conditional: bool) -> Mapping[Key, frozenset[str]]:
    """Map each package that is asked for to the names of those that ask.

    ``conditional`` counts requirements with an environment marker too; those of an extra never count.
    """
    found: dict[Key, set[str]] = defaultdict(set)
    for package in packages.values():
        for spec in package.depends:
            if package.manager == "pip" and (_EXTRA.search(spec) or (";" in spec and not conditional)):
                continue
            match = _NAME.match(spec)
            if match and (key := _key(package.manager, match[0])) != _key(package.manager, package.name):
                found[key].add(package.name)
    return {key: frozenset(names) for key, names in found.items()}


def _key(manager: Manager, name: str) -> Key:
    return manager, normalize(name) if manager == "pip" else name.lower()
