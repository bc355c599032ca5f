"""Rules about exported environments, which list one machine's packages instead of the requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.entries import CondaEntry, Entries, rewrite
from conda_lockstep.lint.engine.registry import Fix, Problem, rule

_HASHED = r"(?:.*(?<!py))?h[0-9a-f]{7}_\d+"
"""A build string with a hash of its dependencies; ``pyh…`` belongs to noarch packages, which run everywhere."""

_INSTALLED_WITH_PYTHON = frozenset(
    "_libgcc_mutex _openmp_mutex bzip2 ca-certificates certifi ld_impl_linux-64 libffi libgcc-ng libgomp libstdcxx-ng "
    "ncurses openssl python_abi readline sqlite tk xz zlib".split()
)
"""Packages that are installed with Python as its dependencies."""


@rule("build-hash-pin", "warning", requires=("build",))
def build_hash_pin(entries: Entries, config: Config) -> Iterator[Problem]:
    """A build such as ``py39h1234567_0`` exists on one platform only, and often in one channel only."""
    for entry in entries.having("build"):
        spec = entry.spec
        if spec.url or not re.fullmatch(_HASHED, spec.build):
            continue
        yield Problem(
            entry.at(spec.build_at),
            f"'{entry.item.value}' pins a build that exists on one platform only",
            f"write '{spec.name}=={spec.clauses[0].version}', and let the lock record the build"
            if len(spec.clauses) == 1 and spec.clauses[0].version != "*"
            else "let the lock record the build",
            _without_build(entry),
        )


@rule("full-export", "warning", supersedes=("build-hash-pin", "stray-pip"), requires=("exact",))
def full_export(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file is a full ``conda env export``: one machine's packages, which no other platform can install."""
    pinned = [entry for entry in entries.having("exact") if entry.spec.is_exact]
    built = [entry for entry in pinned if entry.spec.build and "*" not in entry.spec.build]
    brought = sum(entry.spec.name in _INSTALLED_WITH_PYTHON for entry in pinned)
    if brought < 4 or len(pinned) < 20 or len(pinned) < 0.8 * len(entries.conda):
        return
    with_builds = len(built) > len(pinned) / 2
    yield Problem(
        entries.file.dependencies_span,
        f"{len(pinned)} of {len(entries.conda)} conda packages are pinned to one version"
        f"{' and one build' if with_builds else ''}, including dependencies of Python: this is an exported environment",
        "keep the packages that the code imports, and record the rest with 'lockstep lock'",
    )


def _without_build(entry: CondaEntry) -> Fix | None:
    spec = entry.spec
    if len(spec.clauses) != 1 or spec.brackets or not spec.is_exact:
        return None
    start = spec.name_at[1]
    edit = rewrite(entry.item, (start, spec.build_at[1]), f"=={spec.clauses[0].version}")
    return Fix(f"remove the build of '{spec.name}' and keep the version", (edit,), "unsafe") if edit else None
