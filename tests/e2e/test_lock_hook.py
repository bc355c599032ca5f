"""The hook that judges locks, as users run it: it brings the solver along, and finds the other of the pair."""

from __future__ import annotations

import pytest

from tests.lint.test_lock import ENVIRONMENT, LOCK
from tests.support.hooks import Hooks, config
from tests.support.repository import Repository

STALE = ENVIRONMENT.replace("cuda-version=12.6", "cuda-version=12.4  # for older drivers")
SAID = "environment.yml:5:5: error stale-lock: 'cuda-version=12.4' is requested; the lock for linux-64 has"


pytestmark = pytest.mark.parametrize("tool", ["pre-commit", "prek"])


def test_a_lock_that_fits_passes_and_a_stale_one_is_reported_once(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    settings = config(hooks, "lockstep-lock")
    files = {f"{number}/{name}": text for number in range(12) for name, text in PAIR.items()}
    scratch.commit({".pre-commit-config.yaml": settings, **PAIR, **files})
    done = hooks.run(tool, scratch)
    assert done.status == 0, done.printed
    scratch.commit({"environment.yml": STALE, "7/environment.yml": STALE})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert done.printed.count(SAID) == 2
    assert "Traceback" not in done.printed


def test_either_of_the_two_is_enough(tool: str, hooks: Hooks, scratch: Repository) -> None:
    scratch.commit(
        {".pre-commit-config.yaml": config(hooks, "lockstep-lock"), **PAIR, "environment.yml": STALE}
    )
    for name in PAIR:
        done = hooks.run(tool, scratch, "--files", name)
        assert done.status == 1
        assert done.printed.count(SAID) == 1
    scratch.write({"conda-lock.yml": LOCK.replace("package:", "<<<<<<< HEAD\npackage:")})
    done = hooks.run(tool, scratch, "--files", "environment.yml")
    assert " lock-conflict-markers: " in done.printed
    assert done.status == 1


def test_a_repository_may_ask_for_a_lock_beside_every_file(
    tool: str, hooks: Hooks, scratch: Repository
) -> None:
    settings = config(hooks, "lockstep-lock", options={"args": "[--extend-select, missing-lock]"})
    scratch.commit({".pre-commit-config.yaml": settings, **PAIR, "envs/gpu/environment.yml": ENVIRONMENT})
    done = hooks.run(tool, scratch)
    assert done.status == 1
    assert done.printed.count(" missing-lock: ") == 1
    assert "envs/gpu/environment.yml:4:1: warning missing-lock: conda-lock.yml does not exist" in done.printed


PAIR = {"environment.yml": ENVIRONMENT, "conda-lock.yml": LOCK}
