"""Names and versions of Python projects, as PEP 503 and PEP 440 compare them; with the standard library alone."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_PEP440 = r"""\s*v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_n>[0-9]*))?
    (?P<post>-(?P<post_n1>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n2>[0-9]*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*"""
_PRE = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def normalize(name: str) -> str:
    """Return a project's name in lower case, with one ``-`` for each run of ``-``, ``_`` and ``.``."""
    name = name.lower().replace("_", "-").replace(".", "-")
    return re.sub("-+", "-", name) if "--" in name else name


def normalize_version(version: str) -> str:
    """Return a version as PEP 440 spells it: ``2.0rc1`` for ``v2.00-RC.1``; what is none of its versions stays."""
    if _PLAIN.fullmatch(version):
        return version
    match = re.fullmatch(_PEP440, version, re.VERBOSE | re.IGNORECASE)
    if match is None:
        return version
    parts = {key: (value or "").lower() for key, value in match.groupdict().items()}
    text = ".".join(str(int(number)) for number in parts["release"].split("."))
    if int(parts["epoch"] or 0):
        text = f"{int(parts['epoch'])}!{text}"
    if parts["pre"]:
        text += f"{_PRE.get(parts['pre'], parts['pre'])}{int(parts['pre_n'] or 0)}"
    if parts["post"]:
        text += f".post{int(parts['post_n1'] or parts['post_n2'] or 0)}"
    if parts["dev"]:
        text += f".dev{int(parts['dev_n'] or 0)}"
    if parts["local"]:
        pieces = re.split(r"[-_.]", parts["local"])
        text += "+" + ".".join(str(int(piece)) if piece.isdecimal() else piece for piece in pieces)
    return text
