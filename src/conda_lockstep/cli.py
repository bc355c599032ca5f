"""The command line: arguments only; each command imports what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from conda_lockstep.errors import LockstepError, MissingExtraError

CLEAN, FOUND, FAILED = 0, 1, 2

_EXTRA_OF = {"rattler": "solve", "uv": "solve", "rich": "solve", "ghapi": "github", "fastcore": "github"}


class Command(NamedTuple):
    """A subcommand: what it is called, its one-line help, its arguments, and what it does."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def entry() -> NoReturn:
    """Run as a program, and leave at once: nothing is left to tidy up.

    Taking the interpreter down costs a hook a tenth of its time; and with rattler, a download that still goes on then
    crashes it, one time in twenty.
    """
    status = main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = FAILED
    os._exit(status)


def main(argv: Sequence[str]) -> int:
    """Run a command line; return 0 for clean, 1 for findings or drift, 2 for what could not be done."""
    arguments = _parser(argv).parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except LockstepError as error:
        _complain(error, arguments.debug)
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _complain(MissingExtraError(arguments.command, extra, error.name or ""), arguments.debug)
    except KeyboardInterrupt:
        print("lockstep: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # Such as a disk that is full when the findings are written to it.
        where = str(error.filename) if error.filename else None
        _complain(LockstepError(error.strerror or str(error), where=where), arguments.debug)
    return FAILED


def _complain(error: LockstepError, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    else:
        for line in (*error.detail, f"lockstep: {error}"):
            print(line, file=sys.stderr)


class _Help(argparse.HelpFormatter):
    """Help as wide as the terminal, asked of the system: argparse's own way imports archives and compressors."""

    def __init__(self, prog: str) -> None:
        try:
            columns = int(os.environ.get("COLUMNS", "")) or os.get_terminal_size(1).columns
        except (ValueError, OSError):
            columns = 100
        super().__init__(prog, width=columns - 2)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, as every other of our errors."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"lockstep: {message}; see '{self.prog} --help'\n")


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; where a command is named, without the others' arguments, which cost."""
    named = next((word for word in argv if not word.startswith("-")), "")
    wanted = [command for command in COMMANDS if command.name == named] or COMMANDS
    parser = _Parser(
        prog="lockstep",
        description="Keep conda environments identical on every GPU machine.",
        epilog="Exit status: 0 clean, 1 findings or drift, 2 what could not be done.",
    )
    parser.add_argument("--version", action=_Version)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    # Told its ``prog``, argparse need not format a usage line, for which it would import half of shutil.
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=_Parser, prog=parser.prog
    )
    for command in wanted:
        sub = commands.add_parser(
            command.name, help=command.help, description=command.help, allow_abbrev=False
        )
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


class _Version(argparse.Action):
    """Print the version; looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        parser.exit(message=f"conda-lockstep {version('conda-lockstep')}\n")


def _lint_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="default: every one that git knows"
    )
    fixing = parser.add_mutually_exclusive_group()
    fixing.add_argument("--fix", action="store_true", help="apply safe fixes")
    fixing.add_argument(
        "--diff", action="store_true", help="write nothing; show what --fix would do, and fail"
    )
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="with both: also fixes that change what is installed"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--format", choices=("text", "json", "github", "sarif", "junit"), default="text", help="default: text"
    )
    output.add_argument("--show-fixes", action="store_true", help="show what each fix would do")
    output.add_argument("--statistics", action="store_true", help="count the findings of each rule")
    parser.add_argument(
        "--select", action="append", default=[], metavar="NAMES", help="only these rules or families"
    )
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="NAMES", help="not these rules or families"
    )
    parser.add_argument(
        "--extend-select", action="append", default=[], metavar="NAMES", help="these rules or families, too"
    )
    baseline = parser.add_mutually_exclusive_group()
    baseline.add_argument(
        "--baseline", type=Path, metavar="FILE", help="leave out the findings recorded here"
    )
    baseline.add_argument("--write-baseline", type=Path, metavar="FILE", help="record the findings here")
    parser.add_argument("--strict", action="store_true", help="notes fail, too")


def _lint(arguments: argparse.Namespace) -> int:
    import gc

    # What a run allocates is little, has no cycles and lives to the end; looking for garbage costs more than parsing.
    gc.disable()
    try:
        from conda_lockstep.commands import lint

        return lint.run(
            files=arguments.files,
            fix=arguments.fix,
            unsafe=arguments.unsafe_fixes,
            output=arguments.format,
            select=_names(arguments.select),
            ignore=_names(arguments.ignore),
            extend_select=_names(arguments.extend_select),
            baseline=arguments.baseline,
            write_baseline=arguments.write_baseline,
            strict=arguments.strict,
            diff=arguments.diff,
            statistics=arguments.statistics,
            show_fixes=arguments.show_fixes,
        )
    finally:
        gc.enable()


def _fmt_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="default: every one that git knows"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and fail")


def _fmt(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import fmt

    return fmt.run(files=arguments.files, check=arguments.check, diff=arguments.diff)


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="RULE", help="a rule or a family, as 'lockstep rules' lists them")


def _explain(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import explain

    return explain.explain(arguments.name)


def _rules_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def _rules(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import explain

    return explain.list_rules(arguments.format)


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--diff", action="store_true", help="write nothing; print what would change")
    parser.add_argument("--no-hooks", action="store_true", help="leave .pre-commit-config.yaml alone")
    parser.add_argument("--no-workflows", action="store_true", help="leave .github/workflows alone")


def _init(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import init

    return init.run(
        Path.cwd(),
        with_hooks=not arguments.no_hooks,
        with_workflows=not arguments.no_workflows,
        dry=arguments.diff,
    )


def _names(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _lock_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--platform",
        action="append",
        default=[],
        metavar="SUBDIR",
        help="such as linux-64; may be given again",
    )
    parser.add_argument("--cuda", metavar="X.Y", help="the newest CUDA that the machines' driver supports")
    parser.add_argument(
        "--check", action="store_true", help="only say whether the lock still fits; no network"
    )


def _lock(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import lock

    return lock.run(arguments.files, _names(arguments.platform), arguments.cuda, check=arguments.check)


def _pin_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument(
        "--precision",
        choices=("minor", "patch", "build"),
        default="minor",
        help="how much of the locked version conda entries get; pip entries get all of it; default: minor",
    )
    parser.add_argument("--all", action="store_true", help="also entries that have a version")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change, and fail")


def _pin(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import pin

    return pin.run(
        files=arguments.files, precision=arguments.precision, every=arguments.all, diff=arguments.diff
    )


def _build_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: environment.yml")
    parser.add_argument("--prefix", required=True, type=Path, metavar="DIR", help="where to build")


def _build(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import build

    return build.run(arguments.file, arguments.prefix)


def _snapshot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")


def _snapshot(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import drift

    return drift.snapshot(arguments.prefix, arguments.output)


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    operand = "a lock (conda-lock, @EXPLICIT, pixi), a snapshot, or a prefix"
    parser.add_argument("old", type=Path, metavar="OLD", help=operand)
    parser.add_argument("new", type=Path, metavar="NEW", help="the same, of any kind")
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--platform", metavar="SUBDIR", help="default: every one that both have")
    parser.add_argument(
        "--environment", default="default", metavar="NAME", help="of a pixi.lock; default: default"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.add_argument(
        "--fail-on", metavar="SEVERITY", help="critical, high, medium, low, info, any or never; default: any"
    )


def _diff(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import drift

    return drift.diff(
        arguments.old,
        arguments.new,
        format=arguments.format,
        platform=arguments.platform,
        output=arguments.output,
        fail_on=arguments.fail_on,
        environment=arguments.environment,
    )


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument("--lock", type=Path, metavar="FILE", help="default: the lock of this folder")
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--platform", metavar="SUBDIR", help="default: the prefix's own")


def _verify(arguments: argparse.Namespace) -> int:
    from conda_lockstep.commands import drift

    return drift.verify(
        arguments.prefix, arguments.lock, format=arguments.format, platform=arguments.platform
    )


def _action_arguments(parser: argparse.ArgumentParser) -> None:
    """The Action's inputs come through the environment: see action.yml."""


def _action(arguments: argparse.Namespace) -> int:
    from conda_lockstep.github import action

    return action.main()


COMMANDS: tuple[Command, ...] = (
    Command(
        "lint",
        "find what lets machines drift apart in environment files, and in what installs from them",
        _lint_arguments,
        _lint,
    ),
    Command(
        "fmt", "put environment files in canonical form: order, indentation, quotes", _fmt_arguments, _fmt
    ),
    Command("explain", "show the page of a rule: what, why, how to mend it", _explain_arguments, _explain),
    Command("rules", "list the rules, by family", _rules_arguments, _rules),
    Command("init", "put the hooks and the workflows into this repository", _init_arguments, _init),
    Command("lock", "solve environment files and write their locks", _lock_arguments, _lock),
    Command("pin", "pin the entries of environment files to what is locked", _pin_arguments, _pin),
    Command("build", "install a lock into a prefix", _build_arguments, _build),
    Command("verify", "say whether a prefix holds exactly what its lock says", _verify_arguments, _verify),
    Command("snapshot", "write what a prefix and its machine hold, as JSON", _snapshot_arguments, _snapshot),
    Command("diff", "compare any two of locks, snapshots and prefixes", _diff_arguments, _diff),
    Command("action", "what the GitHub Action runs", _action_arguments, _action),
)
