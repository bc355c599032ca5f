"""Puts an environment file in canonical form: order, indentation, quotes. Comments stay with what they speak of.

Entries are sorted within their group only: a blank line or a comment above an entry begins a new one, so that no
entry ends up under a heading that is not its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import yaml

from conda_lockstep.environment.blocks import (
    BLANK,
    Block,
    BlockEntry,
    Blocks,
    Body,
    Note,
    UnformattableError,
    read_blocks,
    without_leading_blanks,
)
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.text.comments import layout
from conda_lockstep.text.source import Source, UnreadableFileError
from conda_lockstep.text.yaml_nodes import compose

__all__ = ["KEYS", "UnformattableError", "canonical"]

KEYS = ("name", "channels", "platforms", "dependencies", "variables")
"""The order of the top-level keys; others follow as they stand."""
INDENT = 2
_UNSORTED = frozenset(("channels", "platforms", "pip-repositories", "variables"))


def canonical(file: EnvironmentFile) -> str:
    """Return the content of a file in canonical form, byte order mark and kind of line end as they were.

    Raises :class:`UnformattableError` for what cannot be formatted safely; what is returned holds the same values and
    the same comments, as parsing it has shown.
    """
    lines = _lines(_in_order(read_blocks(file)))
    newline = file.source.newline
    text = "".join(line + newline for line in lines)
    if not _same(file.source, Source.of(file.path, text)):
        what = "not formatted: in canonical form it would say something else"
        raise UnformattableError(what, where=file.path, remedy="please report it with the file")
    return ("\ufeff" if file.source.bom else "") + text


def _in_order(file: Blocks) -> Blocks:
    blocks = sorted(
        file.blocks, key=lambda block: KEYS.index(block.name) if block.name in KEYS else len(KEYS)
    )
    first = file.blocks[0]
    top = file.top
    if blocks[0] is not first:
        top, head = _split_top(file.top)
        blocks[blocks.index(first)] = first._replace(head=head)
    return Blocks(top, tuple(_with_sorted_body(block) for block in blocks), file.bottom)


def _split_top(top: tuple[Note, ...]) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Part the lines above the first key into those of the file and, behind a blank line, those of the key."""
    cut = len(top)
    while cut and top[cut - 1].text.startswith("#"):
        cut -= 1
    silences = any("lockstep:" in note.text for note in top[cut:])
    return (top[:cut], top[cut:]) if cut or silences else (top, ())


def _with_sorted_body(block: Block) -> Block:
    if block.body is None or block.name in _UNSORTED:
        return block
    return block._replace(body=_sorted(block.body, _rank))


def _sorted(body: Body, rank: Callable[[BlockEntry], tuple[int, str]]) -> Body:
    """Sort the entries of every group; a group that is only pip and its section comes last."""
    groups: list[list[BlockEntry]] = []
    for entry in body.entries:
        if entry.section:
            entry = entry._replace(section=_sorted(entry.section, lambda pip_entry: (0, pip_entry.name)))
        follows = groups and not entry.lead and entry.name and groups[-1][-1].name
        if follows:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    groups = [_sorted_group(group, rank) for group in groups]
    last = [group for group in groups if _is_pip(group)]
    rest = [group for group in groups if not _is_pip(group)]
    if rest and last and groups != rest + last:
        last = [_with_lead(group, group[0].lead or (BLANK,)) for group in last]
        groups = rest + last
        groups[0] = _with_lead(groups[0], without_leading_blanks(groups[0][0].lead))
    return body._replace(entries=tuple(entry for group in groups for entry in group))


def _sorted_group(
    group: Sequence[BlockEntry], rank: Callable[[BlockEntry], tuple[int, str]]
) -> list[BlockEntry]:
    """Sort a group; what stands directly under a comment stays there."""
    lead = group[0].lead
    pinned = 1 if lead and lead[-1].text else 0
    ordered = [entry._replace(lead=()) for entry in group]
    return _with_lead([*ordered[:pinned], *sorted(ordered[pinned:], key=rank)], lead)


def _rank(entry: BlockEntry) -> tuple[int, str]:
    """Return the place of a conda entry: python first, pip and its section last."""
    if entry.section:
        return 3, ""
    return {"python": 0, "pip": 2}.get(entry.name, 1), entry.name


def _with_lead(group: Sequence[BlockEntry], lead: tuple[Note, ...]) -> list[BlockEntry]:
    return [group[0]._replace(lead=lead), *group[1:]]


def _is_pip(group: Sequence[BlockEntry]) -> bool:
    return any(entry.section for entry in group) and all(entry.name == "pip" for entry in group)


def _lines(file: Blocks) -> list[str]:
    lines: list[str] = []
    _add_notes(lines, file.top)
    for block in file.blocks:
        _add_notes(lines, block.head)
        if block.lines:
            lines += block.lines
        else:
            lines.append(block.line + block.beside)
        if block.body:
            _add_body(lines, block.body, INDENT)
    _add_notes(lines, file.bottom)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _add_body(lines: list[str], body: Body, indent: int) -> None:
    def place(note: Note) -> int:
        # Editors comment out at the left margin; there, undoing it gives the entry its place back.
        return 0 if note.column == 0 and body.column > 0 else indent

    for entry in body.entries:
        _add_notes(lines, entry.lead, place)
        lines.append(f"{' ' * indent}{'- ' if body.dashed else ''}{entry.text}{entry.beside}")
        if entry.section:
            _add_body(lines, entry.section, indent + 2 * INDENT)
    _add_notes(lines, body.tail, place)


def _add_notes(
    lines: list[str], notes: Sequence[Note], place: Callable[[Note], int] = lambda note: 0
) -> None:
    """Add comments, and blank lines: one at a time, and none at the beginning."""
    for note in notes:
        if note.text:
            lines.append(" " * place(note) + note.text)
        elif lines and lines[-1]:
            lines.append("")


def _same(before: Source, after: Source) -> bool:
    """Say whether two texts have the same values, entries in any order, and the same comments byte for byte."""
    try:
        values = _values(compose(before)) == _values(compose(after))
    except UnreadableFileError:
        return False
    return values and _comments(before) == _comments(after)


def _comments(source: Source) -> Counter[str]:
    return Counter(source.text[slice(*span)] for span in layout(source).comments)


_Shape = tuple[str, object]


def _values(root: yaml.MappingNode) -> dict[object, object]:
    return {
        _shape(key): sorted(map(repr, map(_entry, value.value)))
        if key.value == "dependencies" and isinstance(value, yaml.SequenceNode)
        else _shape(value)
        for key, value in root.value
    }


def _entry(node: yaml.Node) -> object:
    """Return the shape of a dependency; in a ``pip:`` section, too, order is free."""
    if isinstance(node, yaml.MappingNode):
        return [
            (_shape(key), sorted(map(repr, map(_shape, value.value))))
            if isinstance(value, yaml.SequenceNode)
            else (_shape(key), _shape(value))
            for key, value in node.value
        ]
    return _shape(node)


def _shape(node: yaml.Node) -> _Shape:
    """Return a node without its style and place."""
    if isinstance(node, yaml.MappingNode):
        return node.tag, tuple((_shape(key), _shape(value)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return node.tag, tuple(_shape(child) for child in node.value)
    return node.tag, node.value
