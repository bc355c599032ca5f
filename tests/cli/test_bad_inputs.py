"""Every command that judges reports in one line, with exit 2, whatever it cannot read in the place of a file."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from tests.lock.check.pairs import FILE, PACKAGES, lock

LOCK = cep37.render(lock(*PACKAGES))
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def _folder(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _nothing(path: Path) -> None:
    """Leave the place empty."""


INPUTS: dict[str, bytes | Callable[[Path], None]] = {
    "nothing": _nothing,
    "a folder": _folder,
    "a named pipe": os.mkfifo,
    "a link to nowhere": _dangling,
    "a link to itself": _loop,
    "a device without end": _endless,
    "an empty file": b"",
    "blank lines": b"\n  \n\n",
    "a byte order mark": b"\xef\xbb\xbf",
    "bytes": bytes(range(256)) * 40,
    "Latin-1": b"name: \xe9\n",
    "UTF-16": LOCK.encode("utf-16"),
    "a NUL": b"version: 1\0\n",
    "deep flow": b"[" * 100_000,
    "deep maps": b"{a: " * 20_000,
    "deep JSON": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep blocks": "".join(f"{' ' * depth}a:\n" for depth in range(1200)).encode(),
    "a word": b"hello\n",
    "a number": b"1\n",
    "null": b"null\n",
    "a list": b"[1, 2]\n",
    "text in JSON": b'"x"\n',
    "aliases of aliases": BOMB.encode(),
    "an alias to itself": b"a: &a [*a]\n",
    "an object of Python": b"!!python/object/apply:os.system ['true']\n",
    "two documents": b"version: 1\n---\nversion: 1\n",
    "half a character": b'{"version": 1, "name": "\\ud800"}',
    "a merge conflict": b"<<<<<<< ours\nversion: 1\n=======\nversion: 1\n>>>>>>> theirs\n",
    "another version of YAML": b"%YAML 9.9\n---\nversion: 1\n",
}
NO_LOCKS: dict[str, bytes | Callable[[Path], None]] = {
    **INPUTS,
    "an empty object": b"{}",
    "a number of 5,000 digits": b"version: " + b"9" * 5000,
    "the same in JSON": b'{"version": ' + b"9" * 5000 + b"}",
    "infinity": b'{"version": 1e999, "schema": 1e999}',
    "not a number": b'{"version": NaN, "schema": NaN}',
    "another schema": b'{"schema": 99, "kind": "conda-lockstep snapshot"}',
    "another version": b"version: 99\nmetadata: {}\npackage: []\n",
    "no metadata": b"version: 1\npackage: []\n",
    "no platforms": b"version: 1\nmetadata:\n  content_hash: {}\n  channels: []\n  platforms: []\n"
    b"  sources: []\npackage: []\n",
    "a manifest of nothing": b'{"schema": 1, "kind": "conda-lockstep manifest", "platforms": 3}',
    "dates": b"version: 2020-01-01\nmetadata: 2020-01-01\npackage: 2020-01-01\n",
    "a key twice": b"version: 1\nversion: 1\n",
    "a list for a key": b"? [a]\n: b\n",
    "no lines of @EXPLICIT": b"@EXPLICIT\n",
    "pixi without environments": b"version: 6\nenvironments: {}\npackages: []\n",
    "pixi without packages": b"version: 6\nenvironments:\n  default:\n    channels: []\n    packages: {}\n",
    "conda.lock without packages": b"version: 1\nenvironments:\n  default:\n    packages: {}\npackages: []\n",
    "an environment file": b"channels: []\nname: x\n",
}
COMMANDS = (
    ("lock --check environment.yml", "environment.yml", INPUTS),
    ("lock --check environment.yml", "conda-lock.yml", NO_LOCKS),
    ("verify --prefix prefix --lock conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("verify --prefix prefix --lock lock.json", "lock.json", NO_LOCKS),
    ("verify --prefix other --lock conda-lock.yml", "other", INPUTS),
    ("diff other.yml conda-lock.yml", "other.yml", NO_LOCKS),
    ("diff conda-lock.yml other.json", "other.json", NO_LOCKS),
    ("diff environment.yml other.yml", "other.yml", INPUTS),
    ("sync --dry-run --prefix prefix conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("sync --dry-run --prefix prefix environment.yml", "environment.yml", INPUTS),
    ("sync --dry-run --prefix other conda-lock.yml", "other", INPUTS),
    ("build --prefix new conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("build --prefix new environment.yml", "environment.yml", INPUTS),
    ("fleet node.json", "node.json", NO_LOCKS),
    ("fleet prefix --lock conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("snapshot --prefix other", "other", INPUTS),
    ("outdated environment.yml", "environment.yml", INPUTS),
    ("outdated conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("upstream conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("why python", "conda-lock.yml", NO_LOCKS),
    ("export conda-lock.yml --format explicit", "conda-lock.yml", NO_LOCKS),
    ("import other.lock", "other.lock", NO_LOCKS),
    ("probe --prefix prefix --lock conda-lock.yml", "conda-lock.yml", NO_LOCKS),
    ("mirror conda-lock.yml --output mirror", "conda-lock.yml", NO_LOCKS),
    ("lint environment.yml --baseline base.json", "base.json", NO_LOCKS),
    ("lint environment.yml", "lockstep.toml", INPUTS),
    ("lock --check environment.yml", "lockstep.toml", INPUTS),
)
ACCEPTED = {
    ("diff environment.yml other.yml", "other.yml", "an empty object"),
    # No settings, and no lock: there is nothing to be read.
    *(
        (command, place, kind)
        for command, place, _ in COMMANDS
        if place == "lockstep.toml"
        for kind in ("nothing", "an empty file", "blank lines", "a byte order mark")
    ),
}


@pytest.fixture(autouse=True)
def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("conda-lock.yml").write_text(LOCK)
    Path("environment.yml").write_text(FILE)
    Path("prefix/conda-meta").mkdir(parents=True)
    Path("prefix/conda-meta/history").touch()
    Path("prefix/bin").mkdir()
    Path("prefix/bin/python").touch()
    signal.alarm(20)
    yield
    signal.alarm(0)


@pytest.mark.parametrize(
    ("command", "place", "kind"),
    [(command, place, kind) for command, place, kinds in COMMANDS for kind in kinds],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(
    command: str, place: str, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path, given = Path(place), NO_LOCKS[kind]
    path.unlink(missing_ok=True)
    given(path) if callable(given) else path.write_bytes(given)
    try:
        status = main(command.split())
    except SystemExit as stop:
        status = int(str(stop.code))
    said = capfd.readouterr()
    if (command, place, kind) in ACCEPTED:
        assert status in (0, 1)
        return
    assert status == 2, said
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("lockstep: ")
    assert not Path("new").exists()


def test_a_pipe_of_a_shell_is_a_file(capfd: pytest.CaptureFixture[str]) -> None:
    """As ``lockstep diff <(git show HEAD:conda-lock.yml) conda-lock.yml`` has it."""
    read, write = os.pipe()
    os.write(write, LOCK.encode())
    os.close(write)
    try:
        assert main(["diff", f"/dev/fd/{read}", "conda-lock.yml"]) == 0
    finally:
        os.close(read)
    assert "no drift" in capfd.readouterr().out
