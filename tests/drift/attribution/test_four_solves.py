"""Changes that loosen, remove or reorder something: they fail a check, whatever upstream released meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.drift.attribution.change import ALL, Change


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    change = Change(tmp_path)
    for name, old in (("numpy", "1.26.4"), ("python", "3.11.9"), ("pytorch", "2.4.0"), ("tool", "1.0")):
        change.main.upload(name, old, day=0)
    return change


@pytest.mark.parametrize(
    ("name", "old", "new", "released"),
    [
        ("numpy", "numpy=1.26", "numpy", "2.2.0"),
        ("python", "python=3.11", "python>=3.11", "3.13.0"),
        ("pytorch", "pytorch=2.4", "pytorch", "2.9.0"),
    ],
)
def test_a_loosened_pin_and_a_release_fail_a_check_together(change, name, old, new, released):
    change.base(old, "tool")
    change.main.upload(name, released, day=60)
    change.main.upload("tool", "1.1", day=60)
    change.head(new, "tool", update=(name,))
    causes = change.causes("--fail-on", "low")
    assert (causes.status, causes.attributions) == (1, {name: "both"})
    change.head(new, "tool", update=ALL)
    assert change.causes().attributions == {name: "both", "tool": "upstream"}


@pytest.mark.parametrize("update", [("numpy",), ALL])
def test_a_loosened_pin_that_lets_in_what_was_there_is_the_pull_requests(change, update):
    change.main.upload("numpy", "2.2.0", day=-30)
    change.base("numpy=1.26", "tool")
    change.head("numpy", "tool", update=update)
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "pull_request"})


def test_a_removed_entry_that_held_a_package_back_is_not_upstreams(change):
    change.main.upload("holder", "1.0", "numpy <2", day=0)
    change.base("numpy", "holder")
    change.main.upload("numpy", "2.2.0", day=60)
    change.head("numpy", update=("numpy",))
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "both", "holder": "pull_request"})


def test_a_removed_entry_is_the_pull_requests_whatever_is_newer(change):
    change.main.upload("extra", "1.0", "helper", day=0)
    change.main.upload("helper", "1.0", day=0)
    change.base("numpy", "extra")
    change.main.upload("extra", "2.0", day=60)
    change.head("numpy", update=ALL)
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"extra": "pull_request", "helper": "pull_request"})


def test_a_swapped_channel_order_is_the_pull_requests_and_not_an_old_uploads(change):
    change.other.upload("numpy", "1.25.0", day=-900)
    change.base("numpy", "tool", channels=("main", "other"))
    change.main.upload("tool", "1.1", day=60)
    change.head("numpy", "tool", channels=("other", "main"), update=ALL)
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "pull_request", "tool": "upstream"})
