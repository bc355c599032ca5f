"""What a check could not prove is reported, and leaves the exit status as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lock.check.pairs import FILE, PACKAGES, changed, lock

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37


@pytest.mark.parametrize(
    ("name", "fields", "note"),
    [
        (
            "app",
            {"depends": ("lib", "numpy", "six")},
            "the bounds of pip dependencies are not recorded for app, and were not checked",
        ),
        ("six", {"sha256": ""}, "only an MD5 hash is recorded for six"),
        ("six", {}, ""),
    ],
)
def test_a_note_does_not_make_a_lock_stale(tmp_path, monkeypatch, capsys, name, fields, note):
    monkeypatch.chdir(tmp_path)
    Path("environment.yml").write_text(FILE)
    held = lock(*PACKAGES)
    cep37.write(changed(held, name, **fields) if fields else held, Path("conda-lock.yml"))
    assert main(["lock", "--check"]) == 0
    shown = f"lockstep: conda-lock.yml: {note}; run: lockstep lock environment.yml\n" if note else ""
    assert capsys.readouterr() == ("conda-lock.yml fits environment.yml\n", shown)
