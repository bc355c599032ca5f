"""Which of many nodes are not like the others, and in what: snapshots against a lock, or against most of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.drift.compare.compare import compare_platform
from conda_lockstep.drift.compare.machine_diff import facts
from conda_lockstep.drift.compare.operands import Operand, from_snapshot
from conda_lockstep.drift.compare.verify import failures
from conda_lockstep.drift.report import Comparison, Report
from conda_lockstep.errors import LockstepError
from conda_lockstep.snapshot import snapshot_json as document
from conda_lockstep.snapshot.model import Snapshot
from conda_lockstep.text.bounded_text import read_text

_SHOWN = 8
"""How many nodes are named of a group in which there are more."""


class FleetNode(NamedTuple):
    """A node by the name that its snapshot goes by."""

    name: str
    snapshot: Snapshot


class _Group(NamedTuple):
    """Nodes that are alike in all that is compared."""

    nodes: tuple[FleetNode, ...]

    @property
    def platform(self) -> str:
        return self.nodes[0].snapshot.installed.platform

    @property
    def source(self) -> Operand:
        return from_snapshot(self.nodes[0].snapshot, _named(self.nodes))


def read_nodes(paths: Iterable[Path]) -> tuple[list[FleetNode], list[LockstepError]]:
    """Read snapshots, those of a folder by all its ``*.json``; the errors are of those that are none.

    A node is called what its file is called, and by its path where two files have one name.
    """
    files: list[Path] = []
    failed: list[LockstepError] = []
    for path in paths:
        found = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not found:
            remedy = "write them there with 'lockstep snapshot --output FOLDER/NODE.json'"
            failed.append(LockstepError("holds no snapshot", where=str(path), remedy=remedy))
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
    """Compare nodes with a lock, and their machines with most of them; without a lock, all with most of them.

    Nodes that are alike are compared once. Raises ``LockstepError`` where there are none, and where a lock has nothing
    for one's platform.
    """
    if not nodes:
        raise LockstepError("no node is named", remedy="name the snapshots, or the folder that they are in")
    comparisons: list[Comparison] = []
    notes: list[str] = []
    groups = _groups(nodes)
    for platform in sorted({group.platform for group in groups}):
        here = [group for group in groups if group.platform == platform]
        compared = [_compared(group, here[0], lock) for group in here]
        # What differs in metadata alone, or in what hides nothing, is as good as what does not.
        odd = [each for each in compared if failures(Report((each,)))]
        comparisons += odd or compared[:1]
        notes += _summary(here, compared, odd, platform, with_lock=lock is not None)
    return Report(tuple(comparisons), notes=tuple(notes))


def _groups(nodes: Iterable[FleetNode]) -> list[_Group]:
    """Put nodes that are alike together, the largest group first."""
    groups: dict[object, list[FleetNode]] = {}
    for node in nodes:
        installed, machine = node.snapshot
        alike = (
            installed.platform, installed.packages.environment_id, installed.damages, installed.strays,
            tuple(facts(machine).items()),
        )  # fmt: skip
        groups.setdefault(alike, []).append(node)
    return sorted(
        (_Group(tuple(members)) for members in groups.values()), key=lambda group: -len(group.nodes)
    )


def _compared(group: _Group, most: _Group, lock: Operand | None) -> Comparison:
    if lock and group.platform not in lock.platforms:
        what = f"has nothing for {group.platform}, which {_named(group.nodes)} need"
        raise LockstepError(what, where=lock.label)
    wanted = (lock or most.source)._replace(machine=most.source.machine)
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
    strange = [
        node for group, each in zip(groups, compared, strict=True) if each in odd for node in group.nodes
    ]
    if not strange:
        yield f"{platform}: {_count(total)}, all as they should be"
        return
    names = ", ".join(node.name for node in sorted(strange, key=lambda node: _natural(node.name)))
    yield f"{platform}: {len(strange)} of {_count(total)} not like the others: {names}"
    if rivals := _rivals(groups, machines_only=with_lock):
        yield f"{platform}: no state is most nodes' own; {_named(rivals[0].nodes)} stood for it"


def _rivals(groups: Sequence[_Group], *, machines_only: bool) -> Sequence[_Group]:
    """Return the largest groups where there are several as large, which differ in what most nodes decide."""
    largest = [group for group in groups if len(group.nodes) == len(groups[0].nodes)]
    machines = {tuple(facts(group.nodes[0].snapshot.machine).items()) for group in largest}
    return largest if len(machines if machines_only else largest) > 1 else ()


def _named(nodes: Sequence[FleetNode]) -> str:
    shown = [node.name for node in nodes[:_SHOWN]]
    more = len(nodes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _count(number: int) -> str:
    return f"{number} node{'' if number == 1 else 's'}"


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which ``node9`` comes before ``node17``."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
