"""What the rules say of sixty and more real files, as it was reviewed: digests and findings, not the files' text.

``python -m tests.support.expectations [FILE…]`` looks at the files anew, those named below the corpus added, and writes
what came out. Read the difference before you commit it: each line is right, or a rule is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.config import Config
from conda_lockstep.lint.engine import runner as lint
from tests.support.corpus import find_corpus

FILE = Path(__file__).parents[1] / "lint" / "expectations" / "findings.txt"
HEAD = "# Written by 'python -m tests.support.expectations', and reviewed finding by finding.\n"


class Expected(NamedTuple):
    """The digest of a file, and its findings: line, column, severity, rule, and its fix where it has one."""

    digest: str
    findings: tuple[str, ...]


def look(path: Path) -> Expected:
    """Return what the rules that are on by default say of a file."""
    config = Config()
    findings = (
        f"{one.line}:{one.column}-{one.end_column} {one.severity} {one.rule}{f' ({one.fix.safety})' if one.fix else ''}"
        for one in lint.lint_path(path, lint.select(config, installs=True), config)
    )
    return Expected(sha256(path.read_bytes()).hexdigest(), tuple(findings))


def read(text: str) -> dict[str, Expected]:
    """Read expectations: a file's name and digest on a line, its findings indented below it."""
    found: dict[str, Expected] = {}
    for block in text.removeprefix(HEAD).strip().split("\n\n"):
        head, *findings = block.splitlines()
        name, digest = head.split(" sha256:")
        found[name] = Expected(digest, tuple(line.strip() for line in findings))
    return found


def render(expected: Mapping[str, Expected]) -> str:
    """Write expectations as :func:`read` reads them, in the order of their names."""
    blocks = (
        "".join(
            f"{line}\n" for line in (f"{name} sha256:{one.digest}", *(f"  {each}" for each in one.findings))
        )
        for name, one in sorted(expected.items())
    )
    return HEAD + "".join(f"\n{block}" for block in blocks)


def main(names: Sequence[str]) -> None:
    corpus = find_corpus()
    if corpus is None:
        sys.exit("the corpus is not beside the project")
    known = read(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(render({name: look(corpus / name) for name in {*known, *names}}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
