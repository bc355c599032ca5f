"""Credentials for private channels and indexes, taken from where people keep them, and given to requests alone.

A URL with a token in it ends up in caches, records and messages; so URLs are kept without, and a request gets its
credentials when it is made. Sources, the first that knows a URL wins: what was learned from a channel or a mirror that
is written with them, rattler's authentication file, ``netrc``, ``.condarc``, and anaconda-client's token files.
"""

from __future__ import annotations

import base64
import json
import netrc
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.conda.urls import with_variables, without_credentials
from conda_lockstep.errors import LockstepError

_CONDARC_KEYS = (
    "channel_alias", "migrated_channel_aliases", "channels", "default_channels", "custom_channels",
    "custom_multichannels", "mirrored_channels",
)  # fmt: skip
_CONDARC_PLACES = (
    "/etc/conda", "/var/lib/conda", "$CONDA_ROOT", "$XDG_CONFIG_HOME/conda", "~/.config/conda", "~/.conda", "~",
    "$CONDA_PREFIX",
)  # fmt: skip
"""conda's own search path, weakest first."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What opens the URLs below a prefix: a header's value, a path with a token in it, or both.

    ``host`` has the port where one is written, and may be a pattern such as ``*.example.com``; an empty ``scheme``
    stands for any. ``path`` has no slash at its end; ``token_path`` is what is asked for instead, ``/t/TOKEN/CHANNEL``.
    """

    host: str
    path: str = ""
    scheme: str = ""
    authorization: str = ""
    token_path: str = ""

    def opens(self, host: str, path: str, scheme: str = "") -> bool:
        """Say whether it is meant for a URL; a host without a port stands for every port."""
        own = self.host if ":" in host else self.host.partition(":")[0]
        names = (host, host.partition(":")[0])
        return (
            any(fnmatchcase(name, own) for name in names)
            and (not self.scheme or not scheme or self.scheme == scheme)
            and (path == self.path or path.startswith(f"{self.path}/"))
        )

    def __repr__(self) -> str:
        return f"Secret({self.host}{self.path})"


class Access:
    """What is known of credentials; the machine's own stores are read when the first request is made."""

    def __init__(self, urls: Iterable[str] = ()) -> None:
        self._learned: list[Credential] = []
        self._stored: list[Credential] | None = None
        for url in urls:
            self.learn(url)

    def learn(self, url: str) -> bool:
        """Take credentials out of a URL; say whether there were any that were not known."""
        secret = _secret_of(url)
        if secret is None or secret in self._learned:
            return False
        self._learned.append(secret)
        return True

    def join(self, other: Access) -> None:
        """Take what another one has learned."""
        self._learned += [secret for secret in other._learned if secret not in self._learned]

    def url(self, url: str) -> str:
        """Return where a URL is asked for: with its token in the path, where the channel wants one there."""
        parts = urlsplit(url)
        secret = self._for(parts.netloc, parts.path, parts.scheme)
        if secret is None or not secret.token_path:
            return url
        return f"{parts.scheme}://{parts.netloc}{secret.token_path}{parts.path[len(secret.path) :]}"

    def authorization(self, url: str) -> str:
        """Return the value of the ``Authorization`` header for a URL, empty for none."""
        parts = urlsplit(url)
        secret = self._for(parts.netloc, parts.path, parts.scheme)
        return secret.authorization if secret else ""

    def with_credentials(self, url: str) -> str:
        """Return a URL with what opens it written into it, for a program's environment."""
        basic = self.authorization(url).partition("Basic ")[2]
        if not basic or "@" in urlsplit(url).netloc:
            return self.url(url)
        user, _, password = base64.b64decode(basic).decode().partition(":")
        return self.url(url).replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@", 1)

    def headers(self, host: str, path: str) -> dict[str, str] | None:
        """Return the headers for a request of rattler's, which tells host and path alone."""
        secret = self._for(host, path)
        return {"Authorization": secret.authorization} if secret and secret.authorization else None

    def tokens(self) -> dict[str, list[str]]:
        """Return the prefixes that want a token in their path, each with the one that is asked instead."""
        return {
            f"{scheme}://{secret.host}{secret.path}/": [f"{scheme}://{secret.host}{secret.token_path}/"]
            for secret in self._all()
            for scheme in ([secret.scheme] if secret.scheme else ("https", "http"))
            if secret.token_path and "*" not in secret.host
        }

    def _for(self, host: str, path: str, scheme: str = "") -> Credential | None:
        return next((secret for secret in self._all() if secret.opens(host, path, scheme)), None)

    def _all(self) -> Iterator[Credential]:
        if self._stored is None:
            self._stored = list(_stored(os.environ))
        yield from sorted(self._learned, key=lambda secret: -len(secret.path))
        yield from self._stored


def _secret_of(url: str) -> Credential | None:
    public = without_credentials(url)
    if public == url or "://" not in url:
        return None
    url_parts, parts = urlsplit(url), urlsplit(public)
    user = unquote(url_parts.username or "")
    path, url_path = parts.path.rstrip("/"), url_parts.path.rstrip("/")
    return Credential(
        parts.netloc,
        path,
        parts.scheme,
        _basic(user, unquote(url_parts.password or "")) if url_parts.username is not None else "",
        url_path if url_path != path else "",
    )


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _stored(environment: Mapping[str, str]) -> Iterator[Credential]:
    yield from _of_rattler(Path(environment.get("RATTLER_AUTH_FILE") or "~/.rattler/credentials.json"))
    yield from _of_netrc(Path(environment.get("NETRC") or "~/.netrc"))
    found = [secret for path in _condarcs(environment) for secret in _of_condarc(path)][::-1]
    yield from sorted(found, key=lambda secret: -len(secret.path))
    if alias := environment.get("CONDA_CHANNEL_ALIAS"):
        yield from filter(None, [_secret_of(alias)])
    yield from _of_anaconda(environment)


def _of_rattler(path: Path) -> Iterator[Credential]:
    """Read ``{HOST: {KIND: …}}``, as ``rattler auth login`` and ``pixi auth login`` write it where no keyring is."""
    try:
        loaded = json.loads(path.expanduser().read_bytes())
    except (OSError, ValueError, RuntimeError):
        return
    for host, kinds in loaded.items() if isinstance(loaded, dict) else ():
        host = host.partition("://")[2] or host
        kinds = kinds if isinstance(kinds, dict) else {}
        basic = kinds.get("BasicHTTP")
        if isinstance(basic, dict):
            yield Credential(
                host, authorization=_basic(str(basic.get("username", "")), str(basic.get("password", "")))
            )
        elif isinstance(bearer := kinds.get("BearerToken"), str):
            yield Credential(host, authorization=f"Bearer {bearer}")
        elif isinstance(token := kinds.get("CondaToken"), str):
            yield Credential(host, token_path=f"/t/{token}")


def _of_netrc(path: Path) -> Iterator[Credential]:
    try:
        hosts = netrc.netrc(path.expanduser()).hosts
    except (OSError, netrc.NetrcParseError, RuntimeError, UnicodeDecodeError):
        return
    for host, (login, _, password) in hosts.items():
        if host != "default":
            yield Credential(host, authorization=_basic(login, password or ""))


def _condarcs(environment: Mapping[str, str]) -> Iterator[Path]:
    for place in _CONDARC_PLACES:
        name, _, rest = place.removeprefix("$").partition("/")
        if place.startswith("$"):
            if not environment.get(name):
                continue
            folder = Path(environment[name], rest)
        else:
            folder = Path(os.path.expanduser(place))  # noqa: PTH111 - pathlib raises where there is no home
        yield folder / ".condarc"
        if place not in ("~", "$CONDA_PREFIX"):
            yield folder / "condarc"
            yield from sorted((folder / "condarc.d").glob("*.y*ml"))
    if environment.get("CONDARC"):
        yield Path(environment["CONDARC"])


def _of_condarc(path: Path) -> Iterator[Credential]:
    """Yield what the URLs of a ``.condarc`` hold; what conda cannot read is conda's to complain about."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    from conda_lockstep.text.yaml_values import load

    try:
        loaded = load(text, str(path))
    except LockstepError:
        return
    settings = loaded if isinstance(loaded, dict) else {}
    for key in _CONDARC_KEYS:
        for url in _urls(settings.get(key), named=key == "custom_channels"):
            try:
                secret = _secret_of(with_variables(url, TRUSTED))
            except LockstepError:  # a variable that is not set
                continue
            if secret:
                yield secret


def _urls(value: object, *, named: bool = False) -> Iterator[str]:
    """Yield the texts in a setting; ``custom_channels`` maps a channel's name to the URL that it lies below."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _urls(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            for url in _urls(item):
                yield f"{url.rstrip('/')}/{name}" if named else url


def _of_anaconda(environment: Mapping[str, str]) -> Iterator[Credential]:
    """Read what ``anaconda login`` stored: a file for each site, named after the URL of its API."""
    if environment.get("BINSTAR_CONFIG_DIR"):
        folders = [Path(environment["BINSTAR_CONFIG_DIR"], "data")]
    elif sys.platform == "darwin":
        folders = [Path("~/Library/Application Support/binstar")]
    else:
        folders = [
            Path(environment.get("XDG_CONFIG_HOME") or "~/.config", "binstar"),
            Path(environment.get("XDG_DATA_HOME") or "~/.local/share", "binstar"),
        ]
    for folder in folders:
        for path in sorted(Path(os.path.expanduser(folder)).glob("*.token")):  # noqa: PTH111
            site = urlsplit(unquote_plus(path.stem))
            try:
                token = path.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue
            host = f".{site.netloc}".replace(".api.", ".conda.", 1).removeprefix(".")
            if token and site.netloc:
                yield Credential(host, scheme=site.scheme, token_path=f"/t/{token}")
