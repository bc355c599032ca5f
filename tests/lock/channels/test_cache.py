"""Where channel indexes are kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.forge import Forge
from tests.support.http_server import Server

from conda_lockstep.cli.main import main


def test_indexes_are_kept_in_rattlers_cache_and_the_home_is_left_alone(
    forge: Forge, http_server: Callable[[Path], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = http_server(forge.channel)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("environment.yml").write_text(f"channels: ['{channel.url}']\ndependencies: [six]\n")
    assert main(["lock"]) == 0
    assert list((tmp_path / "cache" / "repodata").iterdir())
    assert not list(home.rglob("*.json"))
