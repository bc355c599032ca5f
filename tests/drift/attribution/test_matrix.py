"""The attribution of every kind of change with everything that upstream may do; ``matrix.txt`` says what and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.drift.attribution.change import Change
from tests.drift.attribution.matrix import EDITS, MODES, UPSTREAM, make, publish
from tests.support.http_server import Server

TABLE = Path(__file__).with_name("matrix.txt")


def cells() -> Iterator[tuple[str, str, str, str]]:
    """Yield the edit, what upstream did, how the lock was made, and the attributions expected."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    head, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    for edit, upstream, *found, why in rows:
        assert why
        yield from ((edit, upstream, mode, cell) for mode, cell in zip(head[2:-1], found, strict=True))


def test_the_table_has_every_pair_once() -> None:
    pairs = [(edit, upstream, mode) for edit, upstream, mode, _ in cells()]
    assert pairs == [(edit, upstream, mode) for edit in EDITS for upstream in UPSTREAM for mode in MODES]


@pytest.mark.parametrize(
    ("edit", "upstream", "mode", "expected"), [*cells()], ids=["-".join(cell[:3]) for cell in cells()]
)
def test_each_pair_is_attributed_as_the_table_says(
    edit: str,
    upstream: str,
    mode: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    http_server: Callable[[Path], Server],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_NO_CACHE", "1")
    change = Change(tmp_path)
    publish(change)
    if edit.startswith("pip"):
        change.use_index(http_server(tmp_path / "pypi").url)
    make(change, EDITS[edit], UPSTREAM[upstream], MODES[mode])
    causes = change.causes()
    assert causes.summary == expected
    # Only what upstream did alone passes a check.
    assert causes.status == int(not set(causes.attributions.values()) <= {"upstream"})
