"""Attribution of vanished files and of pip packages, with small channels and indexes of known upload dates."""

from __future__ import annotations

import datetime
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.forge.pypi import write_index

from conda_lockstep.cli.main import main
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.metadata import newest_of

DAY = 86_400_000
START = 1_700_000_000_000
"""Milliseconds."""


def attribution_of(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str], list[str]]:
    """Return the exit status, the attribution of each change, and the notes."""
    capsys.readouterr()
    status = main(["diff", "base.conda-lock.yml", "conda-lock.yml", "--causes", "--format", "json"])
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    return status, {row["subject"]: row["attribution"] for row in comparison["changes"]}, comparison["notes"]


def record(name: str, version: str, day: int, *depends: str) -> tuple[str, dict[str, Any]]:
    return f"{name}-{version}-0.tar.bz2", {
        "name": name, "version": version, "build": "0", "build_number": 0, "subdir": "noarch", "size": 1,
        "depends": [*depends], "md5": f"{len(name):016x}{day:016x}", "timestamp": START + day * DAY,
    }  # fmt: skip


def channel(folder: Path, records: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for subdir, packages in (("noarch", dict(records)), ("linux-64", {})):
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        index = {
            "info": {"subdir": subdir},
            "packages": packages,
            "packages.conda": {},
            "repodata_version": 1,
        }
        (folder / subdir / "repodata.json").write_text(json.dumps(index))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder


def environment(*lines: str) -> None:
    Path("environment.yml").write_text("\n".join(lines) + "\n")


def lock(*options: str) -> None:
    assert main(["lock", "--platform", "linux-64", *options]) == 0


def keep_as_base() -> None:
    """Keep the file and its lock as the base's."""
    shutil.copy("environment.yml", "base.yml")
    shutil.copy("conda-lock.yml", "base.conda-lock.yml")


RECORDS = {
    "app-1.0": record("app", "1.0", 0, "lib <2"),
    "lib-1.0": record("lib", "1.0", 0),
    "tool-1.0": record("tool", "1.0", 0),
    "app-1.1": record("app", "1.1", 10, "lib >=2"),
    "lib-2.0": record("lib", "2.0", 10),
}


def test_a_change_caused_by_a_vanished_file_is_attributed_to_upstream(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head = [f"channels: ['{(tmp_path / 'channel').as_uri()}']", "dependencies:", "  - app"]
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "before"))
    channel(tmp_path / "channel", (RECORDS[name] for name in RECORDS))
    environment(*head)
    lock("--exclude-newer", "2023-11-20")
    keep_as_base()
    channel(tmp_path / "channel", (RECORDS[name] for name in RECORDS if name != "app-1.0"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "after"))
    environment(*head, "  - tool")
    lock()
    _, attributions, notes = attribution_of(capsys)
    assert attributions == {"app": "upstream", "lib": "upstream", "tool": "pull_request"}
    assert notes == []


def test_a_pin_of_what_upstream_leaves_alone_would_have_come_anyway(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    head = [f"channels: ['{(tmp_path / 'channel').as_uri()}']", "dependencies:"]
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "before"))
    channel(tmp_path / "channel", [*RECORDS.values(), record("app", "0.9", 0, "lib <2")])
    environment(*head, "  - app")
    lock("--exclude-newer", "2023-11-20")
    keep_as_base()
    channel(tmp_path / "channel", [RECORDS["lib-1.0"], record("app", "0.9", 0, "lib <2")])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "after"))
    environment(*head, "  - app=0.9")
    lock()
    assert attribution_of(capsys)[:2] == (1, {"app": "either"})


def wheel(folder: Path, name: str, version: str, *requires: str) -> Path:
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


class Index:
    """An index that knows when its files were uploaded, in days from conda's newest package; it grows."""

    def __init__(self, folder: Path, moment: datetime.datetime) -> None:
        self.folder = folder
        self.moment = moment
        self.wheels: list[tuple[Path, datetime.datetime]] = []

    def upload(self, day: int, name: str, version: str, *requires: str) -> None:
        path = wheel(self.folder, name, version, *requires)
        self.wheels.append((path, self.moment + datetime.timedelta(days=day)))
        shutil.rmtree(self.folder / "pypi", ignore_errors=True)
        write_index(self.folder / "pypi", self.wheels)


@pytest.fixture
def pip(forge, project, tmp_path, index_cache, http_server, monkeypatch):
    """A project whose pip entries come from an index of its own; locks it, first as ``base``."""
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(index_cache))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_NO_CACHE", "1")
    head = [f"channels: ['{forge.channel_url}']", "dependencies:", "  - python"]
    environment(*head, "  - pip")  # which every pip part brings
    assert main(["lock"]) == 0
    moment = newest_of(cep37.read(Path("conda-lock.yml")), forge.subdir)
    assert moment is not None
    Path("conda-lock.yml").unlink()
    (tmp_path / "index").mkdir()
    index = Index(tmp_path / "index", moment)
    index.upload(-30, "app", "1.0", "lib")
    index.upload(-30, "lib", "1.0")
    url = http_server(tmp_path / "index" / "pypi").url

    class Project:
        uploads = index

        def request(self, *entries: str) -> None:
            environment(
                *head, "  - pip:", f"    - --index-url {url}/simple", *(f"    - {each}" for each in entries)
            )

        def lock(self, *options: str) -> None:
            assert main(["lock", *options]) == 0
            if not Path("base.conda-lock.yml").exists():
                keep_as_base()

    return Project()


def test_a_new_upload_to_an_index_is_attributed_to_upstream(pip, capsys):
    pip.request("app")
    pip.lock()
    pip.uploads.upload(60, "app", "2.0", "lib")
    pip.uploads.upload(60, "lib", "2.0")
    pip.lock("--update-all")
    assert attribution_of(capsys)[:2] == (0, {"app": "upstream", "lib": "upstream"})


def test_a_changed_requirement_is_attributed_to_the_pull_request(pip, capsys):
    pip.uploads.upload(-20, "app", "2.0", "lib")
    pip.request("app<2")
    pip.lock()
    pip.request("app>=2")
    pip.lock()
    assert attribution_of(capsys)[:2] == (1, {"app": "pull_request"})


def test_changes_of_both_are_distinguished_in_the_pip_part(pip, capsys):
    pip.uploads.upload(-20, "tool", "1.0")
    pip.request("app")
    pip.lock()
    pip.uploads.upload(60, "lib", "2.0")
    pip.uploads.upload(60, "tool", "2.0", "lib>=2")
    pip.request("app", "tool")
    pip.lock("--update-all")
    status, attributions, _ = attribution_of(capsys)
    # A lock that keeps what it can is the same: tool 2.0 requires lib 2.0. The old file would have kept lib 1.0.
    assert (status, attributions) == (1, {"tool": "both", "lib": "both"})


def test_a_pip_package_newer_than_the_cut_off_is_not_a_change(pip, capsys):
    pip.uploads.upload(5, "app", "2.0", "lib")
    pip.request("app")
    pip.lock()
    pip.uploads.upload(60, "app", "3.0", "lib")
    pip.lock("--update-all")
    assert attribution_of(capsys)[:2] == (0, {"app": "upstream"})


def test_a_pin_that_is_newer_than_the_cut_off_does_not_hide_a_release_of_another(pip, capsys):
    pip.uploads.upload(5, "app", "2.0", "lib")
    pip.request("app==2.0")
    pip.lock()
    pip.uploads.upload(60, "lib", "2.0")
    pip.lock("--update-all")
    assert attribution_of(capsys)[:2] == (0, {"lib": "upstream"})


def test_a_requirement_uploaded_later_needs_both_and_has_a_caveat(pip, capsys):
    pip.request("app")
    pip.lock()
    pip.uploads.upload(60, "late", "1.0")
    pip.request("app", "late")
    pip.lock()
    status, attributions, notes = attribution_of(capsys)
    assert (status, attributions) == (1, {"late": "both"})
    assert any(
        "the pip part of the new file had no solution at the old lock's cut-off" in note for note in notes
    )


def test_a_pip_hash_edited_by_hand_is_unexplained(pip, capsys):
    pip.request("app")
    pip.lock()
    path = Path("conda-lock.yml")
    (package,) = (each for each in cep37.read(path).platforms.values())
    path.write_text(path.read_text().replace(package["pip", "lib"].sha256, "c" * 64))
    assert attribution_of(capsys)[:2] == (1, {"lib": "unexplained"})


def test_upstream_names_the_line_that_holds_back_a_pip_package(pip, capsys):
    pip.request("app", "lib<2")
    pip.lock()
    pip.uploads.upload(60, "app", "2.0", "lib")
    pip.uploads.upload(60, "lib", "2.0")
    capsys.readouterr()
    assert main(["upstream", "environment.yml", "--format", "json"]) == 1
    (comparison,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert [(row["subject"], row["after"], row["attribution"]) for row in comparison["changes"]] == [
        ("app", "2.0", "upstream")
    ]
    assert comparison["notes"] == ["lib 2.0 is available but not in a new lock: open 'lib<2' (line 7)"]


def test_a_package_that_moves_to_pip_is_attributed_to_the_pull_request(forge, pip, capsys):
    pip.uploads.upload(-20, "idna", forge.newest("idna").version)
    environment(*Path("environment.yml").read_text().splitlines(), "  - idna")
    pip.lock()
    pip.request("idna")
    pip.lock()
    status, attributions, _ = attribution_of(capsys)
    assert (status, attributions["idna"]) == (1, "pull_request")
