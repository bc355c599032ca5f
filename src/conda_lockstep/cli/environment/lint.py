"""``lockstep lint``: checks environment files, locks and install scripts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conda_lockstep import terminal
from conda_lockstep.cli.names import names
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.findings.lines import visible

if TYPE_CHECKING:
    from conda_lockstep.config import Config
    from conda_lockstep.lint.engine.baseline import BaselineScope
    from conda_lockstep.lint.engine.findings import Finding
    from conda_lockstep.lint.engine.fixing import Fixed
    from conda_lockstep.lint.engine.registry import Rule
    from conda_lockstep.lint.targets.target import Target


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="a file, a folder, or - for standard input; default: every environment file here",
    )  # fmt: skip
    parser.add_argument(
        "--stdin-filename", default="", metavar="NAME", help="the file name to assume for standard input"
    )
    fixing = parser.add_mutually_exclusive_group()
    fixing.add_argument("--fix", action="store_true", help="apply safe fixes")
    fixing.add_argument(
        "--diff",
        action="store_true",
        help="show what --fix would change without writing; exit 1 if anything would change",
    )
    parser.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="with --fix or --diff: also apply fixes that may change what is installed",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--format",
        choices=("text", "json", "github", "sarif", "junit"),
        default="text",
        help="output format; default: text",
    )
    output.add_argument("--show-fixes", action="store_true", help="show the change that each fix makes")
    output.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="NAMES",
        help="run only these rules or families, comma-separated",
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="NAMES", help="skip these rules or families"
    )
    parser.add_argument(
        "--extend-select",
        action="append",
        default=[],
        metavar="NAMES",
        help="run these rules or families in addition",
    )
    baseline = parser.add_mutually_exclusive_group()
    baseline.add_argument(
        "--baseline", type=Path, metavar="FILE", help="ignore the findings recorded in FILE"
    )
    baseline.add_argument(
        "--write-baseline", type=Path, metavar="FILE", help="record the current findings in FILE"
    )
    status = parser.add_mutually_exclusive_group()
    status.add_argument("--strict", action="store_true", help="treat notes as failures")
    status.add_argument("--exit-zero", action="store_true", help="exit 0 even if there are findings")
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    import gc

    # What a run allocates is little, has no cycles and lives to the end; looking for garbage costs more than parsing.
    gc.disable()
    try:
        return lint_files(
            files=arguments.files,
            stdin_filename=arguments.stdin_filename,
            fix=arguments.fix,
            unsafe=arguments.unsafe_fixes,
            output=arguments.format,
            select=names(arguments.select),
            ignore=names(arguments.ignore),
            extend_select=names(arguments.extend_select),
            baseline=arguments.baseline,
            write_baseline=arguments.write_baseline,
            strict=arguments.strict,
            exit_zero=arguments.exit_zero,
            diff=arguments.diff,
            statistics=arguments.statistics,
            show_fixes=arguments.show_fixes,
            colour=terminal.use_color(arguments.color),
        )
    finally:
        gc.enable()


def lint_files(
    *,
    files: Sequence[Path],
    fix: bool,
    unsafe: bool,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    extend_select: tuple[str, ...] = (),
    baseline: Path | None = None,
    write_baseline: Path | None = None,
    strict: bool,
    diff: bool = False,
    statistics: bool = False,
    show_fixes: bool = False,
    stdin_filename: str = "",
    exit_zero: bool = False,
    colour: bool = False,
    today: str = "",
) -> int:
    """Lint files, print what was found, and return the exit status.

    A folder means the files below it, the file ``-`` standard input: its name is ``stdin_filename``, and its fixed text
    goes to standard output, the rest to standard error.

    2 where a file could not be read, else 1 for errors and warnings (with ``strict`` for notes too; with ``exit_zero``
    for none), else 0. What a
    ``baseline`` holds is neither said nor counted; ``write_baseline`` records what is found, and the status is 0.
    ``diff`` shows what fixes would do and writes nothing; the status is then 1 where a file would change. ``today``
    (``YYYY-MM-DD``) is the date that last days are compared with, the machine's own where it is empty.
    """
    from conda_lockstep.conda.trust import TRUSTED
    from conda_lockstep.environment.named_files import STDIN, with_folders
    from conda_lockstep.lint.engine import reading, selection
    from conda_lockstep.lint.engine.findings import UNREADABLE
    from conda_lockstep.lint.engine.partner_files import with_companions
    from conda_lockstep.settings import load

    config = load(Path.cwd(), TRUSTED)
    config = config._replace(
        ignore=config.ignore + ignore, extend_select=config.extend_select + extend_select, today=today
    )
    only = select + extend_select if select else ()
    piped, failures = STDIN in files, list[LockstepError]()
    if piped:
        paths = [Path(stdin_filename or STDIN)]
    elif files:
        paths, failures = with_folders(files, partial(_discover, config, only))
    else:
        paths = _here(config, only)
    installs = any(reading.kind_of_target(str(path)) == "installs" for path in paths)
    chosen = selection.select(config, only, installs=installs)
    if not piped:
        paths = with_companions(paths, chosen)
    look = _LintRun(chosen, config, unsafe, partial(_piped, files) if piped else reading.read_file)
    if diff:
        return look.preview(paths, failures, colour=colour)
    result = look.at(paths, failures, fix=fix, piped=piped)
    if write_baseline:
        return _record(result, chosen, write_baseline)
    if baseline:
        result = _without_old(result, chosen, baseline)
    with redirect_stdout(sys.stderr if fix and piped else sys.stdout):
        _print(result, output, strict, statistics, show_fixes, colour)
    if result.failures or any(finding.rule == UNREADABLE for finding in result.findings):
        return 2
    fails = any(strict or finding.severity != "note" for finding in result.findings)
    return int(fails and not exit_zero)


def _piped(named: Sequence[Path], path: Path) -> Target:
    """Read what is piped in as the file that it would be by its name."""
    from conda_lockstep.environment.named_files import read_stdin
    from conda_lockstep.lint.engine.reading import parse_text

    return parse_text(read_stdin(named, str(path)), str(path))


class LintResult(NamedTuple):
    """What came of looking at files: findings that are left, what was fixed, and files that are not there."""

    paths: Sequence[Path]
    findings: Sequence[Finding]
    done: Sequence[str]
    failures: Sequence[LockstepError]


def _here(config: Config, only: Sequence[str]) -> list[Path]:
    """Return the files here. Finding none prints a message, and is not an error."""
    found = _discover(config, only, Path())
    if not found:
        what = (
            "Dockerfiles, scripts or workflows" if _installs_selection(config, only) else "environment files"
        )
        print(f"lockstep: no {what} found", file=sys.stderr)
    return found


def _discover(config: Config, only: Sequence[str], folder: Path) -> list[Path]:
    """Return the files below a folder: environment files, and install scripts if their rules are selected."""
    from conda_lockstep.environment.discover import environment_files
    from conda_lockstep.lint.engine.exclusion import not_excluded

    named, installs = set(only or config.select), _installs_selection(config, only)
    found = environment_files(folder) if not named or named - installs else []
    if installs:
        from conda_lockstep.lint.targets.install_script.discover import install_files

        found += install_files(folder)
    return not_excluded(found, folder, config)


def _installs_selection(config: Config, only: Sequence[str]) -> set[str]:
    """Return by which names it is asked for files that install packages: that of their family, or of its rules."""
    named = set(only or config.select).union(() if only else config.extend_select)
    return {name for name in named if _is_of_installs(name)}


def _is_of_installs(name: str) -> bool:
    from conda_lockstep.lint.engine.registry import families_of
    from conda_lockstep.lint.engine.selection import find_rule

    return name not in families_of("environment") and (
        name == "installs" or find_rule(name).family == "installs"
    )


class _LintRun(NamedTuple):
    """How files are looked at: by which rules, and whether they are piped in."""

    chosen: Sequence[Rule]
    config: Config
    unsafe: bool
    load: Callable[[Path], Target]

    def at(
        self, paths: Sequence[Path], failed: Sequence[LockstepError], *, fix: bool, piped: bool
    ) -> LintResult:
        """Look at files, and mend them; ``failed`` are the errors of those that were not found."""
        from conda_lockstep.lint.engine.running import lint_path

        findings: list[Finding] = []
        done: list[str] = []
        failures = [*failed]
        for path in paths:
            try:
                if fix:
                    fixed = self._fixed(path, piped)
                    findings += fixed.left
                    done += [f"{path}: fixed {what}" for what in fixed.done]
                else:
                    findings += lint_path(path, self.chosen, self.config, self.load)
            except LockstepError as error:
                failures.append(error)
        return LintResult(paths, findings, done, failures)

    def _fixed(self, path: Path, piped: bool) -> Fixed:
        from conda_lockstep.lint.engine import fixing

        if not piped:
            return fixing.fix_path(path, self.chosen, self.config, unsafe=self.unsafe)
        _, fixed = fixing.plan_path(path, self.chosen, self.config, self.load, unsafe=self.unsafe)
        terminal.write_document(fixed.text)
        return fixed

    def preview(self, paths: Sequence[Path], failed: Sequence[LockstepError], *, colour: bool) -> int:
        """Print as a diff what fixing would change; return 2 where a file could not be read, 1 where one changes."""
        from conda_lockstep.lint.engine import fixing
        from conda_lockstep.render.findings import text
        from conda_lockstep.render.findings.unified_diff import unified

        changed, done, failures = 0, 0, [str(failure) for failure in failed]
        for path in paths:
            try:
                file, fixed = fixing.plan_path(path, self.chosen, self.config, self.load, unsafe=self.unsafe)
            except LockstepError as error:
                failures.append(str(error))
                continue
            if file is None:
                failures += (f"{each.path}:{each.line}:{each.column}: {each.message}" for each in fixed.left)
            elif fixed.done:
                changed, done = changed + 1, done + len(fixed.done)
                after = file.with_text(fixed.text)
                terminal.write_document(unified(file.document, after.document, colour=colour))
        sys.stderr.write(text.errors(failures))
        print(
            f"would fix {terminal.count(done, 'problem')} in {terminal.count(changed, 'file')}",
            file=sys.stderr,
        )
        return 2 if failures else int(changed > 0)


def _record(result: LintResult, chosen: Sequence[Rule], path: Path) -> int:
    from conda_lockstep.lint.engine import baseline
    from conda_lockstep.render.findings import text

    count = baseline.write(path, result.findings, _scope(result, chosen, path))
    print(f"lockstep: {path} contains {count} finding{'' if count == 1 else 's'}", file=sys.stderr)
    sys.stderr.write(text.errors(str(failure) for failure in result.failures))
    return 2 if result.failures else 0


def _without_old(result: LintResult, chosen: Sequence[Rule], path: Path) -> LintResult:
    """Leave out what a baseline holds, and say what it need not hold any longer."""
    from conda_lockstep.lint.engine import baseline
    from conda_lockstep.render.findings import text

    compared = baseline.compare(baseline.read(path), result.findings, _scope(result, chosen, path))
    gone = [f"{path}: no longer needed: {key.path}: {key.rule}: {key.entry}" for key in compared.gone]
    if gone:
        gone.append(f"{path}: write it again with --write-baseline")
    sys.stderr.write(text.errors(gone))
    return result._replace(findings=compared.new)


def _scope(result: LintResult, chosen: Sequence[Rule], path: Path) -> BaselineScope:
    from conda_lockstep.lint.engine.baseline import BaselineScope

    return BaselineScope.of(path, result.paths, (rule.name for rule in chosen))


def _print(
    result: LintResult, output: str, strict: bool, statistics: bool, show_fixes: bool, colour: bool
) -> None:
    from conda_lockstep.render.findings import text

    if output == "text":
        sys.stdout.write(_text(result, statistics, show_fixes, colour))
    else:
        terminal.write_document(_render(result, output, strict))
    sys.stderr.write(text.errors(str(failure) for failure in result.failures))


def _text(result: LintResult, statistics: bool, show_fixes: bool, colour: bool) -> str:
    from conda_lockstep.render.findings import text

    done = "".join(f"{visible(line)}\n" for line in result.done)
    if statistics:
        from conda_lockstep.render.findings.statistics import render

        blocks = [done, render(result.findings)]
    else:
        blocks = [done, text.render(result.findings, colour=colour, fixes=show_fixes)]
    if not result.failures or result.findings or done:
        files = len(result.paths) - len(result.failures)
        blocks.append(text.summary(result.findings, files, fixed=len(result.done), colour=colour))
    return "\n".join(block for block in blocks if block)


def _render(result: LintResult, output: str, strict: bool) -> str:
    """Return what programs read; each format is imported when it is asked for."""
    if output == "json":
        from conda_lockstep.render.findings import json

        return json.render(result.findings)
    from conda_lockstep.render.paths import repository_root

    root = repository_root(Path.cwd())
    if output == "github":
        from conda_lockstep.render.findings import annotations

        return annotations.render(result.findings, root)
    if output == "sarif":
        from conda_lockstep.render.findings import sarif

        return sarif.render(result.findings, result.failures, root)
    from conda_lockstep.render.findings import junit

    paths = [str(path) for path in result.paths]
    return junit.render(paths, result.findings, result.failures, root, strict=strict)
