"""``lockstep lock``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names
from conda_lockstep.lock.model.paths import DEFAULT_FILE


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
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
        "--machine", metavar="NAME", default="", help="only the lock for this machine of the settings"
    )
    parser.add_argument(
        "--check", action="store_true", help="only say whether the lock still fits; no network"
    )
    parser.add_argument(
        "--update",
        action="append",
        default=[],
        metavar="PKG",
        help="bring this package up to date, and what it needs; may be given again",
    )
    parser.add_argument("--update-all", action="store_true", help="bring every package up to date")
    parser.add_argument(
        "--exclude-newer", metavar="DATE", default="", help="as if nothing had been published since, in UTC"
    )
    parser.add_argument(
        "--min-age", type=_days, metavar="DAYS", help="lock nothing anew that was published since"
    )
    parser.add_argument(
        "--allow-cpu", action="store_true", help="take builds for the CPU where a GPU was asked for"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    files = arguments.files or [DEFAULT_FILE]
    if arguments.check:
        from conda_lockstep.cli.lock import lock_check

        return lock_check.run(files, names(arguments.platform), arguments.machine)
    from conda_lockstep.cli.lock import lock
    from conda_lockstep.conda.trust import TRUSTED

    asked = lock.Asked(
        platforms=names(arguments.platform),
        cuda=arguments.cuda,
        machine=arguments.machine,
        update=names(arguments.update),
        update_all=arguments.update_all,
        exclude_newer=arguments.exclude_newer,
        min_age=arguments.min_age,
        allow_cpu=arguments.allow_cpu,
    )
    return lock.run(files, asked, TRUSTED)


def _days(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is no number of days")
    return int(text)
