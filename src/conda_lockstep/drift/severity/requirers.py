"""The packages that require another, before and after: distinguishes a removed request from an unused dependency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.drift.model import Change
from conda_lockstep.packages import Key, Manager, Package, PackageSet

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_EXTRA = re.compile(r";.*\bextra\b")


class Requirers:
    """The dependency edges of two package sets that lead to some of their packages, computed on first use."""

    def __init__(self, old: PackageSet, new: PackageSet, packages: Iterable[Package]) -> None:
        self._old, self._new = old, new
        self._keys = {_key(package.manager, package.name) for package in packages}
        self._edges: dict[int, Mapping[Key, frozenset[str]]] = {}

    def before(self, package: Package) -> frozenset[str] | None:
        """Return the names of what required a package in the old set; None where the set records no dependencies."""
        if not any(each.depends for each in self._old.values()):
            return None
        return self._of(self._old).get(_key(package.manager, package.name), frozenset())

    def after(self, package: Package) -> frozenset[str]:
        """Return the names of what requires a package, unconditionally, in the new set."""
        return self._of(self._new).get(_key(package.manager, package.name), frozenset())

    def of(self, change: Change) -> frozenset[str]:
        """Return the names of what requires a package that was added, or required one that was removed."""
        if change.new is None:
            return self.before(change.package) or frozenset()
        return self.after(change.package)

    def after_removal(self, change: Change) -> frozenset[str]:
        """Return the names of what still requires a package that was removed; none for one that was added."""
        return self.after(change.package) if change.new is None else frozenset()

    def _of(self, packages: PackageSet) -> Mapping[Key, frozenset[str]]:
        if id(packages) not in self._edges:
            self._edges[id(packages)] = _edges(packages, self._keys, conditional=packages is self._old)
        return self._edges[id(packages)]


def _edges(packages: PackageSet, keys: Set[Key], *, conditional: bool) -> Mapping[Key, frozenset[str]]:
    """Map each required key to the names of the packages that require it.

    ``conditional`` includes requirements with an environment marker; those of an extra never count.
    """
    found: dict[Key, set[str]] = defaultdict(set)
    managers: tuple[Manager, ...] = ("conda", "pip")
    for manager in managers:
        dependents = [package for package in packages.values() if package.manager == manager]
        specs = set[str]().union(*(package.depends for package in dependents))
        leads = {spec: key for spec in specs if (key := _required(manager, spec, conditional)) in keys}
        for package in dependents:
            for spec in () if leads.keys().isdisjoint(package.depends) else package.depends:
                key = leads.get(spec)
                if key is not None and key != _key(manager, package.name):
                    found[key].add(package.name)
    return {key: frozenset(names) for key, names in found.items()}


@lru_cache(maxsize=1 << 14)
def _required(manager: Manager, spec: str, conditional: bool) -> Key | None:
    if manager == "pip" and (_EXTRA.search(spec) or (";" in spec and not conditional)):
        return None
    match = _NAME.match(spec)
    return _key(manager, match[0]) if match else None


def _key(manager: Manager, name: str) -> Key:
    return manager, normalize(name) if manager == "pip" else name.lower()
