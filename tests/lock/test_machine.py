"""The machine a lock is for, and what its packages need of one."""

from __future__ import annotations

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.model import metadata
from conda_lockstep.lock.model.envelope import envelope, from_text, to_text
from conda_lockstep.lock.model.virtual_packages import PLATFORMS, virtual_packages
from conda_lockstep.lock.model.virtual_packages import from_text as machine_from
from conda_lockstep.lock.model.virtual_packages import to_text as machine_to
from conda_lockstep.packages import Package


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_machine_is_written_and_read_back(platform):
    for cuda in ("", "12.4"):
        facts = virtual_packages(platform, cuda)
        assert machine_from(machine_to(facts)) == facts
        assert any(fact.name == "__cuda" for fact in facts) == (bool(cuda) and not platform.startswith("osx"))


def test_damaged_machine_facts_are_left_out():
    assert machine_from("__cuda= =1 __glibc=2.28 x a=b=c=d") == tuple(
        fact for fact in virtual_packages("linux-64") if fact.name == "__glibc"
    )


@pytest.mark.parametrize(
    ("platform", "cuda", "message"),
    [
        ("linux64", "", "'linux64' is no platform; known are linux-64, "),
        ("noarch", "", "'noarch' is no platform"),
        ("linux-64", "12", "'12' is no CUDA version; give major and minor, such as 12.4"),
        ("linux-64", "latest", "'latest' is no CUDA version"),
    ],
)
def test_what_is_no_machine_is_refused(platform, cuda, message):
    with pytest.raises(LockstepError) as caught:
        virtual_packages(platform, cuda)
    assert str(caught.value).startswith(message)


def _package(depends=(), constrains=()) -> Package:
    return Package("conda", "a", "1", depends=tuple(depends), constrains=tuple(constrains))


def test_the_envelope_is_the_tightest_bounds_of_depends_and_constrains():
    found = envelope(
        [
            _package(["__glibc >=2.17,<3.0.a0", "__cuda", "numpy >=1", "__linux"]),
            _package(["__glibc >=2.28", "__archspec 1 x86_64_v3"], ["__cuda >=12.0", "__osx >=11.0"]),
            _package([], ["__cuda >=12.9,<13", "__cuda >12.9"]),
        ]
    )
    assert found.needs == {
        "__archspec": "1 x86_64_v3",
        "__cuda": ">12.9,<13",
        "__glibc": ">=2.28,<3.0.a0",
        "__linux": "*",
    }
    assert found.allows == {"__osx": ">=11.0"}
    assert to_text(found.needs) == "__archspec 1 x86_64_v3; __cuda >12.9,<13; __glibc >=2.28,<3.0.a0; __linux"
    assert from_text(to_text(found.needs)) == found.needs


def test_the_newest_record_dates_a_lock_and_undated_ones_are_counted():
    dated = Package("conda", "a", "1", timestamp=1_700_000_000)
    facts = metadata.describe("linux-64", virtual_packages("linux-64"), [dated, _package(), _package()])
    assert facts["linux-64.newest"] == "2023-11-14T22:13:20Z"
    assert facts["linux-64.undated"] == "2"
    assert "linux-64.needs" not in facts
