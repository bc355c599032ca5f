"""The snapshot document round-trips, follows its schema, and refuses what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.support.forge import Forge
from tests.support.prefixes import Installed, copy_of, pip
from tests.support.schemas import schema

from conda_lockstep.cli.prefix.snapshot import snapshot as snapshot_command
from conda_lockstep.errors import LockstepError
from conda_lockstep.snapshot import machine
from conda_lockstep.snapshot import prefix as prefixes
from conda_lockstep.snapshot import snapshot_json as document
from conda_lockstep.snapshot.model import Gpu, Machine, Snapshot

NODE = Machine(
    platform="linux-64",
    arch="x86_64",
    kernel="Linux 5.15.0-105-generic",
    glibc="2.35",
    driver="550.54.15",
    kernel_module="535.104.05",
    cuda="12.4",
    gpus=(Gpu("NVIDIA H200", "9.0", 143771),) * 8,
    virtual_packages=(
        "__unix=0=0",
        "__linux=5.15.0=0",
        "__glibc=2.35=0",
        "__cuda=12.4=0",
        "__archspec=1=x86_64_v4",
    ),
    notes=("NVIDIA's libraries are of driver 550.54.15, its kernel module is of 535.104.05: reboot",),
)


@pytest.fixture
def snapshot(installed: Installed, forge: Forge, tmp_path: Path) -> Snapshot:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    pip(prefix, "install", "--no-deps", "--index-url", (forge.pypi / "simple").as_uri(), "idna==3.11")
    return Snapshot(prefixes.read(prefix), NODE)


def test_a_document_reads_back_as_what_was_written(snapshot: Snapshot) -> None:
    text = document.dumps(snapshot)
    assert document.loads(text, "node.json") == snapshot
    assert document.dumps(document.loads(text, "node.json")) == text
    assert snapshot.installed.inconsistencies


def test_a_document_is_as_the_docs_say(snapshot: Snapshot) -> None:
    jsonschema.validate(json.loads(document.dumps(snapshot)), schema("snapshot-json.md"))


def test_the_command_writes_a_snapshot_of_this_machine(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_PREFIX", str(installed.prefix))
    assert snapshot_command() == 0
    printed = capsys.readouterr().out
    assert snapshot_command(installed.prefix, tmp_path / "node.json") == 0
    assert (tmp_path / "node.json").read_text() == printed
    fields = json.loads(printed)
    assert fields["schema"] == 1
    assert fields["environment_id"] == fields["conda_id"] == installed.packages.environment_id
    assert document.loads(printed, "node.json").machine == machine.detect()


def test_no_active_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    with pytest.raises(
        LockstepError, match="no conda environment is active; activate one, or pass its folder with --prefix"
    ):
        snapshot_command()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "is a snapshot of schema 2; this version reads schema 1"),
        ({"kind": "something"}, "is no snapshot"),
        (
            {"packages": [{"name": "a", "version": "1", "manager": "npm"}]},
            "'manager' is 'npm', neither conda nor pip",
        ),
        ({"packages": [{"name": ["a"], "version": "1", "manager": "pip"}]}, "'name' is not text"),
        ({"packages": {}}, "'packages' is not a list"),
        (
            {
                "inconsistencies": [
                    {
                        "kind": "haunted",
                        "detail": "",
                        "package": {"manager": "pip", "name": "a", "version": "1"},
                    }
                ]
            },
            "'kind' is 'haunted'",
        ),
        ({"machine": None}, "'machine' is not an object"),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_place(
    installed: Installed, change: dict[str, object], message: str
) -> None:
    fields = json.loads(document.dumps(Snapshot(prefixes.read(installed.prefix), NODE)))
    with pytest.raises(LockstepError, match=message):
        document.loads(json.dumps(fields | change), "node.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "nul", "[" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(LockstepError, match=r"node\.json: not"):
        document.loads(text, "node.json")
