"""Minimal change on real metadata: what is locked stays where it fits; nothing is newer than it may be."""

from __future__ import annotations

import datetime

import pytest

from conda_lockstep.config import DeclaredMachine
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.solve.dates import horizon_of, moment, utc_now
from conda_lockstep.lock.solve.keep import UpdateRequest
from conda_lockstep.lock.solve.solve import Horizon

HEAD = "channels: [conda-forge]\ndependencies:\n"
ENTRIES = ("python=3.12", "pytorch=2.*=cuda*", "numpy", "pandas")
AUTUMN = Horizon(all=datetime.datetime(2025, 10, 1, tzinfo=datetime.timezone.utc))


def _text(*entries: str) -> str:
    return HEAD + "".join(f"  - {entry}\n" for entry in entries)


def _as_read(lock):
    """A lock as its file has it: without what only the solver knows."""
    return cep37.parse(cep37.render(lock), "conda-lock.yml")


def _moved(before, after) -> set[str]:
    old, new = before.platforms["linux-64"], after.platforms["linux-64"]
    return {name for _, name in {*old, *new} if _line(old, name) != _line(new, name)}


def _line(packages, name: str) -> str:
    found = packages.get(("conda", name))
    return found.identity if found else ""


@pytest.fixture
def old(locking):
    """A lock as it would have been made in autumn 2025, when the channel had less."""
    return _as_read(locking(_text(*ENTRIES), cuda="12.9", horizon=AUTUMN))


def test_with_a_newer_channel_nothing_moves_and_the_lock_is_the_same_to_the_byte(locking, old):
    again = locking(_text(*ENTRIES), cuda="12.9", old=[old])
    assert cep37.render(again) == cep37.render(old)
    assert cep37.render(locking(_text(*reversed(ENTRIES)), cuda="12.9", old=[old])) == cep37.render(old)
    assert _moved(old, locking(_text(*ENTRIES), cuda="12.9")) > {"pytorch", "numpy"}


@pytest.mark.parametrize(
    ("entries", "moved"),
    [
        ((*ENTRIES[:2], "numpy=2.2", "pandas"), {"numpy"}),
        ((*ENTRIES[:3], "pandas=2.2"), {"pandas", "pytz"}),
        (ENTRIES[:3], {"pandas"}),
    ],
)
def test_a_changed_entry_moves_only_what_it_must(locking, old, entries, moved):
    found = _moved(old, locking(_text(*entries), cuda="12.9", old=[old]))
    assert moved <= found
    assert len(found) <= 5
    assert "pytorch" not in found


def test_a_new_entry_leaves_all_others_alone(locking, old):
    new = locking(_text(*ENTRIES, "scipy"), cuda="12.9", old=[old])
    assert "scipy" in _moved(old, new)
    assert not _moved(old, new) & {name for _, name in old.platforms["linux-64"]}


def test_an_update_gives_the_package_what_a_new_lock_has_and_moves_what_that_needs(locking, old):
    fresh = locking(_text(*ENTRIES), cuda="12.9")
    new = locking(_text(*ENTRIES), cuda="12.9", old=[old], update=UpdateRequest(frozenset(("pytorch",))))
    assert _line(new.platforms["linux-64"], "pytorch") == _line(fresh.platforms["linux-64"], "pytorch")
    assert {"pytorch", "libtorch"} <= _moved(old, new) < _moved(old, fresh)
    assert "numpy" not in _moved(old, new)
    small = locking(_text(*ENTRIES), cuda="12.9", old=[old], update=UpdateRequest(frozenset(("numpy",))))
    assert _moved(old, small) == {"numpy"}


def test_an_update_of_all_is_a_lock_from_nothing(locking, old):
    new = locking(_text(*ENTRIES), cuda="12.9", old=[old], update=UpdateRequest(all=True))
    assert cep37.render(new) == cep37.render(locking(_text(*ENTRIES), cuda="12.9"))


def test_an_update_of_one_machine_leaves_the_other_alone(locking_all):
    text = _text("python=3.12", "pytorch=2.*", "numpy")
    machines = (DeclaredMachine("a100", "linux-64", cuda="12.4"), DeclaredMachine("login", "linux-64"))
    before = {
        name: _as_read(lock) for name, lock in locking_all(text, machines=machines, horizon=AUTUMN).items()
    }
    update = UpdateRequest(frozenset(("numpy",)), machine="a100")
    after = locking_all(text, machines=machines, old=[*before.values()], update=update)
    assert cep37.render(after["login"]) == cep37.render(before["login"])
    assert _moved(before["a100"], after["a100"]) == {"numpy"}


def test_machines_that_part_each_keep_what_they_shared(locking_all):
    plain = _text("python=3.12", "numpy")
    machines = (DeclaredMachine("a100", "linux-64", cuda="12.4"), DeclaredMachine("login", "linux-64"))
    shared = _as_read(locking_all(plain, machines=machines, horizon=AUTUMN)[""])
    parted = locking_all(_text("python=3.12", "numpy", "pytorch=2.*"), machines=machines, old=[shared])
    for lock in parted.values():
        assert not _moved(shared, lock) & {"python", "numpy", "openssl", "sqlite"}


@pytest.mark.parametrize(
    ("date", "pytorch", "cuda"),
    [("", "2.10.0", "cuda129"), ("2025-10-01", "2.7.1", "cuda126"), ("2025-03-01", "2.4.0", "cuda120")],
)
def test_a_cut_off_is_the_channel_of_that_day(locking, date, pytorch, cuda):
    lock = locking(
        _text("python=3.12", "pytorch=2.*=cuda*"), cuda="12.9", horizon=horizon_of(date, 0, utc_now())
    )
    package = lock.platforms["linux-64"]["conda", "pytorch"]
    assert package.version == pytorch
    assert package.build.startswith(cuda)
    if date:
        assert lock.metadata["linux-64.newest"] < date
        assert int(lock.metadata["linux-64.undated"]) > 0


def test_a_cut_off_holds_for_what_is_locked_a_cool_down_does_not(locking):
    newest = _as_read(locking(_text(*ENTRIES), cuda="12.9"))
    back = locking(_text(*ENTRIES), cuda="12.9", old=[newest], horizon=AUTUMN)
    assert _line(back.platforms["linux-64"], "pytorch").split()[2] == "2.7.1"
    cool = Horizon(new=AUTUMN.all)
    assert cep37.render(locking(_text(*ENTRIES), cuda="12.9", old=[newest], horizon=cool)) == cep37.render(
        newest
    )
    # what is new to the lock has to be old enough
    fresh = locking(_text(*ENTRIES, "sqlalchemy"), cuda="12.9")
    added = locking(_text(*ENTRIES, "sqlalchemy"), cuda="12.9", old=[newest], horizon=cool)
    assert _line(added.platforms["linux-64"], "sqlalchemy") != _line(
        fresh.platforms["linux-64"], "sqlalchemy"
    )
    assert not _moved(newest, added) & {name for _, name in newest.platforms["linux-64"]}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2025-10-01", "2025-10-01T00:00:00+00:00"),
        ("2025-10-01T12:30:00Z", "2025-10-01T12:30:00+00:00"),
        ("2025-10-01T12:30:00", "2025-10-01T12:30:00+00:00"),
        ("2025-10-01T12:30:00+02:00", "2025-10-01T12:30:00+02:00"),
    ],
)
def test_a_date_is_read_in_utc(text, read):
    assert moment(text).isoformat() == read


@pytest.mark.parametrize("text", ["yesterday", "2025-13-01", "01.10.2025", "2025"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(LockstepError, match=f"'{text}' is not a date; write it as in 2025-10-01"):
        moment(text)
