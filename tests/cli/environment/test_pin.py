"""``lockstep pin`` as it is typed: what it writes, what it leaves, and what it says."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from rattler import MatchSpec
from tests.support.corpus import environment_files, find_corpus

from conda_lockstep.cli.main import main
from conda_lockstep.environment.entries import Entries, read_entries
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.records import record_of
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

ENVIRONMENT = """\
name: train   # ours

channels: [conda-forge, nodefaults]
dependencies:
    # the interpreter
    - python
    - numpy>=1.20        # the ABI
    - scipy=1.14
    - 'pytorch=*=*cuda*'
    - pip
    - pip:
        - wandb   # charts
        - accelerate>=0.30,<1
        - transformers==4.44.0
"""
VERSIONS = {
    "python": "3.12.7",
    "numpy": "2.1.3",
    "scipy": "1.14.1",
    "pytorch": "2.5.1",
    "pip": "24.3.1",
}
PROJECTS = {"wandb": "0.18.7", "accelerate": "0.34.2", "transformers": "4.44.0"}
ODD_VERSIONS = "1.26.4 2024a 9e 1!2.0.3 2.0rc1 2.1.0+cu118 1.1.1w 20240116 0.3.3_1 2.10 4.66.5.1 12".split()
BUILDS = "0 h7480c83_3 py311h64a7726_0 cuda126_py311h64a7726_300 py3.12_cuda12.4_cudnn9.1.0_0".split()


def conda(name: str, version: str, build: str = "cuda126_0", subdir: str = "linux-64") -> Package:
    channel = "https://conda.anaconda.org/conda-forge"
    url = f"{channel}/{subdir}/{name}-{version}-{build}.conda"
    return Package("conda", name, version, build, subdir, channel, url, "0" * 64, "0" * 32)


def pip(name: str, version: str) -> Package:
    url = f"https://files.pythonhosted.org/packages/{name}-{version}-py3-none-any.whl"
    return Package("pip", name, version, url=url, sha256="1" * 64)


def write_lock(path: Path, **platforms: PackageSet) -> None:
    named = {name.replace("_", "-"): packages for name, packages in platforms.items()}
    cep37.write(Lock(named, ("conda-forge",), ("environment.yml",), {"channel_priority": "strict"}), path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an environment file and its lock."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environment.yml").write_text(ENVIRONMENT)
    held = [conda(name, version) for name, version in VERSIONS.items()]
    held += [pip(name, version) for name, version in PROJECTS.items()]
    write_lock(tmp_path / "conda-lock.yml", linux_64=PackageSet.of(held))
    return tmp_path


def test_open_entries_are_pinned_and_all_else_keeps_its_bytes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pin"]) == 0
    expected = ENVIRONMENT
    for old, new in (
        ("- python\n", "- python=3.12\n"),
        ("'pytorch=*=*cuda*'", "'pytorch=2.5.*=*cuda*'"),
        ("- pip\n", "- pip=24.3\n"),
        ("- wandb ", "- wandb==0.18.7 "),
        ("accelerate>=0.30,<1", "accelerate==0.34.2"),
    ):
        expected = expected.replace(old, new)
    assert (folder / "environment.yml").read_text() == expected
    assert capsys.readouterr().out.splitlines() == [
        "environment.yml:6:7: 'python' is now 'python=3.12'",
        "environment.yml:9:7: 'pytorch=*=*cuda*' is now 'pytorch=2.5.*=*cuda*'",
        "environment.yml:10:7: 'pip' is now 'pip=24.3'",
        "environment.yml:12:11: 'wandb' is now 'wandb==0.18.7'",
        "environment.yml:13:11: 'accelerate>=0.30,<1' is now 'accelerate==0.34.2'",
        "environment.yml: 5 entries pinned",
    ]
    assert main(["pin"]) == 0
    assert capsys.readouterr().out == "environment.yml: 0 entries pinned\n"
    assert (folder / "environment.yml").read_text() == expected


@pytest.mark.parametrize(
    ("precision", "numpy", "scipy"),
    [
        ("minor", "numpy=2.1", "scipy=1.14"),
        ("patch", "numpy=2.1.3", "scipy=1.14.1"),
        ("build", "numpy=2.1.3=cuda126_0", "scipy=1.14.1=cuda126_0"),
    ],
)
def test_all_entries_are_pinned_as_finely_as_is_asked(
    folder: Path, precision: str, numpy: str, scipy: str
) -> None:
    assert main(["pin", "--all", "--precision", precision]) == 0
    text = (folder / "environment.yml").read_text()
    assert f"    - {numpy}        # the ABI\n    - {scipy}\n" in text


def test_a_diff_writes_nothing_and_fails_where_a_file_would_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pin", "--diff"]) == 1
    out = capsys.readouterr().out
    assert "\n-    - python\n+    - python=3.12\n" in out
    assert (folder / "environment.yml").read_text() == ENVIRONMENT
    assert main(["pin"]) == 0
    capsys.readouterr()
    assert main(["pin", "--diff"]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_not_locked_or_differs_between_platforms_is_told_in_a_line_and_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "environment.yml").write_text(ENVIRONMENT.replace("scipy=1.14", "cupy"))
    linux = [conda(name, version) for name, version in VERSIONS.items()]
    linux += [pip(name, version) for name, version in PROJECTS.items()]
    mac = [*linux, conda("python", "3.13.0"), conda("cupy", "13")]
    write_lock(folder / "conda-lock.yml", linux_64=PackageSet.of(linux), osx_arm64=PackageSet.of(mac))
    assert main(["pin"]) == 1
    streams = capsys.readouterr()
    assert streams.err.splitlines() == [
        "lockstep: environment.yml:6:7: 'python' is left as it is: "
        "the platforms disagree: linux-64 has '=3.12', osx-arm64 has '=3.13'",
        "lockstep: environment.yml:8:7: 'cupy' is left as it is: it is not in the lock for linux-64",
    ]
    assert streams.out.endswith("environment.yml: 4 entries pinned, 2 entries left open\n")
    text = (folder / "environment.yml").read_text()
    assert "- python\n" in text and "- cupy\n" in text and "- wandb==0.18.7 " in text


def test_locks_of_several_machines_must_agree(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = [conda(name, version) for name, version in {**VERSIONS, "pytorch": "2.6.0"}.items()]
    held += [pip(name, version) for name, version in PROJECTS.items()]
    write_lock(folder / "environment.h100.conda-lock.yml", linux_64=PackageSet.of(held))
    assert main(["pin"]) == 1
    assert "'=2.5.*=*cuda*', linux-64 in environment.h100.conda-lock.yml has '=2.6.*=*cuda*'" in (
        capsys.readouterr().err
    )


def test_a_lock_of_another_tool_serves_as_well(folder: Path) -> None:
    lock = folder / "conda-lock.yml"
    lock.write_text(lock.read_text().replace("'", '"'))
    assert main(["pin"]) == 0
    assert "- wandb==0.18.7 " in (folder / "environment.yml").read_text()


def test_without_a_lock_a_line_says_so_and_the_other_files_are_pinned(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "other.yml").write_text(ENVIRONMENT)
    assert main(["pin", "other.yml", "environment.yml"]) == 2
    assert capsys.readouterr().err == (
        "lockstep: other.conda-lock.yml: no lock found; run: lockstep lock other.yml\n"
    )
    assert (folder / "other.yml").read_text() == ENVIRONMENT
    assert "python=3.12" in (folder / "environment.yml").read_text()


def test_no_secret_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = "https://ci:hunter2hunter2@conda.example.com/team::numpy"
    (folder / "environment.yml").write_text(f"channels: [conda-forge]\ndependencies:\n  - {entry}\n")
    assert main(["pin", "--diff"]) == 1
    assert main(["pin"]) == 0
    streams = capsys.readouterr()
    assert "hunter2" not in streams.out + streams.err
    assert "***@conda.example.com/team::numpy=2.1'" in streams.out
    assert f"  - {entry}=2.1\n" in (folder / "environment.yml").read_text()


def readable() -> list[Path]:
    found = []
    for path in environment_files("environments", "odd"):
        try:
            if read(path).dependencies:
                found.append(path)
        except LockstepError:
            continue
    return found


@pytest.mark.parametrize(
    "options", [(), ("--precision", "patch"), ("--all",), ("--all", "--precision", "build")]
)
def test_real_files_are_pinned_to_what_is_locked_and_no_other_byte_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Each file of the corpus with a lock that holds all its packages, in the strangest of versions."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(7)
    seen: Counter[str] = Counter()
    for path in readable():
        original = path.read_bytes()
        Path("environment.yml").write_bytes(original)
        before = read(Path("environment.yml"))
        held = _held(read_entries(before), chance)
        write_lock(Path("conda-lock.yml"), linux_64=held)
        main(["pin", *options])
        once = Path("environment.yml").read_bytes()
        after = read(Path("environment.yml"))
        seen += _judge(before, after, held, chosen="--all" in options)
        main(["pin", *options])
        assert Path("environment.yml").read_bytes() == once, path
    conda, pip = (1000, 500) if find_corpus() else (20, 5)
    assert seen["conda"] > conda
    assert seen["pip"] > pip


def _held(entries: Entries, chance: random.Random) -> PackageSet:
    held = [conda("python", "3.11.9", "h955ad1f_0")]
    for entry in entries.conda:
        build = entry.spec.build.replace("*", "_x_") or chance.choice(BUILDS)
        if entry.spec.name != "python" and re.fullmatch(r"[\w.+]+", build):
            held.append(conda(entry.spec.name, chance.choice(ODD_VERSIONS), build))
    versions = [version for version in ODD_VERSIONS if re.fullmatch(r"[\d.]+(rc\d|\+cu\d+)?", version)]
    held += [
        pip(entry.requirement.name, chance.choice(versions))
        for entry in entries.pip
        if entry.requirement.name
    ]
    return PackageSet.of(held)


def _judge(
    before: EnvironmentFile, after: EnvironmentFile, held: PackageSet, *, chosen: bool
) -> Counter[str]:
    """Compare a file before and after, entry by entry; count what was pinned."""
    seen: Counter[str] = Counter()
    old, new = read_entries(before), read_entries(after)
    assert [entry.spec.name for entry in old.conda] == [entry.spec.name for entry in new.conda]
    assert [entry.requirement.name for entry in old.pip] == [entry.requirement.name for entry in new.pip]
    changed = []
    for was, now in zip((*old.conda, *old.pip), (*new.conda, *new.pip), strict=True):
        if was.item.value != now.item.value:
            changed.append((was.item.span, now.item.span))
    for entry, now in zip(old.conda, new.conda, strict=True):
        if entry.item.value != now.item.value:
            seen["conda"] += 1
            record = record_of(held["conda", now.spec.name])
            assert MatchSpec(now.item.value.rpartition("::")[2].partition("#")[0]).matches(record), (
                now.item.value
            )
            assert chosen or not re.search(r"\d", entry.spec.version) or entry.spec.name == "python"
    for requirement, pinned in zip(old.pip, new.pip, strict=True):
        if requirement.item.value != pinned.item.value:
            seen["pip"] += 1
            version = held["pip", pinned.requirement.name].version
            parsed = Requirement(re.split(r"\s#|\s-", pinned.item.value)[0])
            assert str(parsed.specifier) == f"=={version}"
            assert chosen or "==" not in requirement.requirement.specifier
    assert _without(before.source.text, [span for span, _ in sorted(changed)]) == _without(
        after.source.text, [span for _, span in sorted(changed)]
    )
    return seen


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return a text with a mark in the place of each span."""
    for start, end in reversed(spans):
        text = f"{text[:start]}\0{text[end:]}"
    return text
