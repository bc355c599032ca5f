"""The static check judges as a solver does that has the locked packages alone to choose from: on real metadata."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from rattler import (
    BuildString,
    ChannelPriority,
    Gateway,
    GenericVirtualPackage,
    MatchSpec,
    PackageName,
    Subdir,
    Version,
    solve,
)
from rattler.exceptions import SolverError

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet
from tests.support.repodata import package, repodata

BASES = (
    ("python=3.12", "numpy", "pandas>=2", "requests"),
    ("python>=3.10", "pytorch=2.*=cuda*", "cuda-version=12.9", "scipy"),
    ("zlib", "openssl", "cmake", "libcurl"),
)
SEEDS = 30
"""Changed pairs of each base."""
CHANNEL = "https://conda.anaconda.org/conda-forge"


@dataclasses.dataclass(frozen=True)
class Pair:
    """Entries as written, and a lock of one platform."""

    entries: tuple[str, ...]
    packages: PackageSet
    lock: Lock

    @property
    def text(self) -> str:
        lines = "".join(f"  - {entry}\n" for entry in self.entries)
        return f"channels:\n  - conda-forge\ndependencies:\n{lines}"

    def judged(self) -> bool:
        lock = dataclasses.replace(self.lock, platforms={"linux-64": self.packages})
        return not is_satisfied(parse(self.text, "environment.yml"), lock, mirrors=Mirrors({}, TRUSTED))


@lru_cache(maxsize=1)
def _real(channel_data: Path) -> dict[str, list[dict[str, Any]]]:
    """The records that conda-forge has for linux-64, by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in repodata(channel_data):
        if record["channel"] == "conda-forge" and record["subdir"] in ("linux-64", "noarch"):
            found.setdefault(record["name"], []).append(record)
    return found


@pytest.fixture
def frozen(channel_data, tmp_path) -> Iterator[Any]:
    """Says whether a solver that has only the locked packages to choose from takes exactly those."""
    real = {package(record).url: record for records in _real(channel_data).values() for record in records}
    number = 0

    def judge(pair: Pair, *, constrains: bool) -> bool:
        nonlocal number
        number += 1
        channel = tmp_path / str(number) / "conda-forge"
        for subdir in ("linux-64", "noarch"):
            (channel / subdir).mkdir(parents=True)
            records = {
                each.url.rpartition("/")[2]: {
                    **real[each.url],
                    "depends": list(each.depends),
                    "constrains": real[each.url].get("constrains", []) if constrains else [],
                }
                for each in pair.packages.values()
                if each.subdir == subdir
            }
            index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": records}
            (channel / subdir / "repodata.json").write_text(json.dumps(index))
        facts = metadata.machine_of(pair.lock, "linux-64")
        try:
            records = asyncio.run(
                solve(
                    [channel.as_uri()],
                    [MatchSpec(entry.partition(" #")[0].strip("'")) for entry in pair.entries],
                    gateway=Gateway(cache_dir=tmp_path / "cache"),
                    platforms=[Subdir("linux-64"), Subdir("noarch")],
                    virtual_packages=[
                        GenericVirtualPackage(PackageName(f.name), Version(f.version), BuildString(f.build))
                        for f in facts
                    ],
                    channel_priority=ChannelPriority.Strict,
                )
            )
        except SolverError:
            return False
        return {(each.name.normalized, str(each.build)) for each in records} == {
            (each.name, each.build) for each in pair.packages.values()
        }

    return judge


def _changed(pair: Pair, chance: random.Random, real: dict[str, list[dict[str, Any]]]) -> Pair:
    """Return a pair with one to three changes of the file, of the lock, or of both."""
    for _ in range(chance.randint(1, 3)):
        change = chance.choice(
            (_respelled, _respelled, _added, _removed, _narrowed, _swapped, _dropped, _strange)
        )
        pair = change(pair, chance, real)
    return pair


def _respelled(pair: Pair, chance: random.Random, real: object) -> Pair:
    entries = [
        chance.choice((entry, f"{entry}  # why", f"'{entry}'" if "#" not in entry else entry))
        for entry in (each.partition("  #")[0].strip("'") for each in pair.entries)
    ]
    chance.shuffle(entries)
    return dataclasses.replace(pair, entries=tuple(entries))


def _added(pair: Pair, chance: random.Random, real: dict[str, list[dict[str, Any]]]) -> Pair:
    held = chance.choice(list(pair.packages.values()))
    other = chance.choice(
        ("tzdata", "nccl", "__glibc", "__cuda>=12", held.name, f"{held.name}>={held.version}")
    )
    return dataclasses.replace(pair, entries=(*pair.entries, other))


def _removed(pair: Pair, chance: random.Random, real: object) -> Pair:
    kept = list(pair.entries)
    if len(kept) > 1:
        kept.pop(chance.randrange(len(kept)))
    return dataclasses.replace(pair, entries=tuple(kept))


def _narrowed(pair: Pair, chance: random.Random, real: dict[str, list[dict[str, Any]]]) -> Pair:
    """Ask for a version of what is there, or of another."""
    held = chance.choice(list(pair.packages.values()))
    version = chance.choice([held.version, *(record["version"] for record in real[held.name])])
    minor = ".".join(version.split(".")[:2])
    form = chance.choice(
        (
            "{n}=={v}",
            "{n}={m}",
            "{n} {v}",
            "{n}>={v}",
            "{n}<{v}",
            "{n}!={v}",
            "{n} {m}.*",
            "{n}={v}={b}",
            "{n}=*={b}",
        )
    )
    entry = form.format(n=held.name, v=version, m=minor, b=held.build)
    return dataclasses.replace(pair, entries=(*pair.entries, entry))


def _swapped(pair: Pair, chance: random.Random, real: dict[str, list[dict[str, Any]]]) -> Pair:
    """Lock another version or build of a package."""
    held = chance.choice(list(pair.packages.values()))
    return _with(pair, _as_read(package(chance.choice(real[held.name]))), without=held)


def _dropped(pair: Pair, chance: random.Random, real: object) -> Pair:
    held = chance.choice(list(pair.packages.values()))
    return _with(pair, without=held)


def _strange(pair: Pair, chance: random.Random, real: dict[str, list[dict[str, Any]]]) -> Pair:
    record = chance.choice(real[chance.choice(("tzdata", "nccl", "six", "wheel"))])
    return _with(pair, _as_read(package(record)))


def _with(pair: Pair, *more: Package, without: Package | None = None) -> Pair:
    kept = [each for each in pair.packages.values() if each is not without]
    return dataclasses.replace(pair, packages=PackageSet.of([*kept, *more])) if kept else pair


def _as_read(item: Package) -> Package:
    """Return a package as a lock's reader has it."""
    lock = Lock({"linux-64": PackageSet.of([item])}, ("conda-forge",))
    return cep37.parse(cep37.render(lock), "conda-lock.yml").platforms["linux-64"]["conda", item.name]


@pytest.mark.parametrize("base", range(len(BASES)))
def test_the_check_judges_as_a_frozen_solve_does(channel_data, locking, frozen, base):
    """What packages constrain has no place in the format: a refusal for those alone is counted, and rare."""
    text = Pair(BASES[base], PackageSet(), Lock({})).text
    lock = cep37.parse(cep37.render(locking(text, cuda="12.9")), "conda-lock.yml")
    good = Pair(BASES[base], lock.platforms["linux-64"], lock)
    assert good.judged()
    assert frozen(good, constrains=True)
    verdicts = {True: 0, False: 0}
    unseen = 0
    for seed in range(SEEDS):
        pair = _changed(good, random.Random(f"{base} {seed}"), _real(channel_data))
        ours = pair.judged()
        theirs = frozen(pair, constrains=True)
        if ours != theirs:
            assert ours, (seed, pair.entries)
            assert frozen(pair, constrains=False), (seed, pair.entries)
            unseen += 1
        verdicts[ours] += 1
    assert min(verdicts.values()) >= SEEDS // 8, verdicts
    assert unseen <= SEEDS // 10
