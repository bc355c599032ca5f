"""The command line: finds the command's module, runs it, and reports errors."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from conda_lockstep import terminal
from conda_lockstep.errors import LockstepError, MissingExtraError

CLEAN, FOUND, FAILED = 0, 1, 2
_REPORT = "report it at https://github.com/conda-lockstep/conda-lockstep/issues"
_EPILOG = """\
Examples:
  lockstep lint --fix                  fix what is safe to fix in this repository
  lockstep lock && git add -A          lock environment.yml
  lockstep verify --prefix DIR         compare an installed environment with its lock

Run 'lockstep COMMAND --help' for the arguments of a command.
Exit status: 0 success, 1 findings or drift, 2 an error."""

_EXTRA_OF = {
    "rattler": "solve",
    "uv": "solve",
    "rich": "solve",
    "ghapi": "github",
    "fastcore": "github",
    "cyclonedx": "sbom",
}
_NOT_ON_A_NODE = frozenset({"yaml", "ruamel", "packaging", "tomli"})
"""Packages that any installation has, and the zipapp does without."""


class Command(NamedTuple):
    """A subcommand: its name, its module below :mod:`conda_lockstep.cli`, and its one-sentence description."""

    name: str
    module: str
    help: str

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments to the parser, and the function to run."""
        module = import_module(f"conda_lockstep.cli.{self.module}")
        module.add(parser)
        parser.set_defaults(run=module.run)


def entry() -> NoReturn:
    """Run as a program, and exit without finalizing the interpreter.

    Finalizing takes a tenth of a hook's time. With rattler, a download still in progress crashes it one time in twenty.
    """
    # A command keeps what it reads until it ends; searching it for cycles finds none.
    gc.set_threshold(100_000)
    with Path(os.devnull).open("w", encoding="utf-8") as null:
        # The streams may be closed (``>&-``), which is not an error.
        sys.stdout, sys.stderr = sys.stdout or null, sys.stderr or null
        _leave(main(sys.argv[1:]))


def leave_if_downloading(status: int) -> None:
    """Exit a program that is not ours where finalizing might crash: see :func:`entry`."""
    if "rattler" in sys.modules:
        _leave(status)


def _leave(status: int) -> NoReturn:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = FAILED
    os._exit(status)


def main(argv: Sequence[str]) -> int:
    """Run a command line. Return 0 for success, 1 for findings or drift, 2 for any error."""
    terminal.prepare_streams()
    debug = "--debug" in argv
    command = ""
    try:
        arguments = _parser(argv).parse_args(argv)
        debug, command = arguments.debug, arguments.command
        return int(arguments.run(arguments))
    except LockstepError as error:
        _report(error, debug)
    except KeyboardInterrupt:
        print("lockstep: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output is gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        # Such as a full disk.
        where = str(error.filename) if error.filename else None
        _report(LockstepError(error.strerror or str(error), where=where), debug)
    except Exception as error:
        _report(_missing(error, command) or _unexpected(error, debug), debug)
    return FAILED


def _missing(error: Exception, command: str) -> LockstepError | None:
    """Return what to install where a package is missing that not every installation has."""
    if not isinstance(error, ModuleNotFoundError):
        return None
    missing = (error.name or "").partition(".")[0]
    if missing in _EXTRA_OF:
        return MissingExtraError(command, _EXTRA_OF[missing], missing)
    if missing in _NOT_ON_A_NODE:
        what = f"'lockstep {command}' needs {missing} for this, which is not installed"
        remedy = "pass a manifest (lockstep export --format manifest), or install conda-lockstep"
        return LockstepError(what, remedy=remedy)
    return None


def _unexpected(error: Exception, debug: bool) -> LockstepError:
    """Return the one line for a fault of ours."""
    what = f"unexpected error: {type(error).__name__}: {error}"
    unexpected = LockstepError(
        what, remedy=f"{'' if debug else 'see the traceback with --debug, and '}{_REPORT}"
    )
    unexpected.__cause__ = error
    return unexpected


def _report(error: LockstepError, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    else:
        for line in (*error.detail, f"lockstep: {error}"):
            print(line, file=sys.stderr)


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal, with the groups of commands as they are written."""

    def __init__(self, prog: str) -> None:
        # With no width, argparse imports archives and compressors to find one.
        super().__init__(prog, width=min(terminal.width() or 100, 100) - 2, max_help_position=30)


class _StoreOnce(argparse.Action):
    """Store the value of an option; a second one is an error, where argparse keeps the last without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,
    ) -> None:
        if option and isinstance(parser, _Parser):
            if self.dest in parser.specified:
                raise argparse.ArgumentError(self, "specified more than once")
            parser.specified.add(self.dest)
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others, and that accepts each single-valued option once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=_Help, **options)
        self.specified: set[str] = set()
        for action in (None, "store"):
            self.register("action", action, _StoreOnce)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse as argparse does; each call accepts every option anew."""
        self.specified.clear()
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"lockstep: {message}; see '{self.prog} --help'\n")


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser, with the arguments of the named command only: the others' cost time."""
    named = next((word for word in argv if not word.startswith("-")), "")
    known = [command for command in COMMANDS if command.name == named] or COMMANDS
    parser = _Parser(
        prog="lockstep", usage="lockstep [--debug] COMMAND ...", description=_description(), epilog=_EPILOG
    )
    parser.add_argument("--version", action=_Version)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    # Given its ``prog``, argparse does not format a usage line, for which it would import half of shutil.
    commands = parser.add_subparsers(
        dest="command",
        metavar="COMMAND",
        required=True,
        parser_class=_Parser,
        prog=parser.prog,
        help=argparse.SUPPRESS,
    )
    for command in known:
        sub = commands.add_parser(command.name, description=_sentence(command.help), allow_abbrev=False)
        if command.name == named:
            sub.add_argument(
                "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
            )
            command.declare(sub)
    return parser


def _description() -> str:
    """Return what the top level's help shows above the options: the commands by group."""
    width = max(len(command.name) for command in COMMANDS)
    lines = ["Keep conda environments identical on every GPU machine."]
    for title, commands in _GROUPS.items():
        shown = [command for command in commands if command in COMMANDS]
        if shown:
            lines += ["", f"{title}:", *(f"  {each.name:<{width}}  {each.help}" for each in shown)]
    return terminal.fold("\n".join(lines), terminal.width())


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


class _Version(argparse.Action):
    """Print the version, which is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"conda-lockstep {version('conda-lockstep')}")
        parser.exit()


_GROUPS: dict[str, tuple[Command, ...]] = {
    "Environment files": (
        Command(
            "lint", "environment.lint", "check environment files and install scripts for causes of drift"
        ),
        Command("fmt", "environment.fmt", "format environment files: order, indentation and quotes"),
        Command("explain", "environment.explain", "show the documentation of a rule or a family of rules"),
        Command("rules", "environment.rules", "list all rules by family"),
        Command("pin", "environment.pin", "pin the entries of environment files to their locked versions"),
        Command("init", "environment.init", "add hooks, workflows or the merge driver to this repository"),
    ),
    "Locks": (
        Command("lock", "lock.lock", "solve environment files and write their locks"),
        Command("why", "lock.why", "show which entries and packages require a locked package"),
        Command("outdated", "lock.outdated", "list newer versions and the entries that hold them back"),
        Command("upstream", "lock.upstream", "show what changed in the channels since a lock was made"),
        Command("export", "lock.export", "write a lock in another format"),
        Command("import", "lock.import_", "convert another tool's lock, an export or a prefix into a lock"),
        Command(
            "merge-driver",
            "lock.merge_driver",
            "merge locks for git; set up by 'lockstep init --merge-driver'",
        ),
    ),
    "Prefixes and nodes": (
        Command("build", "prefix.build", "install a lock into a new prefix"),
        Command("sync", "prefix.sync", "update a prefix to match its lock, changing only what differs"),
        Command("verify", "prefix.verify", "check that a prefix contains exactly what its lock records"),
        Command(
            "probe", "prefix.probe", "test how far a training job gets in an environment on this machine"
        ),
        Command("fleet", "prefix.fleet", "find the nodes that differ from the others"),
        Command("snapshot", "prefix.snapshot", "write the contents of a prefix and its machine as JSON"),
        Command("mirror", "prefix.mirror", "write a private channel and index with exactly the locked files"),
    ),
    "Comparison and automation": (
        Command("diff", "diff", "compare two locks, snapshots, prefixes or environment files"),
        Command("log", "log", "show how locks changed over the commits of a git repository"),
        Command("action", "action", "run the GitHub Action; see action.yml"),
    ),
}
COMMANDS: tuple[Command, ...] = tuple(command for group in _GROUPS.values() for command in group)
