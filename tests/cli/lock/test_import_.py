"""``lockstep import``: every real lock, or one clear line; exports and prefixes; what is lost is named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.install.conftest import World, cache, world, world_of
from tests.support.corpus import find_corpus
from tests.support.forge import Forge
from tests.support.http_server import Server
from tests.support.lock_pairs import FILES, OWN, LockPair
from tests.support.prefixes import Installed, copy_of, installed
from uv import find_uv_bin

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37

__all__ = ["cache", "installed", "world", "world_of"]

REFUSED = {
    "conda__conda-lock__environments-conda-lock.yml": ":1:1: holds nothing but 'conda-lock-python-3.14.yaml': a",
    "bad_package-lock.yaml": ":1:1: 'metadata' is missing",
    "bad_version-lock.yaml": ":1:10: version -1 of the format is not known",
    "explicit-envs-ros-noetic_linux-64.txt": "568 packages have no hash, so it cannot be a lock: _libgcc_mutex 0.1",
    "tests-test-lockfile-no-auth.lock": ":1: 'http://a.mychannel.cloud/mypackage' does not end in NAME-VERSION-BUILD",
    "tests-test-lockfile-test.lock": ":1: 'http://a.mychannel.cloud/mypackage' does not end in NAME-VERSION-BUILD",
    "tests-test-lockfile-with-auth-test.lock": ":5: 'http://a.mychannel.cloud/mypackage' does not end in",
    "tests-test-stripped-lockfile-no-auth.lock": ":1: 'http://a.mychannel.cloud/mypackage' does not end in",
    "tests-test-stripped-lockfile-test.lock": ":5: 'http://a.mychannel.cloud/mypackage' does not end in",
    "forward-compatible-lock.yml": ":11:10: version 1000 of the format is not known",
    "v4-path-based-lock.yml": "1 package has no hash, so it cannot be a lock: click 8.1.7; lock a release",
}
"""What cannot be a lock, and why: by the end of its name."""


def locks() -> list[str]:
    """Return our locks as ``PAIR/SIDE/FILE``, and every lock of the corpus, not what lies beside one."""
    own = [f"{pair}/{side}/{name}" for pair in OWN for side in ("old", "new") for name in FILES]
    corpus = find_corpus()
    if corpus is None:
        return own
    found = [path for path in (corpus / "locks").rglob("*") if path.is_file()]
    beside = (".toml", ".tsv", "environment.yml", "packages.txt")
    return own + sorted(str(path) for path in found if not path.name.endswith(beside))


@pytest.mark.parametrize("name", locks(), ids=lambda name: "/".join(Path(name).parts[-3:]))
def test_every_real_lock_is_imported_or_refused_in_one_line(
    lock_pair: LockPair, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(name)
    if not path.is_absolute():
        path = lock_pair(path.parts[0]).joinpath(*path.parts[1:])
    why = next((reason for end, reason in REFUSED.items() if path.name.endswith(end)), "")
    status = main(["import", str(path)])
    streams = capsys.readouterr()
    if why:
        assert status == 2
        assert streams.out == ""
        assert f"{path}: {why}" in streams.err or f"{path}{why}" in streams.err
        assert streams.err.count("\n") == 1
        return
    assert status == 0, streams.err
    lock = cep37.parse(streams.out, "x")
    assert cep37.render(lock) == streams.out
    assert lock.metadata["created_by"] == "conda-lockstep"
    assert all(not source.startswith(("/", "~")) for source in lock.sources)
    assert all(
        "\n" not in line and line.startswith(f"lockstep: {path}: ") for line in streams.err.splitlines()
    )
    for package in (package for packages in lock.platforms.values() for package in packages.values()):
        assert "://" in package.url
        assert package.sha256 or package.md5 or package.url.startswith("git+")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "conda-lock/*multiple-categories-conda-lock.yml",
            "its categories become one environment: main, dev, test",
        ),
        (
            "conda-lock/*good_multiple_categories-lock.yaml",
            "its categories become one environment: main, dev",
        ),
        (
            "pixi/v1__conda__rattler__py-rattler-pixi.lock",
            "who locked it, when and from what commit is left out: git_metadata, inputs_metadata, time_metadata",
        ),
        (
            "pixi/v7*parselmouth__pixi.lock",
            "parselmouth is left out: './' is a folder or a file of one machine",
        ),
        (
            "pixi/v7*parselmouth__pixi.lock",
            "only environment 'default' was read, --environment selects another: fmt, frontend, test, type-checking",
        ),
        (
            "pixi/v6__conda__rattler__pixi.lock",
            "what packages only constrain is left out, but for their bounds on the",
        ),
        (
            "explicit/*zlib-conda-linux-64.lock",
            "it holds conda's part alone: what pip installed besides is not known",
        ),
    ],
)
def test_what_is_lost_is_named(
    corpus: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    (path,) = (corpus / "locks").glob(name)
    assert main(["import", str(path)]) == 0
    assert f"lockstep: {path}: {said}" in capsys.readouterr().err


def test_a_commit_of_pixi_is_one_as_pip_writes_it(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(corpus / "locks" / "pixi" / "v7__prefix-dev__parselmouth__pixi.lock")]) == 0
    commit = "25ea3e436f0b0bc5a9c646121efafc9c68e116cd"
    source = f'"source": "git+https://github.com/channel-mirrors/conda-oci-mirror.git@{commit}"'
    assert source in capsys.readouterr().out


def test_a_prefix_is_imported_as_the_lock_that_it_was_built_from(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = world.lock("python", "six", pip=("humanize",))
    world.build(packages, tmp_path / "env")
    assert main(["import", str(tmp_path / "env")]) == 0
    streams = capsys.readouterr()
    again = cep37.parse(streams.out, "x")
    assert again.platforms[world.subdir].environment_id == packages.environment_id
    found = again.platforms[world.subdir]
    for key, package in packages.items():
        assert (found[key].url, found[key].sha256) == (package.url, package.sha256)
    assert again.channels == ("forge",)
    assert again.sources == ("conda-meta/history",)
    assert str(tmp_path) not in streams.out


def install(prefix: Path, index: str, *what: str, cache: Path) -> None:
    """Install over what conda did, as people do."""
    command = [
        find_uv_bin(),
        "pip",
        "install",
        "--quiet",
        "--no-config",
        "--python",
        str(prefix / "bin" / "python"),
    ]
    command += [
        "--break-system-packages",
        "--no-deps",
        "--cache-dir",
        str(cache / "uv"),
        "--index-url",
        index,
        *what,
    ]
    subprocess.run(command, check=True)


def test_pip_packages_of_an_index_are_looked_up_when_asked_for(
    installed: Installed,
    forge: Forge,
    http_server: Callable[[Path], Server],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefix, index = copy_of(installed.prefix, tmp_path / "env"), f"{http_server(forge.pypi).url}/simple"
    install(prefix, index, "humanize", cache=tmp_path)
    assert main(["import", str(prefix)]) == 2
    said = capsys.readouterr().err
    assert "1 package has no URL, so it cannot be a lock: humanize" in said
    assert said.endswith("; add --fill to ask the channels and the index\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    Path("lockstep.toml").write_text(f'pypi-index = "{index}"\n')
    assert main(["import", str(prefix), "--fill"]) == 0
    found = cep37.parse(capsys.readouterr().out, "x").platforms[installed.platform]["pip", "humanize"]
    assert found.url.startswith(index.removesuffix("/simple"))
    assert len(found.sha256) == 64


def test_a_prefix_that_contradicts_itself_is_no_lock(
    installed: Installed, forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix, index = copy_of(installed.prefix, tmp_path / "env"), f"{forge.pypi.as_uri()}/simple"
    install(prefix, index, "--reinstall", "six", cache=tmp_path)
    assert main(["import", str(prefix)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("  six ")
    assert said[-1].startswith(
        f"lockstep: {prefix}: contradicts itself in 1 place, so no lock can say what it is; mend"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dependencies: [numpy]\nchannels: [x]\n", "x.yml:1:16: 'numpy' leaves version or build open, and only"),
        ("dependencies: [numpy=1.26]\nchannels: [x]\n", "x.yml:1:16: 'numpy=1.26' leaves version or build open"),
        ("dependencies: [numpy=1.*=0]\nchannels: [x]\n", "x.yml:1:16: 'numpy=1.*=0' leaves version or build open"),
        ("dependencies: [a: b]\nchannels: [x]\n", "x.yml:1:16: a mapping leaves version or build open"),
        ("dependencies: [a=1=0]\n", "x.yml: no channels"),
        ("dependencies: []\nchannels: [x]\n", "x.yml: no dependencies, so there is nothing to import"),
        ("hello\n", "x.yml: is no lock, and no environment file; name a conda-lock file, a pixi.lock, an @EXPLICIT"),
    ],
)  # fmt: skip
def test_what_says_too_little_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yml").write_text(text)
    assert main(["import", "x.yml", "--platform", "linux-64"]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"lockstep: {said}")
    assert err.count("\n") == 1
