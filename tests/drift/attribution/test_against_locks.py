"""The attributions against locks that are really made: by both files, on the channels as they were and as they are."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.drift.attribution.change import ALL, Change, Uploads
from tests.support.forge.platform import SUBDIR

from conda_lockstep.drift.attribution.past import cutoff_of
from conda_lockstep.drift.attribution.verdict import Reached, verdict
from conda_lockstep.lock.formats import cep37
from conda_lockstep.packages import Package, PackageSet

NAMES = "abcde"
CHANNELS = (("main", "other"), ("main",), ("other", "main"))
BOUNDS = (">=1", ">=2", "<2", "<3")


@dataclass(frozen=True, slots=True)
class Files:
    """What a base and a head request, and how the head's lock is made."""

    base: tuple[str, ...]
    head: tuple[str, ...]
    base_channels: tuple[str, ...]
    head_channels: tuple[str, ...]
    update: tuple[str, ...]

    @classmethod
    def draw(cls, rng: random.Random) -> Files:
        base = tuple(
            f"{name}{rng.choice(('', '', *BOUNDS, '=1', '=2'))}" for name in NAMES if rng.random() < 0.6
        )
        base = base or ("a",)
        channels = rng.choice(CHANNELS)
        head_channels = channels if rng.random() < 0.7 else rng.choice(CHANNELS)
        head = tuple(_edited(list(base), rng))
        return cls(base, head, channels, head_channels, rng.choice(((), ALL, (head[0][0],))))


def _edited(entries: list[str], rng: random.Random) -> list[str]:
    for _ in range(rng.randint(0, 2)):
        at, missing = rng.randrange(len(entries)), sorted({*NAMES} - {entry[0] for entry in entries})
        match rng.choice(("drop", "loosen", "pin", "add")):
            case "drop" if len(entries) > 1:
                entries.pop(at)
            case "loosen":
                entries[at] = entries[at][0]
            case "pin":
                entries[at] = entries[at][0] + rng.choice(("=1", "=2", "=3", *BOUNDS))
            case "add" if missing:
                entries.append(rng.choice(missing))
    return entries


def publish(change: Change, rng: random.Random) -> list[tuple[Uploads, str, str]]:
    """Publish a few versions of each package, which require packages of later letters."""
    published = []
    for name in NAMES:
        for version in range(1, rng.randint(2, 4)):
            depends = [
                rng.choice((other, f"{other} {rng.choice(BOUNDS)}"))
                for other in _later(name)
                if rng.random() < 0.35
            ]
            uploads = change.main if rng.random() < 0.8 else change.other
            uploads.upload(name, f"{version}.0", *depends, day=rng.randint(-100, 0))
            published.append((uploads, name, f"{version}.0"))
    return published


def act(change: Change, published: list[tuple[Uploads, str, str]], rng: random.Random) -> None:
    """Release, remove and hot-fix a few packages."""
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(published))
        uploads, name, version = published[at]
        requires = [f"{rng.choice(_later(name))} {rng.choice(BOUNDS)}"] if _later(name) else []
        match rng.choice(("release", "release", "removal", "hot-fix")):
            case "release":
                newer = f"{rng.randint(3, 6)}.{rng.randint(1, 9)}"
                change.main.upload(name, newer, *requires, day=rng.randint(20, 90))
            case "removal" if len(published) > 1:
                published.pop(at)
                uploads.withdraw(name, version)
            case "hot-fix":
                uploads.hotfix(name, version, *requires)


def _later(name: str) -> str:
    return NAMES[NAMES.index(name) + 1 :]


class Locks:
    """Makes locks on the channels as they are, or as they were when the base was locked."""

    def __init__(self, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
        self.change = change
        self._patch = monkeypatch
        self._caches = 0
        self.read_again()

    def read_again(self) -> None:
        """Have the channels' indexes read again."""
        self._caches += 1
        self._patch.setenv("RATTLER_CACHE_DIR", str(self.change.folder / f"cache-{self._caches}"))

    def keep_past(self) -> None:
        for name in ("main", "other"):
            shutil.copytree(self.change.folder / name, self.change.folder / f"{name}.past")

    @contextmanager
    def past(self) -> Iterator[None]:
        """Put the channels as they were in the place of those that are."""
        self._exchange("past", "now")
        yield
        self._exchange("now", "past")

    def _exchange(self, come: str, go: str) -> None:
        for name in ("main", "other"):
            place = self.change.folder / name
            place.rename(place.with_suffix(f".{go}"))
            place.with_suffix(f".{come}").rename(place)
        self.read_again()

    def made(
        self, entries: Sequence[str], channels: Sequence[str], update: Sequence[str], *options: str
    ) -> PackageSet | None:
        """Make a lock from the base's; None where there is no solution."""
        try:
            self.change.head(*entries, channels=channels, update=update, options=options)
        except AssertionError:
            return None
        return packages(self.change.folder / "conda-lock.yml")


def packages(path: Path) -> PackageSet:
    return cep37.read(path).platforms[SUBDIR]


def reached(made: PackageSet | None, key: tuple[str, str], old: PackageSet, new: PackageSet) -> bool:
    if made is None:
        return False
    found, before, after = (_facts(each.get(key), False) for each in (made, old, new))
    if before == after:
        return _facts(made.get(key), True) == _facts(new.get(key), True)
    return found == after


def _facts(package: Package | None, depends: bool) -> object:
    return package and (package.identity, package.channel, package.sha256, package.depends if depends else ())


def expected(files: Files, change: Change, locks: Locks, rows: Mapping[str, object]) -> dict[str, str]:
    """Return the verdict on each change by the locks that are really made."""
    old, new = (packages(change.folder / name) for name in ("base/conda-lock.yml", "conda-lock.yml"))
    shutil.copy(change.folder / "conda-lock.yml", change.folder / "kept")
    cutoff = cutoff_of(cep37.read(change.folder / "base" / "conda-lock.yml"), SUBDIR)
    assert cutoff is not None
    base, head = (files.base, files.base_channels), (files.head, files.head_channels)
    until = ("--exclude-newer", f"{cutoff:%Y-%m-%dT%H:%M:%SZ}")
    base_now = locks.made(*base, files.update)
    with locks.past():
        base_then, head_then = (locks.made(*each, files.update, *until) for each in (base, head))
    change.write_head(*head)
    shutil.copy(change.folder / "kept", change.folder / "conda-lock.yml")
    return {
        name: verdict(
            Reached(
                *(reached(made, ("conda", name), old, new) for made in (base_then, head_then, base_now)), True
            )
        )
        for name in rows
    }


@pytest.mark.parametrize("seed", range(60))
def test_random_changes_are_attributed_as_real_locks_say(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    monkeypatch.chdir(tmp_path)
    change = Change(tmp_path)
    published, files, locks = publish(change, rng), Files.draw(rng), Locks(change, monkeypatch)
    try:
        change.base(*files.base, channels=files.base_channels)
    except AssertionError:
        return  # no solution, no lock
    locks.keep_past()
    act(change, published, rng)
    locks.read_again()
    if locks.made(files.head, files.head_channels, files.update) is None:
        return
    rows = change.causes().rows
    want = expected(files, change, locks, rows)
    for name, row in rows.items():
        # A lock does not say how it was made. Where keeping what was locked gives the same lock, that is assumed: then
        # the old file moves less, and fewer changes are upstream's.
        assert row["attribution"] == want[name] or row["attribution"] == "both", (name, want[name], files)
