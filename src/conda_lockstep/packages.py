"""Packages of a lock or a prefix, and the environment id that identifies a set of them.

``Package`` is a named tuple because it is imported on every node before every job: defining a dozen dataclasses takes
longer than starting Python.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Literal, NamedTuple, TypeAlias

Manager: TypeAlias = Literal["conda", "pip"]
Key: TypeAlias = tuple[Manager, str]

ID_PREFIX = "ls1-"
ID_DIGITS = 12

_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar")

PYTHON = "python"
"""The interpreter among the dependencies of a pip package, with ``Requires-Python``; PyPI has no such project."""


class Package(NamedTuple):
    """One package of one platform.

    ``version`` and ``build`` are as published; ``build`` and ``subdir`` are empty for pip packages.
    ``url`` has no credentials. ``sha256`` and ``md5`` are lower-case hex, empty if unknown.
    ``depends`` and ``constrains`` are match specs (conda) or PEP 508 requirements (pip).
    ``timestamp`` is in seconds since the epoch, 0 if the record is undated. Only the identity
    (manager, name, version, build, subdir) takes part in the environment id. ``build_number`` is None where it is the
    one that the build string has; see :func:`number_of_build`. ``category`` is empty where every installer installs the
    package: it is ``main``, and not optional (CEP 37). ``license`` is that of the channel's index, empty if unknown.
    """

    manager: Manager
    name: str
    version: str
    build: str = ""
    subdir: str = ""
    channel: str = ""
    url: str = ""
    sha256: str = ""
    md5: str = ""
    size: int = 0
    timestamp: int = 0
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    build_number: int | None = None
    category: str = ""
    license: str = ""

    @property
    def key(self) -> Key:
        """The key, unique in a package set."""
        return self.manager, self.name

    @property
    def has_bounds(self) -> bool:
        """Whether a lock records the bounds of this pip package's dependencies, and so its ``Requires-Python``."""
        return any(spec == PYTHON or spec.startswith(f"{PYTHON} ") for spec in self.depends)

    @property
    def identity(self) -> str:
        """The line that represents this package in the environment id; absent fields are ``-``.

        A project from git has its commit in the place of the build; a local project has no version in a lock.
        """
        if self.manager == "pip":
            commit = self.url.partition("#")[0].rpartition("@")[2] if self.url.startswith("git+") else "-"
            return f"pip {self.name} {self.version or '-'} {self.build or commit} {self.subdir or '-'}"
        return f"{self.manager} {self.name} {self.version} {self.build or '-'} {self.subdir or '-'}"

    def __str__(self) -> str:
        """``name version build`` for conda, ``name version`` for pip."""
        return f"{self.name} {self.version} {self.build}".rstrip()


def is_folder_url(url: str) -> bool:
    """Return whether the URL of a pip package names a folder: ``./project`` in a lock, ``file:///…`` in a prefix."""
    return url.startswith(("./", "../", "file:")) and not url.partition("#")[0].endswith(_ARCHIVES)


def number_of_build(build: str) -> int:
    """Return the build number that a build string has: ``py312_0``, ``hab00c5b_1_cpython``; 0 where it has none.

    conda-build writes it behind the hash; a recipe may write anything else.
    """
    return next((int(part) for part in reversed(build.split("_")) if part.isdecimal()), 0)


class PackageSet(Mapping[Key, Package]):
    """The packages of one platform, by (manager, name), in that order."""

    __slots__ = ("_digest", "packages")

    def __init__(self, packages: Mapping[Key, Package] | None = None) -> None:
        self.packages: Mapping[Key, Package] = packages or {}
        self._digest = ""

    @classmethod
    def of(cls, packages: Iterable[Package]) -> PackageSet:
        """Build a set; of two packages with the same key, the later one wins."""
        by_key = {package.key: package for package in packages}
        return cls({key: by_key[key] for key in sorted(by_key)})

    def __getitem__(self, key: Key) -> Package:
        """Return the package with this (manager, name); raises ``KeyError`` if absent."""
        return self.packages[key]

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys in order."""
        return iter(self.packages)

    def __len__(self) -> int:
        """Count the packages."""
        return len(self.packages)

    # Mapping's own look up each key with a call.
    def keys(self) -> KeysView[Key]:
        """Return a view of the keys."""
        return self.packages.keys()

    def values(self) -> ValuesView[Package]:
        """Return a view of the packages."""
        return self.packages.values()

    def items(self) -> ItemsView[Key, Package]:
        """Return a view of keys and packages."""
        return self.packages.items()

    def only(self, manager: Manager) -> PackageSet:
        """Return the packages of one manager."""
        return PackageSet({key: value for key, value in self.packages.items() if key[0] == manager})

    @property
    def digest(self) -> str:
        """Return the sha256 (hex) over the sorted identity lines, each terminated by LF."""
        if not self._digest:
            lines = sorted([f"{package.identity}\n" for package in self.packages.values()])
            import hashlib  # lint reads packages without needing their id

            self._digest = hashlib.sha256("".join(lines).encode()).hexdigest()
        return self._digest

    @property
    def environment_id(self) -> str:
        """Return the short name of :attr:`digest`: ``ls1-`` and its first 12 hex digits."""
        return environment_id(self.digest)


def environment_id(digest: str) -> str:
    """Return the short name of a digest, as a lock records it for each platform."""
    return ID_PREFIX + digest[:ID_DIGITS]
