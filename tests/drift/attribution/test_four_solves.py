"""Changes that loosen, remove or reorder something: they fail a check, whatever upstream released meanwhile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.drift.attribution.change import ALL, Change

from conda_lockstep.cli.main import main


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


def test_what_the_old_lock_held_back_is_the_relocks_and_not_upstreams(change):
    change.main.upload("numpy", "2.2.0", day=-30)
    change.base("numpy=1.26", "tool")
    change.base_file("numpy", "tool")
    change.head("numpy", "tool", update=ALL)
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "pull_request"})
    assert causes.rows["numpy"]["cause"] == (
        "this pull request (its new lock updates what the old lock held back)"
    )


def test_a_release_after_the_new_lock_was_made_changes_no_attribution(change):
    change.base("numpy", "tool=1.0")
    change.main.upload("numpy", "2.2.0", day=60)
    change.main.upload("tool", "1.1", day=60)
    change.head("numpy", "tool", update=ALL)
    before = change.causes().attributions
    change.main.upload("numpy", "2.3.0", day=90)
    change.main.upload("tool", "1.2", day=90)
    assert change.causes().attributions == before == {"numpy": "upstream", "tool": "both"}


def test_a_lock_edited_by_hand_is_unexplained(change):
    change.main.upload("numpy", "1.25.0", day=-30)
    change.base("numpy", "tool")
    change.head("numpy=1.25", "tool")
    change.write_head(("numpy", "tool"))
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "unexplained"})


def test_bytes_that_upstream_replaced_are_upstreams_and_others_are_unexplained(change):
    change.base("numpy", "tool")
    change.main.replace("numpy", "1.26.4")
    change.head("numpy", "tool", update=ALL)
    assert change.causes().attributions == {"numpy": "upstream"}
    lock = change.folder / "conda-lock.yml"
    lock.write_text(lock.read_text().replace("f" * 64, "e" * 64).replace("f" * 32, "e" * 32))
    assert change.causes().attributions == {"numpy": "unexplained"}


def test_a_lock_of_another_tool_is_dated_by_its_channel(change):
    change.base("numpy=1.26", "tool")
    change.main.upload("numpy", "2.2.0", day=60)
    change.main.upload("tool", "1.1", day=60)
    change.head("numpy", "tool", update=ALL)
    for lock in (change.folder / "base" / "conda-lock.yml", change.folder / "conda-lock.yml"):
        lines = lock.read_text().splitlines(keepends=True)
        lock.write_text(
            "".join(line for line in lines if not re.match(r"    \S+\.(newest|machine|needs)", line))
        )
        assert "newest" not in lock.read_text()
    assert change.causes().attributions == {"numpy": "both", "tool": "upstream"}


def test_an_index_with_later_dates_than_its_packages_explains_less_and_passes_nothing_more(change):
    change.base("numpy=1.26", "tool")
    change.main.upload("numpy", "2.2.0", day=60)
    change.main.upload("tool", "1.1", day=60)
    change.main.index_all(day=90)
    change.head("numpy", "tool", update=ALL)
    assert change.causes().attributions == {"numpy": "both", "tool": "upstream"}


def test_a_removal_that_breaks_the_old_file_is_not_upstreams_alone(change):
    change.main.upload("numpy", "2.2.0", day=-30)
    change.base("numpy=1.26", "tool")
    change.main.withdraw("numpy", "1.26.4")
    change.head("numpy", "tool")
    causes = change.causes()
    assert (causes.status, causes.attributions) == (1, {"numpy": "both"})
    assert causes.notes == (
        "the old file no longer has a solution, so no change is attributed to upstream alone",
    )


def test_a_lock_without_its_file_is_one_line(change, capsys):
    change.base("numpy", "tool")
    change.head("numpy")
    (change.folder / "base" / "environment.yml").rename(change.folder / "old.yml")
    command = ["diff", "base/conda-lock.yml", "conda-lock.yml", "--causes"]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "lockstep: base/conda-lock.yml: has no environment file beside it to solve;"
        " pass the file that it was made from with --old-file"
    )
    assert main([*command, "--old-file", "old.yml"]) == 1


def test_a_chain_begins_at_the_changed_line(change):
    change.main.upload("extra", "1.0", "helper", day=0)
    change.main.upload("helper", "1.0", day=0)
    change.base("numpy=1.26", "extra")
    change.main.upload("numpy", "2.2.0", day=60)
    change.head("numpy", "tool", update=ALL)
    rows = change.causes().rows
    assert {name: row["chain"] for name, row in rows.items()} == {
        "numpy": ["environment.yml:4: numpy (was: numpy=1.26)"],
        "tool": ["environment.yml:5: tool"],
        "extra": ["environment.yml:5: extra (removed)"],
        "helper": ["environment.yml:5: extra (removed)", "extra 1.0 requires helper"],
    }
