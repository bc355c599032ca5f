"""Channels: what people write, what a lock holds, where it is fetched from; and no credentials in a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED, Trust
from conda_lockstep.conda.urls import split_package_url, without_credentials
from conda_lockstep.config import Config
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors, channel, channels_of
from conda_lockstep.settings import load

NO_MIRRORS = Mirrors({}, TRUSTED)


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("conda-forge", "https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("conda-forge/label/rc", "https://conda.anaconda.org/conda-forge/label/rc", "conda-forge/label/rc"),
        ("https://conda.anaconda.org/conda-forge/", "https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("http://conda.anaconda.org/conda-forge", "https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("conda-forge/linux-64", "https://conda.anaconda.org/conda-forge", "conda-forge"),
        ("pkgs/main", "https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/main"),
        ("repo.anaconda.com/pkgs/r", "https://repo.anaconda.com/pkgs/r", "https://repo.anaconda.com/pkgs/r"),
        ("file:///srv/channel", "file:///srv/channel", "file:///srv/channel"),
        ("/srv/a channel", "file:///srv/a%20channel", "file:///srv/a%20channel"),
        ("./local", "file:///srv/here/local", "file:///srv/here/local"),
        ("https://joe:secret@host/c", "https://host/c", "https://host/c"),
        ("https://host/t/tk-12-ab/c", "https://host/c", "https://host/c"),
        ("https://conda.anaconda.org/t/tk-12/private", "https://conda.anaconda.org/private", "private"),
    ],
)
def test_a_channel_has_one_name_in_a_lock(text, url, name):
    found = channel(text, Path("/srv/here"), NO_MIRRORS)
    assert (found.url, found.name) == (url, name)


def test_credentials_are_used_and_not_written():
    found = channel("https://joe:secret@host/t/tk/c", Path("/"), NO_MIRRORS)
    assert (found.url, found.fetch_url) == ("https://host/c", "https://joe:secret@host/t/tk/c")


def test_a_token_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("CONDA_TOKEN", "s3cret")
    found = channel("https://host/t/${CONDA_TOKEN}/c", Path("/"), NO_MIRRORS)
    assert (found.url, found.fetch_url) == ("https://host/c", "https://host/t/s3cret/c")


def test_a_mirror_is_fetched_from_and_not_written():
    mirrors = Mirrors(
        {
            "https://conda.anaconda.org": "http://mirror/all/",
            "https://conda.anaconda.org/pytorch": "file:///m",
        },
        TRUSTED,
    )
    forge, torch = (channel(name, Path("/"), mirrors) for name in ("conda-forge", "pytorch"))
    assert (forge.url, forge.fetch_url) == (
        "https://conda.anaconda.org/conda-forge",
        "http://mirror/all/conda-forge",
    )
    assert (torch.url, torch.fetch_url) == ("https://conda.anaconda.org/pytorch", "file:///m")
    assert mirrors.lock_url("http://mirror/all/conda-forge/noarch/a-1-0.conda").startswith(
        "https://conda.anaconda.org/conda-forge/"
    )
    assert (
        mirrors.lock_url("file:///m/noarch/a-1-0.conda")
        == "https://conda.anaconda.org/pytorch/noarch/a-1-0.conda"
    )
    assert mirrors.lock_url("file:///mm/x") == "file:///mm/x"
    assert channel("http://mirror/all/conda-forge", Path("/"), mirrors) == forge


def _urls(text: str, *, windows: bool = False) -> list[str]:
    return [found.url for found in channels_of(parse(text, "e.yml"), NO_MIRRORS, windows=windows)]


def test_defaults_are_what_they_stand_for_and_nodefaults_nothing():
    text = "channels: [conda-forge, defaults, nodefaults, 'https://conda.anaconda.org/conda-forge']\n"
    main, r, msys2 = (f"https://repo.anaconda.com/pkgs/{name}" for name in ("main", "r", "msys2"))
    assert _urls(text) == ["https://conda.anaconda.org/conda-forge", main, r]
    assert _urls(text, windows=True) == ["https://conda.anaconda.org/conda-forge", main, r, msys2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\n", "e.yml: no channels, so every machine would take its own (no-channels)"),
        ("channels: []\n", "e.yml: no channels"),
        ("channels: [nodefaults]\n", "e.yml: no channels"),
        ("channels: conda-forge\n", "e.yml:1:11: 'channels' must be a list"),
        ("channels:\n  - \n", "e.yml:2:4: a channel must be a name, a URL or a path"),
        ("channels:\n  - '{{ channel }}'\n", "e.yml:2:5: '{{ channel }}' is not a channel"),
        ("channels:\n  - https://h/t/$NOT_SET/c\n", "e.yml:2:5: the environment variable NOT_SET is not set"),
    ],
)  # fmt: skip
def test_what_is_no_channel_is_refused_with_its_place(text, message):
    with pytest.raises(LockstepError) as caught:
        _urls(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://joe:pw@host/c/noarch/a-1-0.conda", "https://host/c/noarch/a-1-0.conda"),
        ("failed: https://tok@host/c (see http://u:p@h)", "failed: https://host/c (see http://h)"),
        ("https://host/t/abc-1/c", "https://host/c"),
        ("git+https://github.com/a/b@v1", "git+https://github.com/a/b@v1"),
        ("https://host/c", "https://host/c"),
    ],
)
def test_credentials_are_cut_out_of_any_text(text, clean):
    assert without_credentials(text) == clean


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://h/c/linux-64/a-b-1.0-py_0.conda", ("https://h/c", "linux-64", "a-b", "1.0", "py_0")),
        ("https://h/c/noarch/x264-1%213-0.tar.bz2", ("https://h/c", "noarch", "x264", "1!3", "0")),
        ("https://h/c/noarch/odd.conda", ("https://h/c", "noarch", "", "", "")),
    ],
)
def test_a_package_url_tells_what_it_is(url, parts):
    found = split_package_url(url)
    assert (found.channel, found.subdir, found.name, found.version, found.build) == parts


STRANGER = Trust("the pull request comes from a fork")


@pytest.mark.parametrize("fetching", [True, False])
def test_a_file_that_is_not_trusted_gets_no_variable_into_a_channel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fetching: bool
) -> None:
    monkeypatch.setenv("RUNNER_SECRET", "s3cret")
    url = "https://host.example/${RUNNER_SECRET}/channel"
    assert channel(url, tmp_path, Mirrors({}, TRUSTED), fetching=fetching).url.endswith("/s3cret/channel")
    with pytest.raises(LockstepError, match="RUNNER_SECRET is withheld: the pull request comes from a fork"):
        channel(url, tmp_path, Mirrors({}, STRANGER), fetching=fetching)


def test_settings_that_are_not_trusted_get_no_variable_into_a_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_SECRET", "s3cret")
    mirrors = Mirrors(
        {"https://conda.anaconda.org": "https://u:${RUNNER_SECRET}@host.example/$RUNNER_SECRET"}, STRANGER
    )
    assert not any("s3cret" in url for url in mirrors.with_credentials)
    with pytest.raises(LockstepError, match="is withheld"):
        mirrors.fetch_url("https://conda.anaconda.org/conda-forge")


def test_trust_is_never_a_default() -> None:
    assert Config().trust.distrust
    with pytest.raises(TypeError):
        Mirrors({})  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        load(Path())  # type: ignore[call-arg]
