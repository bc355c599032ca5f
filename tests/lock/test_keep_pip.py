"""The pip part moves as little as conda's: what is locked stays, an update is asked for, a moment is kept to."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.solve.keep import NOTHING, UpdateRequest
from conda_lockstep.lock.solve.solve import NO_HORIZON, Horizon
from conda_lockstep.lock.update.make import Settings, make_locks
from tests.support.forge.pypi import write_index

SPRING, SUMMER = (datetime.datetime(2025, month, 1, tzinfo=datetime.timezone.utc) for month in (3, 7))
BETWEEN = datetime.datetime(2025, 5, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    """An index with two releases each of a project and of what it needs: one of spring, one of summer."""
    folder = tmp_path_factory.mktemp("index")
    wheels = [
        (_wheel(folder, name, version, requires), uploaded)
        for version, uploaded in (("1.0", SPRING), ("2.0", SUMMER))
        for name, requires in (
            ("app", ("lib",)),
            ("lib", ()),
            ("tool", ("lib>=2",) if version == "2.0" else ()),
        )
    ]
    write_index(folder / "pypi", wheels)
    return folder / "pypi"


def _wheel(folder: Path, name: str, version: str, requires: tuple[str, ...]) -> Path:
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def lock(forge, index, index_cache, http_server):
    """Locks pip entries beside python, from an index that knows when its files were uploaded."""
    url = http_server(index).url

    def run(*pip: str, old=(), update: UpdateRequest = NOTHING, horizon: Horizon = NO_HORIZON):
        items = "".join(f"      - {entry!r}\n" for entry in pip)
        text = f"channels: ['{forge.channel_url}']\ndependencies:\n  - python\n  - pip:\n{items}"
        settings = Settings(
            (forge.subdir,),
            index=f"{url}/simple",
            cache=index_cache,
            horizon=horizon,
            mirrors=Mirrors({}, TRUSTED),
        )
        made = make_locks(parse(text, "environment.yml"), settings, old=old, update=update)[""]
        return cep37.parse(cep37.render(made), "conda-lock.yml")

    return run


def _pip(lock) -> dict[str, str]:
    (packages,) = lock.platforms.values()
    return {package.name: package.version for package in packages.only("pip").values()}


def test_what_is_locked_stays_until_it_is_to_move(lock):
    old = lock("app", horizon=Horizon(all=BETWEEN))
    assert _pip(old) == {"app": "1.0", "lib": "1.0"}
    assert cep37.render(lock("app", old=[old])) == cep37.render(old)
    assert _pip(lock("app", "tool", old=[old])) == {"app": "1.0", "lib": "2.0", "tool": "2.0"}
    assert _pip(lock("app>=2", old=[old])) == {"app": "2.0", "lib": "1.0"}
    assert _pip(lock("app", old=[old], update=UpdateRequest(frozenset(("lib",))))) == {
        "app": "1.0",
        "lib": "2.0",
    }
    assert _pip(lock("app", old=[old], update=UpdateRequest(all=True))) == {"app": "2.0", "lib": "2.0"}


def test_a_cut_off_holds_for_all_a_cool_down_for_what_is_new(lock):
    new = lock("app")
    assert _pip(new) == {"app": "2.0", "lib": "2.0"}
    assert _pip(lock("app", old=[new], horizon=Horizon(all=BETWEEN))) == {"app": "1.0", "lib": "1.0"}
    cool = lock("app", "tool", old=[new], horizon=Horizon(new=BETWEEN))
    assert _pip(cool) == {"app": "2.0", "lib": "2.0", "tool": "1.0"}


def test_who_asks_for_whom_is_said_of_what_is_locked(lock):
    old = lock("app", "tool", horizon=Horizon(all=BETWEEN))
    (packages,) = lock("app", "tool", old=[old]).platforms.values()
    assert packages["pip", "app"].depends == ("lib", "python")
    assert packages["pip", "tool"].depends == ("python",)
