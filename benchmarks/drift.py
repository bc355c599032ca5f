"""Comparing two locks of 3,000 packages, against reading them; and the page about all that changed between them.

Each package is a real one of conda-forge (``../shared/corpus``), in its newest version there and in one before.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.corpus import ABSENT, find_corpus
from tests.support.repodata import package, repodata

from conda_lockstep.drift.compare import compare
from conda_lockstep.drift.source import read_source
from conda_lockstep.lock import cep37
from conda_lockstep.lock.model import Lock
from conda_lockstep.packages import Package, PackageSet
from conda_lockstep.report import html, markdown
from conda_lockstep.versions import compare_conda

PACKAGES = 3_000
PLATFORM = "linux-64"
RUNS = 7


def main() -> None:
    """Write two locks, then read, compare and render them in turn."""
    corpus = find_corpus()
    if corpus is None:
        print(f"not measured: {ABSENT}")
        return
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{name}.conda-lock.yml") for name in ("old", "new")]
        for path, packages in zip(paths, zip(*pairs(corpus), strict=True), strict=True):
            held = {PLATFORM: PackageSet.of(packages)}
            cep37.write(Lock(held, channels=("conda-forge",), sources=("environment.yml",)), path)
        sources = [read_source(path) for path in paths]
        report = compare(*sources)
        page = html.render(report)
        measure(
            f"two locks of {PACKAGES} packages, {len(report.rows)} changes",
            {
                "read both": lambda: [read_source(path) for path in paths],
                "compare and judge": lambda: compare(*sources),
                "render as HTML": lambda: html.render(report),
                "render as a comment": lambda: markdown.render(report),
            },
        )
        print(f"  the page is {len(page.encode()) / 1e6:.2f} MB")


def pairs(corpus: Path) -> Iterator[tuple[Package, ...]]:
    """Yield 3,000 real packages, each as it was and as it is; those that have one record only are as they were."""
    found: dict[str, list[Package]] = defaultdict(list)
    for record in repodata(corpus):
        if (
            record["channel"] == "conda-forge"
            and record["subdir"] in (PLATFORM, "noarch")
            and "sha256" in record
        ):
            found[record["name"]].append(package(record))
    several = [packages for _, packages in sorted(found.items()) if len(packages) > 1]
    alone = [packages for _, packages in sorted(found.items()) if len(packages) == 1]
    for packages in (*several, *alone)[:PACKAGES]:
        yield tuple(sorted((packages[0], packages[-1]), key=cmp_to_key(_by_version)))


def _by_version(one: Package, other: Package) -> int:
    return -compare_conda(one.version, other.version)


def measure(title: str, steps: dict[str, Callable[[], object]]) -> None:
    """Run the steps in turn, in this process, and print each median and its ratio to the first."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(RUNS + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            taken[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    floor = next(iter(medians.values()))
    print(f"{title} (median of {RUNS} interleaved runs in one process)")
    for name, median in medians.items():
        print(f"  {name:<44} {median * 1000:9.1f} ms  {median / floor:6.2f} x")


if __name__ == "__main__":
    main()
