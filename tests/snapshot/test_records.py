"""Records of ``conda-meta`` are read the same whether conda, rattler or another tool laid them out."""

from __future__ import annotations

import json

import pytest
from rattler import PrefixRecord
from tests.support.prefixes import Installed

from conda_lockstep.snapshot.records import MalformedRecordError, parse_record

LAYOUTS = {
    "as rattler writes": None,
    "as conda writes": {"indent": 2, "sort_keys": True, "separators": (",", ": ")},
    "on one line": {"separators": (",", ":")},
    "indented by four": {"indent": 4},
    "tabs": {"indent": "\t"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_record_reads_alike_in_every_layout(installed: Installed, layout: str) -> None:
    for path in installed.prefix.glob("conda-meta/*.json"):
        raw = path.read_bytes()
        options = LAYOUTS[layout]
        laid_out = json.dumps(json.loads(raw), **options).encode() if options else raw
        found, expected = parse_record(laid_out), parse_record(raw)
        assert (found.package, found.distributions) == (expected.package, expected.distributions)


def test_records_say_what_rattler_reads_in_them(installed: Installed) -> None:
    for path in installed.prefix.glob("conda-meta/*.json"):
        ours, theirs = parse_record(path.read_bytes()).package, PrefixRecord.from_path(path)
        assert (ours.name, ours.version, ours.build) == (
            theirs.name.normalized,
            str(theirs.version),
            str(theirs.build),
        )
        assert (ours.subdir, ours.url, ours.sha256) == (theirs.subdir, theirs.url, theirs.sha256.hex())
        assert (ours.depends, ours.constrains) == (tuple(theirs.depends), tuple(theirs.constrains))
        assert ours.timestamp == int(theirs.timestamp.timestamp())


def test_the_distributions_of_a_package_are_those_that_python_can_import(installed: Installed) -> None:
    path = next(installed.prefix.glob("conda-meta/setuptools-*.json"))
    own = parse_record(path.read_bytes()).distributions
    assert [distribution.folder.rpartition("/")[2].partition("-")[0] for distribution in own] == [
        "setuptools"
    ]
    assert b"_vendor" in path.read_bytes()
    assert len(own[0].record_sha256) == 64


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"url": "https://user:secret@host.example/chan/noarch/a-1-0.conda"},
            "https://host.example/chan/noarch/a-1-0.conda",
        ),
        (
            {"url": "https://host.example/t/tk-123/chan/noarch/a-1-0.conda"},
            "https://host.example/chan/noarch/a-1-0.conda",
        ),
        ({}, ""),
    ],
)
def test_credentials_do_not_leave_the_prefix(fields: dict[str, str], expected: str) -> None:
    package = parse_record(json.dumps({"name": "a", "version": "1", "build": "0", **fields}).encode()).package
    assert package.url == expected
    assert "secret" not in str(package)
    assert "tk-123" not in repr(package)


@pytest.mark.parametrize(
    ("timestamp", "seconds"), [(1_726_423_657_000, 1_726_423_657), (1_726_423_657, 1_726_423_657), (None, 0)]
)
def test_timestamps_are_in_seconds(timestamp: int | None, seconds: int) -> None:
    raw = json.dumps({"name": "a", "version": "1", "build": "0", "timestamp": timestamp}).encode()
    assert parse_record(raw).package.timestamp == seconds


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"name": "a"}',
        b"\xff\xfe",
        b'{"files": [\n]}',
        b'{"name": 1, "version": []}',
    ],
)
def test_what_is_no_record_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        parse_record(raw)


def test_file_lists_in_strange_places_hide_nothing() -> None:
    """The lists of files are cut out unread; a file that only looks cut is parsed whole."""
    nested = '{\n  "files": [\n  1\n  ]}'
    text = f'{{\n  "files": [\n    "a"\n  ],\n  "name": "a",\n  "x": {nested},\n  "version": "1",\n  "build": "0"\n}}'
    assert json.loads(text)
    assert parse_record(text.encode()).package.version == "1"
