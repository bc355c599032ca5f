"""The place of the ``pip:`` section, and whether conda reads it at all."""

from __future__ import annotations

from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit, dash_of, insert_after, insert_before, remove
from conda_lockstep.environment.entries import Entries
from conda_lockstep.environment.environment_file import Dependency, EnvironmentFile, Item, PipSection
from conda_lockstep.lint.engine.registry import Fix, Problem, rule
from conda_lockstep.text.source import Source, Span

_MISREAD = (
    "accidental-exact", "duplicate-spec", "invalid-match-spec", "open-range", "pip-section-not-last",
    "pip-syntax-in-conda-list", "redundant-glob", "too-loose-pin", "unpinned-conda", "wrong-ecosystem-name",
)  # fmt: skip
"""Rules that would report pip's entries if conda reads them as conda packages."""


@rule("pip-not-listed", "warning", requires=("pip-section",))
def pip_not_listed(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file has a ``pip:`` section but does not list ``pip`` as a conda package: conda chooses which pip runs."""
    section = next((section for section in entries.file.pip_sections if section.items), None)
    if section is None or entries.named("pip") or _is_bad("pip", entries):
        return
    fix = None
    if not section.flow:
        edit = insert_before(entries.file.source, section, "pip")
        fix = Fix("list 'pip' as a conda package", (edit,), "safe")
    yield Problem(
        section.key.span,
        "'pip' is not listed as a conda package: conda adds it with a warning, other tools use whatever pip they find",
        "list 'pip' as a conda package",
        fix,
    )


@rule("pip-section-not-last", "note", requires=("pip-section",))
def pip_section_not_last(entries: Entries, config: Config) -> Iterator[Problem]:
    """Conda packages follow the ``pip:`` section, although pip always runs after conda."""
    sections = list(entries.file.pip_sections)
    if len(sections) != 1 or not sections[0].items or entries.file.dependencies[-1] == sections[0]:
        return
    section, last = sections[0], entries.file.dependencies[-1]
    yield Problem(
        section.key.span,
        f"conda packages follow the pip section, which ends at line {_last_line(entries.file.source, section)}",
        "move the pip section to the end: pip runs last",
        _move_to_end(entries.file, section, last),
    )


@rule("multiple-pip-sections", "error", supersedes=("pip-section-not-last",), requires=("pip-section",))
def multiple_pip_sections(entries: Entries, config: Config) -> Iterator[Problem]:
    """The file has several ``pip:`` sections: conda reads only the last one, mamba and pixi install all of them."""
    sections = [section for section in entries.file.pip_sections if section.items]
    if len(sections) < 2:
        return
    *dropped, last = sections
    # Of two sections in one entry, what a fix leaves is read as something else.
    places = [section.mapping_at for section in entries.file.pip_sections]
    for section in dropped:
        yield Problem(
            section.key.span,
            f"conda ignores this pip section ({_listed(section.items)}) because a later one replaces it",
            "merge all entries into one pip section",
            _merge_into(entries.file.source, section, last)
            if places.count(section.mapping_at) == 1
            else None,
            also=((last.key.span, "the section that conda uses"),),
        )


@rule("empty-pip-section", "error", supersedes=_MISREAD, requires=("pip-section",))
def empty_pip_section(entries: Entries, config: Config) -> Iterator[Problem]:
    """The ``pip:`` section is empty: conda reads the entries that are not indented below it as conda packages."""
    dependencies = entries.file.dependencies
    for index, section in enumerate(dependencies):
        if not isinstance(section, PipSection) or section.kind not in ("null", "sequence") or section.items:
            continue
        # After an explicit '[]', the next entries are not meant for pip.
        rest = dependencies[index + 1 :] if section.kind == "null" else ()
        items = [entry for entry in rest if isinstance(entry, Item) and entry.kind == "string"]
        if not items:
            fix = Fix("remove the empty pip section", (remove(entries.file.source, section),), "safe")
            yield Problem(
                section.span, "the pip section is empty", "remove it, or list packages below it", fix, "note"
            )
            continue
        yield Problem(
            Span(section.span.start, items[-1].span.end),
            f"the pip section is empty: conda reads the next entries ({_listed(items)}) as conda packages",
            "indent pip's packages below 'pip:'",
            _indent(entries.file.source, section, items) if len(items) == len(rest) else None,
        )


@rule("top-level-pip", "error", supersedes=("unknown-key",))
def top_level_pip(entries: Entries, config: Config) -> Iterator[Problem]:
    """``pip:`` is a top-level key instead of an entry of ``dependencies:``: conda ignores all of it."""
    entry = entries.file.key("pip")
    if entry is None:
        return
    yield Problem(
        entry.key.span,
        "conda ignores 'pip:' as a top-level key, so none of its packages is installed",
        "move it into 'dependencies:' as '- pip:'",
        _into_dependencies(entries.file, entry.key, entry.value),
    )


def _is_bad(name: str, entries: Entries) -> bool:
    """Return whether an invalid entry names a package."""
    return any(bad.manager == "conda" and bad.item.value.split("=")[0].strip() == name for bad in entries.bad)


def _listed(items: tuple[Item, ...] | list[Item]) -> str:
    names = [item.value for item in items[:3] if item.value]
    return ", ".join(names) + (f" and {len(items) - 3} more" if len(items) > 3 else "")


def _last_line(source: Source, entry: Dependency) -> int:
    return source.position(max(entry.span.start, entry.span.end - 1))[0]


def _lines_of(source: Source, entry: Dependency) -> Span:
    """Return the full lines of a block-style entry, with its dash."""
    return remove(source, entry).span


def _move_to_end(file: EnvironmentFile, section: PipSection, last: Dependency) -> Fix | None:
    source = file.source
    if section.flow or last.flow:
        return None
    lines = _lines_of(source, section)
    block = source.text[slice(*lines)]
    if not block.lstrip().startswith("-"):
        return None
    added = insert_after(source, last, "")
    end = source.newline
    lead = end if added.text.startswith(end) else ""
    text = lead + (block.rstrip("\r\n") + ("" if lead else end))
    return Fix("move the pip section to the end", (Edit(lines, ""), Edit(added.span, text)), "safe")


def _merge_into(source: Source, section: PipSection, last: PipSection) -> Fix | None:
    """Return the fix that moves the entries of a section to the start of another section."""
    if any(item.flow for item in (*section.items, *last.items)):
        return None
    lines, first = _lines_of(source, section), section.items[0]
    start = source.line_span(source.position(section.key.span.start)[0]).end
    target = source.line_span(source.position(last.items[0].span.start)[0]).start
    text = _indented(source.text[start : lines.end], _column(source, last.items[0]) - _column(source, first))
    if text is None:
        return None
    edits = (Edit(lines, ""), Edit(Span(target, target), text))
    return Fix(f"move {_listed(section.items)} to the pip section that conda uses", edits, "unsafe")


def _indent(source: Source, section: PipSection, items: list[Item]) -> Fix | None:
    """Return the fix that indents the lines after an empty section."""
    if section.flow:
        return None
    first = source.position(section.span.end)[0] + 1
    last = _last_line(source, items[-1])
    starts = [
        source.line_span(number).start for number in range(first, last + 1) if source.line(number).strip()
    ]
    edits = tuple(Edit(Span(start, start), "  ") for start in starts)
    return Fix("indent the entries below 'pip:'", edits, "unsafe") if edits else None


def _into_dependencies(file: EnvironmentFile, key: Item, value: Item) -> Fix | None:
    source = file.source
    if not file.dependencies or file.dependencies[-1].flow or value.kind != "sequence" or value.flow:
        return None
    last = file.dependencies[-1]
    start = source.line_span(source.position(key.span.start)[0]).start
    body = source.line_span(source.position(key.span.start)[0]).end
    end = source.line_span(source.position(max(value.span.start, value.span.end - 1))[0]).end
    if value.span.start < body or key.span.start != start or source.text[value.span.start] != "-":
        return None
    dash = dash_of(source, source.position(last.span.start)[0])
    shift = len(dash) - _column(source, value) + 1
    block = _indented(source.text[body:end], shift)
    if block is None:
        return None
    added = insert_after(source, last, f"pip:{source.newline}{block.rstrip()}")
    edits = (Edit(Span(start, end), ""), added)
    return Fix("move 'pip:' into 'dependencies:'", edits, "unsafe")


def _column(source: Source, item: Item) -> int:
    return source.position(item.span.start)[1]


def _indented(block: str, by: int) -> str | None:
    """Return lines shifted to the right or left; None if a line has too little indentation."""
    lines = block.splitlines(keepends=True)
    moved = []
    for line in lines:
        if by < 0 and line.strip() and line[:-by].strip():
            return None
        moved.append(line if not line.strip() else " " * by + line if by > 0 else line[-by:])
    return "".join(moved)
