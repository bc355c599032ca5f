"""Where credentials are looked for, and which requests get them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.lock.channels.access import Access
from conda_lockstep.lock.channels.channels import Mirrors

CHANNEL = "https://conda.example.com/private"
FILE = f"{CHANNEL}/noarch/a-1-0.conda"


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A home with nothing in it, and an environment that names no store."""
    for name in ("RATTLER_AUTH_FILE", "NETRC", "CONDARC", "CONDA_PREFIX", "CONDA_ROOT", "BINSTAR_CONFIG_DIR",
                 "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CONDA_CHANNEL_ALIAS"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def rattler(home: Path) -> None:
    write(home / ".rattler/credentials.json",
          json.dumps({"conda.example.com": {"BasicHTTP": {"username": "joe", "password": "pw"}}}))  # fmt: skip


def rattler_pattern(home: Path) -> None:
    write(home / ".rattler/credentials.json",
          json.dumps({"*.example.com": {"BasicHTTP": {"username": "joe", "password": "pw"}}}))  # fmt: skip


def netrc(home: Path) -> None:
    write(home / ".netrc", "machine conda.example.com login joe password pw\n")
    (home / ".netrc").chmod(0o600)


def condarc(home: Path) -> None:
    write(home / ".condarc", "channels:\n  - https://joe:pw@conda.example.com/private\n")


def condarc_alias(home: Path) -> None:
    write(home / ".conda/condarc.d/ours.yml", "channel_alias: https://joe:pw@conda.example.com\n")


def condarc_custom(home: Path) -> None:
    write(home / ".config/conda/.condarc", "custom_channels:\n  private: https://joe:pw@conda.example.com\n")


def condarc_variable(home: Path) -> None:
    write(
        home / ".condarc", "custom_multichannels:\n  all: ['https://joe:${PASS}@conda.example.com/private']\n"
    )


@pytest.mark.parametrize(
    "store", [rattler, rattler_pattern, netrc, condarc, condarc_alias, condarc_custom, condarc_variable]
)
def test_a_user_and_a_password_come_from_every_store(home, monkeypatch, store):
    monkeypatch.setenv("PASS", "pw")
    store(home)
    access = Access()
    assert access.authorization(FILE) == basic("joe", "pw")
    assert access.headers("conda.example.com", "/private/noarch/repodata.json") == {
        "Authorization": basic("joe", "pw")
    }
    assert access.url(FILE) == FILE
    assert access.with_credentials(CHANNEL) == "https://joe:pw@conda.example.com/private"
    assert access.authorization("https://other.example.org/private/a") == ""
    assert access.headers("other.example.org", "/private/a") is None


def rattler_token(home: Path) -> None:
    write(home / ".rattler/credentials.json", json.dumps({"conda.example.com": {"CondaToken": "tk-1"}}))


def anaconda(home: Path) -> None:
    write(home / ".config/binstar/https%3A%2F%2Fapi.example.com.token", "tk-1\n")


def anaconda_site(home: Path) -> None:
    write(home / ".local/share/binstar/https%3A%2F%2Fconda.example.com.token", "tk-1")


def condarc_token(home: Path) -> None:
    write(home / ".condarc", "default_channels: [https://conda.example.com/t/tk-1/private]\n")


@pytest.mark.parametrize("store", [rattler_token, anaconda, anaconda_site, condarc_token])
def test_a_token_comes_from_every_store(home, store):
    store(home)
    access = Access()
    assert access.url(FILE) == "https://conda.example.com/t/tk-1/private/noarch/a-1-0.conda"
    assert access.authorization(FILE) == ""
    asked = [
        FILE.replace(prefix, to, 1) for prefix, (to,) in access.tokens().items() if FILE.startswith(prefix)
    ]
    assert asked == [access.url(FILE)]
    assert access.url("https://other.example.org/private/a") == "https://other.example.org/private/a"


def test_a_bearer_token_of_rattler_is_a_header(home):
    write(home / ".rattler/credentials.json", json.dumps({"conda.example.com": {"BearerToken": "abc"}}))
    assert Access().authorization(FILE) == "Bearer abc"


def test_what_was_written_with_a_channel_wins_and_the_longest_prefix_among_them(home):
    netrc(home)
    access = Access(["https://a:1@conda.example.com", "https://b:2@conda.example.com/private"])
    assert access.authorization(FILE) == basic("b", "2")
    assert access.authorization("https://conda.example.com/public/x") == basic("a", "1")
    assert access.authorization("https://conda.example.com/privateer/x") == basic("a", "1")


def test_a_password_may_have_any_character(home):
    access = Access(["https://j%40e:p%2F%3Aw%40@conda.example.com/private"])
    assert access.authorization(FILE) == basic("j@e", "p/:w@")
    assert Access([access.with_credentials(CHANNEL)]).authorization(FILE) == basic("j@e", "p/:w@")


def test_what_was_written_for_https_does_not_go_over_http(home):
    access = Access(["https://joe:pw@conda.example.com/private"])
    assert access.authorization(FILE.replace("https:", "http:")) == ""


@pytest.mark.parametrize(
    "text", ["{", "\x00", "- a\n- b\n", '{"a": 1}', "channels: 5\n", "channels: [5, {a: b}, null]\n"]
)
def test_a_store_that_is_none_is_passed_over(home, text):
    for path in (".condarc", ".rattler/credentials.json", ".netrc"):
        write(home / path, text)
    assert Access().authorization(FILE) == ""


def test_no_secret_is_in_a_text_about_them(home):
    access = Access(["https://joe:s3cret@conda.example.com/t/tk-9/private"])
    shown = f"{access} {access!r} {access._learned} {access.tokens().keys()}"
    assert "s3cret" not in shown
    assert "tk-9" not in shown


def test_a_mirror_may_name_variables_and_shows_no_credentials(monkeypatch):
    monkeypatch.setenv("PASS", "s3cret")
    mirrors = Mirrors({"https://conda.anaconda.org": "https://joe:${PASS}@mirror.example.com/all"}, TRUSTED)
    assert (
        mirrors.fetch_url("https://conda.anaconda.org/x/a.conda")
        == "https://mirror.example.com/all/x/a.conda"
    )
    assert (
        mirrors.lock_url("https://mirror.example.com/all/x/a.conda") == "https://conda.anaconda.org/x/a.conda"
    )
    access = Access(mirrors.with_credentials)
    assert access.authorization("https://mirror.example.com/all/x/a.conda") == basic("joe", "s3cret")
