"""Baselines: the findings that a repository had when it began, kept out of sight until somebody touches the entry.

A finding is known by its file, its rule and the text of its entry, not by its line: reordering a file or editing what
stands around an entry brings nothing back.
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

VERSION = 1


class Key(NamedTuple):
    """What a finding is known by. ``path`` is relative to the baseline's folder, ``entry`` the text without layout."""

    path: str
    rule: str
    entry: str


class BaselineScope(NamedTuple):
    """What a run looked at: ``folder`` is the baseline's, ``paths`` are relative to it, ``rules`` are names."""

    folder: Path
    paths: frozenset[str]
    rules: frozenset[str]

    @classmethod
    def of(cls, baseline: Path, paths: Iterable[Path], rules: Iterable[str]) -> BaselineScope:
        """Describe a run that goes against the baseline of this path."""
        folder = baseline.parent
        return cls(folder, frozenset(_relative(path, folder) for path in paths), frozenset(rules))

    def holds(self, key: Key) -> bool:
        """Say whether the run would have found this again: it ran the rule, and saw the file or that it is gone."""
        seen = key.path in self.paths or not Path(self.folder, key.path).exists()
        return seen and key.rule in self.rules


class BaselineComparison(NamedTuple):
    """Findings against a baseline: those that are new, and what the baseline holds that is no more."""

    new: tuple[Finding, ...]
    gone: tuple[Key, ...]


def write(path: Path, findings: Iterable[Finding], scope: BaselineScope) -> int:
    """Record findings as a baseline and return how many it holds; what the run did not look at stays recorded.

    Its bytes follow from the findings alone: sorted, one line for each. Raises ``LockstepError`` where the path holds
    something else than a baseline.
    """
    counted = Counter(_key(finding, path.parent) for finding in findings)
    before = read(path) if path.exists() else {}
    counted.update({key: count for key, count in before.items() if not scope.holds(key)})
    lines = [
        json.dumps({**key._asdict(), "count": count}, ensure_ascii=False)
        for key, count in sorted(counted.items())
    ]
    listed = "".join(f"\n    {line}," for line in lines).removesuffix(",")
    end = "\n  " if lines else ""
    write_text(path, f'{{\n  "version": {VERSION},\n  "findings": [{listed}{end}]\n}}\n')
    return sum(counted.values())


def read(path: Path) -> Mapping[Key, int]:
    """Read a baseline: how often each finding was there. Raises ``LockstepError`` for what is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "write it with --write-baseline"
        raise LockstepError("no such baseline", where=str(path), remedy=remedy) from None
    except OSError as error:
        raise LockstepError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except json.JSONDecodeError as error:
        where = Location(str(path), error.lineno, error.colno)
        raise LockstepError(f"not JSON: {error.msg}", where=where, remedy=_AGAIN) from None
    except (UnicodeDecodeError, RecursionError):
        raise LockstepError("not JSON", where=str(path), remedy=_AGAIN) from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise LockstepError("no baseline: 'findings' is not a list", where=str(path), remedy=_AGAIN)
    if document.get("version") != VERSION:
        what = f"a baseline of version {document.get('version')!r}, not {VERSION}"
        raise LockstepError(what, where=str(path), remedy=_AGAIN)
    counts: Counter[Key] = Counter()
    for number, row in enumerate(document["findings"], 1):
        key, count = _row(row, number, path)
        counts[key] += count
    return counts


def compare(
    known: Mapping[Key, int], findings: Sequence[Finding], scope: BaselineScope
) -> BaselineComparison:
    """Part findings into new and old; of a count that grew, the last ones in the file are new.

    Of what the run did not look at nothing is said to be gone, nor of a file that could not be read.
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
    gone = (key for key, count in sorted(left.items()) if count > 0 and scope.holds(key))
    return BaselineComparison(tuple(new), tuple(key for key in gone if key.path not in broken))


def entry_text(lines: Sequence[str], column: int) -> str:
    """Return what a finding's lines say at a column (from 1), without indentation, quotes, comments and dashes."""
    text = " ".join(re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip() for line in lines)
    indent = len(lines[0]) - len(lines[0].lstrip()) if lines else 0
    flow = re.match(r"[^#'\"]*?[\[{]", text)
    if flow and not text.startswith("- "):
        text = _flow_entry(text, column - 1 - indent)
    text = re.sub(r"\s+", " ", text.removeprefix("- ").strip())
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        text = text[1:-1]
    text = text or " ".join(line.strip() for line in lines)
    # Secrets come hidden, a star for each character: their length is no one's business.
    return re.sub(r"\*{3,}", "***", text)


_AGAIN = "delete it, and write it again with --write-baseline"


def _key(finding: Finding, folder: Path) -> Key:
    entry = entry_text(finding.lines, finding.column)
    return Key(_relative(Path(finding.path), folder), finding.rule, entry)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _flow_entry(text: str, at: int) -> str:
    """Return the part between the commas and brackets around a place."""
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
    raise LockstepError(what, where=str(path), remedy=_AGAIN)
