"""The reason why a version of a package is not available: what another package needs, and which entry requests it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rattler import Version
from rattler.exceptions import InvalidVersionError

from conda_lockstep.lock.explain import solver_tree
from conda_lockstep.lock.explain.clash import smallest_clash
from conda_lockstep.lock.explain.solver_tree import SolverNode
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError

_NO_REASON = "it cannot be installed on such a machine"


async def reason(solver: Solver, request: Request, pin: RequestedSpec) -> str:
    """Return why a request that pins one version has no solution: ``scipy 1.17.0 (line 6) needs numpy <2.3``.

    The newest version of each package in the conflict gives the reason, as older ones only have more of them. Empty
    where there is a solution after all.
    """
    clash = await smallest_clash(solver, request)
    try:
        await solver.records(replace(request, specs=clash))
    except UnsolvableError as error:
        tree = solver_tree.parse(str(error))
    else:
        return ""
    mine = next(_needs(tree, pin.name), "")
    others = [entry for entry in clash if entry.name != pin.name]
    theirs = [_of_entry(tree, entry, pin.name) for entry in others]
    if not theirs:
        return f"it needs {mine}" if mine else next(_absent(tree), _NO_REASON)
    clause = " and ".join(theirs)
    is_direct = any(f" needs {pin.name} " in each for each in theirs)
    return clause if is_direct or not mine else f"it needs {mine}, but {clause}"


def _of_entry(tree: Sequence[SolverNode], entry: RequestedSpec, about: str) -> str:
    """Return what the newest version of an entry's package needs, with the line of the entry."""
    newest = _newest(_choices(tree, entry.name))
    if newest is None:
        return f"{entry.name} (line {entry.where.line}) does not go with it"
    version, node = newest
    need = _need(node, about)
    what = f"{entry.name} {version} (line {entry.where.line})"
    return f"{what} needs {need}" if need else f"{what} does not go with it"


def _needs(tree: Sequence[SolverNode], name: str) -> Iterator[str]:
    newest = _newest(_choices(tree, name))
    if newest and (need := _need(newest[1], "")):
        yield need


def _choices(tree: Iterable[SolverNode], name: str) -> Iterator[SolverNode]:
    for root in tree:
        yield from (node for node in root.walk() if node.name == name and node.kind in ("choice", "bound"))


def _newest(nodes: Iterable[SolverNode]) -> tuple[str, SolverNode] | None:
    found = [(_newest_of(node), node) for node in nodes]
    known = [(version, node) for version, node in found if version is not None]
    if not known:
        return None
    version, node = max(known, key=lambda pair: pair[0])
    return str(version), node


def _newest_of(node: SolverNode) -> Version | None:
    versions = []
    for text in node.what:
        try:
            versions.append(Version(text.partition(" ")[0]))
        except InvalidVersionError:
            continue
    return max(versions, default=None)


def _need(node: SolverNode, about: str) -> str:
    """Return a requirement of a package in a conflict: the one about a package if it has one, else the first."""
    children = [child for child in node.children if child.kind != "possible"]
    child = next((child for child in children if child.name == about), None)
    child = child or next(iter(children), None)
    if child is None:
        return ""
    # Where the tree merges the needs of several builds, the newest of them is that of the newest build.
    newest = max(map(solver_tree.shortened, child.what), key=solver_tree.natural, default="")
    text = f"{child.name} {newest}".rstrip()
    # What people know of a Python's ABI is the Python.
    abi = re.fullmatch(r"python_abi (\d+\.\d+)\.\*.*", text)
    return f"python {abi[1]}.*" if abi else text


def _absent(tree: Iterable[SolverNode]) -> Iterator[str]:
    for root in tree:
        for node in root.walk():
            if node.kind in ("absent", "forbidden"):
                yield f"it needs {node.name} {' or '.join(node.what)}".rstrip()
