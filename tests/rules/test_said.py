"""What every rule says of the rows of the tables, word for word, with what its fix writes: somebody looked at it.

``LOCKSTEP_ACCEPT=1`` writes the files of ``said/`` anew. Read the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conda_lockstep.rules import FAMILIES, lint, rules
from conda_lockstep.rules.lint import Finding
from tests.rules import (
    test_channels,
    test_document,
    test_gpu,
    test_installs,
    test_pins,
    test_pip,
    test_secrets,
)
from tests.rules import test_tables as tables
from tests.support.lint import of
from tests.support.snapshots import assert_as_seen

SAID = Path(__file__).parent / "said"


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_said_is_what_was_looked_at(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ""
    for rule in sorted(rule.name for rule in rules((family,))):
        said += f"== {rule}\n\n"
        for number, files in enumerate(_rows(rule)):
            folder = tmp_path / rule / str(number)
            folder.mkdir(parents=True)
            monkeypatch.chdir(folder)
            said += _said(rule, files)
    assert_as_seen(said, SAID / f"{family}.txt")


def _rows(rule: str) -> Iterator[dict[str, str | bytes]]:
    """Yield the files of each bad row; the first is looked at."""
    for module in (test_document, test_channels, test_gpu, test_secrets):
        for text, _ in module.BAD.get(rule, ()):
            yield {tables.FILE: text}
    for entry in test_pins.GOOD_AND_BAD.get(rule, ((), ()))[1]:
        yield {tables.FILE: of(entry)}
    for entry in test_pip.GOOD_AND_BAD.get(rule, ((), ()))[1]:
        yield {tables.FILE: of("python=3.9", "pandas=1.3", "pip", pip=["first==1.0", entry, "last==1.0"])}
    for kind, name, text, is_bad in test_installs.ROWS:
        if is_bad and name == rule:
            yield {test_installs.PATHS[kind]: text}
    for files, _ in tables.BAD.get(rule, ()):
        yield files


def _said(rule: str, files: dict[str, str | bytes]) -> str:
    """Write some files, and return what is said of the first."""
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    others = ("unpinned-conda",) if rule == "unused-suppression" else ()
    chosen = lint.select(test_gpu.A100, (rule, *others))
    found = lint.lint_path(Path(next(iter(files))), chosen, test_gpu.A100)
    return "".join(_shown(one) for one in found if one.rule == rule) + "\n"


def _shown(finding: Finding) -> str:
    lines = [f"  | {line}" for line in finding.lines]
    lines += [
        f"{_place(finding)} {finding.severity}: {finding.message}",
        f"  help: {finding.help}",
        *(f"  also {line}:{start}-{line}:{end}: {what}" for line, start, end, what in finding.also),
    ]
    if finding.fix:
        lines.append(f"  {finding.fix.safety} fix: {finding.fix.message}")
        lines += [f"    {_place(one)} {one.text!r}" for one in finding.fix.edits]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _place(one: Finding | lint.EditAt) -> str:
    return f"{one.line}:{one.column}-{one.end_line}:{one.end_column}"
