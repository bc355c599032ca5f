"""Secrets that stand in an environment file: where they are, and how to speak of the file without printing them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.environment.document import EnvironmentFile, Item
from conda_lockstep.environment.source import Span

Where: TypeAlias = Literal["channel", "index", "variable"]

TOKEN_PREFIXES = (
    "AKIA", "ASIA", "AIza", "EAAC", "dop_v1_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "glpat-", "hf_",
    "lsv2_", "npm_", "nvapi-", "pypi-AgE", "sk-", "sk_live_", "xoxa-", "xoxb-", "xoxp-", "ya29.",
)  # fmt: skip
"""How the tokens of GitHub, GitLab, Hugging Face, AWS, NVIDIA and others begin, as published for scanners."""

_SECRET_WORDS = frozenset("token secret password passwd passphrase apikey credential credentials".split())
_SECRET_KEYS = frozenset("api access secret private encryption auth account signing".split())
_PLAIN_ENDINGS = frozenset("file path dir url uri host port name user username region ttl".split())


class Secret(NamedTuple):
    """A secret and its place; ``item`` is the entry it stands in, ``stand_in`` the variable that could replace it."""

    where: Where
    text: str
    span: Span
    item: Item
    stand_in: str


def secrets(file: EnvironmentFile) -> tuple[Secret, ...]:
    """Return the secrets of a file in channels, conda entries, pip entries, indexes and variables."""
    found: list[Secret] = []
    text = file.source.text
    if "://" in text and ("@" in text or "/t/" in text or "?" in text):
        channels = (*file.channels.items, *file.conda_items)
        top = file.key("channels")
        if top and top.value.value:
            channels = (top.value, *channels)
        found += (secret for item in channels for secret in _in_url(item, "channel"))
        found += (
            secret for item in (*file.pip_items, *file.pip_repositories) for secret in _in_url(item, "index")
        )
    for variable in file.variables:
        value = variable.value
        if value.kind in ("string", "number") and _is_secret(variable.key.value, value.value):
            found.append(Secret("variable", value.value, value.span, value, ""))
        elif "://" in value.value:
            found += _in_url(value, "variable")
    return tuple(sorted(found, key=lambda secret: secret.span))


class Redactor:
    """Hides the secrets of one file in whatever is said of it."""

    def __init__(self, file: EnvironmentFile) -> None:
        self._source = file.source
        self._secrets = secrets(file)

    def text(self, text: str) -> str:
        """Return a message with ``***`` for every secret."""
        for secret in self._secrets:
            if len(secret.text) >= 6:
                text = text.replace(secret.text, "***")
            elif secret.text in text:
                text = re.sub(rf"(?<!\w){re.escape(secret.text)}(?!\w)", "***", text)
        for start, end, _ in reversed(list(_url_secrets(text))):
            text = f"{text[:start]}***{text[end:]}"
        return text

    def line(self, number: int) -> str:
        """Return a line of the file with as many ``*`` as a secret has characters, so that columns stay."""
        begin = self._source.line_span(number).start
        line = self._source.line(number)
        spans = [(secret.span.start - begin, secret.span.end - begin) for secret in self._secrets]
        spans += [(start, end) for start, end, _ in _url_secrets(line)]
        for start, end in spans:
            start, end = max(start, 0), min(end, len(line))
            if start < end:
                line = line[:start] + "*" * (end - start) + line[end:]
        return line


def _in_url(item: Item, where: Where) -> Iterator[Secret]:
    for start, end, kind in _url_secrets(item.value):
        stand_in = {"channel": "CONDA", "index": "INDEX", "variable": ""}[where] + f"_{kind}"
        yield Secret(where, item.value[start:end], item.at(start, end), item, stand_in)


def _url_secrets(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, what it is) for each password or token in the URLs of a text, in order."""
    if "://" not in text:
        return
    # The user part reaches to the last '@' before the first '/': passwords may hold an '@' themselves.
    for match in re.finditer(
        r"(?P<scheme>[a-z+]+)://(?:(?P<user>[^/\s@:]*)(?P<colon>:)?(?P<password>(?<=:)[^/\s]*)?@)?[^\s'\"]*",
        text,
    ):
        yield from _url_parts(text, match)


def _url_parts(text: str, match: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    user, password = match["user"] or "", match["password"] or ""
    if user and "ssh" not in match["scheme"] and _is_token(user):
        yield (*match.span("user"), "TOKEN")
    if password and not _is_placeholder(password) and password != "x-oauth-basic":
        yield (*match.span("password"), "PASSWORD")
    begin = match.end("password") if password else match.start()
    for part in re.finditer(
        r"/t/(?P<path>[^/\s]+)(?=/|$)"
        r"|[?&](?:access_token|token|api_key|apikey|password|sig|signature)=(?P<query>[^&\s#]+)",
        text[begin : match.end()],
        re.IGNORECASE,
    ):
        group = "path" if part["path"] else "query"
        if not _is_placeholder(part[group]):
            yield begin + part.start(group), begin + part.end(group), "TOKEN"


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
