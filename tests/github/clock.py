"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from conda_lockstep.github.client.api import Patience

START = 1_800_000_000.0


class Clock:
    """A clock that a test reads and a client sleeps on; ``slept`` holds every wait in seconds."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def patience(
        self, *, answer: float = 5.0, whole: float = 60.0, total: float = 240.0, tries: int = 6
    ) -> Patience:
        return Patience(
            answer=answer,
            whole=whole,
            tries=tries,
            total=total,
            sleep=self.slept.append,
            monotonic=lambda: sum(self.slept),
            now=lambda: START + sum(self.slept),
        )
