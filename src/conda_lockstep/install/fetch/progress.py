"""Shows download progress: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Receives progress; downloads call it from several threads."""

    def expect(self, size: int) -> None:
        """Add to the number of bytes expected."""

    def advance(self, size: int) -> None:
        """Add to the number of bytes received."""


class Quiet:
    """Shows nothing."""

    def expect(self, size: int) -> None:
        """Add to the number of bytes expected."""

    def advance(self, size: int) -> None:
        """Add to the number of bytes received."""


@contextmanager
def downloading(*, shown: bool) -> Iterator[Progress]:
    """Show one bar for all downloads, from the start of the first."""
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
