"""``lockstep log`` over 500 commits, against reading the distinct locks that they hold.

The history is of a real lock, pangeo-notebook: each commit takes some packages of the release ten later, or puts them
back, as updates do. Every measurement is the processor time of a process of its own, and of the git that it starts.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.corpus import ABSENT, find_corpus

from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import PackageSet

COMMITS = 500
CHANGES = (1, 3, 8, 20, 60)
RUNS = 3
NAME = "conda-lock.yml"
TASKS = {
    "read": "read the distinct locks, each on its own",
    "after": "read them one after the other",
    "log": "lockstep log",
    "package": "lockstep log --package numpy",
    "html": "lockstep log --format html",
}
"""Entries of a lock that were read before are not parsed again, which is left out where each is read on its own."""


def main() -> None:
    """Make the repository, then measure in turn."""
    corpus = find_corpus()
    if corpus is None:
        print(f"not measured: {ABSENT}")
        return
    with tempfile.TemporaryDirectory() as folder:
        commit(Path(folder), corpus)
        tasks = tuple(TASKS)
        taken: dict[str, list[float]] = {task: [] for task in tasks}
        for _ in range(RUNS):
            for task in tasks:
                done = subprocess.run(
                    [sys.executable, __file__, folder, task], capture_output=True, text=True, check=True
                )
                taken[task].append(float(done.stdout))
        print(f"{COMMITS} commits (median of {RUNS} processes each)")
        for task, title in TASKS.items():
            seconds = statistics.median(taken[task])
            ratio = statistics.median(a / b for a, b in zip(taken[task], taken["read"], strict=True))
            print(f"  {title:<44} {seconds * 1000:9.0f} ms  {ratio:6.2f} x")


def commit(folder: Path, corpus: Path) -> None:
    """Commit the states of a lock with ``git fast-import``."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=folder, check=True)
    stream = []
    for number, lock in enumerate(states(corpus)):
        text = cep37.render(lock).encode()
        message = f"Update {number}".encode()
        stream += [
            b"commit refs/heads/main\n",
            b"committer A <a@example.org> %d +0000\n" % (1_600_000_000 + 86_400 * number),
        ]
        stream += [b"data %d\n" % len(message), message, b"\n"]
        stream += [b"M 100644 inline %s\n" % NAME.encode(), b"data %d\n" % len(text), text, b"\n"]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=b"".join(stream), check=True)
    subprocess.run(["git", "reset", "--quiet", "--hard", "main"], cwd=folder, check=True)


def states(corpus: Path) -> Iterator[Lock]:
    """Yield a lock as it is after each commit."""
    pair = corpus / "locks" / "pairs" / "pangeo-pangeo-notebook-span10"
    sides = [cep37.read(pair / side / NAME) for side in ("old", "new")]
    dice = random.Random(7)
    held = {platform: dict(packages.packages) for platform, packages in sides[0].platforms.items()}
    for number in range(COMMITS):
        for platform, packages in held.items():
            for key in dice.sample(sorted(packages), CHANGES[number % len(CHANGES)]):
                source = sides[dice.randrange(2)].platforms[platform]
                if key in source:
                    packages[key] = source[key]
        yield Lock(
            {platform: PackageSet.of(packages.values()) for platform, packages in held.items()},
            channels=sides[0].channels,
            sources=sides[0].sources,
        )


def measure(folder: Path, task: str) -> float:
    """Do one task, and return the processor time that it took, that of git included."""
    import gc

    from conda_lockstep.drift.compare.operands import parse_source
    from conda_lockstep.drift.history.read_history import read_history
    from conda_lockstep.drift.history.repository import BlobReader, open_repository
    from conda_lockstep.lock.formats import cep37_canonical as canonical

    gc.set_threshold(100_000)  # as the command line does
    repository = open_repository(folder)
    if task in ("read", "after"):
        names = repository.run("log", "--format=", "--raw", "--no-abbrev", "HEAD").decode().split("\n")
        blobs = dict.fromkeys(line.split()[3] for line in names if line)
        start = _cpu()
        with BlobReader(repository) as reader:
            for blob in blobs:
                if task == "read":
                    canonical._entry.cache_clear()
                parse_source(reader.read(blob, 1 << 30).decode(), NAME)
        return _cpu() - start
    start = _cpu()
    history = read_history(repository, packages=["numpy"] if task == "package" else [])
    if task == "html":
        from conda_lockstep.render.history import html

        html.render(history)
    else:
        from conda_lockstep.render.history import text

        text.render(history)
    return _cpu() - start


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(measure(Path(sys.argv[1]), sys.argv[2]))
    else:
        main()
