"""Explains why the pip part cannot be resolved: which entry leads there, and which conda package conflicts with it.

uv tells it as a proof in prose. The reader wants to know where their own line leads; the proof's steps say that.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conda_lockstep.conda import dependencies
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import reason_of_answer, without_credentials
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model.module_clash import ModuleClash
from conda_lockstep.lock.model.owned_projects import Owned
from conda_lockstep.lock.pip.requirements import PipPart, PipRequest
from conda_lockstep.lock.pip.uv import pep440
from conda_lockstep.lock.pip.wheels import WheelTarget
from conda_lockstep.lock.solve.requested_spec import RequestedSpec
from conda_lockstep.packages import Package

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_WITH = r"(?:\[[^\]]*\])?(?:(?:[<>=!~]=?|===)[^\s,]+(?:,(?:[<>=!~]=?|===)[^\s,]+)*)?"
# What the proof concluded before jumps over the steps between.
_NEEDS = re.compile(
    r"(conclude that |know from \(\d+\) that )?"
    rf"(all versions of )?({_NAME})({_WITH}) depends? on (?:one of: )?({_NAME})({_WITH})"
)
_NO_WHEEL = re.compile(rf"({_NAME})\S* ha(?:s|ve) no (usable wheels|wheels with a matching)")
_NOT_FOUND = re.compile(rf"({_NAME}) was not found in the (?:package registry|provided package locations)")
_UNREACHABLE = re.compile(r"Failed to fetch: `?(\S+?)`?(?: |$)")
_FIRST_INDEX = re.compile(rf"`({_NAME})` was found on (\S+), but not at the requested version")
_REFUSED = re.compile(
    r"an index (?:URL )?\((\S+)\) (?:could not be queried due to a lack of valid authentication credentials "
    r"\(([^)]*)\)|returned a (\d+ \w+) error)",
    re.IGNORECASE,
)


class ChainLink(NamedTuple):
    """A link of a chain: ``text`` is the requirement of ``requirer``, such as ``all versions of deep need numpy<2``."""

    requirer: str
    needed: str
    text: str
    versions: str = ""


class ProjectConflict(NamedTuple):
    """An entry, the steps from it to a project, and the conda package that holds the project at another version."""

    entry: PipRequest | None
    steps: tuple[ChainLink, ...]
    held: Owned


def explain(
    stderr: str,
    part: PipPart,
    owned: Mapping[str, Owned],
    opened: Collection[str],
    target: WheelTarget,
    conda: Sequence[Package],
    entries: Sequence[RequestedSpec],
    trust: Trust,
) -> LockstepError:
    """Return the error for uv's failure; ``opened`` are the projects whose metadata is the index's."""
    text = without_credentials(" ".join(stderr.split()))
    if unreachable := _UNREACHABLE.search(text):
        return _unreachable(unreachable[1], text, part)
    message = text.partition("cause: ")[2] or text.partition("error: ")[2] or text
    reason, _, hint = message.partition(" hint: ")
    story = _Story(reason, part, target)
    reason = reason.replace("we can conclude that ", "").rstrip(".")
    for project in sorted(opened):
        is_unknown = f"{project}==" in reason or f"{project} was not found" in reason
        if is_unknown and project not in story.needs and story.takes(owned[project]):
            return _unknown_extra(owned[project], story)
    named = [
        held for project, held in sorted(owned.items()) if f"{project}=={pep440(held.version)}" in reason
    ]
    for held in named:
        if not story.takes(held):
            return clash(ProjectConflict(*story.against(held), held), conda, entries, reason)
    if missing := _NO_WHEEL.search(reason):
        return _no_wheel(missing[1], "usable" in missing[2], hint, story, target)
    if refused := _REFUSED.search(hint):
        return LockstepError(
            f"the index refuses access ({refused[2] or refused[3]})",
            where=refused[1],
            remedy="pass a user and a password for it",
        )
    if missing := _NOT_FOUND.search(reason):
        return story.error(missing[1], "is in no index", "check its name, or add the index that has it")
    if first := _FIRST_INDEX.search(hint):
        remedy = "a name is taken from the first index that has it: use conda's, or write the URL of a file"
        return story.error(first[1], f"is in {first[2]}, where no version fits", remedy)
    for held in named:
        return clash(ProjectConflict(*story.to(held.project), held), conda, entries, reason)
    entry, steps = story.to("python")
    if steps and entry:
        what = f"'{entry.text}' is not available for Python {target.python}: {steps[-1].text}"
        return _error(what, entry, "request another version of it, or of python")
    # A proof has projects and versions only; another message of uv may quote a server's answer.
    because = f": {reason}" if reason.startswith("Because ") else reason_of_answer(reason, trust)
    return _error(f"the pip part cannot be resolved{because}", story.first(), "change the entry")


def clash(
    found: ProjectConflict, conda: Sequence[Package], entries: Sequence[RequestedSpec], reason: str = ""
) -> LockstepError:
    """Return the error of a clash: both sides in one line, and above it the chain to each."""
    entry, steps, held = found
    who = f"'{entry.text}'" if entry else "the pip part"
    requested = [f"'{entry.text}' ({entry.where})"] if entry else []
    is_known = steps or (entry and entry.name == held.project)
    pip = "; ".join([*requested, *(step.text for step in steps)]) if is_known else reason
    return LockstepError(
        f"{who} clashes with conda's {held.package.name} {held.version}",
        where=entry.where if entry else None,
        remedy="change one of the two: pip never overwrites what conda installs",
        detail=(f"pip: {pip}", f"conda: {_conda_chain(held.package, conda, entries)}"),
    )


def same_module(
    found: ModuleClash,
    requested: Sequence[PipRequest],
    edges: Mapping[str, Sequence[str]],
    conda: Sequence[Package],
    entries: Sequence[RequestedSpec],
) -> LockstepError:
    """Return the error of two packages that install one module: the entry that leads to pip's, and the chain to each.

    ``edges`` are the dependencies of the locked pip packages, by project.
    """
    entry, pip = _pip_chain(found.pip, requested, edges)
    other = found.other
    from_pip = other.manager == "pip"
    chain = _pip_chain(other, requested, edges)[1] if from_pip else _conda_chain(other, conda, entries)
    return LockstepError(
        f"{found}, and one would overwrite the other",
        where=entry.where if entry else None,
        remedy="keep one of the two",
        detail=(f"pip: {pip}", f"{other.manager}: {chain}"),
    )


def _pip_chain(
    package: Package, requested: Sequence[PipRequest], edges: Mapping[str, Sequence[str]]
) -> tuple[PipRequest | None, str]:
    """Return the entry that leads to a locked pip package, and the chain: ``'a' (line 5); a needs b>=2``."""

    def after(name: str) -> Iterable[tuple[str, ChainLink]]:
        for spec in edges.get(name, ()):
            needed = dependencies.split(spec)[0]
            yield needed, ChainLink(name, needed, f"{name} needs {spec.removesuffix(f' {dependencies.ANY}')}")

    steps = _shortest([entry.name for entry in requested], normalize(package.name), after)
    start = steps[0].requirer if steps else normalize(package.name)
    entry = next((entry for entry in requested if entry.name == start), None)
    first = [f"'{entry.text}' ({entry.where})"] if entry else [str(package)]
    return entry, "; ".join([*first, *(step.text for step in steps)])


class _Story:
    """uv's proof as a graph of requirements, which begins at the user's entries."""

    def __init__(self, reason: str, part: PipPart, target: WheelTarget) -> None:
        self.reason = reason
        markers = target.markers
        self.entries = [entry for entry in part.requirements if entry.applies(markers)]
        # Of several versions with the same need the proof ends with the newest.
        self.needs: dict[str, dict[str, ChainLink]] = {}
        for concluded, every, requirer, which, needed, how in _NEEDS.findall(reason):
            if concluded:
                continue
            how = how.rstrip(".")
            text = f"{every}{requirer}{which} {'need' if every else 'needs'} {needed}{how}"
            step = ChainLink(normalize(requirer), normalize(needed), text, how.rpartition("]")[2])
            self.needs.setdefault(step.requirer, {})[step.needed] = step

    def to(self, project: str) -> tuple[PipRequest | None, tuple[ChainLink, ...]]:
        """Return the entry that leads to a project, and the steps between; the shortest way there."""
        project = normalize(project)
        steps = _shortest(
            [entry.name for entry in self.entries],
            project,
            lambda name: self.needs.get(name, {}).items(),
        )
        start = steps[0].requirer if steps else project
        entry = next((entry for entry in self.entries if entry.name == start), None)
        return (entry, steps) if entry else (self.first(), ())

    def against(self, held: Owned) -> tuple[PipRequest | None, tuple[ChainLink, ...]]:
        """Return the entry that leads to another version of a project than conda has, and the steps between."""
        for own in self.entries:
            if own.name == held.project and not _admits(str(own.requirement.specifier), held):
                return own, ()
        steps = _shortest(
            [entry.name for entry in self.entries if entry.name != held.project],
            held.project,
            lambda name: (
                (step.needed, step)
                for step in self.needs.get(name, {}).values()
                if step.needed != held.project or not _admits(step.versions, held)
            ),
        )
        entry = next((entry for entry in self.entries if steps and entry.name == steps[0].requirer), None)
        return (entry, steps) if entry else self.to(held.project)

    def takes(self, held: Owned) -> bool:
        """Return whether the proof's and the entries' bounds on a project accept conda's version."""
        bounds = [str(entry.requirement.specifier) for entry in self.entries if entry.name == held.project]
        bounds += [needs[held.project].versions for needs in self.needs.values() if held.project in needs]
        return all(_admits(text, held) for text in bounds)

    def error(self, project: str, what: str, remedy: str) -> LockstepError:
        """Return an error about a project, with the entry that leads there: ``'a' needs c (through b), which …``."""
        entry, steps = self.to(project)
        if entry and entry.name == normalize(project):
            return _error(f"'{entry.text}' {what}", entry, remedy)
        between = [step.needed for step in steps[:-1]]
        through = f" (through {', '.join(between)})" if between else ""
        who = f"'{entry.text}'" if entry else "the pip part"
        return _error(f"{who} needs {project}{through}, which {what}", entry, remedy)

    def first(self) -> PipRequest | None:
        """Return the first entry that the proof has."""
        return next((entry for entry in self.entries if _mentions(self.reason, entry.name)), None)


def _shortest(
    starts: Iterable[str], goal: str, after: Callable[[str], Iterable[tuple[str, ChainLink]]]
) -> tuple[ChainLink, ...]:
    """Return the steps from one of the starts to the goal; none where a start is the goal, or nothing leads there."""
    ways: dict[str, tuple[ChainLink, ...]] = dict.fromkeys(starts, ())
    waiting = deque(ways)
    while waiting:
        name = waiting.popleft()
        if name == goal:
            return ways[name]
        for other, step in after(name):
            if other not in ways:
                ways[other] = (*ways[name], step)
                waiting.append(other)
    return ()


def _conda_chain(held: Package, conda: Sequence[Package], entries: Sequence[RequestedSpec]) -> str:
    """Return which entry leads to a conda package: ``numpy 2.1 py311_0; 'pandas' (line 5) needs numpy >=1.26``."""
    packages = {package.name: package for package in conda}

    def after(name: str) -> Iterable[tuple[str, ChainLink]]:
        for spec in packages[name].depends if name in packages else ():
            needed = dependencies.split(spec)[0]
            yield needed, ChainLink(name, needed, f"{name} needs {spec}")

    steps = _shortest([entry.name for entry in entries], held.name, after)
    start = steps[0].requirer if steps else held.name
    entry = next((entry for entry in entries if entry.name == start), None)
    if entry is None:
        return str(held)
    return "; ".join([str(held), f"'{entry.text}' ({entry.where})", *(step.text for step in steps)])


def _unreachable(url: str, text: str, part: PipPart) -> LockstepError:
    why = text.rpartition("cause: ")[2]
    entry = next((entry for entry in part.requirements if entry.url and entry.url == url), None)
    if entry:
        return _error(f"'{entry.text}' cannot be fetched: {why}", entry, "check the URL and the network")
    return LockstepError(
        f"the index cannot be read: {why}", where=url, remedy="check the index and the network"
    )


def _unknown_extra(held: Owned, story: _Story) -> LockstepError:
    entry, _ = story.to(held.project)
    who = f"'{entry.text}'" if entry else "the pip part"
    what = f"{who} requests an extra of conda's {held.package.name} {held.version}, which no index has at this version"
    return _error(what, entry, "write the packages that the extra requires here, by name")


def _no_wheel(
    project: str, only_sources: bool, hint: str, story: _Story, target: WheelTarget
) -> LockstepError:
    if only_sources:
        what = "has no wheels: a build would run its code"
        return story.error(project, what, "use conda's, or publish a wheel of it")
    has = re.search(r" (?:on|with) the following [^:]*: (.*)", hint)
    only = f", only for {', '.join(re.findall('`([^`]+)`', has[1]))}" if has else ""
    what = f"has no wheel for Python {target.python} on {target.named}{only}"
    return story.error(project, what, "request a version that has one, or use conda's")


def _error(what: str, entry: PipRequest | None, remedy: str) -> LockstepError:
    return LockstepError(what, where=entry.where if entry else None, remedy=remedy)


def _admits(versions: str, held: Owned) -> bool:
    try:
        return SpecifierSet(versions).contains(pep440(held.version), prereleases=True)
    except InvalidSpecifier:
        return False  # uv has spellings of its own for what lies between two versions


def _mentions(text: str, project: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(project)}(?![\w-])", text, re.IGNORECASE) is not None
