"""``lockstep lint``: its arguments, and the command that runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from conda_lockstep.arguments.names import names


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE",
        help="file, folder, or - for what is piped in; default: every file that git knows",
    )  # fmt: skip
    parser.add_argument("--stdin-filename", default="", metavar="NAME", help="what - is called, and is")
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
    status = parser.add_mutually_exclusive_group()
    status.add_argument("--strict", action="store_true", help="notes fail, too")
    status.add_argument("--exit-zero", action="store_true", help="findings fail nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    import gc

    # What a run allocates is little, has no cycles and lives to the end; looking for garbage costs more than parsing.
    gc.disable()
    try:
        from conda_lockstep.cli.environment import lint

        return lint.run(
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
        )
    finally:
        gc.enable()
