from __future__ import annotations

import re
from pathlib import Path

import pytest

from conda_lockstep import data as tables
from conda_lockstep.data import table

FILES = sorted(tables._FOLDER.glob("*.txt"))
READ = (
    "channels",
    "cuda",
    "cuda-builds",
    "cuda-drivers",
    "frameworks",
    "numpy-abi",
    "python-releases",
    "torch",
)


@pytest.mark.parametrize("name", READ)
def test_every_table_names_a_source_and_a_date(name: str) -> None:
    text = (tables._FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    head = text[: text.index("\n", text.rindex("#"))]
    assert re.search(r"# Sources?, read \d{4}-\d{2}", head)
    assert "https://" in head


@pytest.mark.parametrize("name", READ)
def test_the_rows_of_a_table_are_of_one_width_and_differ(name: str) -> None:
    rows = table(name)
    assert rows
    assert len({len(row) for row in rows}) == 1
    assert len({row[:3] for row in rows}) == len(rows)
    assert all(row[0] or row[1] for row in rows)


@pytest.mark.parametrize("name", ["torch", "cuda-drivers"])
def test_versions_stand_from_new_to_old(name: str) -> None:
    versions = [tuple(int(part) for part in row[0].split(".")) for row in table(name)]
    assert versions == sorted(versions, reverse=True)


def test_a_row_is_cells_that_two_blanks_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_FOLDER", tmp_path)
    (tmp_path / "x.txt").write_text("# a comment\n\none  two words   -  # why\nthree\n")
    assert table("x") == (("one", "two words", ""), ("three", "", ""))


def test_torchs_table_holds_what_the_rules_read() -> None:
    for torch, vision, audio, python, cuda in table("torch"):
        assert re.fullmatch(r"\d+\.\d+", torch)
        for cell in (vision, audio):
            assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in cell.split(",") if cell)
        assert re.fullmatch(r"3\.\d+-3\.\d+", python)
        assert all(re.fullmatch(r"\d+\.\d+", version) for version in cuda.split(","))
