"""Baselines: recorded findings that are hidden until their entry changes.

A finding is identified by its file, its rule and the text of its entry, not by its line. Reordering a file
or editing the lines around an entry does not bring a finding back.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.errors import Location, LockstepError
from conda_lockstep.lint.engine.findings import UNREADABLE, Finding
from conda_lockstep.text.atomic import write_text
from conda_lockstep.text.bounded_text import read_text

VERSION = 1


class Key(NamedTuple):
    """The identity of a finding. ``path`` is relative to the baseline's folder, ``entry`` the text without layout."""

    path: str
    rule: str
    entry: str


class BaselineScope(NamedTuple):
    """What a run checked: ``folder`` is the baseline's, ``paths`` are relative to it, ``rules`` are names."""

    folder: Path
    paths: frozenset[str]
    rules: frozenset[str]

    @classmethod
    def of(cls, baseline: Path, paths: Iterable[Path], rules: Iterable[str]) -> BaselineScope:
        """Describe a run that uses the baseline at this path."""
        folder = baseline.parent
        return cls(folder, frozenset(_relative(path, folder) for path in paths), frozenset(rules))

    def covers(self, key: Key) -> bool:
        """Return whether the run would have found this again: it ran the rule, and read the file or saw it was gone."""
        seen = key.path in self.paths or not Path(self.folder, key.path).exists()
        return seen and key.rule in self.rules


class BaselineComparison(NamedTuple):
    """Findings compared with a baseline: the new ones, and those that are recorded but gone."""

    new: tuple[Finding, ...]
    gone: tuple[Key, ...]


def write(path: Path, findings: Iterable[Finding], scope: BaselineScope) -> int:
    """Record findings as a baseline and return how many it has; findings outside the scope stay recorded.

    The bytes depend on the findings only: sorted, one line each. Raises ``LockstepError`` where the file exists and is
    not a baseline.
    """
    counted = Counter(_key(finding, path.parent) for finding in findings)
    before = read(path) if path.exists() else {}
    counted.update({key: count for key, count in before.items() if not scope.covers(key)})
    lines = [
        json.dumps({**key._asdict(), "count": count}, ensure_ascii=False)
        for key, count in sorted(counted.items())
    ]
    listed = "".join(f"\n    {line}," for line in lines).removesuffix(",")
    end = "\n  " if lines else ""
    write_text(path, f'{{\n  "version": {VERSION},\n  "findings": [{listed}{end}]\n}}\n')
    return sum(counted.values())


def read(path: Path) -> Mapping[Key, int]:
    """Read a baseline: the count of each finding. Raises ``LockstepError`` where the file is missing or invalid."""
    if not path.exists():
        remedy = "create it with --write-baseline"
        raise LockstepError("baseline not found", where=str(path), remedy=remedy)
    try:
        document = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        where = Location(str(path), error.lineno, error.colno)
        raise LockstepError(
            f"the baseline is not valid JSON: {error.msg}", where=where, remedy=_REMEDY
        ) from None
    except (ValueError, RecursionError):
        raise LockstepError("the baseline is not valid JSON", where=str(path), remedy=_REMEDY) from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise LockstepError("not a baseline: 'findings' is not a list", where=str(path), remedy=_REMEDY)
    if document.get("version") != VERSION:
        what = f"unsupported baseline version {document.get('version')!r}, expected {VERSION}"
        raise LockstepError(what, where=str(path), remedy=_REMEDY)
    counts: Counter[Key] = Counter()
    for number, row in enumerate(document["findings"], 1):
        key, count = _row(row, number, path)
        counts[key] += count
    return counts


def compare(
    known: Mapping[Key, int], findings: Sequence[Finding], scope: BaselineScope
) -> BaselineComparison:
    """Split findings into new and recorded ones; where a count grew, the last ones in the file are new.

    Recorded findings that the run did not check, or whose file it could not read, are not reported as gone.
    """
    left = Counter(known)
    new = []
    for finding in findings:
        key = _key(finding, scope.folder)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(finding)
    broken = {
        _relative(Path(finding.path), scope.folder) for finding in findings if finding.rule == UNREADABLE
    }
    gone = (key for key, count in sorted(left.items()) if count > 0 and scope.covers(key))
    return BaselineComparison(tuple(new), tuple(key for key in gone if key.path not in broken))


def entry_text(lines: Sequence[str], column: int) -> str:
    """Return the entry at a column (from 1) of a finding's lines, without indentation, quotes, comments and dashes."""
    text = " ".join(re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip() for line in lines)
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    flow = re.match(r"[^#'\"]*?[\[{]", text)
    if flow and not text.startswith("- "):
        text = _flow_entry(text, column - 1 - indent)
    text = re.sub(r"\s+", " ", text.removeprefix("- ").strip())
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        text = text[1:-1]
    text = text or " ".join(line.strip() for line in lines)
    # A secret is masked with a star for each character: its length must not leak.
    return re.sub(r"\*{3,}", "***", text)


_REMEDY = "delete it and create it again with --write-baseline"


def _key(finding: Finding, folder: Path) -> Key:
    entry = entry_text(finding.lines, finding.column)
    return Key(_relative(Path(finding.path), folder), finding.rule, entry)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _flow_entry(text: str, at: int) -> str:
    """Return the part between the commas or brackets around an offset."""
    at = min(max(at, 0), len(text))
    if at <= min(text.find(mark) for mark in "[{" if mark in text):
        return text
    start = max(text.rfind(mark, 0, at) for mark in ",[{") + 1
    ends = [found for mark in ",]}" if (found := text.find(mark, at)) >= 0]
    return text[start : min(ends, default=len(text))]


def _row(row: object, number: int, path: Path) -> tuple[Key, int]:
    if isinstance(row, dict):
        values = [row.get(name) for name in Key._fields]
        count = row.get("count", 1)
        texts = [value for value in values if isinstance(value, str)]
        if len(texts) == len(values) and type(count) is int and count > 0:
            return Key(*texts), count
    what = f"finding {number} of the baseline must have path, rule, entry and count"
    raise LockstepError(what, where=str(path), remedy=_REMEDY)
