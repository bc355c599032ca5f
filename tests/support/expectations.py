"""What the rules say of sixty and more real files, as it was reviewed: digests and findings, not the files' text.

``python -m tests.support.expectations [FILE…]`` looks at the files anew, those named below the corpus added, and writes
what came out. Read the difference before you commit it: each line is right, or a rule is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from conda_lockstep.config import Config
from conda_lockstep.lint.engine import runner as lint
from tests.support.corpus import find_corpus

FILE = Path(__file__).parents[1] / "lint" / "expectations" / "findings.txt"
HEAD = "# Written by 'python -m tests.support.expectations', and reviewed finding by finding.\n"
_RULES = "# Reviewed rules: "


class Expected(NamedTuple):
    """The digest of a file, and its findings: line, column, severity, rule, and its fix where it has one."""

    digest: str
    findings: tuple[str, ...]


def look(path: Path, rules: Collection[str]) -> Expected:
    """Return what those of some rules that are on by default report of a file."""
    config = Config()
    chosen = [rule for rule in lint.select(config, installs=True) if rule.name in rules]
    findings = (
        f"{one.line}:{one.column}-{one.end_column} {one.severity} {one.rule}{f' ({one.fix.safety})' if one.fix else ''}"
        for one in lint.lint_path(path, chosen, config)
    )
    return Expected(sha256(path.read_bytes()).hexdigest(), tuple(findings))


def rules_by_default() -> tuple[str, ...]:
    """Return the names of the rules that are on by default."""
    return tuple(rule.name for rule in lint.select(Config(), installs=True))


def reviewed_rules(text: str) -> tuple[str, ...]:
    """Return the names of the rules whose findings were reviewed; a later rule changes none of these."""
    line = next(line for line in text.splitlines() if line.startswith(_RULES))
    return tuple(line.removeprefix(_RULES).split())


def read(text: str) -> dict[str, Expected]:
    """Read expectations: a file's name and digest on a line, its findings indented below it."""
    found: dict[str, Expected] = {}
    for block in text.partition("\n\n")[2].strip().split("\n\n"):
        head, *findings = block.splitlines()
        name, digest = head.split(" sha256:")
        found[name] = Expected(digest, tuple(line.strip() for line in findings))
    return found


def render(expected: Mapping[str, Expected], rules: Sequence[str]) -> str:
    """Write expectations as :func:`read` reads them, in the order of their names."""
    blocks = (
        "".join(
            f"{line}\n" for line in (f"{name} sha256:{one.digest}", *(f"  {each}" for each in one.findings))
        )
        for name, one in sorted(expected.items())
    )
    return f"{HEAD}{_RULES}{' '.join(sorted(rules))}\n" + "".join(f"\n{block}" for block in blocks)


def main(names: Sequence[str]) -> None:
    corpus = find_corpus()
    if corpus is None:
        sys.exit("the corpus is not beside the project")
    known = read(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    FILE.parent.mkdir(exist_ok=True)
    rules = rules_by_default()
    found = {name: look(corpus / name, rules) for name in {*known, *names}}
    FILE.write_text(render(found, rules), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
