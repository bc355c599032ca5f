"""Shows how far a build is: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What a step tells of itself; downloads do from several threads."""

    def expect(self, size: int) -> None:
        """More bytes are to come."""

    def advance(self, size: int) -> None:
        """Bytes have come."""


class Quiet:
    """Says nothing."""

    def expect(self, size: int) -> None:
        """More bytes are to come."""

    def advance(self, size: int) -> None:
        """Bytes have come."""


def is_wanted() -> bool:
    """Say whether somebody is watching: not in a log."""
    return sys.stderr.isatty() and "CI" not in os.environ


@contextmanager
def downloading(*, shown: bool) -> Iterator[Progress]:
    """Show one bar over all downloads, from when the first one begins."""
    if not shown:
        yield Quiet()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = ("fetching", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bar(bars)


class _Bar:
    def __init__(self, bars: object) -> None:
        from rich.progress import Progress as Bars

        assert isinstance(bars, Bars)
        self._bars = bars
        self._task = bars.add_task("", total=0, visible=False)
        self._expected = 0

    def expect(self, size: int) -> None:
        self._expected += size
        self._bars.update(self._task, total=self._expected, visible=True)

    def advance(self, size: int) -> None:
        self._bars.advance(self._task, size)
