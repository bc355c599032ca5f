"""``lockstep probe``: tests how far a training job gets in an environment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda_lockstep import terminal
from conda_lockstep.cli.report_output import write

if TYPE_CHECKING:
    from conda_lockstep.probe import ladder
    from conda_lockstep.probe.model import ProbeStep

_TIMEOUT = 120.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--prefix", type=Path, metavar="DIR", help="default: the active environment")
    parser.add_argument(
        "--python", type=Path, metavar="EXE", help="probe this interpreter instead, from conda or not"
    )
    parser.add_argument("--lock", type=Path, metavar="FILE", help="compare the prefix with this lock")
    parser.add_argument("--deep", action="store_true", help="also compare the bytes of every file")
    parser.add_argument(
        "--timeout",
        type=float,
        default=_TIMEOUT,
        metavar="SECONDS",
        help="time limit of each step; default: 120",
    )
    parser.add_argument("--require-gpu", action="store_true", help="exit 1 if no kernel ran on a GPU")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write to FILE; default: standard output")
    terminal.add_color(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from conda_lockstep.probe import ladder

    target = ladder.target_of(
        arguments.prefix,
        arguments.python,
        arguments.lock,
        deep=arguments.deep,
        timeout=arguments.timeout,
    )
    return probe_prefix(
        target,
        format=arguments.format,
        output=arguments.output,
        require_gpu=arguments.require_gpu,
        colour=terminal.use_color(arguments.color),
    )


SHOWN, NOT_SHOWN = 0, 1


def probe_prefix(
    target: ladder.ProbeTarget,
    *,
    format: str,  # noqa: A002
    output: Path | None,
    require_gpu: bool,
    colour: bool = False,
) -> int:
    """Probe; return 1 where a step showed that something is wrong, or no kernel ran on a GPU that was required."""
    from conda_lockstep.probe import document, ladder, text

    streaming = format == "text" and output is None

    def show(step: ProbeStep) -> None:
        if streaming:
            terminal.write_text(f"{text.line(step, colour=colour)}\n")
            sys.stdout.flush()

    probe = ladder.climb(target, show)
    if streaming:
        terminal.write_text("\n".join(("", *text.summary(probe), "")))
    else:
        write(document.dumps(probe) if format == "json" else text.render(probe), output, format)
    lacking = require_gpu and "kernel ran" not in probe.evidence.reached
    if lacking:
        print("lockstep: no kernel was shown to run on a GPU", file=sys.stderr)
    return NOT_SHOWN if probe.failed or lacking else SHOWN
