"""Conda match specs as they are written, each part with its place.

The grammar is CEP 29's, and where that is silent conda's own reader (``conda.models.match_spec``): the name ends
at the first of ``= < > ! ~`` or a blank; behind it stand a version expression and, after a blank or a ``=``, a build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from conda_lockstep.conda.dependencies import NAME
from conda_lockstep.conda.subdirs import split_subdir

Range: TypeAlias = tuple[int, int]
"""Half-open range of offsets into the text of one entry."""

NOWHERE: Range = (0, 0)


class BadSpec(NamedTuple):
    """Text that is no spec: ``message`` says why, ``where`` is the part of the text that is wrong."""

    text: str
    message: str
    where: Range


class Clause(NamedTuple):
    """One comparison of a version expression: ``>=`` ``1.21``; without an operator ``op`` is empty."""

    op: str
    version: str
    where: Range


class CondaSpec(NamedTuple):
    """A conda match spec. ``name`` is in lower case, as conda compares it; absent parts are empty.

    ``version`` is the expression as written, operators included (``=1.21``, ``>=1,<2``). ``brackets`` holds
    ``key=value`` pairs of a trailing ``[…]``; ``version`` and ``build`` given there are in their own fields too.
    ``namespace`` is what conda reads before a single colon and ignores. ``url`` is set for a package file.
    """

    text: str
    name: str
    name_at: Range
    version: str = ""
    version_at: Range = NOWHERE
    build: str = ""
    build_at: Range = NOWHERE
    channel: str = ""
    channel_at: Range = NOWHERE
    subdir: str = ""
    brackets: tuple[tuple[str, str], ...] = ()
    clauses: tuple[Clause, ...] = ()
    namespace: str = ""
    namespace_at: Range = NOWHERE
    url: str = ""

    @property
    def is_exact(self) -> bool:
        """Return whether a single version can match: ``==1.21``, ``1.21``, ``=1.21=build``."""
        return (
            any(self.is_exact_clause(index) for index in range(len(self.clauses))) and "|" not in self.version
        )

    def is_exact_clause(self, index: int) -> bool:
        """Return whether a clause lets in one version only.

        ``==1.21.*`` does so behind another clause or in front of a build, where conda and rattler drop the glob; alone
        it is ``=1.21``.
        """
        op, version, _ = self.clauses[index]
        alone = index == 0 and not self.build
        if op == "==":
            return not alone if version.endswith("*") else True
        return "*" not in version and (
            op == "" or (op == "=" and bool(self.build) and len(self.clauses) == 1)
        )

    @property
    def has_upper_bound(self) -> bool:
        """Return whether newer releases are kept out, sooner or later: any pin, ``<``, ``<=``, ``~=``."""
        return any(
            clause.op in ("==", "=", "", "<", "<=", "~=") and clause.version != "*" for clause in self.clauses
        )


_RELEASE = r"\d+(?:\.\d+)*(?:(?:a|b|rc)\d+|\.\*)?"
_COMPARISON = rf"(?:[=<>]=?|!=){_RELEASE}"
_PLAIN = re.compile(
    rf"([A-Za-z0-9_.\-]+)(?:({_COMPARISON}(?:,{_COMPARISON})*)|(=\d+(?:\.\d+)*)=([A-Za-z0-9_.]+))?"
)
_SOME = rf"(?:(?:[=<>]=?|!=)?{_RELEASE})"
_RECORD = rf"([A-Za-z0-9_.\-]+) ({_SOME}(?:,{_SOME})*|\*)(?: ([A-Za-z0-9_.*]+))?"
"""A dependency as packages write it: ``numpy >=1.21,<3``, ``python_abi 3.12.* *_cp312``."""
# Compiled when the first entry needs them, and kept by ``re``.
_VALID_NAME = r"[A-Za-z0-9_.\-]+"
_OPERATOR = r"===|==|=>|=<|>=|<=|!=|~=|=|>|<|"
_PART = "[A-Za-z0-9]+"
_VERSION = rf"(?:\d+!)?{_PART}(?:[._\-]{_PART})*[_\-]?(?:\+{_PART}(?:[._\-]{_PART})*[_\-]?)?(?:\.?\*|\.)?|\*"
"""A version literal (CEP 33), with a glob at its end or without; conda reads ``=1.`` as ``=1``."""
_FILE = r"(?P<channel>.*/)?(?P<name>[^/\s]+)-(?P<version>[^-/\s]+)-(?P<build>[^-/\s]+)\.(?:conda|tar\.bz2)"
_PAIR = r"""\s*([A-Za-z0-9_\-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,'"\s]*))\s*(?:,|$|(?<=\s))"""
_BUILD_BREAKS = "-=,|<>~"
_AFTER_OPERATOR = frozenset("=!|,<>~")
_REVERSED = {"===": "==", "=>": ">=", "=<": "<="}


def parse_conda(text: str) -> CondaSpec | BadSpec:
    """Read a conda entry as conda does; a :class:`BadSpec` is what conda or rattler would refuse."""
    if " " in text:
        record = re.fullmatch(_RECORD, text)
        return _any(text) if record is None else _record(text, record)
    plain = _PLAIN.fullmatch(text)
    return _any(text) if plain is None else _plain(text, plain)


def is_plain(text: str) -> bool:
    """Return whether an entry is a name, alone or with versions and a build, in plain letters; no option, no file."""
    return _PLAIN.fullmatch(text) is not None and not text.startswith("-") and ".whl" not in text


def _plain(text: str, match: re.Match[str]) -> CondaSpec:
    """Read a name, with comparisons or with a version and a build: nearly all entries, and much the fastest way."""
    name, versions, version, build = match.groups()
    if build:
        return CondaSpec(
            text, name.lower(), match.span(1), version, match.span(3), build, match.span(4),
            clauses=(Clause("=", version[1:], match.span(3)),),
        )  # fmt: skip
    if not versions:
        return CondaSpec(text, name.lower(), match.span(1))
    clauses = _comparisons(versions, match.start(2))
    return CondaSpec(text, name.lower(), match.span(1), versions, match.span(2), clauses=clauses)


def _record(text: str, match: re.Match[str]) -> CondaSpec:
    """Read a dependency in the form that packages write."""
    name, versions, build = match.groups(default="")
    clauses = _comparisons(versions, match.start(2))
    at = match.span(3) if build else NOWHERE
    return CondaSpec(
        text, name.lower(), match.span(1), versions, match.span(2), build, at,
        "", NOWHERE, "", (), clauses,
    )  # fmt: skip


def _comparisons(versions: str, at: int) -> tuple[Clause, ...]:
    """Split plain comparisons, which begin at an offset."""
    clauses = []
    for comparison in versions.split(","):
        version = comparison.lstrip("=<>!")
        length = len(comparison)
        clauses.append(Clause(comparison[: length - len(version)], version, (at, at + length)))
        at += length + 1
    return tuple(clauses)


def _any(text: str) -> CondaSpec | BadSpec:
    end = len(text.split("#", 1)[0].rstrip())
    begin = len(text) - len(text.lstrip())
    if text.endswith((".conda", ".tar.bz2"), begin, end):
        package = re.compile(_FILE).fullmatch(text, begin, end)
        if package:
            return _package_file(text, package)
    bracket = re.search(r"\[([^\[\]]*)\]$", text[begin:end]) if "[" in text else None
    brackets: tuple[tuple[str, str], ...] = ()
    if bracket:
        pairs = _brackets(text, begin + bracket.start(1), begin + bracket.end(1))
        if isinstance(pairs, BadSpec):
            return pairs
        brackets, end = pairs, begin + len(text[begin : begin + bracket.start()].rstrip())
    channel, channel_at, subdir, begin = _channel(text, begin, end)
    namespace_at, begin = _namespace(text, begin, end)
    name = _name(text, begin, end)
    if isinstance(name, BadSpec):
        return name
    rest = _version_and_build(text, name[1], end)
    if isinstance(rest, BadSpec):
        return rest
    version_at, build_at = rest
    version, build = text[slice(*version_at)], text[slice(*build_at)]
    clauses = _clauses(text, *version_at)
    # Keywords win over the parts before them (CEP 29).
    extra = dict(brackets)
    if "version" in extra and not isinstance(clauses, BadSpec):
        version, version_at = extra["version"], NOWHERE
        clauses = _clauses(version, 0, len(version))
        if isinstance(clauses, BadSpec):
            return BadSpec(text, clauses.message, (end, len(text)))
    if isinstance(clauses, BadSpec):
        return clauses
    if "build" in extra:
        build, build_at = extra["build"], NOWHERE
    return CondaSpec(
        text, text[slice(*name)].lower(), name, version, version_at, build, build_at,
        extra.get("channel", channel), channel_at, extra.get("subdir", subdir), brackets, clauses,
        text[slice(*namespace_at)], namespace_at,
    )  # fmt: skip


def _package_file(text: str, match: re.Match[str]) -> CondaSpec:
    """Read the URL or the path of a package: its file's name says all that there is to match."""
    version = Clause("==", match["version"], match.span("version"))
    return CondaSpec(
        text, match["name"].lower(), match.span("name"), match["version"], match.span("version"),
        match["build"], match.span("build"), clauses=(version,), url=match.group(),
    )  # fmt: skip


def _name(text: str, begin: int, end: int) -> Range | BadSpec:
    name = re.compile(NAME).match(text, begin, end)
    if not name:
        if begin < end:
            return BadSpec(text, "a package name must come first", (begin, end))
        return BadSpec(text, "no package name", (0, len(text)))
    if not re.fullmatch(_VALID_NAME, name.group()):
        return BadSpec(text, f"'{name.group()}' is not a valid package name", name.span())
    return name.span()


def _brackets(text: str, start: int, end: int) -> tuple[tuple[str, str], ...] | BadSpec:
    pairs, at = [], start
    while at < end:
        match = re.compile(_PAIR).match(text, at, end)
        value = next((group for group in match.groups()[1:] if group), "") if match else ""
        if not match or not value:
            message = "brackets must contain key=value pairs such as [version='>=1.2']"
            return BadSpec(text, message, (start - 1, end + 1))
        pairs.append((match.group(1), value.strip()))
        at = match.end()
    return tuple(pairs)


def _channel(text: str, begin: int, end: int) -> tuple[str, Range, str, int]:
    """Split off ``channel::`` or ``channel/subdir::``, and the channel of ``channel:namespace:``."""
    parts = text[begin:end].rsplit(":", 2)
    if len(parts) < 3:
        return "", NOWHERE, "", begin
    separator = begin + len(parts[0])
    channel, subdir = split_subdir(parts[0])
    return channel, (begin, begin + len(channel)), subdir, separator + 1


def _namespace(text: str, begin: int, end: int) -> tuple[Range, int]:
    """Split off the text before a single colon: conda reads it, and ignores it silently."""
    colon = text.rfind(":", begin, end)
    if colon < 0:
        return NOWHERE, begin
    return (begin, colon) if colon > begin else NOWHERE, colon + 1


def _version_and_build(text: str, begin: int, end: int) -> tuple[Range, Range] | BadSpec:
    """Find the ranges of version and build in what follows the name."""
    while begin < end and text[begin].isspace():
        begin += 1
    if begin == end:
        return NOWHERE, NOWHERE
    if text[begin] in "[]@;":
        return BadSpec(text, f"unexpected '{text[begin]}' after the name", (begin, end))
    option = text.find(" -", begin - 1, end)
    if option >= 0 and text[option + 1 : end].lstrip("-")[:1].isalpha():
        what = f"'{text[option + 1 : end]}' is a conda command-line option, which an entry cannot contain"
        return BadSpec(text, what, (option + 1, end))
    # No build reaches over one of these; to look before the last of them would take quadratic time.
    last_break = max(text.rfind(mark, begin, end) for mark in _BUILD_BREAKS)
    for cut in range(max(begin + 1, last_break), end):
        if text[cut] not in " =\t" or text[cut - 1] in _AFTER_OPERATOR:
            continue
        tail = text[cut + 1 : end]
        if tail.strip():
            start = cut + 1 + len(tail) - len(tail.lstrip())
            return _as_written(text, (begin, cut), (start, end))
        if text[cut] == "=" and not tail.strip():
            return BadSpec(text, "nothing follows the last '='", (cut, end))
    return _as_written(text, (begin, end), NOWHERE)


def _as_written(text: str, version: Range, build: Range) -> tuple[Range, Range] | BadSpec:
    if build != NOWHERE and re.search(r"\s", text[slice(*build)]):
        return BadSpec(text, "only a version and a build may follow the name", build)
    return (version[0], version[0] + len(text[slice(*version)].rstrip())), build


def _clauses(text: str, begin: int, end: int) -> tuple[Clause, ...] | BadSpec:
    """Split a version expression at ``,`` and ``|``, parentheses aside."""
    clauses: list[Clause] = []
    for start, stop in _split(text, begin, end) if begin < end else ():
        operator = re.compile(_OPERATOR).match(text, start, stop)
        op = operator.group() if operator else ""
        version = start + len(op)
        while version < stop and text[version].isspace():
            version += 1
        if op in _REVERSED:
            message = f"'{op}' is not an operator; write '{_REVERSED[op]}'"
            return BadSpec(text, message, (start, start + len(op)))
        if version == stop:
            return BadSpec(text, f"no version follows '{op}'" if op else "an empty comparison", (start, stop))
        problem = _version_problem(op, text[version:stop])
        if problem:
            return BadSpec(text, problem, (version, stop))
        clauses.append(Clause(op, text[version:stop], (start, stop)))
    return tuple(clauses)


def _version_problem(op: str, version: str) -> str:
    """Say what is wrong with the version of a clause; nothing where all is well."""
    if not re.fullmatch(_VERSION, version):
        if version.startswith("^") and version.endswith("$"):
            return "only conda supports a regular expression"
        return f"'{version}' is not a valid version"
    release = version.partition("+")[0]
    if "-" in release and "_" in release:
        return f"'{version}' has both '-' and '_'"
    if "*" in version and (op == "~=" or (op in ("!=", "<", ">") and version == "*")):
        return f"'{op}' does not accept '*'"
    if version.endswith(".") and op != "=":
        return f"'{version}' is not a valid version: it ends in '.'"
    return ""


def _split(text: str, begin: int, end: int) -> Iterator[Range]:
    start = begin
    for cut in range(begin, end + 1):
        if cut == end or text[cut] in ",|":
            piece = text[start:cut]
            left = start + len(piece) - len(piece.lstrip(" \t("))
            yield left, max(left, start + len(piece.rstrip(" \t)")))
            start = cut + 1
