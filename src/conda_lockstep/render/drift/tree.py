"""Draws the dependency tree from the lines of the environment file to the changed packages, as nested lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conda_lockstep.drift.report import Row
from conda_lockstep.render.escape import markup

SHOWN = 300
"""The number of changed packages that are drawn, the most dangerous first."""
_DEEPEST = 60
"""The number of steps that are drawn of a chain, which comes from a document that may hold anything."""
_REQUIRES = " requires "


@dataclass(slots=True)
class _Node:
    """A line of the file, or a package; ``label`` is what is shown of it if it did not change itself."""

    label: str
    children: dict[str, _Node] = field(default_factory=dict)

    def child(self, name: str, label: str) -> _Node:
        return self.children.setdefault(name, _Node(label))


def tree(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a folded tree of the rows' chains; nothing if no row has one.

    The packages that changed are lit in the color of their severity. Pointing at one lights its path.
    """
    found = [row for row in rows if row.chain]
    if not found:
        return
    root = _Node("")
    for row in found[:SHOWN]:
        _insert(root, row)
    changed = {row.subject: row for row in reversed(rows)}
    left = len(found) - SHOWN
    more = f'<p class="soft">{left} more changed packages are not drawn.</p>' if left > 0 else ""
    yield '<details class="tree"><summary>Dependency tree: from your lines to what changed</summary>'
    yield f"{_list(root, changed)}{more}</details>"


def _insert(root: _Node, row: Row) -> None:
    """Add the chain of a row: its entry, the packages that lead on from there, and the package that changed."""
    node = root
    for step in row.chain[:_DEEPEST]:
        package, requires, _ = step.partition(_REQUIRES)
        name = package.split(" ")[0] if requires else step
        node = node.child(name, package)
    node.child(row.subject, row.subject)


def _list(node: _Node, changed: Mapping[str, Row]) -> str:
    if not node.children:
        return ""
    items = (_item(name, child, changed) for name, child in node.children.items())
    return f"<ul>{''.join(items)}</ul>"


def _item(name: str, node: _Node, changed: Mapping[str, Row]) -> str:
    row = changed.get(name)
    if row is None:
        return f"<li><span>{markup(node.label)}</span>{_list(node, changed)}</li>"
    before, after = markup(row.before) or "–", markup(row.after) or "–"
    return (
        f'<li class="{row.severity}"><span><b>{markup(name)}</b> {before} → {after}</span>'
        f"{_list(node, changed)}</li>"
    )
