"""Reads the tree in which the solver explains a conflict, and renders it for a user, merged and shortened.

The tree is resolvo's; its sentences are in ``resolvo/src/conflict.rs``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from rattler import Version
from rattler.exceptions import InvalidVersionError

Kind: TypeAlias = Literal[
    "wish", "choice", "bound", "absent", "clash", "forbidden", "excluded", "possible", "other"
]
_Raw: TypeAlias = tuple[str, list["_Raw"]]

MAX_LINES = 16
SHOWN_VERSIONS = 3
_ELLIPSIS = "..."
_BRANCHES = "│├└─ "

_SENTENCES: tuple[tuple[str, Kind], ...] = (
    (r"(?P<spec>.+?),? (?:which )?cannot be installed because there are no viable options:?", "wish"),
    (r"(?P<spec>.+?),? (?:which )?can be installed with any of the following options:?", "possible"),
    (r"(?P<spec>.+?),? for which no candidates were found\.?", "absent"),
    (r"No candidates were found for (?P<spec>.+?)\.?", "absent"),
    (r"(?P<spec>.+?),? which conflicts with any installable versions previously reported\.?", "forbidden"),
    (r"(?P<spec>.+?),? which conflicts with the versions reported above\.?", "clash"),
    (r"(?P<spec>.+?) would require", "choice"),
    (r"(?P<spec>.+?) would constrain", "bound"),
    (r"(?P<spec>.+?) is excluded because (?P<why>.+)", "excluded"),
)
_PRIORITY = re.compile(r"due to strict channel priority not using this option from: '(.+?)/?'")


@dataclass(frozen=True, slots=True)
class SolverNode:
    """A sentence of the solver, and those below it.

    ``what`` is a constraint (``wish``, ``absent``, ``forbidden``, ``possible``) or versions (``choice``, ``bound``,
    ``clash``, ``excluded``). ``why`` is the reason of an ``excluded``: the URL of a channel that comes later, mostly.
    """

    kind: Kind
    name: str
    what: tuple[str, ...]
    children: tuple[SolverNode, ...] = ()
    why: str = ""

    def walk(self) -> Iterator[SolverNode]:
        """Yield this node, and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


Fault: TypeAlias = Callable[[SolverNode], str]
"""Returns what is wrong with an ``absent``, ``forbidden``, ``clash`` or ``excluded``: ``which no channel has``."""


def parse(text: str) -> tuple[SolverNode, ...]:
    """Read the solver's text; repeated sentences are merged."""
    roots: list[_Raw] = []
    path = [roots]
    for line in text.removeprefix("Cannot solve the request because of: ").splitlines():
        sentence = line.lstrip(_BRANCHES)
        del path[(len(line) - len(sentence)) // 3 + 1 :]
        below: list[_Raw] = []
        path[-1].append((sentence.rstrip(), below))
        path.append(below)
    return _merged([node for raw in roots for node in _nodes(raw)])


def passed_over(nodes: Iterable[SolverNode]) -> Iterator[tuple[str, str]]:
    """Yield packages that strict priority leaves out, each with the URL of the later channel that has it."""
    for node in nodes:
        for each in node.walk():
            match = _PRIORITY.fullmatch(each.why)
            if match:
                yield each.name, match[1]


def render(nodes: Sequence[SolverNode], fault: Fault) -> list[str]:
    """Return the tree as lines; ``fault`` returns what is wrong with a leaf."""
    lines: list[str] = []
    for node in nodes:
        text, below = _described(node, fault)
        lines += [text.replace(", which cannot", " cannot", 1), *_branches(below, fault)]
    if len(lines) > MAX_LINES:
        lines[MAX_LINES - 1 :] = [f"… and {len(lines) - MAX_LINES + 1} lines more"]
    return lines


def _nodes(raw: _Raw) -> Iterator[SolverNode]:
    sentence, below = raw
    if sentence == "The following packages are incompatible":
        yield from (node for child in below for node in _nodes(child))
        return
    children = _merged([node for child in below for node in _nodes(child)])
    for pattern, kind in _SENTENCES:
        match = re.fullmatch(pattern, sentence)
        if match:
            name, _, what = match["spec"].partition(" ")
            why = match.groupdict().get("why", "")
            if kind == "possible" and all(child.kind == "other" for child in children):
                why, children = _versions([each for child in children for each in child.what]), ()
            yield SolverNode(kind, name, _parts(kind, what), children, why)
            return
    name, _, what = sentence.partition(" ")
    yield SolverNode("other", name, tuple(what.split(" | ")), children)


def _parts(kind: Kind, what: str) -> tuple[str, ...]:
    if kind in ("choice", "bound", "clash", "excluded"):
        return tuple(what.split(" | "))
    return (what.removeprefix("*").strip(),)


def _merged(nodes: Sequence[SolverNode]) -> tuple[SolverNode, ...]:
    """Merge siblings that differ only in their versions, and drop possible options beside impossible ones."""
    if any(node.kind != "possible" for node in nodes):
        nodes = [node for node in nodes if node.kind != "possible" or node.children or node.name[:2] == "__"]
    found: dict[object, SolverNode] = {}
    for node in nodes:
        key = _sameness(node)
        known = found.get(key)
        found[key] = _joined(known, node) if known else node
    return tuple(found.values())


def _sameness(node: SolverNode) -> object:
    """Return the key of siblings that are merged: alternatives that fail in the same way, in any version."""
    if node.kind in ("choice", "bound", "clash", "excluded"):
        return _shape(node)
    return node.kind, node.name, node.what


def _shape(node: SolverNode) -> object:
    return node.kind, node.name, node.why, tuple(_shape(child) for child in node.children)


def _joined(one: SolverNode, other: SolverNode) -> SolverNode:
    if one.kind in ("wish", "possible") and one.what == other.what:
        return replace(one, children=_merged((*one.children, *other.children)))
    children = tuple(map(_joined, one.children, other.children))
    return replace(one, what=tuple(dict.fromkeys((*one.what, *other.what))), children=children)


def _described(node: SolverNode, fault: Fault) -> tuple[str, tuple[SolverNode, ...]]:
    """Return a node as text, and the nodes that remain below it."""
    if node.kind in ("choice", "bound"):
        many = "" if len(node.what) > 1 else "s"
        verb = f"need{many}" if node.kind == "choice" else f"allow{many} only"
        subject = f"{node.name} {_versions(node.what)}"
        if len(node.children) != 1:
            return f"{subject} {verb} all of:", node.children
        text, below = _described(node.children[0], fault)
        return f"{subject} {verb} {text}", below
    if node.kind in ("clash", "excluded"):
        return f"{node.name} {_versions(node.what)}, {fault(node)}", node.children
    newest_first = sorted(map(shortened, node.what), key=natural, reverse=True)
    spec = f"{node.name} {_listed(newest_first)}".rstrip()
    if node.kind == "wish":
        if len(node.children) == 1 and node.children[0].kind == "excluded":
            return f"{spec}, {fault(node.children[0])}", ()
        return f"{spec}, which cannot be installed" + (":" if node.children else ", as above"), node.children
    if node.kind == "possible":
        return f"{spec}, which could be " + (node.why or "one of:"), node.children
    return f"{spec}, {fault(node)}" if node.kind != "other" else spec, node.children


def shortened(constraint: str) -> str:
    """Return ``>=3.12,<3.13.0a0`` as people write it: ``3.12.*``."""
    match = re.fullmatch(r">=((?:\d+\.)*?)(\d+),<((?:\d+\.)*?)(\d+)(?:\.0)?a0", constraint)
    if match and match[1] == match[3] and int(match[2]) + 1 == int(match[4]):
        return f"{match[1]}{match[2]}.*"
    return constraint


def _branches(nodes: Sequence[SolverNode], fault: Fault, indent: str = "") -> Iterator[str]:
    for number, node in enumerate(nodes, 1):
        text, below = _described(node, fault)
        last = number == len(nodes)
        yield f"{indent}{'└─' if last else '├─'} {text}"
        yield from _branches(below, fault, indent + ("   " if last else "│  "))


def _versions(what: Sequence[str]) -> str:
    """Return a few versions one by one, many as the first and the last."""
    known = sorted({each for each in what if each != _ELLIPSIS}, key=_order)
    if _ELLIPSIS in what or len(known) > SHOWN_VERSIONS:
        return f"{known[0]} … {known[-1]}"
    return _listed(known)


def _listed(items: Sequence[str]) -> str:
    more = [f"{len(items) - SHOWN_VERSIONS} more"] if len(items) > SHOWN_VERSIONS + 1 else []
    shown = [*items[: SHOWN_VERSIONS if more else len(items)], *more]
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else "".join(shown)


def natural(constraint: str) -> list[int]:
    """Return the numbers of a constraint, by which constraints are sorted."""
    return [int(number) for number in re.findall(r"\d+", constraint)]


def _order(version: str) -> tuple[int, object]:
    try:
        return 1, Version(version)
    except InvalidVersionError:
        return 0, version
