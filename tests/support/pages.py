"""The pages in ``hooks/`` and their cases.

``python -m tests.support.pages [FAMILY…]`` updates them: it runs every case and writes the results to ``expected.txt``,
``after.yml`` and the page, for review.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from conda_lockstep.cli.environment import lint
from conda_lockstep.lint.engine.registry import Rule, families, in_order, rules
from conda_lockstep.lint.engine.selection import find_rule

HOOKS = Path(__file__).parents[2] / "hooks"
ENVIRONMENT = "before.yml"
LOCK = "before.conda-lock.yml"
SETTINGS = "lockstep.toml"
INSTALLING = ("before.Dockerfile", "before.sh", ENVIRONMENT)
"""The files that a case of the family ``installs`` may check: a Dockerfile, a script, or (in YAML) a workflow."""
PARTS = (*INSTALLING, LOCK, SETTINGS, "environment.yml", "conda-lock.yml")
"""The files that a case may consist of, each with the name that it has where the case is run."""
_BLOCK = re.compile(
    r"(?P<open>```(?:yaml|text|toml|dockerfile|sh) (?P<file>[\w.\-]+)\n).*?(?P<close>```)", re.DOTALL
)
# A suppression is unused where the rule that it names was run.
_SELECTED = {"unused-suppression": ("unused-suppression", "pins")}
TODAY = "2026-12-01"
"""The date on which the cases are run."""
_TABLE = re.compile(r"(<!-- rules -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One example of a rule: ``prefix`` is empty for the one on the page, otherwise ``NAME.``."""

    rule: str
    folder: Path
    prefix: str

    @property
    def label(self) -> str:
        return f"{self.rule}/{self.prefix.rstrip('.') or 'page'}"

    @property
    def about(self) -> str:
        """The file that the rule looks at, and its fix changes."""
        (target, *_) = find_rule(self.rule).targets
        if target == "installs":
            return next(name for name in INSTALLING if self.path(name).is_file())
        return LOCK if target == "lock" else ENVIRONMENT

    @property
    def shown(self) -> str:
        """Where that file lies when the case is run."""
        is_workflow = find_rule(self.rule).targets[0] == "installs" and self.about == ENVIRONMENT
        return f".github/workflows/{self.about}" if is_workflow else self.about

    @property
    def fixed(self) -> str:
        """The name of that file after the fix."""
        return self.about.replace("before", "after")

    def path(self, name: str) -> Path:
        return self.folder / f"{self.prefix}{name}"

    def read(self, name: str) -> bytes | None:
        path = self.path(name)
        return path.read_bytes() if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case: the output, and the content of its file after the safe fixes and after all fixes."""

    printed: str
    safely: bytes
    after: bytes


def rule_folders() -> dict[str, Path]:
    """Return the folder of each rule by its name."""
    return {path.name: path for path in sorted(HOOKS.glob("*/*/")) if path.is_dir()}


def cases() -> Iterator[Case]:
    for name, folder in rule_folders().items():
        for path in sorted(folder.glob("*before.*")):
            about = next((about for about in INSTALLING if path.name.endswith(about)), None)
            if about:
                yield Case(name, folder, path.name.removesuffix(about))


@cache
def run(case: Case) -> Outcome:
    """Lint and fix a case with its rule only, in a temporary folder with its settings and its lock."""
    with TemporaryDirectory() as name, _inside(name):
        for part in PARTS:
            content = case.read(part)
            if content is not None:
                Path(part).write_bytes(content)
        file = Path(case.shown)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = Path(case.about).rename(file).read_bytes()
        printed = _lint(case)
        _lint(case, "--fix")
        safely = file.read_bytes()
        file.write_bytes(before)
        _lint(case, "--fix", "--unsafe-fixes")
        # The last line only counts the findings.
        return Outcome(
            printed.rpartition("\n\n")[0] + "\n" if "\n\n" in printed else "", safely, file.read_bytes()
        )


def quoted(page: str) -> dict[str, str]:
    """Return the files that a page quotes, by their name: blocks such as ```` ```yaml before.yml ````."""
    return {
        match["file"]: match.group()[match.end("open") - match.start() : -3]
        for match in _BLOCK.finditer(page)
    }


def with_quotes(page: str, folder: Path) -> str:
    """Return a page whose quoted blocks have the content of the files next to it."""

    def fill(match: re.Match[str]) -> str:
        return f"{match['open']}{(folder / match['file']).read_text(encoding='utf-8')}{match['close']}"

    return _BLOCK.sub(fill, page)


def rule_table(family: str) -> str:
    """Return the rules of a family as a Markdown table for the page of its hook."""
    lines = ["| rule | severity | fix | what it finds |", "|---|---|---|---|"]
    for rule in rules((family,)):
        summary = rule.summary.replace("``", "`").replace("|", "\\|")
        off = (
            " (off by default)"
            if not rule.default
            else " (by name or family)"
            if rule.requires_solver
            else ""
        )
        lines.append(
            f"| [{rule.name}]({rule.name}/README.md) | {rule.severity}{off} | {_fix_of(rule)} | {summary} |"
        )
    return "\n".join(lines) + "\n"


def with_table(page: str, family: str) -> str:
    """Return the page of a hook with its table of rules updated, if it has the marks for one."""
    return _TABLE.sub(lambda match: f"{match[1]}{rule_table(family)}{match[2]}", page)


def update(families: Sequence[str]) -> None:
    """Update the pages and cases of some families."""
    wanted = {HOOKS / f"lockstep-{family}" for family in families}
    for case in cases():
        if case.folder.parent not in wanted:
            continue
        outcome = run(case)
        if outcome.printed:
            case.path("expected.txt").write_text(outcome.printed, encoding="utf-8")
        else:
            case.path("expected.txt").unlink(missing_ok=True)
        if outcome.after != case.read(case.about):
            case.path(case.fixed).write_bytes(outcome.after)
        else:
            case.path(case.fixed).unlink(missing_ok=True)
    for folder in rule_folders().values():
        if folder.parent in wanted:
            page = folder / "README.md"
            page.write_text(with_quotes(page.read_text(encoding="utf-8"), folder), encoding="utf-8")
    for family in families:
        page = HOOKS / f"lockstep-{family}" / "README.md"
        if page.is_file():
            page.write_text(with_table(page.read_text(encoding="utf-8"), family), encoding="utf-8")


def _fix_of(rule: Rule) -> str:
    """Return how the cases of a rule are fixed: safe, unsafe, or not at all."""
    found = set()
    for case in cases():
        if case.rule == rule.name:
            before, outcome = case.path(case.about).read_bytes(), run(case)
            if outcome.safely != before:
                found.add("safe")
            if outcome.after != outcome.safely:
                found.add("unsafe")
    return ", ".join(sorted(found)) or "–"


def _lint(case: Case, *options: str) -> str:
    # A lock is checked together with its environment file.
    file = ENVIRONMENT if case.about == LOCK else case.shown
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        lint.lint_files(
            files=[Path(file)],
            fix="--fix" in options,
            unsafe="--unsafe-fixes" in options,
            output="text",
            select=_SELECTED.get(case.rule, (case.rule,)),
            ignore=(),
            strict=False,
            today=TODAY,
        )
    return out.getvalue() + err.getvalue()


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    here = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


if __name__ == "__main__":
    update(sys.argv[1:] or in_order(families()))
