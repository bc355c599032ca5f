"""Interleaved whole-process timings of commands, reported as ratios of medians.

Absolute times of a shared machine mean little; the ratio of two commands run in turn holds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

RUNS = 15
# As users run it: with compiled modules kept.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def compare(
    title: str, commands: Mapping[str, Sequence[str]], *, cwd: Path | None = None, runs: int = RUNS
) -> dict[str, float]:
    """Run the commands in turn, print each median and its ratio to the first command's, and return the medians."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            taken[name].append(_seconds(command, cwd))
    # The first round warms caches and compiles, and is not counted.
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    _print(title, medians, runs)
    return medians


def _seconds(command: Sequence[str], cwd: Path | None) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True)
    seconds = time.perf_counter() - start
    if done.returncode > 1:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr.decode()}")
    return seconds


def _print(title: str, medians: Mapping[str, float], runs: int) -> None:
    floor = next(iter(medians.values()))
    print(f"{title} (median of {runs} interleaved runs)")
    for name, median in medians.items():
        print(f"  {name:<44} {median * 1000:9.1f} ms  {median / floor:6.2f} x")
