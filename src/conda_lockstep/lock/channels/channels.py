"""The channels of a lock: the URL that it records, and the one that files are fetched from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conda_lockstep.conda.channel import DEFAULT_URLS, DEFAULTS, MSYS2_URL, NODEFAULTS, channel_url
from conda_lockstep.conda.trust import Trust
from conda_lockstep.conda.urls import ANACONDA, with_variables, without_credentials
from conda_lockstep.environment.environment_file import EnvironmentFile, Item
from conda_lockstep.errors import LockstepError
from conda_lockstep.text.resolve_path import resolve_path


@dataclass(frozen=True, slots=True)
class LockChannel:
    """A channel as a lock records it and as it is fetched.

    ``url`` is recorded and has no credentials; ``fetch_url`` is that of a mirror, or has credentials. Neither ends in
    a slash.
    """

    url: str
    fetch_url: str

    @property
    def name(self) -> str:
        """Return the short name of a channel of anaconda.org, the URL of any other."""
        return self.url.removeprefix(f"{ANACONDA}/")

    @property
    def source(self) -> str:
        """Return the URL that a solver fetches from; credentials go to the request, not into the solver's cache."""
        return without_credentials(self.fetch_url)


class Mirrors:
    """The URLs that are fetched from other places than a lock records.

    ``trust`` is how far the settings and the environment file are trusted. A mirror may name environment variables and
    hold credentials; ``with_credentials`` has those that do, and no other attribute or method shows them.
    """

    def __init__(self, mirrors: Mapping[str, str], trust: Trust) -> None:
        self.trust = trust
        known = [
            (url.rstrip("/"), _with_known_variables(mirror.rstrip("/"), trust))
            for url, mirror in mirrors.items()
        ]
        self.with_credentials = tuple(mirror for _, mirror in known if without_credentials(mirror) != mirror)
        pairs = [(url, without_credentials(mirror)) for url, mirror in known]
        # The longest prefix is the most specific one.
        self._to = sorted(pairs, key=lambda pair: -len(pair[0]))
        self._from = sorted(((mirror, url) for url, mirror in pairs), key=lambda pair: -len(pair[0]))

    def __eq__(self, other: object) -> bool:
        """Whether the same is fetched from the same places, with the same credentials."""
        return isinstance(other, Mirrors) and self._all == other._all

    def __hash__(self) -> int:
        """As equality has it."""
        return hash(self._all)

    @property
    def _all(self) -> tuple[object, ...]:
        return frozenset(self._to), frozenset(self.with_credentials), self.trust

    def fetch_url(self, url: str) -> str:
        """Return the URL to fetch a lock's URL from; raises for a variable in the mirror's URL that is not set."""
        return with_variables(_moved(url, self._to), self.trust)

    def lock_url(self, url: str) -> str:
        """Return the URL that a lock records for one that something was fetched from."""
        return without_credentials(_moved(url, self._from))


def channels_of(
    file: EnvironmentFile, mirrors: Mirrors, *, windows: bool = False, fetching: bool = True
) -> tuple[LockChannel, ...]:
    """Return the channels of an environment file in order of priority, each once.

    ``windows`` adds the part of ``defaults`` that exists there only. Where nothing is fetched, no credentials need be
    set. Raises ``LockstepError`` if there are no channels, or if an item is not a channel.
    """
    source = file.source
    if file.channels.kind not in ("missing", "null", "sequence"):
        where = source.location(file.channels.span.start)
        raise LockstepError(
            "'channels' must be a list", where=where, remedy="write each channel behind a '- '"
        )
    found: dict[str, LockChannel] = {}
    for item in file.channels.items:
        for channel in _channels(item, file, mirrors, windows, fetching):
            found.setdefault(channel.url, channel)
    if not found:
        what = "no channels, so every machine would take its own (no-channels)"
        raise LockstepError(what, where=file.path, remedy="add 'channels:' with '- conda-forge' under it")
    return tuple(found.values())


def channel(text: str, folder: Path, mirrors: Mirrors, *, fetching: bool = True) -> LockChannel:
    """Return the channel that a name, URL or path stands for; a path is relative to ``folder``.

    ``defaults`` means its first part here. Without ``fetching`` credentials are left out. Raises ``LockstepError``
    for text that is not a channel, and for a variable in it that is not set.
    """
    written = text.strip() if fetching else without_credentials(text.strip())
    url = channel_url(with_variables(written, mirrors.trust), folder)
    public = mirrors.lock_url(url)
    mirror = mirrors.fetch_url(public) if fetching else public
    return LockChannel(public, mirror if mirror != public else url)


def _channels(
    item: Item, file: EnvironmentFile, mirrors: Mirrors, windows: bool, fetching: bool
) -> Iterator[LockChannel]:
    folder = resolve_path(Path(file.path)).parent
    try:
        if item.kind not in ("string", "number") or not item.value.strip():
            raise LockstepError("a channel must be a name, a URL or a path")
        if item.value == DEFAULTS:
            for url in (*DEFAULT_URLS, MSYS2_URL) if windows else DEFAULT_URLS:
                yield channel(url, folder, mirrors, fetching=fetching)
        elif item.value != NODEFAULTS:
            yield channel(item.value, folder, mirrors, fetching=fetching)
    except LockstepError as error:
        where = file.source.location(item.span.start)
        raise LockstepError(error.what, where=where, remedy=error.remedy) from None


def _with_known_variables(url: str, trust: Trust) -> str:
    """Replace the variables that are set; the others are an error for the code that fetches."""
    try:
        return with_variables(url, trust)
    except LockstepError:
        return url


def _moved(url: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        if url == old or url.startswith(f"{old}/"):
            return new + url[len(old) :]
    return url
