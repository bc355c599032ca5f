"""All commands that judge a lock give one verdict: ``lock --check``, lint, ``build`` and ``sync``, the merge driver."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.lock.check.pairs import FILE, PLATFORM
from tests.lock.check.test_mutations import LOCK, TABLE, Mutation

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.locked_source import read_locked
from conda_lockstep.lock.check.status import lock_reasons
from conda_lockstep.lock.formats import cep37

FILES = Path("environment.yml"), Path("conda-lock.yml")


def build_refuses(path: Path) -> bool:
    try:
        read_locked(path, TRUSTED)
    except LockstepError:
        return True
    return False


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("conda_lockstep.install.locked_source.this_platform", lambda: PLATFORM)


@pytest.mark.parametrize("mutation", TABLE, ids=lambda mutation: re.sub(r"\W+", "-", mutation.why))
def test_every_judge_gives_the_verdict_of_the_check(
    mutation: Mutation, capsys: pytest.CaptureFixture[str]
) -> None:
    made = mutation.change()
    file, lock = FILES
    file.write_text(made if isinstance(made, str) else FILE, encoding="utf-8")
    cep37.write(LOCK if isinstance(made, str) else made, lock)
    status = main(["lock", "--check"])
    said = capsys.readouterr()
    assert status in (0, 1), said.err
    is_red = bool(status)
    if mutation.why != "a platform":  # that this machine does not have: the lock for it need not exist here
        assert build_refuses(file) == is_red
        assert bool(lock_reasons(read(file), lock, cep37.read(lock), Config())) == is_red
    assert bool(main(["lint", "--select", "stale-lock", str(file)])) == is_red, capsys.readouterr().out


@pytest.mark.parametrize("mutation", TABLE, ids=lambda mutation: re.sub(r"\W+", "-", mutation.why))
def test_a_lock_that_is_named_is_refused_where_its_packages_do_not_fit_together(mutation: Mutation) -> None:
    """Without its file, it is not known what is requested: all else is red in both."""
    made = mutation.change()
    if isinstance(made, str):
        return
    file, lock = FILES
    file.write_text(FILE, encoding="utf-8")
    cep37.write(made, lock)
    reasons = lock_reasons(read(file), lock, cep37.read(lock), Config())
    of_file = (
        "is requested",
        "nothing requires",
        "is not in the lock for",
        "is not listed",
        "the channels are",
        "CPU",
    )
    if build_refuses(lock) != bool(reasons):
        assert all(any(text in reason.what for text in of_file) for reason in reasons), reasons
