from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conda_lockstep.conda.channel import channel_url, read_channel

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what conda-lock carries along is deprecated in itself
    CondaChannel = import_module("conda_lock._vendor.conda.models.channel").Channel


@pytest.mark.parametrize(
    ("text", "name", "base"),
    [
        ("conda-forge", "conda-forge", "conda-forge"),
        (" conda-forge/ ", "conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge/", "conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge/linux-64", "conda-forge", "conda-forge"),
        ("https://anaconda.org/conda-forge", "conda-forge", "conda-forge"),
        ("conda-forge/linux-64", "conda-forge", "conda-forge"),
        ("pytorch/label/nightly", "pytorch/label/nightly", "pytorch"),
        ("https://conda.anaconda.org/pytorch/label/nightly", "pytorch/label/nightly", "pytorch"),
        ("https://repo.anaconda.com/pkgs/main", "defaults", "defaults"),
        ("https://repo.anaconda.com/pkgs/r", "pkgs/r", "defaults"),
        ("pkgs/main", "defaults", "defaults"),
        ("pkgs/free", "pkgs/free", "defaults"),
        ("defaults", "defaults", "defaults"),
        ("anaconda", "anaconda", "defaults"),
        ("main", "main", "defaults"),
        ("https://repo.prefix.dev/conda-forge", "https://repo.prefix.dev/conda-forge", "conda-forge"),
        (
            "https://mirrors.example.cn/anaconda/pkgs/main/",
            "https://mirrors.example.cn/anaconda/pkgs/main",
            "defaults",
        ),
        (
            "https://mirrors.example.cn/anaconda/cloud/pytorch",
            "https://mirrors.example.cn/anaconda/cloud/pytorch",
            "pytorch",
        ),
        ("https://conda.anaconda.org/t/tk-1/team", "team", "team"),
        ("https://u:p@ss@example.com/team", "https://example.com/team", "team"),
        ("https://example.com/t/tk-1/team/linux-64", "https://example.com/team", "team"),
        ("/opt/channel", "/opt/channel", "/opt/channel"),
    ],
)
def test_one_channel_has_many_spellings(text: str, name: str, base: str) -> None:
    channel = read_channel(text)
    assert (channel.name, channel.base) == (name, base)


@pytest.mark.parametrize(
    ("text", "scheme", "host", "login"),
    [
        ("conda-forge", "", "", ""),
        ("HTTPS://Example.com:80/c", "https", "example.com:80", ""),
        ("https://u:p@conda.anaconda.org/c", "https", "conda.anaconda.org", "u:p"),
        ("https://u@repo.anaconda.com/pkgs/main", "https", "repo.anaconda.com", "u"),
        ("https://conda.anaconda.org/t/tk-1/c", "https", "conda.anaconda.org", "tk-1"),
        ("https://u:p@example.com/c", "https", "example.com", "u:p"),
        ("https://u@example.com/t/tk/c", "https", "example.com", "u"),
        ("https://example.com/test/c", "https", "example.com", ""),
        ("file:///opt/c", "file", "", ""),
    ],
)
def test_a_url_has_a_scheme_a_host_and_a_login(text: str, scheme: str, host: str, login: str) -> None:
    channel = read_channel(text)
    assert (channel.scheme, channel.host, channel.login) == (scheme, host, login)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file:///opt/c", True),
        ("/opt/c", True),
        ("./c", True),
        ("../c", True),
        ("~/c", True),
        ("C:\\channel", True),
        ("\\\\server\\channel", True),
        ("http://0.0.0.0/c", True),
        ("http://localhost/c", True),
        ("http://localhost:8080/c", True),
        ("https://127.0.0.1/c", True),
        ("http://[::1]:80/c", True),
        ("https://localhost.example.com/c", False),
        ("https://127.example.com/c", False),
        ("https://example.com:8080/c", False),
        ("conda-forge", False),
    ],
)
def test_what_is_on_one_machine_only_is_known(text: str, expected: bool) -> None:
    assert read_channel(text).is_local is expected


_part = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_channels = st.one_of(
    _part,
    st.tuples(_part, _part).map("/label/".join),
    st.tuples(st.sampled_from(["https://conda.anaconda.org/", "https://x.example.com/a/"]), _part).map(
        "".join
    ),
    st.tuples(_part, st.sampled_from(["/linux-64", "/noarch", "/"])).map("".join),
    st.sampled_from(
        ["defaults", "pkgs/main", "https://repo.anaconda.com/pkgs/main", "https://conda.anaconda.org/t/tk/a"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(_channels)
def test_a_name_is_the_one_that_conda_gives(text: str) -> None:
    assert read_channel(text).name == CondaChannel(text).canonical_name


@pytest.mark.parametrize(
    ("text", "subdir"),
    [
        ("conda-forge/linux-64", "linux-64"),
        ("https://conda.anaconda.org/conda-forge/noarch/", "noarch"),
        ("https://conda.anaconda.org/conda-forge", ""),
        ("conda-forge", ""),
    ],
)
def test_the_platform_is_apart_from_the_name(text: str, subdir: str) -> None:
    assert read_channel(text).subdir == subdir


_elsewhere = st.sampled_from(["https://u:p@x.example.com/a/", "file:///srv/", "pkgs/", "https://host/t/tk/"])


@settings(max_examples=300, deadline=None)
@given(_channels | st.tuples(_elsewhere, _part).map("".join))
def test_the_url_of_a_channel_names_the_same_channel(text: str) -> None:
    assume(not text.startswith("t/"))  # behind a host, '/t/…' is a token
    url = channel_url(text, Path("/"))
    assert read_channel(url).name == read_channel(text).name
    assert read_channel(url).login == read_channel(text).login
