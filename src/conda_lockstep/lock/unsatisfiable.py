"""Why there is no solution: which lines of the environment file clash, and what the solver says of just those.

The solver's own tree names packages that nobody asked for; a reader wants to know which of their lines to change.
"""

from __future__ import annotations

import difflib
import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rattler import MatchSpec, RepoDataRecord, Subdir, Version

from conda_lockstep.environment.names import conda_names
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels import DEFAULTS, Channel
from conda_lockstep.lock.solve import Request, Solver, UnsolvableError
from conda_lockstep.lock.wanted import Wanted

SEARCH_SECONDS = 30.0
"""How long to look for the smallest clash; after that the smallest one so far is shown."""
SHOWN_LINES = 20
SHOWN_VERSIONS = 5


async def explain(solver: Solver, request: Request, text: str) -> LockstepError:
    """Return what to tell the user where ``request`` has no solution; ``text`` is what the solver said of it."""
    missing = await _Candidates(solver, request).reasons()
    if missing:
        detail = (
            tuple(f"{reason.wanted.where}: {reason.what}; {reason.remedy}" for reason in missing)
            if len(missing) > 1
            else ()
        )
        more = f" (and {len(missing) - 1} more, above)" if detail else ""
        return LockstepError(
            f"{missing[0].what}{more}", where=missing[0].wanted.where, remedy=missing[0].remedy, detail=detail
        )
    clash = await _Search(solver, request).smallest()
    try:
        await solver.records(replace(request, wanted=clash))
    except UnsolvableError as error:
        text = str(error)
    return LockstepError(
        _headline(clash, request),
        where=clash[0].where,
        remedy=_remedy(text, request),
        detail=tuple(_tidy(text, clash, request)),
    )


@dataclass(frozen=True, slots=True)
class _Reason:
    wanted: Wanted
    what: str
    remedy: str


class _Candidates:
    """Looks at each entry alone: is there a package of that name, and one that fits?"""

    def __init__(self, solver: Solver, request: Request) -> None:
        self.solver = solver
        self.request = request
        self.subdirs = [Subdir(request.platform), Subdir("noarch")]
        self.sources = [channel.fetch_url for channel in request.sources]

    async def reasons(self) -> list[_Reason]:
        """Return why entries cannot be met whatever the others ask, in the file's order."""
        records = await self._records()
        found = []
        for wanted in self.request.wanted:
            named = records.get(wanted.name, {})
            if not named:
                found.append(await self._unknown(wanted))
            elif reason := self._no_fit(wanted, named):
                found.append(reason)
        return found

    async def _records(self) -> Mapping[str, Mapping[Channel, list[RepoDataRecord]]]:
        """Return the records of each wanted name by channel, in order of priority."""
        names = sorted({wanted.name for wanted in self.request.wanted})
        found: dict[str, dict[Channel, list[RepoDataRecord]]] = {}
        for channel in self.request.sources:
            result = await self.solver.gateway.query(
                [channel.fetch_url],
                self.subdirs,
                names,
                recursive=False,
                channel_relations="disabled",
            )
            for record in (record for records in result for record in records):
                found.setdefault(record.name.normalized, {}).setdefault(channel, []).append(record)
        return found

    async def _unknown(self, wanted: Wanted) -> _Reason:
        channels = _listed([channel.name for channel in self.request.sources], "or")
        what = f"no package '{wanted.name}' for {self.request.platform} in {channels}"
        known = await self.solver.gateway.names(self.sources, self.subdirs)
        names = {name.normalized for name in known}
        other = [name for name in conda_names(wanted.name.replace("_", "-")) if name in names]
        close = other or difflib.get_close_matches(wanted.name, names, n=1, cutoff=0.75)
        if close:
            return _Reason(wanted, what, f"did you mean '{close[0]}'?")
        if not {"conda-forge", DEFAULTS[0]} & {channel.name for channel in self.request.sources}:
            return _Reason(wanted, what, "add conda-forge to the channels")
        return _Reason(wanted, what, "check its name, or add the channel that has it")

    def _no_fit(self, wanted: Wanted, named: Mapping[Channel, Sequence[RepoDataRecord]]) -> _Reason | None:
        if wanted.channel:
            named = {channel: records for channel, records in named.items() if channel == wanted.channel}
            if not named:
                what = f"'{wanted.text}': {wanted.channel.name} has no '{wanted.name}' for {self.request.platform}"
                return _Reason(wanted, what, "name another channel")
        spec = wanted.fetch_spec
        if any(spec.matches(record) for records in named.values() for record in records):
            return None
        channel, records = next(iter(named.items()))
        return self._no_version(wanted, records, channel)

    def _no_version(self, wanted: Wanted, records: Sequence[RepoDataRecord], channel: Channel) -> _Reason:
        version = wanted.fetch_spec.version
        by_version = MatchSpec(f'{wanted.name}[version="{version}"]' if version else wanted.name)
        builds = {str(record.build) for record in records if by_version.matches(record)}
        if builds:
            what = f"no build fits '{wanted.text}'; {channel.name} has {_some(sorted(builds, reverse=True))}"
            return _Reason(wanted, what, "choose one of them, or leave the build out")
        versions = sorted({record.version for record in records})
        what = f"no version fits '{wanted.text}'; {channel.name} has {_near(version or '', versions)}"
        return _Reason(
            wanted, f"{what} for {self.request.platform}", "choose one, or add the channel that has it"
        )


class _Search:
    """QuickXplain (Junker 2004): a smallest set of entries that has no solution, in few solves."""

    def __init__(self, solver: Solver, request: Request) -> None:
        self.solver = solver
        self.request = request
        self.until = time.monotonic() + SEARCH_SECONDS

    async def smallest(self) -> tuple[Wanted, ...]:
        found = await self._within((), False, self.request.wanted)
        chosen = set(found)
        return tuple(entry for entry in self.request.wanted if entry in chosen)

    async def _within(
        self, kept: tuple[Wanted, ...], grown: bool, left: tuple[Wanted, ...]
    ) -> tuple[Wanted, ...]:
        if grown and not await self._has_solution(kept):
            return ()
        if len(left) == 1 or time.monotonic() > self.until:
            return left
        middle = len(left) // 2
        first, second = left[:middle], left[middle:]
        from_second = await self._within((*kept, *first), bool(first), second)
        from_first = await self._within((*kept, *from_second), bool(from_second), first)
        return (*from_first, *from_second)

    async def _has_solution(self, entries: tuple[Wanted, ...]) -> bool:
        try:
            await self.solver.records(replace(self.request, wanted=entries))
        except UnsolvableError:
            return False
        return True


def _headline(clash: tuple[Wanted, ...], request: Request) -> str:
    first, *others = clash
    if not others:
        return f"'{first.text}' cannot be installed on {request.platform}"
    with_lines = [f"'{entry.text}' (line {entry.where.line})" for entry in others]
    return (
        f"'{first.text}' cannot be installed together with {_listed(with_lines, 'and')} on {request.platform}"
    )


def _remedy(text: str, request: Request) -> str:
    cuda = next((fact.version for fact in request.machine if fact.name == "__cuda"), "")
    if "__cuda" in text:
        if cuda:
            return f"the driver is taken to support CUDA {cuda}: change --cuda or the version asked for"
        return "say which CUDA the machine's driver supports: --cuda 12.4"
    asked = [fact for fact in request.machine if f"{fact.name} " in text]
    if asked:
        return f"the machine is taken to have {_listed(list(map(str, asked)), 'and')}"
    return "change or drop one of them" if len(request.wanted) > 1 else "change it"


def _tidy(text: str, clash: Sequence[Wanted], request: Request) -> Iterator[str]:
    """Yield the solver's tree in the user's terms: their lines and channels, and not too much of it."""
    for channel in request.sources:
        text = text.replace(f"{channel.fetch_url}/", channel.name).replace(channel.fetch_url, channel.name)
    text = text.removeprefix("Cannot solve the request because of: ")
    text = re.sub(
        r"is excluded because due to strict channel priority not using this option from: '([^']*)'",
        r"is in \1, which comes after the channel that has the name first",
        text,
    )
    text = text.replace(
        "is excluded because candidate not in requested channel:", "is not in the channel asked for:"
    )
    lines = [_with_culprit(line.rstrip(), clash) for line in text.splitlines() if line.strip()]
    yield from lines[:SHOWN_LINES]
    if len(lines) > SHOWN_LINES:
        yield f"… and {len(lines) - SHOWN_LINES} lines more"


def _with_culprit(line: str, clash: Sequence[Wanted]) -> str:
    """Say which of the user's lines rules a dependency out, where the solver only says that nothing is left."""
    match = re.search(r"([A-Za-z0-9_.-]+) [^─]*, for which no candidates were found\.?$", line)
    if match is None:
        return line
    culprit = next((entry for entry in clash if entry.name == match[1]), None)
    reason = f"which '{culprit.text}' (line {culprit.where.line}) rules out" if culprit else ""
    if match[1].startswith("__"):
        reason = "which the machine is not taken to have"
    return line.replace("for which no candidates were found", reason) if reason else line


def _near(wanted: str, versions: Sequence[Version]) -> str:
    """Name the versions around the one that was asked for, and how many there are."""
    if len(versions) <= SHOWN_VERSIONS:
        return _listed(list(map(str, versions)), "and")
    asked = re.search(r"\d[\w.!+]*", wanted)
    at = bisect_left(versions, Version(asked[0].rstrip("."))) if asked else len(versions)
    first = max(0, min(at - SHOWN_VERSIONS // 2, len(versions) - SHOWN_VERSIONS))
    shown = ", ".join(map(str, versions[first : first + SHOWN_VERSIONS]))
    return f"{shown} ({len(versions)} versions from {versions[0]} to {versions[-1]})"


def _some(items: Sequence[str]) -> str:
    shown = list(items[:SHOWN_VERSIONS])
    rest = len(items) - len(shown)
    return _listed(shown, "and") if not rest else f"{', '.join(shown)} and {rest} more"


def _listed(items: Sequence[str], word: str) -> str:
    return f"{', '.join(items[:-1])} {word} {items[-1]}" if len(items) > 1 else "".join(items)
