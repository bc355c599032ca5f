"""An entry that is not the package it names ends a build in one line and exit status 2, never in a panic."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.install.fetch.rattler_errors import panics_as_errors
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet


@pytest.fixture(scope="module")
def locked(forge, tmp_path_factory) -> tuple[str, Lock]:
    text = f"channels: ['{forge.channel_url}']\ndependencies:\n- python\n- idna\n- certifi\n"
    settings = Settings((forge.subdir,), cache=tmp_path_factory.mktemp("cache"), mirrors=Mirrors({}, TRUSTED))
    return text, make_lock(parse(text, "environment.yml"), settings)


def _as_other_bytes(lock: Lock, platform: str, folder: Path) -> Lock:
    """Lock idna under its own URL, where the channel has the archive of certifi."""
    packages = dict(lock.platforms[platform])
    idna, certifi = packages["conda", "idna"], packages["conda", "certifi"]
    channel = folder / "channel"
    (channel / "noarch").mkdir(parents=True)
    archive = channel / "noarch" / idna.url.rpartition("/")[2]
    shutil.copyfile(certifi.url.removeprefix("file://"), archive)
    body = archive.read_bytes()
    packages["conda", "idna"] = idna._replace(
        url=archive.as_uri(), channel=channel.as_uri(), sha256=hashlib.sha256(body).hexdigest(), md5=""
    )
    del packages["conda", "certifi"]
    return dataclasses.replace(lock, platforms={platform: PackageSet.of(packages.values())})


@pytest.mark.parametrize("named", ["environment.yml", "conda-lock.yml"])
def test_an_entry_with_the_url_and_hashes_of_another_is_refused(
    locked, forge, tmp_path, monkeypatch, capfd, named
):
    monkeypatch.chdir(tmp_path)
    text, lock = locked
    packages = dict(lock.platforms[forge.subdir])
    idna, certifi = packages["conda", "idna"], packages["conda", "certifi"]
    packages["conda", "idna"] = idna._replace(url=certifi.url, sha256=certifi.sha256, md5=certifi.md5)
    Path("environment.yml").write_text(text)
    cep37.write(
        dataclasses.replace(lock, platforms={forge.subdir: PackageSet.of(packages.values())}),
        Path("conda-lock.yml"),
    )
    assert main(["lock", "--check"]) == 1
    out, err = capfd.readouterr()
    assert f"its URL is that of certifi {certifi.version}" in out
    assert err == "lockstep: conda-lock.yml is damaged; run: lockstep lock environment.yml\n"
    assert main(["build", "--prefix", "prefix", "--cache-dir", "cache", named]) == 2
    error = capfd.readouterr().err
    assert "the lock is damaged" in error.splitlines()[-1]
    assert f"its URL is that of certifi {certifi.version}" in error
    assert not Path("prefix").exists()
    assert main(["lock"]) == 0
    assert main(["lock", "--check"]) == 0


def test_an_archive_that_is_another_package_is_refused(locked, forge, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    _, lock = locked
    cep37.write(_as_other_bytes(lock, forge.subdir, tmp_path), Path("conda-lock.yml"))
    assert main(["build", "--prefix", "prefix", "--cache-dir", "cache", "conda-lock.yml"]) == 2
    error = capfd.readouterr().err
    assert "the archive of idna " in error
    assert " is certifi " in error
    assert "Traceback" not in error
    assert "panicked" not in error
    assert not Path("prefix").exists()


def test_a_panic_of_rattler_is_an_error_in_one_line():
    panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
    with (
        pytest.raises(LockstepError, match=r"^prefix: cannot be built: it broke; build again$"),
        panics_as_errors("cannot be built", "prefix", "build again"),
    ):
        raise panic("it broke\nand more")
    with pytest.raises(KeyboardInterrupt), panics_as_errors("", "", ""):
        raise KeyboardInterrupt
