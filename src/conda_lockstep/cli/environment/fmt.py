"""``lockstep fmt``: environment files in canonical form."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.format import UnformattableError, canonical
from conda_lockstep.environment.named_files import STDIN, read_stdin, with_folders
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.findings import text
from conda_lockstep.text.atomic import write_text


def run(*, files: Sequence[Path], check: bool, diff: bool, stdin_filename: str = "") -> int:
    """Format files in place, and return the exit status: 2 where one could not be read, else 0.

    With ``check`` or ``diff`` nothing is written, and the status is 1 where a file is not in canonical form. A file
    that cannot be formatted safely is left as it is and said; it fails nothing. Of a folder its environment files are
    formatted; the file ``-`` is what is piped in, and goes to the standard output.
    """
    if STDIN in files:
        return _piped(files, stdin_filename or str(STDIN), check=check, diff=diff)
    paths, missing = with_folders(files, _discover) if files else (_discover(Path()), [])
    for error in missing:
        _complain(error)
    changed, failed = 0, 0
    for path in paths:
        try:
            file = read(path)
            content = canonical(file)
            if content != file.source.content:
                changed += 1
                _settle(path, file, content, check=check, diff=diff)
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


def _discover(folder: Path) -> list[Path]:
    from conda_lockstep.environment.discover import environment_files
    from conda_lockstep.lint.engine.exclusion import not_excluded
    from conda_lockstep.settings import load

    return not_excluded(environment_files(folder), folder, load(Path.cwd(), TRUSTED))


def _piped(files: Sequence[Path], shown: str, *, check: bool, diff: bool) -> int:
    file = parse(read_stdin(files, shown), shown)
    try:
        content = canonical(file)
    except UnformattableError as error:
        _complain(error)
        content = file.source.content
    changed = content != file.source.content
    if check or diff:
        if changed:
            _settle(Path(shown), file, content, check=check, diff=diff)
        return int(changed)
    sys.stdout.write(content)
    return 0


def _settle(path: Path, file: EnvironmentFile, content: str, *, check: bool, diff: bool) -> None:
    """Show a file's new content, say that it has one, or write it."""
    if diff:
        sys.stdout.write(_diff(file, content))
    elif check:
        print(text.visible(f"{path}: would be formatted"))
    else:
        write_text(path, content)
        print(text.visible(f"{path}: formatted"))


def _diff(file: EnvironmentFile, content: str) -> str:
    from conda_lockstep.render.findings.unified_diff import unified

    return unified(file, parse(content, file.path), colour=sys.stdout.isatty())


def _complain(error: LockstepError) -> None:
    sys.stderr.write(text.errors([str(error)]))


def _count(number: int) -> str:
    return f"{number} file{'' if number == 1 else 's'}"
