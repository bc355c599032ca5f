"""Finds the nodes that differ from the others: compares their snapshots with a lock, or with the majority."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.drift.compare.compare import compare_platform
from conda_lockstep.drift.compare.machine_diff import compared_values
from conda_lockstep.drift.compare.operands import Operand, from_snapshot
from conda_lockstep.drift.compare.verify import failures
from conda_lockstep.drift.report import Comparison, Report
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot import snapshot_json as document
from conda_lockstep.snapshot.model import Snapshot
from conda_lockstep.text.bounded_text import read_text

_SHOWN = 8
"""The number of nodes of a group that are named."""


class FleetNode(NamedTuple):
    """A node, named after the file of its snapshot."""

    name: str
    snapshot: Snapshot


class _Group(NamedTuple):
    """Nodes that are equal in everything that is compared."""

    nodes: tuple[FleetNode, ...]

    @property
    def platform(self) -> str:
        return self.nodes[0].snapshot.installed.platform

    @property
    def source(self) -> Operand:
        return from_snapshot(self.nodes[0].snapshot, _named(self.nodes))


def read_nodes(paths: Iterable[Path]) -> tuple[list[FleetNode], list[LockstepError]]:
    """Read snapshots, or every ``*.json`` of a folder; return the nodes, and an error for each other file.

    A node is named after its file, or by the file's path if two files have one name.
    """
    files: list[Path] = []
    failed: list[LockstepError] = []
    for path in paths:
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            remedy = "on each node, run: lockstep snapshot --output FOLDER/NODE.json"
            failed.append(LockstepError("contains no snapshots", where=str(path), remedy=remedy))
        files += found
    files = list(dict.fromkeys(files))
    stems = [file.stem for file in files]
    nodes = []
    for file in files:
        name = file.stem if stems.count(file.stem) == 1 else str(file)
        try:
            nodes.append(FleetNode(name, document.loads(read_text(file), str(file))))
        except LockstepError as error:
            failed.append(error)
    return sorted(nodes, key=lambda node: _natural(node.name)), failed


def compare_fleet(nodes: Sequence[FleetNode], lock: Operand | None = None) -> Report:
    """Compare nodes with a lock, and their machines with the majority; without a lock, compare both with the majority.

    Equal nodes are compared once. Raises ``LockstepError`` if there are no nodes, or if the lock lacks a node's
    platform.
    """
    if not nodes:
        raise LockstepError(
            "no snapshots given", remedy="pass the snapshots, or the folder that contains them"
        )
    comparisons: list[Comparison] = []
    notes: list[str] = []
    groups = _groups(nodes)
    for platform in sorted({group.platform for group in groups}):
        here = [group for group in groups if group.platform == platform]
        compared = [_compared(group, here[0], lock) for group in here]
        # A difference in metadata alone, or in files that hide nothing, does not count.
        odd = [each for each in compared if failures(Report((each,)))]
        comparisons += odd or compared[:1]
        notes += _summary(here, compared, odd, platform, with_lock=lock is not None)
    return Report(tuple(comparisons), notes=tuple(notes))


def _groups(nodes: Iterable[FleetNode]) -> list[_Group]:
    """Group equal nodes, the largest group first."""
    groups: dict[object, list[FleetNode]] = {}
    for node in nodes:
        installed, machine = node.snapshot
        state = (
            installed.platform, installed.packages.environment_id, installed.inconsistencies, installed.unowned_files,
            tuple(compared_values(machine).items()), _origins(installed.packages),
        )  # fmt: skip
        groups.setdefault(state, []).append(node)
    return sorted(
        (_Group(tuple(members)) for members in groups.values()), key=lambda group: -len(group.nodes)
    )


def _origins(packages: PackageSet) -> tuple[str, ...]:
    """Return where packages without a hash came from: the environment id does not have the folder of a project."""
    return tuple(f"{each.name} {each.url}" for each in packages.values() if each.url and not each.sha256)


def _compared(group: _Group, majority: _Group, lock: Operand | None) -> Comparison:
    if lock and group.platform not in lock.platforms:
        what = f"has no packages for {group.platform}, the platform of {_named(group.nodes)}"
        raise LockstepError(what, where=lock.label, remedy=f"run: lockstep lock --platform {group.platform}")
    wanted = (lock or majority.source)._replace(machine=majority.source.machine)
    return compare_platform(wanted, group.source, group.platform, name=_named(group.nodes))


def _summary(
    groups: Sequence[_Group],
    compared: Sequence[Comparison],
    odd: Sequence[Comparison],
    platform: str,
    *,
    with_lock: bool,
) -> Iterator[str]:
    total = sum(len(group.nodes) for group in groups)
    differing = [
        node for group, each in zip(groups, compared, strict=True) if each in odd for node in group.nodes
    ]
    if not differing:
        yield f"{platform}: {_count(total)}, no differences"
        return
    names = ", ".join(node.name for node in sorted(differing, key=lambda node: _natural(node.name)))
    yield f"{platform}: {len(differing)} of {_count(total)} differ{'s' if len(differing) == 1 else ''}: {names}"
    if rivals := _rivals(groups, machines_only=with_lock):
        yield f"{platform}: no majority; compared with {_named(rivals[0].nodes)}"


def _rivals(groups: Sequence[_Group], *, machines_only: bool) -> Sequence[_Group]:
    """Return the largest groups if several have the same size and differ in what the majority decides."""
    largest = [group for group in groups if len(group.nodes) == len(groups[0].nodes)]
    machines = {tuple(compared_values(group.nodes[0].snapshot.machine).items()) for group in largest}
    return largest if len(machines if machines_only else largest) > 1 else ()


def _named(nodes: Sequence[FleetNode]) -> str:
    shown = [node.name for node in nodes[:_SHOWN]]
    more = len(nodes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _count(number: int) -> str:
    return f"{number} node{'' if number == 1 else 's'}"


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key that puts ``node9`` before ``node17``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
