"""The manifest is the lock in JSON: nothing is lost on the way, and what was tampered with is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from tests.lock.strategies import locks
from tests.support.lock_pairs import LockFiles
from tests.support.schemas import schema

from conda_lockstep.drift.compare.operands import read_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37, manifest
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

SOUND = Lock(
    {
        "linux-64": PackageSet.of(
            [Package("conda", "zlib", "1.3", "h_1", "linux-64", size=7, depends=("a >=1",))]
        )
    },
    sources=("environment.yml",),
)


@given(locks())
def test_a_lock_survives_the_way_there_and_back(lock: Lock) -> None:
    text = manifest.render(lock)
    assert manifest.parse(text, "lock.json") == lock
    jsonschema.validate(json.loads(text), schema("manifest-json.md"))


def test_every_real_lock_is_the_same_source_as_its_manifest(lock_files: LockFiles, tmp_path: Path) -> None:
    files = lock_files("conda-lock.yml", "conda-lock/conda__*tests*-conda-lock.yml")
    for number, path in enumerate(files):
        exported = tmp_path / f"{number}.json"
        exported.write_text(manifest.render(cep37.read(path)))
        lock, ours = read_source(path), read_source(exported)
        assert (ours.kind, ours.platforms, ours.complete) == (lock.kind, lock.platforms, lock.complete)


def changed(**fields: Any) -> str:
    return json.dumps(json.loads(manifest.render(SOUND)) | fields)


def with_package(**fields: Any) -> str:
    document = json.loads(manifest.render(SOUND))
    document["platforms"]["linux-64"]["packages"][0] |= fields
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "is no manifest"),
        (changed(kind="conda-lockstep snapshot"), "is no manifest"),
        (changed(schema=2), "is a manifest of schema 2; this version reads schema 1"),
        (changed(platforms=[]), "is a damaged manifest"),
        (changed(platforms={"linux-64": {}}), "is a damaged manifest: KeyError 'packages'"),
        (changed(channels=None), "is a damaged manifest"),
        (with_package(version="1.4"), "says ls1-.* for linux-64, but lists ls1-"),
        (with_package(version=1.4), "is a damaged manifest: ValueError at 'version' of zlib"),
        (with_package(size="7"), "is a damaged manifest: ValueError at 'size' of zlib"),
        (with_package(depends="python"), "is a damaged manifest: ValueError at 'depends' of zlib"),
        (with_package(manager="npm"), "is a damaged manifest: ValueError at 'manager' of zlib"),
        (with_package(added="x"), "is a damaged manifest: TypeError"),
    ],
)
def test_what_is_no_sound_manifest_is_told_in_one_line(text: str, told: str) -> None:
    with pytest.raises(LockstepError, match=f"^lock.json: {told}") as caught:
        manifest.parse(text, "lock.json")
    assert "\n" not in str(caught.value)
