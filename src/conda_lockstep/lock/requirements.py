"""The pip part of an environment file: requirements and indexes, each with its place; the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from conda_lockstep.environment.document import EnvironmentFile, Item
from conda_lockstep.environment.requirement import parse_pip
from conda_lockstep.environment.spec import BadSpec
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.urls import with_variables, without_credentials
from conda_lockstep.projects import normalize

_INDEX = re.compile(r"(?P<option>-i|--index-url|--extra-index-url)(?:\s*=\s*|\s+)(?P<url>\S+)")


@dataclass(frozen=True, slots=True)
class PipWanted:
    """A requirement (PEP 508) as somebody wrote it."""

    text: str
    requirement: Requirement
    where: Location

    @property
    def name(self) -> str:
        """Return the normalised name (PEP 503)."""
        return normalize(self.requirement.name)


@dataclass(frozen=True, slots=True)
class Index:
    """A package index that a file names; its URL may have environment variables in it."""

    text: str
    where: Location

    @property
    def url(self) -> str:
        """Return the URL with its variables put in. Raises ``LockstepError`` where one is not set."""
        try:
            return with_variables(self.text)
        except LockstepError as error:
            raise LockstepError(error.what, where=self.where, remedy=error.remedy) from None


@dataclass(frozen=True, slots=True)
class PipPart:
    """What an environment file asks of pip. ``index`` is None where the file leaves it to the settings."""

    wanted: tuple[PipWanted, ...]
    index: Index | None = None
    extra_indexes: tuple[Index, ...] = ()


def pip_part(file: EnvironmentFile) -> PipPart:
    """Read the ``pip:`` sections. Raises ``LockstepError`` with the place of what cannot be locked."""
    wanted: list[PipWanted] = []
    index: Index | None = None
    extra = [_index(item.value, item, file) for item in file.pip_repositories if item.value]
    for item in _items(file):
        option = _INDEX.fullmatch(_without_comment(item.value))
        if option is None:
            wanted.append(_wanted(item, file))
        elif option["option"] == "--extra-index-url":
            extra.append(_index(option["url"], item, file))
        else:
            index = _index(option["url"], item, file)
    return PipPart(tuple(wanted), index, tuple(extra))


def _index(url: str, item: Item, file: EnvironmentFile) -> Index:
    return Index(url, file.source.location(item.span.start))


def _items(file: EnvironmentFile) -> Iterator[Item]:
    for section in file.pip_sections:
        for item in section.items:
            if item.kind != "string" or not item.value.strip():
                where = file.source.location(item.span.start)
                raise LockstepError(
                    "this is no pip requirement", where=where, remedy="write a name, or delete it"
                )
            if _without_comment(item.value):
                yield item


def _wanted(item: Item, file: EnvironmentFile) -> PipWanted:
    where = file.source.location(item.span.start)
    text = _without_comment(item.value)
    shown = without_credentials(text)
    parts = parse_pip(item.value)
    if isinstance(parts, BadSpec):
        where = file.source.location(item.at(*parts.where).start)
        raise LockstepError(f"'{shown}': {parts.message}", where=where)
    if refusal := _refusal(parts.kind, text):
        raise LockstepError(f"'{shown}' cannot be locked: {refusal[0]}", where=where, remedy=refusal[1])
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise LockstepError(f"'{shown}' is no pip requirement: {reason}", where=where) from None
    return PipWanted(text, requirement, where)


def _refusal(kind: str, text: str) -> tuple[str, str] | None:
    if re.search(r"\s--?[a-z]", text):
        return "it has options of pip's own", "delete them: a lock has every hash, and wheels only"
    if kind == "requirement":
        return None
    if text.startswith(("-r", "--requirement", "-c", "--constraint")):
        return "it names another file", "write that file's lines here"
    if text.startswith(("-e", "--editable")) or kind == "path":
        return "it is a folder or file of one machine", "build a wheel, publish it in an index, and name that"
    if kind == "option":
        return "pip's options other than its indexes are not known here", "delete it"
    if re.search(r"\b(git|hg|svn|bzr)\+", text):
        return "a repository is built on each machine anew", "name a release, or publish a wheel"
    return "direct URLs are not known here yet", "name a release of the project"


def _without_comment(text: str) -> str:
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
