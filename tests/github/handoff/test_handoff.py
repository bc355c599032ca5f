"""The hand-off between the two halves: nothing gets through it that is not what it must be."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.handoff import handoff
from conda_lockstep.github.handoff.handoff import Cause, Caveat, Checked, Handoff, Remark

FULL = Handoff(
    remarks=(Remark("unpinned-conda", "error", "numpy is not pinned ⚠", "environment.yml", 7, 5),),
    checked=(
        Checked(
            path="environment.yml",
            lock_path="conda-lock.yml",
            state="stale",
            reasons=("numpy <2 is not met by numpy 2.1",),
            lock="version: 1\n",
            build="refused",
            build_reason="a fork",
            reached=("linted", "solved"),
            causes=(Cause("linux-64", "conda", "numpy", "upstream", 1_740_787_200),),
            caveats=(Caveat("linux-64", "2 records have no date"),),
        ),
    ),
    failures=("environment.yml:3:1: no channel answers",),
)


def with_cause(**change: object) -> dict[str, object]:
    """A hand-off whose one cause is not as it must be."""
    [checked] = json.loads(json.dumps([asdict(one) for one in FULL.checked]))
    checked["causes"][0] |= change
    return {"checked": [checked]}


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    handoff.write(FULL, tmp_path / "new" / "handoff.json")
    assert handoff.read(tmp_path / "new" / "handoff.json") == FULL


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 1}, "another version"),
        ({"schema": "1"}, "'schema' is not a whole number"),
        ({"failures": "no"}, "'failures' is not a list of texts"),
        ({"failures": [1]}, "'failures' is not a list of texts"),
        ({"failures": ["x"] * 10_001}, "more than 10000"),
        ({"remarks": [[]]}, "not a JSON object"),
        ({"remarks": [{"rule": "x"}]}, "'severity' is not text"),
        (
            {"checked": [{"path": "x", "lock_path": "y", "state": "fine"}]},
            "'state' is not one of current, stale",
        ),
        ({"checked": [{"path": "../x", "lock_path": "y"}]}, "'path' is outside the repository"),
        ({"checked": [{"path": "x", "lock_path": "/y"}]}, "'lock_path' is outside the repository"),
        (with_cause(attribution="the maintainers'"), "'attribution' is not one of"),
        (with_cause(uploaded=-1), "'uploaded' is not a valid time"),
        (with_cause(uploaded=10**15), "'uploaded' is not a valid time"),
        (with_cause(uploaded="now"), "'uploaded' is not a whole number"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "handoff.json"
    handoff.write(FULL, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(LockstepError, match=says):
        handoff.read(path)


def test_long_text_is_cut(tmp_path: Path) -> None:
    handoff.write(Handoff(failures=("x" * 100_000,)), tmp_path / "handoff.json")
    assert handoff.read(tmp_path / "handoff.json").failures == ("x" * handoff.MAX_TEXT,)


def test_a_check_that_did_not_finish_is_reported(tmp_path: Path) -> None:
    with pytest.raises(LockstepError, match="the check did not finish"):
        handoff.read(tmp_path / "handoff.json")


def test_an_endless_hand_off_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "handoff.json"
    with path.open("wb") as file:
        file.truncate(handoff.MAX_BYTES + 1)
    with pytest.raises(LockstepError, match="larger than 64 MiB"):
        handoff.read(path)
