"""The sha256 of many files at once, by as many processes as there are cores.

Threads would do for a few large libraries, but an environment is tens of thousands of small files, and for those
Python's lock is what one waits for.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from conda_lockstep import self_exec as itself

_CHUNK = 1 << 16
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""A pipe in the place of a file must not be waited for."""
_ALONE = 8 << 20
"""Bytes that are hashed sooner than another interpreter is started."""
_OPENING = 40_000
"""What opening a file costs, in the bytes that are hashed meanwhile."""


def sha256_of(sizes: Mapping[str, int], workers: int = 0) -> dict[str, str]:
    """Return the hex digests of files, empty for those that cannot be read; see :func:`begin`."""
    return begin(sizes, workers)()


def begin(sizes: Mapping[str, int], workers: int = 0) -> Callable[[], dict[str, str]]:
    """Begin to hash files, and return what waits for the digests and returns them.

    ``sizes`` are the bytes by path, as far as known: they tell how the work is shared. ``workers`` is how many
    processes share it, by default as many as this process may use cores.
    """
    workers = workers or cores()
    weights = {path: max(size, 0) + _OPENING for path, size in sizes.items()}
    if workers < 2 or sum(weights.values()) < _ALONE or not sys.executable:
        return lambda: dict(zip(sizes, _digests(sizes), strict=True))
    command = itself.command(__name__, serve.__name__, bare=True)
    started = []
    for share in _shares(weights, workers):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # A worker reads all of its work before it answers, so that neither waits for the other.
        assert process.stdin is not None
        process.stdin.write("\0".join(share).encode("utf-8", "surrogateescape"))
        process.stdin.close()
        started.append((process, share))
    return lambda: {path: digest for each in started for path, digest in _answers(*each)}


def _answers(process: subprocess.Popen[bytes], share: list[str]) -> Iterator[tuple[str, str]]:
    assert process.stdout is not None
    answers = process.stdout.read().decode().split("\n")
    process.stdout.close()
    whole = process.wait() == 0 and len(answers) == len(share)
    # What a killed worker did not tell is hashed here, and read: a file that was cut while it was mapped has killed it.
    yield from zip(share, answers if whole else _digests(share, mapped=False), strict=True)


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


def _digests(paths: Iterable[str], *, mapped: bool = True) -> list[str]:
    return [_digest(path, mapped) for path in paths]


def _digest(path: str, mapped: bool) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError:
        return ""
    try:
        chunk = os.read(handle, _CHUNK)
        digest = hashlib.sha256(chunk)
        if len(chunk) == _CHUNK:
            if mapped:
                return _digest_of_mapped(handle)
            while chunk := os.read(handle, _CHUNK):
                digest.update(chunk)
        return digest.hexdigest()
    except (OSError, ValueError):
        return ""
    finally:
        os.close(handle)


def _digest_of_mapped(handle: int) -> str:
    """Hash without a copy, which would take a sixth of the time."""
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as data:
        if hasattr(mmap, "MADV_SEQUENTIAL"):
            data.madvise(mmap.MADV_SEQUENTIAL)
        return hashlib.sha256(data).hexdigest()


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
