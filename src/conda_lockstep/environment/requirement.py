"""The items of a ``pip:`` list as they are written: requirements (PEP 508), options, URLs, paths."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.match_spec import NOWHERE, BadSpec, Range
from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.pip_lines import comment_start, split_options

PipKind: TypeAlias = Literal["requirement", "url", "option", "path"]


class PipRequirement(NamedTuple):
    """An item of a ``pip:`` list. ``name`` is normalised (PEP 503), empty where the item names none.

    ``specifier`` is the version part as written; ``url`` is set for ``name @ url`` and for bare URLs.
    """

    text: str
    kind: PipKind
    name: str = ""
    name_at: Range = NOWHERE
    extras: tuple[str, ...] = ()
    specifier: str = ""
    specifier_at: Range = NOWHERE
    marker: str = ""
    url: str = ""

    @property
    def is_exact(self) -> bool:
        """Return whether ``==`` or ``===`` without a glob pins it."""
        return re.fullmatch(r"===?[^=,*<>!~]+", self.specifier.replace(" ", "")) is not None


def parse_pip(text: str) -> PipRequirement | BadSpec:
    """Read an item of a ``pip:`` list: a PEP 508 requirement, or what pip's requirements files know besides."""
    plain = _PLAIN.fullmatch(text)
    if plain and not text.endswith(_FILES):
        name, specifier = plain.groups()
        where = plain.span(2) if specifier else NOWHERE
        return PipRequirement(text, "requirement", normalize(name), plain.span(1), (), specifier or "", where)
    return _any(text)


def _any(text: str) -> PipRequirement | BadSpec:
    body = text[: comment_start(text)].rstrip()
    stripped = body.lstrip()
    if stripped.startswith("-"):
        return PipRequirement(text, "option")
    if re.match(r"(?:git|hg|svn|bzr)\+|[a-z][a-z0-9+.\-]*://", stripped):
        egg = re.search(r"#egg=([A-Za-z0-9._\-]+)", text)
        return PipRequirement(text, "url", normalize(egg.group(1)) if egg else "", url=stripped)
    if re.match(_PATH, stripped):
        return PipRequirement(text, "path")
    body = split_options(body)[0].rstrip()
    blanks = re.search(r"\s{20}", body)
    if blanks:
        # The pattern may put blanks in several places, and would try them all.
        return BadSpec(text, "it contains too many spaces", blanks.span())
    match = re.compile(_REQUIREMENT, re.VERBOSE).fullmatch(body)
    if match is None or not _is_specifier(match["specifier"] or ""):
        return _bad_requirement(text, body)
    specifier_at = match.span("specifier") if match["specifier"] else NOWHERE
    extras = tuple(part.strip() for part in (match["extras"] or "").split(",") if part.strip())
    return PipRequirement(
        text,
        "url" if match["url"] else "requirement",
        normalize(match["name"]),
        match.span("name"),
        extras,
        (match["specifier"] or "").strip(),
        specifier_at,
        (match["marker"] or "").strip(),
        match["url"] or "",
    )


_COMPARISON = r"(?:(?:[=<>!]=|<|>)\d+(?:\.\d+)*|~=\d+(?:\.\d+)+)"
_PLAIN = re.compile(rf"([A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?)({_COMPARISON}(?:,{_COMPARISON})*)?")
_FILES = (".whl", ".zip", ".tar.gz")
# Compiled when the first entry needs them, and kept by ``re``.
_PATH = (
    r"\.{0,2}/|\.{1,2}(?:\[[^\]]*\])?\s*(?:;|$)|~/|[A-Za-z]:\\"
    r"|[^\s@;=<>]+/[^\s@;=<>]+$|[^\s@]+\.(?:whl|zip|tar\.gz)$"
)
_REQUIREMENT = r"""\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._\-]*[A-Za-z0-9])?)\s*
    (?:\[(?P<extras>[A-Za-z0-9._\-,\s]*)\]\s*)?
    (?:@\s*(?P<url>\S+)|(?P<open>\()?\s*(?P<specifier>[=<>!~][^;()]*?)?\s*(?(open)\)))
    \s*(?:;\s*(?P<marker>.+))?"""
_PEP440 = r"""(?ix)v?(?:\d+!)?\d+(?:\.\d+)*
    (?:[._\-]?(?:alpha|beta|preview|pre|a|b|c|rc)[._\-]?\d*)?
    (?:-\d+|[._\-]?(?:post|rev|r)[._\-]?\d*)?(?:[._\-]?dev[._\-]?\d*)?
    (?:\+[a-z0-9]+(?:[._\-][a-z0-9]+)*)?"""
_OPERATOR = r"===|~=|==|!=|<=|>=|<|>"


def _is_specifier(text: str) -> bool:
    """Return whether a text is a version specifier (PEP 440)."""
    *clauses, last = text.split(",")
    return all(_is_clause(clause.strip()) for clause in (*clauses, *([last] if last.strip() else [])))


def _is_clause(clause: str) -> bool:
    operator = re.match(_OPERATOR, clause)
    if operator is None:
        return False
    op, version = operator.group(), clause[operator.end() :].strip()
    if op == "===":
        return bool(version) and " " not in version
    if op in ("==", "!="):
        version = version.removesuffix(".*") if "+" not in version else version
    elif "+" in version or (op == "~=" and "." not in version):
        return False
    # Most versions are plain numbers, and need no pattern.
    if version.replace(".", "0").isdecimal():
        return ".." not in f".{version}."
    return re.fullmatch(_PEP440, version) is not None


def _bad_requirement(text: str, body: str) -> BadSpec:
    operator = re.match(r"\s*[A-Za-z0-9._\-]+(?:\s*\[[^\]]*\])?\s*(=[~<>]|=(?!=))", body)
    if operator:
        wrong = operator.group(1)
        if wrong == "=" and "=" in body[operator.end() :]:
            return BadSpec(text, "use '==' instead of '=', and no build", (operator.start(1), len(body)))
        right = "==" if wrong == "=" else wrong[::-1]
        return BadSpec(text, f"use '{right}' instead of '{wrong}'", operator.span(1))
    name = re.match(r"\s*[A-Za-z0-9._\-]+", body)
    where = (name.end() if name else 0, len(body))
    return BadSpec(text, "it does not follow PEP 508", where)
