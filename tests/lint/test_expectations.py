"""What the rules say of real files is what somebody reviewed: nothing more, nothing less, nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import expectations
from tests.support.expectations import Expected, look, read, render, reviewed_rules

TEXT = expectations.FILE.read_text(encoding="utf-8")
EXPECTED, REVIEWED = read(TEXT), reviewed_rules(TEXT)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_has_the_findings_that_were_reviewed(name: str, corpus: Path) -> None:
    found = look(corpus / name, REVIEWED)
    assert found.digest == EXPECTED[name].digest, "it is another file: look at it anew"
    assert found.findings == EXPECTED[name].findings


def test_sixty_files_are_reviewed_and_every_kind_of_file_is_among_them() -> None:
    assert len(EXPECTED) >= 60
    assert {name.partition("/")[0] for name in EXPECTED} == {"environments", "installs", "odd"}


def test_expectations_are_written_as_they_are_read() -> None:
    assert render(EXPECTED, REVIEWED) == TEXT
    some = {"a/b c.yml": Expected("0" * 64, ("1:1-2 note x (safe)",)), "a": Expected("1" * 64, ())}
    assert read(render(some, REVIEWED)) == some
    assert reviewed_rules(render(some, ["b", "a"])) == ("a", "b")


def test_every_finding_is_that_of_a_reviewed_rule() -> None:
    named = {line.split(" ")[2] for one in EXPECTED.values() for line in one.findings}
    assert named <= {*REVIEWED}
    assert len(REVIEWED) >= 80
