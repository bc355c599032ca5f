"""Secrets that stand in an environment file: where they are, and how to speak of the file without printing them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.environment.environment_file import EnvironmentFile, Item
from conda_lockstep.text.source import Source, Span

Where: TypeAlias = Literal["channel", "dependency", "index", "variable", "comment", "text"]

TOKEN_PREFIXES = (
    "AKIA", "ASIA", "AIza", "EAAC", "dop_v1_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "hf_",
    "lsv2_", "npm_", "nvapi-", "pypi-AgE", "sk-", "sk_live_", "xoxa-", "xoxb-", "xoxp-", "ya29.",
)  # fmt: skip
"""How the tokens of GitHub, GitLab, Hugging Face, AWS, NVIDIA and others begin, as published for scanners."""

_SECRET_WORDS = frozenset("token secret password passwd passphrase apikey credential credentials".split())
_SECRET_KEYS = frozenset("api access secret private encryption auth account signing".split())
_PLAIN_ENDINGS = frozenset("file path dir url uri host port name user username region ttl".split())


# Patterns are text: they are compiled when a file first needs them, and kept by ``re``.
_REST_OF_URL = r"[^\s'\"]*"
_IN_PATH = (
    r"(?i)/t/(?P<path>[^/\s]+)(?=/|$)"
    r"|[?&](?:access_token|token|api_key|apikey|password|sig|signature)=(?P<query>[^&\s#]+)"
)
_CONDA_TOKEN = r"[a-z]{2}-[0-9a-f\-]{20,}"
_ASSIGNED = r"(?<![\w$])(\w[\w-]*)(?:=|:[ \t]+)(?P<quote>[\"']?)(?P<value>[^\s\"';&|)]+)"
_TOKEN = rf"(?<![\w-])(?:{'|'.join(map(re.escape, TOKEN_PREFIXES))})[\w-]{{8,}}"


class Secret(NamedTuple):
    """A secret and its place.

    ``kind`` says what it is: TOKEN, PASSWORD or VALUE. ``item`` is the entry it stands in, None for one in a comment or
    in a text without entries, such as a script's.
    """

    where: Where
    kind: str
    text: str
    span: Span
    item: Item | None


def secrets(file: EnvironmentFile) -> tuple[Secret, ...]:
    """Return the secrets of a file in channels, conda entries, pip entries, indexes, variables and comments."""
    found: list[Secret] = []
    text = file.source.text
    for variable in file.variables:
        value = variable.value
        if value.kind in ("string", "number") and _is_secret(variable.key.value, value.value):
            found.append(Secret("variable", "VALUE", value.value, value.span, value))
    if "://" in text and ("@" in text or "/t/" in text or "?" in text):
        top = file.key("channels")
        for item in (*file.channels.items, *((top.value,) if top else ())):
            found += _in_url(item, "channel")
        for item in file.conda_items:
            found += _in_url(item, "dependency")
        for item in (*file.pip_items, *file.pip_repositories):
            found += _in_url(item, "index")
        for variable in file.variables:
            found += _in_url(variable.value, "variable")
        found += _in_comments(text, [secret.span for secret in found])
    if not file.keys:
        found += _in_text(text)
    return tuple(sorted(found, key=lambda secret: secret.span))


def secrets_in_text(source: Source) -> tuple[Secret, ...]:
    """Return the secrets of a text that has no entries, such as a script or a lock."""
    found = [*_in_comments(source.text, []), *_in_text(source.text)]
    return tuple(sorted(found, key=lambda secret: secret.span))


def url_secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what it is) for each password or token in the URLs of a text, in order."""
    at = text.find("://")
    while at >= 0:
        url = re.compile(_REST_OF_URL).match(text, at + 3)
        end = url.end() if url else at + 3
        yield from _in_authority(text, at, end)
        for part in re.compile(_IN_PATH).finditer(text, at + 3, end):
            group = "path" if part["path"] else "query"
            if not _is_placeholder(part[group]):
                yield (*part.span(group), "TOKEN")
        at = text.find("://", end)


class Redactor:
    """Hides the secrets of one file in whatever is said of it; of a file without entries, its text is given."""

    def __init__(self, file: EnvironmentFile | Source) -> None:
        self._source = file if isinstance(file, Source) else file.source
        self._secrets = secrets_in_text(file) if isinstance(file, Source) else secrets(file)
        self._ends = [secret.span.end for secret in self._secrets]
        # Most files hold no secret and no URL, and nothing that is said of them does.
        self.is_idle = not self._secrets and "://" not in self._source.text

    def text(self, text: str, *places: Span) -> str:
        """Return what is said of some places of the file with ``***`` for every secret of theirs, and of any URL."""
        if self.is_idle:
            return text
        for place in places:
            for secret in self._within(place):
                # A short one may be part of a word that tells nothing.
                pattern = re.escape(secret.text) if len(secret.text) >= 6 else _word(secret.text)
                text = re.sub(pattern, "***", text)
        for start, end, _ in reversed(list(url_secrets(text))):
            text = f"{text[:start]}***{text[end:]}"
        return text

    def line(self, number: int) -> str:
        """Return a line of the file with as many ``*`` as a secret has characters, so that columns stay."""
        line = self._source.line(number)
        if self.is_idle:
            return line
        place = self._source.line_span(number)
        spans = [Span(start, end) for start, end, _ in url_secrets(line)]
        inside = (secret.span for secret in self._within(place))
        spans += (
            Span(max(start - place.start, 0), min(end - place.start, len(line))) for start, end in inside
        )
        for start, end in spans:
            line = line[:start] + "*" * (end - start) + line[end:]
        return line

    def _within(self, place: Span) -> Iterator[Secret]:
        for number in range(bisect_right(self._ends, place.start), len(self._secrets)):
            if self._secrets[number].span.start >= place.end:
                break
            yield self._secrets[number]


def _word(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _in_url(item: Item, where: Where) -> Iterator[Secret]:
    for start, end, kind in url_secrets(item.value):
        yield Secret(where, kind, item.value[start:end], item.at(start, end), item)


def _in_comments(text: str, known: list[Span]) -> Iterator[Secret]:
    """Yield what else in the text is plainly a secret: an entry that was commented out is still published."""
    for start, end, kind in url_secrets(text):
        # Many a forum has addresses with '/t/', too.
        is_plain = not text.endswith("/t/", 0, start) or re.fullmatch(_CONDA_TOKEN, text[start:end])
        if is_plain and not any(span.start < end and start < span.end for span in known):
            yield Secret("comment", kind, text[start:end], Span(start, end), None)


def _in_text(text: str) -> Iterator[Secret]:
    """Yield the tokens in a text that has no entries, and what it sets a secret's variable to."""
    for token in re.finditer(_TOKEN, text):
        yield Secret("text", "TOKEN", token.group(), Span(*token.span()), None)
    for variable in re.finditer(_ASSIGNED, text):
        if _is_secret(variable[1], variable["value"]):
            yield Secret("text", "VALUE", variable["value"], Span(*variable.span("value")), None)


def _in_authority(text: str, at: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Look at ``user:password@`` behind the ``://`` at an offset."""
    begin, slash = at + 3, text.find("/", at + 3, end)
    # The user part reaches to the last '@': passwords may hold one themselves.
    stop = text.rfind("@", begin, slash if slash >= 0 else end)
    if stop < 0:
        return
    user, colon, password = text[begin:stop].partition(":")
    if _is_token(user) and not text.endswith("ssh", 0, at):
        yield begin, begin + len(user), "TOKEN"
    if colon and password and not _is_placeholder(password) and password != "x-oauth-basic":
        yield begin + len(user) + 1, stop, "PASSWORD"


def _is_placeholder(text: str) -> bool:
    """Say whether a text only stands for a secret: ``${TOKEN}``, ``$TOKEN``, ``<TOKEN>``, ``{{ token }}``, ``***``."""
    return text.startswith(("$", "<", "{", "%")) or not text.strip("*xX.-_")


def _is_token(text: str) -> bool:
    """Say whether a text alone, without a name, is plainly a token."""
    if _is_placeholder(text):
        return False
    if text.startswith(TOKEN_PREFIXES) and len(text) >= 12:
        return True
    return len(text) >= 20 and text.isalnum() and not text.isalpha()


def _is_secret(name: str, value: str) -> bool:
    """Say whether an environment variable holds a secret, by its name and by what its value looks like."""
    if len(value) < 4 or _is_placeholder(value) or value.lower() in ("true", "false", "null", "none"):
        return False
    if value.startswith(TOKEN_PREFIXES) and len(value) >= 12:
        return True
    if value.startswith(("/", "~", "./")) or value.isdecimal() or " " in value:
        return False
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if not words or words[-1] in _PLAIN_ENDINGS:
        return False
    paired = {
        "key" in second for first, second in zip(words, words[1:], strict=False) if first in _SECRET_KEYS
    }
    return bool(_SECRET_WORDS & set(words)) or True in paired
