"""Explains why there is no solution: which lines of the environment file clash, and which change would work.

The solver's own tree shows packages that no entry requests; a user needs to know which line to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import LockChannel
from conda_lockstep.lock.explain import solver_tree
from conda_lockstep.lock.explain.clash import smallest_clash
from conda_lockstep.lock.explain.relax import build_pattern, in_channel, without_version
from conda_lockstep.lock.explain.solver_tree import SolverNode
from conda_lockstep.lock.explain.unmet import unmet
from conda_lockstep.lock.model.virtual_packages import VirtualPackage
from conda_lockstep.lock.solve.index import RecordIndex, look_up
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.lock.solve.solve import Request, Solver, UnsolvableError
from conda_lockstep.text.listing import listed

TRIED = 4
"""The maximum number of changes of one kind that are tried."""
SHOWN = 2
"""The number of working changes that are shown."""
_LATE = "after the cutoff date"
_ANY_DRIVER = VirtualPackage("__cuda", "99.9")


async def explain(solver: Solver, request: Request, text: str) -> LockstepError:
    """Return the error for a ``request`` without a solution; ``text`` is the solver's message."""
    if missing := await unmet(solver, request):
        each = [f"{reason.requested.where}: {reason.what}; {reason.remedy}" for reason in missing]
        more = f" (and {len(missing) - 1} more, above)" if len(missing) > 1 else ""
        first = missing[0]
        return LockstepError(
            f"{first.what}{more}",
            where=first.requested.where,
            remedy=first.remedy,
            detail=tuple(each) if more else (),
        )
    clash = await smallest_clash(solver, request)
    try:
        await solver.records(replace(request, specs=clash))
    except UnsolvableError as error:
        text = str(error)
    tree = solver_tree.parse(text)
    leaves = {node.name for root in tree for node in root.walk() if node.kind in ("absent", "excluded")}
    index = await look_up(solver, request, (name for name in leaves if not name.startswith("__")))
    return LockstepError(
        _headline(clash, request),
        where=clash[0].where,
        remedy=await _remedy(solver, request, clash, tree),
        detail=tuple(solver_tree.render(tree, _Faults(clash, request, index).of)),
    )


@dataclass(frozen=True, slots=True)
class _Faults:
    """Explains to the user why a leaf of the solver's tree cannot be installed."""

    clash: Sequence[RequestedSpec]
    request: Request
    index: RecordIndex

    def of(self, node: SolverNode) -> str:
        if node.kind == "excluded":
            return self._excluded(node)
        if node.kind == "clash":
            return "which conflicts with the lines above"
        if node.name.startswith("__"):
            fact = next((fact for fact in self.request.machine if fact.name == node.name), None)
            return f"but the machine has {fact}" if fact else "which the machine is assumed not to have"
        culprit = next((entry for entry in self.clash if entry.name == node.name), None)
        if culprit:
            return f"which '{culprit.text}' (line {culprit.where.line}) rules out"
        held = self.index.of(node.name)
        if node.kind == "forbidden":
            return "which the lines above exclude"
        if not held:
            return "which is in no channel of the file"
        channel, records = next(iter(held.items()))
        versions = sorted({record.version for record in records})
        shown = f"{versions[0]} … {versions[-1]}" if len(versions) > 1 else str(versions[0])
        return f"but {channel.name} has {shown}"

    def _excluded(self, node: SolverNode) -> str:
        if _LATE in node.why:
            return "published after the requested date"
        for name, url in solver_tree.passed_over([node]):
            later = _channel(url, self.request)
            first = next((channel.name for channel in self.index.of(name)), "")
            where = later.name if later else url
            return f"passed over: in {where}, while {first or 'another'} comes first and has {name}, too"
        return "not in the requested channel"


def _channel(url: str, request: Request) -> LockChannel | None:
    found = (channel for channel in request.sources if url.startswith((channel.source, channel.url)))
    return next(found, None)


def _headline(clash: tuple[RequestedSpec, ...], request: Request) -> str:
    first, *others = clash
    if not others:
        return f"'{first.text}' cannot be installed on {request.platform}"
    with_lines = [f"'{entry.text}' (line {entry.where.line})" for entry in others]
    return (
        f"'{first.text}' cannot be installed together with {listed(with_lines, 'and')} on {request.platform}"
    )


async def _remedy(
    solver: Solver, request: Request, clash: Sequence[RequestedSpec], tree: Sequence[SolverNode]
) -> str:
    """Return the remedy: a change that was tried and gives the whole file a solution."""
    if any(_LATE in node.why for root in tree for node in root.walk()):
        return "pass a later --exclude-newer or a shorter --min-age, or request an older version"
    named = {node.name for root in tree for node in root.walk()}
    if "__cuda" in named and await _is_solved_by(solver, request, _ANY_DRIVER):
        cuda = next((fact.version for fact in request.machine if fact.name == "__cuda"), "")
        if cuda:
            return f"the driver is assumed to support CUDA {cuda}: change --cuda or the requested version"
        return "pass the CUDA that the machine's driver supports: --cuda 12.4"
    if works := await _what_works(solver, request, clash, tree):
        return f"what works: {listed(works[:SHOWN], 'or')}"
    alone = replace(request, specs=tuple(clash))
    if len(clash) < len(request.specs) and (works := await _what_works(solver, alone, clash, tree)):
        return f"other lines clash, too; a first step: {listed(works[:SHOWN], 'or')}"
    if virtual_packages := [fact for fact in request.machine if fact.name in named]:
        return f"the machine is assumed to have {listed(list(map(str, virtual_packages)), 'and')}"
    return "change or remove them" if len(clash) > 1 else "change it, or remove it"


async def _is_solved_by(solver: Solver, request: Request, fact: VirtualPackage) -> bool:
    machine = (*(each for each in request.machine if each.name != fact.name), fact)
    try:
        await solver.records(replace(request, machine=machine))
    except UnsolvableError:
        return False
    return True


async def _what_works(
    solver: Solver, request: Request, clash: Sequence[RequestedSpec], tree: Sequence[SolverNode]
) -> list[str]:
    """Return changes of one line each that give the whole file a solution, of the mildest kind that works."""
    found = []
    for entry in clash[:TRIED]:
        loose = without_version(entry)
        if loose and (version := await _version_with(solver, request, entry, loose)):
            found.append(f"'{_pinned(entry, version)}' (line {entry.where.line})")
    if found:
        return found
    for name, url in list(dict.fromkeys(solver_tree.passed_over(tree)))[:TRIED]:
        channel = _channel(url, request)
        own = next((entry for entry in request.specs if entry.name == name), None)
        if channel is None or (own and own.channel):
            continue
        moved = in_channel(own, name, channel, request.specs[0].where)
        if await _version_with(solver, request, own, moved):
            found.append(f"'{moved.text}'" + (f" (line {own.where.line})" if own else " as a new line"))
    if found:
        return found
    return [
        f"leaving out '{entry.text}' (line {entry.where.line})"
        for entry in clash[:TRIED]
        if len(request.specs) > 1 and await _version_with(solver, request, entry, None) is not None
    ]


async def _version_with(
    solver: Solver, request: Request, old: RequestedSpec | None, new: RequestedSpec | None
) -> str | None:
    """Return the version of a package if its entry replaces another, ``""`` if none replaces it.

    None if there is still no solution.
    """
    specs = tuple(entry for entry in request.specs if entry is not old) + ((new,) if new else ())
    try:
        records = await solver.records(replace(request, specs=specs))
    except UnsolvableError:
        return None
    return next((str(record.version) for record in records if new and record.name.normalized == new.name), "")


def _pinned(entry: RequestedSpec, version: str) -> str:
    build = build_pattern(entry)
    minor = ".".join(version.split(".")[:2])
    channel = f"{entry.channel.name}::" if entry.channel else ""
    return f"{channel}{entry.name}={minor}" + (f".*={build}" if build else "")
