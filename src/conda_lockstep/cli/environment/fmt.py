"""``lockstep fmt``: formats environment files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.findings.lines import visible

if TYPE_CHECKING:
    from conda_lockstep.environment.environment_file import EnvironmentFile


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="a file, a folder, or - for standard input; default: every environment file here",
    )  # fmt: skip
    parser.add_argument(
        "--stdin-filename", default="", metavar="NAME", help="the file name to assume for standard input"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    parser.add_argument(
        "--diff",
        action="store_true",
        help="show what would change without writing; exit 1 if a file would change",
    )
    parser.add_argument(
        "--skip-unrelated",
        action="store_true",
        help="skip given files that are not environment files, without a message",
    )
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return format_files(
        files=arguments.files,
        check=arguments.check,
        diff=arguments.diff,
        stdin_filename=arguments.stdin_filename,
        skip_unrelated=arguments.skip_unrelated,
        colour=terminal.use_color(arguments.color),
    )


def format_files(
    *,
    files: Sequence[Path],
    check: bool,
    diff: bool,
    stdin_filename: str = "",
    skip_unrelated: bool = False,
    colour: bool = False,
) -> int:
    """Format files in place, and return the exit status: 2 where one could not be read, else 0.

    With ``check`` or ``diff`` nothing is written, and the status is 1 where a file is not in canonical form. A file
    that cannot be formatted safely, or that a tool generates, is left as it is and reported; it fails nothing. Of a
    folder its environment files are formatted; the file ``-`` is the standard input, and goes to the standard output.
    With ``skip_unrelated``, given files that are no environment files are left out.
    """
    from conda_lockstep.cli.which_files import environment_files_among, found_below
    from conda_lockstep.environment.format import UnformattableError, canonical
    from conda_lockstep.environment.named_files import STDIN, with_folders
    from conda_lockstep.environment.reader import read
    from conda_lockstep.lint.engine.generated import generator_of

    if STDIN in files:
        return _piped(files, stdin_filename or str(STDIN), check=check, diff=diff, colour=colour)
    paths, missing = with_folders(files, found_below) if files else (found_below(Path()), [])
    if skip_unrelated:
        paths = environment_files_among(paths)
        if not paths and not missing:
            return 0
    for error in missing:
        _complain(error)
    changed, failed = 0, 0
    for path in paths:
        try:
            file = read(path)
            if generator := generator_of(file.source):
                what = "is a generated file, which is not formatted"
                raise UnformattableError(what, where=str(path), remedy=generator.what_to_edit)
            content = canonical(file)
            if content != file.source.content:
                changed += 1
                _settle(path, file, content, check=check, diff=diff, colour=colour)
        except UnformattableError as error:
            _complain(error)
        except LockstepError as error:
            _complain(error)
            failed += 1
    verb = "would be formatted" if check or diff else "formatted"
    left = len(paths) - changed - failed
    summary = f"{_count(changed)} {verb}, {_count(left)} left as {'it is' if left == 1 else 'they are'}"
    print(summary, file=sys.stderr if diff else sys.stdout)
    return 2 if failed or missing else int(changed > 0 and (check or diff))


def _piped(files: Sequence[Path], shown: str, *, check: bool, diff: bool, colour: bool) -> int:
    from conda_lockstep.environment.format import UnformattableError, canonical
    from conda_lockstep.environment.named_files import read_stdin
    from conda_lockstep.environment.reader import parse

    file = parse(read_stdin(files, shown), shown)
    try:
        content = canonical(file)
    except UnformattableError as error:
        _complain(error)
        content = file.source.content
    changed = content != file.source.content
    if check or diff:
        if changed:
            _settle(Path(shown), file, content, check=check, diff=diff, colour=colour)
        return int(changed)
    terminal.write_document(content)
    return 0


def _settle(
    path: Path, file: EnvironmentFile, content: str, *, check: bool, diff: bool, colour: bool
) -> None:
    """Show a file's new content, say that it has one, or write it."""
    from conda_lockstep.text.atomic import write_text

    if diff:
        terminal.write_document(_diff(file, content, colour))
    elif check:
        print(visible(f"{path}: would be formatted"))
    else:
        write_text(path, content)
        print(visible(f"{path}: formatted"))


def _diff(file: EnvironmentFile, content: str, colour: bool) -> str:
    from conda_lockstep.environment.reader import parse
    from conda_lockstep.render.findings.unified_diff import unified

    return unified(file, parse(content, file.path), colour=colour)


def _complain(error: LockstepError) -> None:
    from conda_lockstep.render.findings import text

    sys.stderr.write(text.errors([str(error)]))


def _count(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
