"""The requirements of a project that have URLs: projects and wheels of their own, at the place of its entry."""

from __future__ import annotations

import re
from dataclasses import replace

from packaging.requirements import Requirement

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.requirement import PipRequirement
from conda_lockstep.lock.pip import refusals
from conda_lockstep.lock.pip.projects.entry import ProjectEntry, error_at, git_entry, is_git
from conda_lockstep.lock.pip.requirements import PipRequest
from conda_lockstep.lock.pip.wheel_metadata import WheelMetadata


def split_urls(
    entry: ProjectEntry, metadata: WheelMetadata
) -> tuple[WheelMetadata, list[ProjectEntry], list[PipRequest]]:
    """Return the metadata of a project without URLs, and the projects and wheels that those name.

    Raises ``LockstepError`` for a URL that cannot be locked.
    """
    entries: list[ProjectEntry] = []
    wheels: list[PipRequest] = []
    plain = []
    for requirement in metadata.requires:
        if requirement.url is None:
            plain.append(requirement)
            continue
        bare = Requirement(str(requirement))
        bare.url = None
        plain.append(bare)
        extras = _extras_of(requirement)
        if extras and extras.isdisjoint(entry.extras):
            continue
        found = _of_url(entry, requirement, with_marker=not extras)
        if isinstance(found, ProjectEntry):
            entries.append(found)
        else:
            wheels.append(found)
    return replace(metadata, requires=tuple(plain)), entries, wheels


def _extras_of(requirement: Requirement) -> frozenset[str]:
    """Return the extras behind which a requirement is; none where it always applies."""
    found = re.findall(r"\bextra == ['\"]([^'\"]+)['\"]", str(requirement.marker or ""))
    return frozenset(map(normalize, found))


def _of_url(entry: ProjectEntry, requirement: Requirement, *, with_marker: bool) -> ProjectEntry | PipRequest:
    url = requirement.url or ""
    shown = f"{entry.text} → {requirement.name}"
    conditions = [entry.marker, requirement.marker if with_marker else None]
    both = " and ".join(f"({each})" for each in conditions if each)
    marker = f" ; {both}" if both else ""
    if is_git(url):
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        found = git_entry(f"{requirement.name}{extras} @ {url}{marker}", shown, entry.where)
        if isinstance(found, ProjectEntry):
            return found
    else:
        parts = PipRequirement(url, "url", normalize(requirement.name), url=url)
        refusal = refusals.of_requirement(parts)
        if refusal is None:
            bare, _, fragment = url.partition("#")
            hashes = {fragment.removeprefix("sha256=").lower()} if fragment.startswith("sha256=") else set()
            wanted = Requirement(f"{requirement.name} @ {bare}{marker}")
            return PipRequest(shown, wanted, entry.where, frozenset(hashes))
        found = refusal
    raise error_at(entry, f"it requires {requirement.name} by a URL: {found[0]}", found[1])
