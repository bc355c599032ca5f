"""Why there is no solution: which lines of the environment file clash, and what would do instead.

The solver's own tree names packages that nobody asked for; a reader wants to know which of their lines to change.
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
"""How many changes of one kind are tried, at most, to tell the reader of one that works."""
SHOWN = 2
"""How many of the changes that work are told."""
_LATE = "after the cutoff date"
_ANY_DRIVER = VirtualPackage("__cuda", "99.9")


async def explain(solver: Solver, request: Request, text: str) -> LockstepError:
    """Return what to tell the user where ``request`` has no solution; ``text`` is what the solver said of it."""
    if missing := await unmet(solver, request):
        each = [f"{reason.wanted.where}: {reason.what}; {reason.remedy}" for reason in missing]
        more = f" (and {len(missing) - 1} more, above)" if len(missing) > 1 else ""
        first = missing[0]
        return LockstepError(
            f"{first.what}{more}",
            where=first.wanted.where,
            remedy=first.remedy,
            detail=tuple(each) if more else (),
        )
    clash = await smallest_clash(solver, request)
    try:
        await solver.records(replace(request, wanted=clash))
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
    """Says in the user's terms why a leaf of the solver's tree is none."""

    clash: Sequence[RequestedSpec]
    request: Request
    index: RecordIndex

    def of(self, node: SolverNode) -> str:
        if node.kind == "excluded":
            return self._excluded(node)
        if node.kind == "clash":
            return "which does not go with what is above"
        if node.name.startswith("__"):
            fact = next((fact for fact in self.request.machine if fact.name == node.name), None)
            return f"but the machine has {fact}" if fact else "which the machine is not taken to have"
        culprit = next((entry for entry in self.clash if entry.name == node.name), None)
        if culprit:
            return f"which '{culprit.text}' (line {culprit.where.line}) rules out"
        held = self.index.of(node.name)
        if node.kind == "forbidden":
            return "which what is above rules out"
        if not held:
            return "which no channel of the file has"
        channel, records = next(iter(held.items()))
        versions = sorted({record.version for record in records})
        shown = f"{versions[0]} … {versions[-1]}" if len(versions) > 1 else str(versions[0])
        return f"but {channel.name} has {shown}"

    def _excluded(self, node: SolverNode) -> str:
        if _LATE in node.why:
            return "published after the moment that is asked for"
        for name, url in solver_tree.passed_over([node]):
            later = _channel(url, self.request)
            first = next((channel.name for channel in self.index.of(name)), "")
            where = later.name if later else url
            return f"passed over: in {where}, while {first or 'another'} comes first and has {name}, too"
        return "not in the channel that is asked for"


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
    """Say what to do: a change that was tried, and with which the whole file has a solution."""
    if any(_LATE in node.why for root in tree for node in root.walk()):
        return "give a later --exclude-newer or a shorter --min-age, or ask for an older one"
    asked = {node.name for root in tree for node in root.walk()}
    if "__cuda" in asked and await _is_solved_by(solver, request, _ANY_DRIVER):
        cuda = next((fact.version for fact in request.machine if fact.name == "__cuda"), "")
        if cuda:
            return f"the driver is taken to support CUDA {cuda}: change --cuda or the version asked for"
        return "say which CUDA the machine's driver supports: --cuda 12.4"
    if works := await _what_works(solver, request, clash, tree):
        return f"what works: {listed(works[:SHOWN], 'or')}"
    alone = replace(request, wanted=tuple(clash))
    if len(clash) < len(request.wanted) and (works := await _what_works(solver, alone, clash, tree)):
        return f"more lines clash behind this; a beginning: {listed(works[:SHOWN], 'or')}"
    if facts := [fact for fact in request.machine if fact.name in asked]:
        return f"the machine is taken to have {listed(list(map(str, facts)), 'and')}"
    return "change or drop them" if len(clash) > 1 else "change it, or drop it"


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
    """Return changes of one line each with which the whole file has a solution: the mildest kind that there is."""
    found = []
    for entry in clash[:TRIED]:
        loose = without_version(entry)
        if loose and (version := await _version_with(solver, request, entry, loose)):
            found.append(f"'{_pinned(entry, version)}' (line {entry.where.line})")
    if found:
        return found
    for name, url in list(dict.fromkeys(solver_tree.passed_over(tree)))[:TRIED]:
        channel = _channel(url, request)
        own = next((entry for entry in request.wanted if entry.name == name), None)
        if channel is None or (own and own.channel):
            continue
        moved = in_channel(own, name, channel, request.wanted[0].where)
        if await _version_with(solver, request, own, moved):
            found.append(f"'{moved.text}'" + (f" (line {own.where.line})" if own else " as a new line"))
    if found:
        return found
    return [
        f"leaving out '{entry.text}' (line {entry.where.line})"
        for entry in clash[:TRIED]
        if len(request.wanted) > 1 and await _version_with(solver, request, entry, None) is not None
    ]


async def _version_with(
    solver: Solver, request: Request, old: RequestedSpec | None, new: RequestedSpec | None
) -> str | None:
    """Return the version of a package where its entry takes the place of another's, ``""`` where none does.

    None where there is no solution even so.
    """
    wanted = tuple(entry for entry in request.wanted if entry is not old) + ((new,) if new else ())
    try:
        records = await solver.records(replace(request, wanted=wanted))
    except UnsolvableError:
        return None
    return next((str(record.version) for record in records if new and record.name.normalized == new.name), "")


def _pinned(entry: RequestedSpec, version: str) -> str:
    build = build_pattern(entry)
    minor = ".".join(version.split(".")[:2])
    channel = f"{entry.channel.name}::" if entry.channel else ""
    return f"{channel}{entry.name}={minor}" + (f".*={build}" if build else "")
