"""Interleaved whole-process timings of commands, reported as ratios of medians.

Absolute times of a shared machine mean little; the ratio of two commands run in turn holds. Beside it stands the ratio
of processor time, which others on the machine change least.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

RUNS = 15
# As users run it: with compiled modules kept.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compare(
    title: str,
    commands: Mapping[str, Sequence[str]],
    *,
    cwd: Path | None = None,
    runs: int = RUNS,
    prepare: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """Run the commands in turn, print each median and its ratio to the first command's, and return the medians.

    ``prepare`` is called before each and not timed.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            prepare()
            taken[name].append(_seconds(command, cwd))
    # The first round warms caches and compiles, and is not counted.
    medians = {name: _medians(times[1:]) for name, times in taken.items()}
    _print(title, medians, runs)
    return {name: wall for name, (wall, _) in medians.items()}


def _seconds(command: Sequence[str], cwd: Path | None) -> tuple[float, float]:
    """Return how long a command took, and how much processor time."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr.decode()}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(wall for wall, _ in times), statistics.median(cpu for _, cpu in times)


def _print(title: str, medians: Mapping[str, tuple[float, float]], runs: int) -> None:
    floor, floor_cpu = next(iter(medians.values()))
    print(f"{title} (median of {runs} interleaved runs)")
    for name, (wall, cpu) in medians.items():
        ratios = f"{wall / floor:6.2f} x {cpu / floor_cpu:6.2f} x"
        print(f"  {name:<44} {wall * 1000:9.1f} ms  {ratios} of processor time")
