"""At least 150 kinds of damage to a real prefix, and the look that finds each; docs/damage.md is this table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest
from tests.drift.compare.damage_bench import Bench
from tests.drift.compare.damage_rows import DEEP, NEITHER, PLAIN, TABLE, Damage
from tests.support.corpus import REPOSITORY
from tests.support.forge import Draft, Forge, Member
from tests.support.prefixes import install, lock_of, solve
from tests.support.snapshots import assert_as_seen

from conda_lockstep.drift.compare.operands import from_lock

PLACEHOLDER = "/opt/" + "placeholder_" * 20
HEAD = """# Damage: which look finds it

Each row was done to a real prefix, which `lockstep verify` and `lockstep verify --deep` then compared with its lock.
`--deep` finds everything that `verify` finds. A row that neither finds does not change which code runs, or cannot be
found; the last column gives the reason. A test makes this page from the table that it runs.
"""


@pytest.fixture(scope="module")
def bench(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A prefix with a Python, some packages, and one package with a file in each kind of folder."""
    folder = tmp_path_factory.mktemp("damage")
    channel = forge.copy(folder / "channel")
    members = (
        Member("lib/libnccl.so.2.21.5", b"\x7fELF" + b"nccl" * 5000, executable=True),
        Member("lib/libnccl.so.2", link="libnccl.so.2.21.5"),
        Member("bin/nccl-info", b"#!/bin/sh\necho nccl\n", executable=True),
        Member("include/nccl.h", b"#define NCCL 22105\n"),
        Member("share/nccl/tuning.txt", b"ring\n"),
        Member("etc/conda/activate.d/nccl.sh", b"export NCCL=1\n"),
        Member("etc/nccl.conf", f"home={PLACEHOLDER}\n".encode(), placeholder=PLACEHOLDER),
    )
    released = datetime(2025, 1, 1, tzinfo=timezone.utc)
    channel.add(Draft("nccl", "2.21.5", "h1_0", released, subdir=forge.subdir, members=members))
    here = Forge(channel.root, forge.pypi, forge.python_version, forge.subdir, forge.held_back)
    records = solve(here, ["python", "six", "idna", "tqdm", "nccl"])
    install(records, folder / "prefix", folder / "cache")
    made = Bench(
        folder / "prefix", from_lock(lock_of(records, forge.subdir), "conda-lock.yml"), folder / "aside"
    )
    made.aside.mkdir()
    return made


@pytest.fixture
def clean(bench: Bench) -> Iterator[Bench]:
    """The prefix, restored after the test."""
    bench.reset()
    yield bench
    bench.undo()


def test_the_prefix_is_sound(clean: Bench) -> None:
    assert clean.find(every_file=True) == []


@pytest.mark.parametrize("damage", TABLE, ids=lambda damage: damage.what)
def test_damage_is_found_by_the_look_in_the_table(clean: Bench, damage: Damage) -> None:
    damage.change(clean)
    plain, deep = clean.find(every_file=False), clean.find(every_file=True)
    found = PLAIN if plain else DEEP if deep else NEITHER
    assert found == damage.found, (plain, deep)
    assert found == NEITHER or deep, "--deep finds what the plain look finds"
    if damage.subject:
        assert any(damage.subject in row.subject for row in deep), deep


def test_the_prefix_is_sound_after_all_damage_was_undone(clean: Bench) -> None:
    assert clean.find(every_file=True) == []


def test_the_table_has_150_kinds_and_each_is_there_once() -> None:
    assert len(TABLE) >= 150
    (most, count), *_ = Counter((damage.group, damage.what) for damage in TABLE).most_common(1)
    assert count == 1, most


def test_the_documented_table_is_this_one() -> None:
    lines = [HEAD]
    for group in dict.fromkeys(damage.group for damage in TABLE):
        lines += [f"## {group}", "", "| damage | found by | why |", "|---|---|---|"]
        rows = [damage for damage in TABLE if damage.group == group]
        lines += [f"| {each.what} | {_shown(each.found)} | {each.why} |" for each in rows]
        lines.append("")
    assert_as_seen("\n".join(lines), REPOSITORY / "docs" / "damage.md")


def _shown(found: str) -> str:
    return {PLAIN: "`verify`", DEEP: "`verify --deep`", NEITHER: "neither"}[found]
