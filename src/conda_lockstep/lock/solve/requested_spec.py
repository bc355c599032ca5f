"""The match specs that an environment file requests from the solver, each with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep.conda import matching
from conda_lockstep.conda.match_spec import BadSpec, CondaSpec, parse_conda
from conda_lockstep.conda.urls import without_credentials
from conda_lockstep.environment.environment_file import EnvironmentFile, Item, MappingEntry, PipSection
from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lock.channels.channels import LockChannel, Mirrors, channel
from conda_lockstep.text.resolve_path import resolve_path

if TYPE_CHECKING:
    from rattler import MatchSpec

_CHANNEL = re.compile(r'channel="([^"]*)"')


@dataclass(frozen=True, slots=True)
class RequestedSpec:
    """A match spec as written in a file, without credentials.

    ``spec`` is its canonical form, equal for two spellings of one spec; ``channel`` is set for ``channel::name``,
    and then in ``spec`` as a lock names it.
    """

    text: str
    name: str
    spec: str
    where: Location
    channel: LockChannel | None = None

    @property
    def fetch_spec(self) -> MatchSpec:
        """Return the spec against the channels as they are fetched."""
        from rattler import MatchSpec

        return MatchSpec(in_channel(self.spec, self.channel.source) if self.channel else self.spec)


def requested_specs(
    file: EnvironmentFile, mirrors: Mirrors, *, fetching: bool = True
) -> tuple[RequestedSpec, ...]:
    """Return the conda entries of an environment file as match specs, in its order.

    With a ``pip:`` section, ``pip`` is requested as well, as conda does. Without ``fetching``, no credentials need
    to be set. Raises ``LockstepError`` with the place of an entry that is not a match spec.
    """
    if file.dependencies_kind != "sequence" or not file.dependencies:
        where = file.source.location(file.dependencies_span.start)
        raise LockstepError("no dependencies to lock", where=where, remedy="add a list of packages")
    found = tuple(_entries(file, mirrors, fetching))
    section = next(iter(file.pip_sections), None)
    if section is None or any(entry.name == "pip" for entry in found):
        return found
    return (*found, RequestedSpec("pip", "pip", "pip", file.source.location(section.span.start)))


def _entries(file: EnvironmentFile, mirrors: Mirrors, fetching: bool) -> Iterator[RequestedSpec]:
    for entry in file.dependencies:
        where = file.source.location(entry.span.start)
        if isinstance(entry, PipSection):
            if entry.kind not in ("sequence", "null"):
                raise LockstepError(
                    "'pip:' must hold a list", where=where, remedy="write each entry behind a '- '"
                )
        elif isinstance(entry, MappingEntry):
            raise _mapping_error(entry, where)
        elif entry.kind != "string" or not entry.value.strip():
            raise LockstepError(
                "this is not a package", where=where, remedy="write a package name, or delete the line"
            )
        else:
            yield _requested_spec(entry, file, mirrors, fetching)


def _requested_spec(item: Item, file: EnvironmentFile, mirrors: Mirrors, fetching: bool) -> RequestedSpec:
    text, where = " ".join(item.value.split()), file.source.location(item.span.start)
    parts = parse_conda(item.value)
    pattern = matching.read(_without_channel(parts, text))
    name, canonical = (pattern.name, str(pattern)) if pattern else _by_rattler(text, parts, file, item)
    try:
        named = parts.channel if not isinstance(parts, BadSpec) else ""
        folder = resolve_path(Path(file.path)).parent
        source = channel(named, folder, mirrors, fetching=fetching) if named else None
    except LockstepError as error:
        raise LockstepError(error.what, where=where, remedy=error.remedy) from None
    if source:
        canonical = in_channel(canonical, source.url)
    return RequestedSpec(without_credentials(text), name, canonical, where, source)


def in_channel(spec: str, url: str) -> str:
    """Return a canonical spec for a channel, whichever it was for."""
    key = f'channel="{url}"'
    if _CHANNEL.search(spec):
        return _CHANNEL.sub(lambda _: key, spec)
    return f"{spec[:-1]},{key}]" if spec.endswith("]") else f"{spec}[{key}]"


def _without_channel(parts: CondaSpec | BadSpec, text: str) -> str:
    """Return the part after ``channel::``; the channel is compared separately."""
    if isinstance(parts, BadSpec) or not parts.channel or parts.subdir or parts.brackets:
        return text
    return parts.text[parts.name_at[0] :].partition("#")[0]


def _by_rattler(text: str, parts: CondaSpec | BadSpec, file: EnvironmentFile, item: Item) -> tuple[str, str]:
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        spec = MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise _no_spec(text, parts, str(error), file, item) from None
    return str(spec.name.normalized), spec.to_canonical_string()


def _mapping_error(entry: MappingEntry, where: Location) -> LockstepError:
    key, value = entry.key.value, entry.value.value
    if key.startswith("sel("):
        what = f"'{key}: {value}' is a selector that only micromamba knows"
        return LockstepError(what, where=where, remedy="write one environment file per platform")
    what = f"'{key}: {value}' is a mapping, not a package"
    return LockstepError(
        what, where=where, remedy=f"write '{key}={value}'" if value else "write a package name"
    )


def _no_spec(
    text: str, parts: CondaSpec | BadSpec, reason: str, file: EnvironmentFile, item: Item
) -> LockstepError:
    text = without_credentials(text)
    if isinstance(parts, BadSpec):
        where = file.source.location(item.at(*parts.where).start)
        return LockstepError(f"'{text}' is not a match spec: {parts.message}", where=where)
    where = file.source.location(item.span.start)
    return LockstepError(f"'{text}' is not a match spec: {reason.splitlines()[0]}", where=where)
