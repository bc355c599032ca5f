"""The command line: arguments only; each command imports what it needs when it runs."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from conda_lockstep.errors import LockstepError, MissingExtraError

CLEAN, FOUND, FAILED = 0, 1, 2

_EXTRA_OF = {
    "rattler": "solve",
    "uv": "solve",
    "rich": "solve",
    "ghapi": "github",
    "fastcore": "github",
    "cyclonedx": "sbom",
}
_NOT_ON_A_NODE = frozenset({"yaml", "ruamel", "packaging", "tomli"})
"""What the zipapp does without, and any installation has."""


class Command(NamedTuple):
    """A subcommand: what it is called, and its one-line help. Its arguments are declared in :mod:`.arguments`."""

    name: str
    help: str

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Give the parser the command's arguments, and what is to run with them."""
        name = "import_" if self.name == "import" else self.name.replace("-", "_")
        module = import_module(f"conda_lockstep.arguments.{name}")
        module.add(parser)
        parser.set_defaults(run=module.run)


def entry() -> NoReturn:
    """Run as a program, and leave at once: nothing is left to tidy up.

    Taking the interpreter down costs a hook a tenth of its time; and with rattler, a download that still goes on then
    crashes it, one time in twenty.
    """
    # What a command reads is kept until it ends; to look for cycles in it every so often finds none.
    gc.set_threshold(100_000)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        # Somebody may have closed them (``>&-``), which is no mistake to complain about.
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
        _leave(main(sys.argv[1:]))


def leave_if_downloading(status: int) -> None:
    """Leave a program that is not ours where it might crash otherwise: see :func:`entry`."""
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
    """Run a command line; return 0 for clean, 1 for findings or drift, 2 for what could not be done."""
    arguments = _parser(argv).parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except LockstepError as error:
        _complain(error, arguments.debug)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _EXTRA_OF:
            _complain(MissingExtraError(arguments.command, _EXTRA_OF[missing], missing), arguments.debug)
        elif missing in _NOT_ON_A_NODE:
            what = f"'lockstep {arguments.command}' needs {missing} for this, which is not installed"
            remedy = "name a manifest (lockstep export --format manifest), or install conda-lockstep"
            _complain(LockstepError(what, remedy=remedy), arguments.debug)
        else:
            raise
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
        if command.name == named:
            command.declare(sub)
    return parser


class _Version(argparse.Action):
    """Print the version; looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"conda-lockstep {version('conda-lockstep')}")
        parser.exit()


COMMANDS: tuple[Command, ...] = (
    Command(
        "lint", "find what lets machines drift apart in environment files, and in what installs from them"
    ),
    Command("fmt", "put environment files in canonical form: order, indentation, quotes"),
    Command("explain", "show the page of a rule: what, why, how to mend it"),
    Command("rules", "list the rules, by family"),
    Command("init", "put the hooks, the workflows or the merge driver into this repository"),
    Command("lock", "solve environment files and write their locks"),
    Command("why", "say who asks for a locked package, and along which chain"),
    Command("outdated", "say what is newer upstream, and which of your entries hold it back"),
    Command("upstream", "say what upstream did since locks were made, and which upload moved a package"),
    Command("pin", "pin the entries of environment files to what is locked"),
    Command("export", "write a lock in another format"),
    Command("import", "write the lock of what another tool locked, exported or installed"),
    Command("build", "install a lock into a prefix"),
    Command("sync", "bring a prefix back to its lock, changing only what differs"),
    Command("mirror", "write a private channel and index with exactly what locks name"),
    Command("verify", "say whether a prefix holds exactly what its lock says"),
    Command("probe", "show how far a training job gets in an environment on this machine"),
    Command("fleet", "name the nodes that are not like the others, and what differs"),
    Command("snapshot", "write what a prefix and its machine hold, as JSON"),
    Command("diff", "compare any two of locks, snapshots and prefixes, or two environment files"),
    Command("merge-driver", "merge locks for git; 'lockstep init --merge-driver' sets it up"),
    Command("action", "what the GitHub Action runs"),
)
