"""Any two operands of ``lockstep diff``, whatever their formats, and what is none, in one line."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.drift.strategies import package_sets
from tests.support.forge import Forge
from tests.support.prefixes import Installed, copy_of, pip

from conda_lockstep.cli.diff import diff as diff_command
from conda_lockstep.cli.prefix.snapshot import snapshot as snapshot_command
from conda_lockstep.cli.report_output import FORMATS
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.drift.compare.compare import compare
from conda_lockstep.drift.compare.operands import parse_source, read_source
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37, explicit, manifest
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import PackageSet
from conda_lockstep.render.drift import json as drift_json


@pytest.fixture
def operands(installed: Installed, tmp_path: Path) -> dict[str, Path]:
    """One environment, in every format."""
    explicit_file, snapshot = tmp_path / "explicit.txt", tmp_path / "node.json"
    explicit_file.write_text(explicit.render(installed.packages, installed.platform))
    snapshot_command(installed.prefix, snapshot)
    pixi = tmp_path / "pixi.lock"
    pixi.write_text(pixi_lock(installed.packages, installed.platform))
    return {
        "conda-lock": installed.lock_file,
        "explicit": explicit_file,
        "pixi": pixi,
        "snapshot": snapshot,
        "prefix": installed.prefix,
    }


def pixi_lock(packages: PackageSet, platform: str) -> str:
    entries = [
        {
            "conda": package.url,
            "sha256": package.sha256,
            "md5": package.md5,
            "depends": list(package.depends),
            "constrains": list(package.constrains),
        }
        for package in packages.values()
    ]
    listed = [{"conda": package.url} for package in packages.values()]
    default = {"channels": [], "packages": {platform: listed}}
    environments = json.dumps({"default": default})  # JSON is YAML
    return f"version: 6\nenvironments: {environments}\npackages: {json.dumps(entries)}\n"


KINDS = ("conda-lock", "explicit", "pixi", "snapshot", "prefix")


@pytest.mark.parametrize(("old", "new"), list(itertools.product(KINDS, KINDS)))
def test_one_environment_does_not_drift_between_its_formats(
    operands: dict[str, Path], old: str, new: str
) -> None:
    left, right = read_source(operands[old]), read_source(operands[new])
    assert (left.kind, right.kind) == (old, new)
    report = compare(left, right)
    assert report.rows == ()
    ids = {side.conda_id for side in (report.comparisons[0].old, report.comparisons[0].new)}
    assert len(ids) == 1


def test_a_machine_is_graded_the_same_on_either_side(
    installed: Installed, forge: Forge, tmp_path: Path
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    index = (forge.pypi / "simple").as_uri()
    pip(prefix, "install", "--no-deps", "--index-url", index, "idna==3.11", "tabulate==0.9.0")
    next(prefix.glob("conda-meta/tqdm-*.json")).unlink()
    lock, machine = read_source(installed.lock_file), read_source(prefix)
    there, back = compare(lock, machine).rows, compare(machine, lock).rows
    assert [(row.subject, row.severity, row.why) for row in there] == [
        (row.subject, row.severity, row.why) for row in back
    ]
    assert [(row.before, row.after) for row in there] == [(row.after, row.before) for row in back]
    assert [row.classes[0] for row in there] == ["shadowed", "manager", "added"]
    assert [row.classes[0] for row in back] == ["shadowed", "manager", "removed"]
    sound = read_source(installed.prefix)
    for rows in (compare(sound, machine).rows, compare(machine, sound).rows):
        assert {row.subject for row in rows if row.severity == "critical"} >= {"idna"}


@pytest.mark.parametrize("medium", FORMATS)
def test_a_change_exits_with_one_and_none_with_zero(
    operands: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], medium: str
) -> None:
    edited = tmp_path / "edited.txt"
    edited.write_text(operands["explicit"].read_text().replace("tqdm-4.67.1", "tqdm-4.66.0"))
    assert diff_command(operands["explicit"], edited, format=medium, trust=TRUSTED) == 1
    out = capsys.readouterr().out
    assert "tqdm" in out
    assert "4.66.0" in out
    assert diff_command(operands["explicit"], operands["conda-lock"], format=medium, trust=TRUSTED) == 0


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("any", 1), ("info", 1), ("low", 1), ("medium", 0), ("critical", 0), ("never", 0), (None, 1)],
)
def test_fail_on_sets_what_fails(
    operands: dict[str, Path], tmp_path: Path, fail_on: str | None, code: int
) -> None:
    edited = tmp_path / "edited.txt"
    edited.write_text(operands["explicit"].read_text().replace("tqdm-4.67.1", "tqdm-4.66.0"))
    assert (
        diff_command(
            operands["explicit"], edited, output=tmp_path / "out.txt", fail_on=fail_on, trust=TRUSTED
        )
        == code
    )


@given(package_sets, package_sets)
@settings(max_examples=60, deadline=None)
def test_the_platform_and_the_format_of_the_inputs_do_not_matter(old: PackageSet, new: PackageSet) -> None:
    """As far as the formats hold the same: the manifest, which holds all that a lock does, against the lock itself."""
    rows = {}
    # PyPI's torch is a CUDA build on one platform and a CPU build on the other: that is no matter of the format.
    old, new = (
        PackageSet.of(each for each in side.values() if each.key != ("pip", "torch")) for side in (old, new)
    )
    for platform in ("linux-64", "osx-arm64"):
        locks = [_settled(packages, platform) for packages in (old, new)]
        written = {
            "conda-lock": [cep37.render(lock) for lock in locks],
            "manifest": [manifest.render(lock) for lock in locks],
        }
        for form, texts in written.items():
            report = compare(*(parse_source(text, "x") for text in texts))
            [comparison] = report.comparisons
            rows[platform, form] = [row._replace(old=None, new=None) for row in comparison.rows]
    first, *others = rows.values()
    assert all(rows == first for rows in others)


def _settled(packages: PackageSet, platform: str) -> Lock:
    """Return a lock of packages that every format has room for."""
    held = []
    for package in packages.values():
        depends = () if package.manager == "pip" else package.depends
        if package.manager == "conda":
            build = package.build or "h0_0"
            url = f"{package.channel}/noarch/{package.name}-{package.version}-{build}.conda"
            package = package._replace(build=build, url=url, subdir="noarch")
        url = package.url or f"https://x/{package.name}.whl"
        held.append(package._replace(url=url, depends=depends, constrains=()))
    lock = Lock({platform: PackageSet.of(held)}, ("conda-forge",), ("environment.yml",))
    return cep37.parse(cep37.render(lock), "conda-lock.yml")


def test_an_unknown_format_or_severity_is_reported(operands: dict[str, Path]) -> None:
    with pytest.raises(LockstepError, match="unknown format 'xml'; choose from: text, json, markdown, html"):
        diff_command(operands["explicit"], operands["explicit"], format="xml", trust=TRUSTED)
    with pytest.raises(LockstepError, match="unknown severity 'bad'; choose from: any, critical"):
        diff_command(operands["explicit"], operands["explicit"], fail_on="bad", trust=TRUSTED)


def test_every_platform_is_compared_and_a_dropped_one_is_a_change(
    installed: Installed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packages = installed.packages
    locks = {"old": ["linux-64", "osx-arm64", "osx-64"], "new": ["linux-64", "osx-arm64", "win-64"]}
    for name, platforms in locks.items():
        cep37.write(
            Lock(dict.fromkeys(platforms, packages), sources=("environment.yml",)), tmp_path / f"{name}.yml"
        )
    assert diff_command(tmp_path / "old.yml", tmp_path / "new.yml", format="json", trust=TRUSTED) == 1
    report = drift_json.loads(capsys.readouterr().out, "out")
    assert [comparison.platform for comparison in report.comparisons] == [
        "linux-64",
        "osx-arm64",
        "osx-64",
        "win-64",
    ]
    assert [(row.subject, row.classes, row.severity) for row in report.rows] == [
        ("osx-64", ("removed",), "critical"),
        ("win-64", ("added",), "info"),
    ]
    assert (
        diff_command(
            tmp_path / "old.yml", tmp_path / "new.yml", format="json", platform="linux-64", trust=TRUSTED
        )
        == 0
    )
    assert drift_json.loads(capsys.readouterr().out, "out").notes == ()
    with pytest.raises(
        LockstepError, match="has no packages for win-64, only for linux-64, osx-64, osx-arm64"
    ):
        diff_command(tmp_path / "old.yml", tmp_path / "new.yml", platform="win-64", trust=TRUSTED)


def test_locks_without_a_common_platform_dropped_one(
    operands: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "osx.txt"
    other.write_text("# platform: osx-64\n@EXPLICIT\n")
    assert diff_command(operands["explicit"], other, fail_on="critical", trust=TRUSTED) == 1
    assert "the lock has nothing for this platform any more" in capsys.readouterr().out
    with pytest.raises(LockstepError, match=r"no platform in common: .* is for linux-64, .* for osx-64"):
        diff_command(operands["prefix"], other, trust=TRUSTED)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.yml", "name: a\ndependencies: [numpy]\n", "is not a lock or a snapshot; pass a conda-lock.yml"),
        ("x.json", "{}", "is no snapshot"),
        ("x.json", '{"kind": "conda-lockstep drift", "schema": 1}', "is no snapshot"),
        ("x.txt", "", "is not a lock or a snapshot"),
        ("missing", None, "no such file"),
        ("folder", "/", "is no conda environment"),
        ("x.yml", "version: 1\npackage: {", "not YAML"),
        ("pixi.lock", "version: 99\npackages: []", "pixi.lock version 99 is not known"),
    ],
)
def test_an_invalid_operand_is_reported_in_one_line(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    path = tmp_path / name
    if content == "/":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    with pytest.raises(LockstepError) as caught:
        read_source(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
