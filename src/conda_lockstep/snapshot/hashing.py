"""The sha256 of many files at once, by as many processes as there are cores.

Threads would do for a few large libraries, but an environment is tens of thousands of small files, and for those
Python's lock is what one waits for.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping

from conda_lockstep import itself

_CHUNK = 1 << 18
_ALONE = 8 << 20
"""Bytes that are hashed sooner than another interpreter is started."""
_OPENING = 40_000
"""What opening a file costs, in the bytes that are hashed meanwhile."""


def sha256_of(sizes: Mapping[str, int], workers: int = 0) -> dict[str, str]:
    """Return the hex digests of files, empty for those that cannot be read; ``sizes`` are their bytes by path.

    ``workers`` is how many processes share the work, by default as many as this process may use cores.
    """
    workers = workers or cores()
    weights = {path: size + _OPENING for path, size in sizes.items()}
    if workers < 2 or sum(weights.values()) < _ALONE or not sys.executable:
        return dict(zip(sizes, _digests(sizes), strict=True))
    shares = _shares(weights, workers)
    command = itself.command(__name__, serve.__name__, bare=True)
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in shares]
    for process, share in zip(processes, shares, strict=True):
        # A worker reads all of its work before it answers, so that neither waits for the other.
        assert process.stdin is not None
        process.stdin.write("\0".join(share).encode("utf-8", "surrogateescape"))
        process.stdin.close()
    found: dict[str, str] = {}
    for process, share in zip(processes, shares, strict=True):
        assert process.stdout is not None
        answers = process.stdout.read().decode().split("\n")
        process.stdout.close()
        # What a killed worker did not tell is hashed here.
        whole = process.wait() == 0 and len(answers) == len(share)
        found.update(zip(share, answers if whole else _digests(share), strict=True))
    return found


def cores() -> int:
    """Return how many cores this process may use; a container or a job often has fewer than the machine."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def serve() -> None:
    """Hash the files named on standard input, parted by NUL; print a digest a line."""
    paths = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")
    sys.stdout.write("\n".join(_digests(paths)))
    sys.stdout.flush()
    os._exit(0)


def _digests(paths: Iterable[str]) -> list[str]:
    buffer = memoryview(bytearray(_CHUNK))
    return [_digest(path, buffer) for path in paths]


def _digest(path: str, buffer: memoryview) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                digest.update(buffer[:count])
    except OSError:
        return ""
    return digest.hexdigest()


def _shares(weights: Mapping[str, int], workers: int) -> list[list[str]]:
    """Part the files into shares of about the same weight: the heaviest first, each to the lightest share."""
    import heapq

    shares: list[list[str]] = [[] for _ in range(workers)]
    heap = [(0, index) for index in range(workers)]
    for path in sorted(weights, key=lambda path: -weights[path]):
        weight, index = heapq.heappop(heap)
        shares[index].append(path)
        heapq.heappush(heap, (weight + weights[path], index))
    return [share for share in shares if share]
