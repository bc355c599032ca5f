"""The pip part: resolved by uv against conda's packages as they are, from a real index."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.http_server import Server

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.update.make import Settings, make_lock
from conda_lockstep.packages import PackageSet

Serve = Callable[[Path], Server]


@pytest.fixture
def lock(forge, index_cache):
    """Locks pip entries beside conda entries of the forge: ``lock(["humanize"], conda=["numpy"])``."""

    def run(
        pip: list[str], *, conda: tuple[str, ...] = (), index: str = "", mirrors: Mirrors | None = None
    ) -> PackageSet:
        entries = "".join(f"  - {entry}\n" for entry in ("python", *conda))
        items = "".join(f"      - {entry!r}\n" for entry in pip)
        text = f"channels: ['{forge.channel_url}']\ndependencies:\n{entries}  - pip:\n{items}"
        settings = Settings(
            (forge.subdir,),
            mirrors=mirrors or Mirrors({}, TRUSTED),
            index=index or f"{forge.pypi.as_uri()}/simple",
            cache=index_cache,
        )
        return make_lock(parse(text, "environment.yml"), settings).platforms[forge.subdir]

    return run


def _pip(packages: PackageSet) -> dict[str, str]:
    return {package.name: package.version for package in packages.only("pip").values()}


def test_a_pip_entry_is_locked_with_url_hash_and_edges(lock, forge):
    packages = lock(["requests_toolbelt"])
    toolbelt = packages["pip", "requests-toolbelt"]
    assert toolbelt.url.endswith("/requests_toolbelt-1.0.0-py2.py3-none-any.whl")
    assert len(toolbelt.sha256) == 64
    assert toolbelt.depends == (
        "python !=3.0.*,!=3.1.*,!=3.2.*,!=3.3.*,>=2.7",
        "requests <3.0.0,>=2.0.1",
    )
    assert set(_pip(packages)) == {
        "requests-toolbelt",
        "requests",
        "certifi",
        "charset-normalizer",
        "idna",
        "urllib3",
    }


def test_what_conda_installs_is_taken_as_it_is(lock, forge):
    packages = lock(["requests-toolbelt", "numpy"], conda=("requests", "numpy"))
    assert _pip(packages) == {"requests-toolbelt": "1.0.0"}
    assert packages["conda", "requests"].version == forge.newest("requests").version


def test_a_clash_with_conda_names_both_sides_and_the_chain(lock, forge):
    with pytest.raises(LockstepError) as caught:
        lock(["humanize", "opensearch-py"], conda=("urllib3>=2",))
    version = forge.newest("urllib3").version
    assert str(caught.value) == (
        f"environment.yml:7:9: 'opensearch-py' clashes with conda's urllib3 {version}; "
        "change one of the two: pip never overwrites what conda installs"
    )
    pip, conda = caught.value.detail
    assert pip == (
        "pip: 'opensearch-py' (environment.yml:7:9); all versions of opensearch-py need urllib3>=1.21.1,<2"
    )
    assert conda.startswith(f"conda: urllib3 {version} ")
    assert conda.endswith("; 'urllib3>=2' (environment.yml:4:5)")


def test_a_fitting_conda_version_settles_the_clash(lock):
    packages = lock(["opensearch-py"], conda=("urllib3<2",))
    assert packages["conda", "urllib3"].version.startswith("1.26.")
    assert "urllib3" not in _pip(packages)


@pytest.mark.parametrize(
    ("entry", "is_locked"),
    [
        ("tabulate; sys_platform == 'linux'", True),
        ("tabulate; sys_platform == 'win32'", False),
        ("tabulate; python_version >= '3.8'", True),
        ("tabulate; python_full_version < '3.0'", False),
        ("tabulate  # a comment", True),
    ],
)
def test_markers_are_the_targets(lock, entry, is_locked):
    assert ("tabulate" in _pip(lock([entry, "humanize"]))) == is_locked


def test_a_mirror_of_the_index_is_fetched_from_and_not_written(lock, forge, http_server: Serve):
    server = http_server(forge.pypi)
    mirrors = Mirrors(
        {"https://pypi.org": server.url, "https://files.pythonhosted.org": f"{server.url}/files"}, TRUSTED
    )
    packages = lock(["humanize"], index="https://pypi.org/simple", mirrors=mirrors)
    assert (
        packages["pip", "humanize"].url == "https://files.pythonhosted.org/humanize-4.12.0-py3-none-any.whl"
    )


def test_an_index_of_the_file_wins_over_the_settings(lock, forge, http_server: Serve):
    server = http_server(forge.pypi)
    packages = lock([f"--index-url {server.url}/simple", "humanize"], index="http://127.0.0.1:1/simple")
    assert packages["pip", "humanize"].url.startswith(server.url)


def test_of_two_indexes_that_have_a_name_the_extra_one_is_asked_first(
    lock, forge, tmp_path, http_server: Serve
):
    shutil.copytree(forge.pypi / "simple" / "humanize", tmp_path / "simple" / "humanize")
    shutil.copytree(forge.pypi / "files", tmp_path / "files")
    extra = http_server(tmp_path)
    packages = lock([f"--extra-index-url={extra.url}/simple", "humanize", "tabulate"])
    assert packages["pip", "humanize"].url.startswith(extra.url)
    assert packages["pip", "tabulate"].url.startswith("file://")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("humanize>99", "environment.yml:5:9: the pip part cannot be resolved: Because only humanize"),
        ("nosuchproject", "environment.yml:5:9: 'nosuchproject' is in no index; check its name"),
        ("forge-sdist-only", "'forge-sdist-only' has no wheels: a build would run its code"),
        ("humanize=4.12", "environment.yml:5:18: 'humanize=4.12': use '==' instead of '='"),
        ("-e ./gone", "environment.yml:5:9: '-e ./gone' cannot be locked: there is no folder ./gone"),
        ("tabulate --hash=sha256:12", "environment.yml:5:9: no wheel of tabulate 0.9.0 has one of the requested"),
    ],
)  # fmt: skip
def test_what_cannot_be_locked_is_refused_with_its_place(lock, entry, message):
    with pytest.raises(LockstepError) as caught:
        lock([entry])
    assert message in str(caught.value)


def test_pip_entries_need_a_python(forge, index_cache):
    text = f"channels: ['{forge.channel_url}']\ndependencies:\n  - tzdata\n  - pip:\n    - humanize\n"
    file = parse(text.replace("tzdata", "cuda-version"), "environment.yml")
    lock = make_lock(
        file,
        Settings(
            (forge.subdir,),
            cache=index_cache,
            index=f"{forge.pypi.as_uri()}/simple",
            mirrors=Mirrors({}, TRUSTED),
        ),
    )
    # 'pip' is wanted with every pip list, as conda does it, and brings a Python along.
    assert ("conda", "python") in lock.platforms[forge.subdir]


def test_a_token_of_an_index_comes_from_the_environment(lock):
    with pytest.raises(
        LockstepError, match=r"^environment\.yml:5:9: the environment variable NOT_SET is not set"
    ):
        lock(["--index-url https://$NOT_SET@host/simple", "humanize"])


def test_an_index_that_does_not_answer_is_named(lock):
    with pytest.raises(LockstepError) as caught:
        lock(["humanize"], index="http://joe:s3cret@127.0.0.1:1/simple")
    assert str(caught.value).startswith("http://127.0.0.1:1/simple/humanize/: the index cannot be read: ")
    assert "Connection refused" in str(caught.value)


def test_the_machines_own_uv_settings_do_not_count(lock, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2001-01-01")
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "none.toml"))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    assert _pip(lock(["humanize"])) == {"humanize": "4.12.0"}
