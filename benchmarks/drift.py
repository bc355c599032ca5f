"""Comparing two locks of 3,000 packages, against reading them; and the page about all that changed between them.

Two pairs: a real one, pangeo-notebook ten releases apart, written as we write locks; and the worst one, in which nearly
every package differs: each a real one of conda-forge, in its newest version in the corpus and in one before.
Each run is a process of its own, for so is every ``lockstep diff``: nothing is kept from the run before.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cmp_to_key
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.corpus import ABSENT, find_corpus
from tests.support.repodata import package, repodata

from conda_lockstep.conda.version import compare_conda
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

PACKAGES = 3_000
PLATFORMS = ("linux-64", "osx-arm64")
ENTRIES = 20
RUNS = 11
NAMES = ("old.conda-lock.yml", "new.conda-lock.yml")


def main() -> None:
    """Write the locks, then read, compare, explain and render them in processes of their own."""
    corpus = find_corpus()
    if corpus is None:
        print(f"not measured: {ABSENT}")
        return
    for title, locks in (("real", real(corpus)), ("worst", worst(corpus))):
        with tempfile.TemporaryDirectory() as folder:
            for name, (lock, environment) in zip(NAMES, locks, strict=True):
                cep37.write(lock, Path(folder, name))
                Path(folder, name.replace(".conda-lock.yml", ".yml")).write_text(environment)
            told(title, [sum(map(len, lock.platforms.values())) for lock, _ in locks], folder)


def told(title: str, packages: list[int], folder: str) -> None:
    """Run the steps on the locks of a folder, and print the median of each and its ratio to reading."""
    runs = [_run(folder) for _ in range(RUNS)]
    changes, size = (int(number) for number in runs[0][0])
    print(
        f"{title}: locks of {packages[0]} and {packages[1]} packages, {changes} changes ({RUNS} processes, medians)"
    )
    for position, (name, _) in enumerate(runs[0][1]):
        taken = statistics.median(times[position][1] for _, times in runs)
        ratio = statistics.median(times[position][1] / times[0][1] for _, times in runs)
        print(f"  {name:<44} {taken * 1000:9.1f} ms  {ratio:6.2f} x")
    print(f"  the page is {size / 1e6:.2f} MB")


def real(corpus: Path) -> list[tuple[Lock, str]]:
    """Return two real locks and the environment files that they are of."""
    pair = corpus / "locks" / "pairs" / "pangeo-pangeo-notebook-span10"
    return [
        (cep37.read(pair / side / "conda-lock.yml"), (pair / side / "environment.yml").read_text())
        for side in ("old", "new")
    ]


def worst(corpus: Path) -> list[tuple[Lock, str]]:
    """Return two locks of all that there is for linux-64, and of as much for osx-arm64 as makes 3,000 packages."""
    held: dict[str, list[tuple[Package, Package]]] = {}
    room = PACKAGES
    for platform in PLATFORMS:
        held[platform] = list(islice(pairs(corpus, platform), room))
        room -= len(held[platform])
    asked = [new.name for _, new in held[PLATFORMS[0]]][:: PACKAGES // ENTRIES]
    environment = "dependencies:\n" + "".join(f"  - {each}\n" for each in asked)
    return [
        (
            Lock(
                {key: PackageSet.of(pair[side] for pair in each) for key, each in held.items()},
                channels=("conda-forge",),
                sources=("environment.yml",),
            ),
            environment,
        )
        for side in (0, 1)
    ]


def pairs(corpus: Path, platform: str) -> Iterator[tuple[Package, Package]]:
    """Yield real packages, each as it was and as it is; those that have one record only are as they were, and last."""
    found: dict[str, list[Package]] = defaultdict(list)
    for record in repodata(corpus):
        if (
            record["channel"] == "conda-forge"
            and record["subdir"] in (platform, "noarch")
            and "sha256" in record
        ):
            found[record["name"]].append(package(record))
    for _, packages in sorted(found.items(), key=lambda item: (len(item[1]) == 1, item[0])):
        old, new = sorted((packages[0], packages[-1]), key=cmp_to_key(_by_version))
        yield old, new


def _by_version(one: Package, other: Package) -> int:
    return -compare_conda(one.version, other.version)


def _run(folder: str) -> tuple[list[str], list[tuple[str, float]]]:
    said = subprocess.run(
        [sys.executable, __file__, folder], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return said[0].split(), [(name, float(taken)) for name, taken in (line.split("\t") for line in said[1:])]


def measure(folder: Path) -> None:
    """Do everything once, with the modules loaded, and print what each step took."""
    import gc

    from conda_lockstep.drift.compare.chains import add_chains
    from conda_lockstep.drift.compare.compare import compare
    from conda_lockstep.drift.compare.operands import read_source
    from conda_lockstep.lock.formats import detect as formats  # noqa: F401
    from conda_lockstep.render.drift import html, markdown

    gc.set_threshold(100_000)  # as the command line does
    paths = [folder / name for name in NAMES]
    taken: list[tuple[str, float]] = []

    def timed(name: str, step: Callable[[], object]) -> None:
        start = time.process_time()
        step()
        taken.append((name, time.process_time() - start))

    sources = []
    timed("read both", lambda: sources.extend(read_source(path) for path in paths))
    reports = []
    timed("compare and judge", lambda: reports.append(compare(*sources)))
    timed("render as a comment", lambda: markdown.render(reports[0]))
    pages = []

    def page() -> None:
        pages.append(html.render(add_chains(reports[0], *sources)))

    timed("explain each change, and render as HTML", page)
    print(len(reports[0].rows), len(pages[0].encode()))
    whole = taken[0][1] + taken[1][1]
    for name, seconds in (*taken[:2], ("both: lockstep diff", whole), *taken[2:]):
        print(f"{name}\t{seconds}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
    else:
        main()
