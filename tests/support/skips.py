"""Why a test may be skipped: each reason is known, and the summary of a run shows it on one line.

A reason that is not in :data:`REASONS` fails the run. With ``CI=true`` so does one that CI has no excuse for.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest


class Reason(NamedTuple):
    """A reason as tests give it, what it means for the promise of the test, and whether CI may have it."""

    pattern: str
    meaning: str
    on_ci: bool


REASONS = (
    Reason(
        r"the corpus .* is not on this machine",
        "the corpus of real files is not beside the working copy, and widens the run where it is",
        True,
    ),
    Reason(r"PyTorch is not installed", "the probe was not run with the real PyTorch", True),
    Reason(r"root may write anywhere", "permissions do not stop root", True),
    Reason(r"only root can give", "no checkout belonged to another user", True),
    Reason(r"cannot mount", "a full disk needs mount, which this user may not use", True),
    Reason(
        r"permissions|signals|pseudo-terminals",
        "Windows has no POSIX permissions, signals or terminals",
        True,
    ),
    Reason(
        r"compares with a linux-64 interpreter",
        "wheel tags were not compared with a linux-64 interpreter",
        True,
    ),
    Reason(r"no other Python", "no second Python wrote the same lock", False),
    Reason(
        r"Slurm is not installed", "the recipes were not run with Slurm; install slurm-wlm and munge", False
    ),
    Reason(r"act is not installed", "the Action was not run with act", False),
    Reason(
        r"node is not installed|npm (?:is not|could not)",
        "npm packages are missing; install node and npm",
        False,
    ),
    Reason(r"no C compiler|no readelf|no bash|is not installed", "a program of the system is missing", False),
)


def unexplained(reasons: Iterable[str], *, on_ci: bool) -> list[str]:
    """Return the reasons that fail a run."""
    return sorted(
        {reason for reason in reasons if (known := _known(reason)) is None or (on_ci and not known.on_ci)}
    )


def summary(reasons: Iterable[str]) -> Iterator[str]:
    """Yield a line for each known kind of reason, with the number of tests that it skipped."""
    counts = Counter(known.meaning for reason in reasons if (known := _known(reason)))
    for meaning, count in counts.most_common():
        yield f"{count} {'test' if count == 1 else 'tests'} skipped: {meaning}"


def _known(reason: str) -> Reason | None:
    return next((known for known in REASONS if re.search(known.pattern, reason)), None)


class SkipPlugin:
    """Collects the skips of a run, and ends it with status 1 where one of them is unexplained."""

    def __init__(self, *, on_ci: bool) -> None:
        self.on_ci = on_ci
        self.reasons: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            self.reasons.append(report.longrepr[2].removeprefix("Skipped: "))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        is_worker = hasattr(session.config, "workerinput")
        if not is_worker and unexplained(self.reasons, on_ci=self.on_ci) and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in summary(self.reasons):
            terminalreporter.write_line(line)
        for reason in unexplained(self.reasons, on_ci=self.on_ci):
            terminalreporter.write_line(f"unexplained skip, which fails the run: {reason}", red=True)


def register(config: pytest.Config) -> None:
    """Add the plugin to a run; ``CI`` is set as GitHub sets it."""
    config.pluginmanager.register(
        SkipPlugin(on_ci=os.environ.get("CI", "").lower() in ("1", "true")), "lockstep-skips"
    )
