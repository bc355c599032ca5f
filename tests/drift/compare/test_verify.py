"""``verify`` names what a real prefix has become since it was locked, the most dangerous first."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.corpus import REPOSITORY
from tests.support.forge import Forge
from tests.support.prefixes import Installed, copy_of, install, pip, solve

from conda_lockstep.cli.prefix.verify import verify as verify_command
from conda_lockstep.drift.compare.verify import failures, find_lock, verify
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.formats import cep37, explicit, manifest
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

Damage = Callable[[Path, Forge], object]


def site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3.*/site-packages"))


def edit_record(prefix: Path, name: str, **fields: object) -> None:
    path = next(prefix.glob(f"conda-meta/{name}-[0-9]*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | fields, indent=2))


def install_from_pypi(prefix: Path, forge: Forge, *arguments: str) -> None:
    pip(prefix, "install", "--no-deps", "--index-url", (forge.pypi / "simple").as_uri(), *arguments)


def upgraded_by_pip(prefix: Path, forge: Forge) -> None:
    install_from_pypi(prefix, forge, "idna==3.11")


def reinstalled_by_pip(prefix: Path, forge: Forge) -> None:
    install_from_pypi(prefix, forge, "--force-reinstall", "idna==3.10")


def removed_by_pip(prefix: Path, forge: Forge) -> None:
    pip(prefix, "uninstall", "--yes", "six")


def added_by_pip(prefix: Path, forge: Forge) -> None:
    install_from_pypi(prefix, forge, "tabulate==0.9.0")


def record_with_other_bytes(prefix: Path, forge: Forge) -> None:
    edit_record(prefix, "numpy", sha256="0" * 64)


def record_from_another_channel(prefix: Path, forge: Forge) -> None:
    url = json.loads(next(prefix.glob("conda-meta/tqdm-*.json")).read_text())["url"]
    edit_record(
        prefix,
        "tqdm",
        url=f"https://conda.anaconda.org/other/noarch/{url.rpartition('/')[2]}",
        sha256="0" * 64,
    )


def record_of_another_build(prefix: Path, forge: Forge) -> None:
    old = next(prefix.glob("conda-meta/numpy-*.json"))
    fields = json.loads(old.read_text())
    build = f"{fields['build'].rpartition('_')[0]}_7"
    new = f"{fields['name']}-{fields['version']}-{build}"
    changed = {
        "build": build,
        "fn": f"{new}.conda",
        "url": fields["url"].replace(fields["fn"], f"{new}.conda"),
        "sha256": "0" * 64,
    }
    old.with_name(f"{new}.json").write_text(json.dumps(fields | changed, indent=2))
    old.unlink()


def record_removed(prefix: Path, forge: Forge) -> None:
    next(prefix.glob("conda-meta/tqdm-*.json")).unlink()


def record_cut_short(prefix: Path, forge: Forge) -> None:
    path = next(prefix.glob("conda-meta/certifi-*.json"))
    path.write_bytes(path.read_bytes()[:300])


def record_that_says_something_else(prefix: Path, forge: Forge) -> None:
    edit_record(prefix, "requests", version="2.99.0")


def dist_info_removed(prefix: Path, forge: Forge) -> None:
    shutil.rmtree(next(site_packages(prefix).glob("requests-*.dist-info")))


def replaced_by_a_local_project(prefix: Path, forge: Forge) -> None:
    project = prefix.parent / "six-checkout"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "six"\nversion = "1.17.0"\n')
    (project / "six.py").write_text("")
    pip(prefix, "install", "--no-deps", "--no-build-isolation", "--editable", str(project))


@pytest.mark.parametrize(
    ("damage", "subject", "decisive", "severity", "detail"),
    [
        (upgraded_by_pip, "idna", "shadowed", "critical", "pip installed idna 3.11 over it"),
        (
            reinstalled_by_pip,
            "idna",
            "damaged",
            "critical",
            "pip installed it again, not from conda's package",
        ),
        (removed_by_pip, "six", "damaged", "critical", "six-1.17.0.dist-info is gone"),
        (added_by_pip, "tabulate", "added", "medium", ""),
        (record_with_other_bytes, "numpy", "bytes", "critical", ""),
        (record_from_another_channel, "tqdm", "channel", "medium", "from other instead of file:"),
        (record_of_another_build, "numpy", "build", "critical", ""),
        (record_removed, "tqdm", "manager", "high", ""),
        (record_cut_short, "certifi", "damaged", "critical", "cannot be read: it is no JSON object"),
        (
            record_that_says_something_else,
            "requests",
            "damaged",
            "critical",
            "says that it is requests-2.99.0",
        ),
        (dist_info_removed, "requests", "damaged", "critical", "requests-2.32.3.dist-info is gone"),
        (replaced_by_a_local_project, "six", "damaged", "critical", "pip installed it again, from file:"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_inconsistency_is_reported(
    installed: Installed,
    forge: Forge,
    tmp_path: Path,
    damage: Damage,
    subject: str,
    decisive: str,
    severity: str,
    detail: str,
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    damage(prefix, forge)
    report = verify(prefix, installed.lock_file)
    first, *others = report.rows
    assert (first.subject, first.classes[0], first.severity) == (subject, decisive, severity)
    assert detail in first.detail
    assert not others
    assert failures(report)


def test_other_bytes_are_shown_by_a_hash_that_both_sides_record(
    installed: Installed, forge: Forge, tmp_path: Path
) -> None:
    locked = installed.packages[("conda", "numpy")]
    for fields, shown in (
        ({"sha256": "0" * 64}, f"sha256 {'0' * 12}"),
        ({"sha256": None, "md5": "1" * 32}, f"md5 {'1' * 12}"),
    ):
        prefix = copy_of(installed.prefix, tmp_path / shown)
        edit_record(prefix, "numpy", **fields)
        (row,) = verify(prefix, installed.lock_file).rows
        digest = locked.sha256 if shown.startswith("sha256") else locked.md5
        assert row.before == f"{locked.version} {shown.partition(' ')[0]} {digest[:12]}"
        assert row.after == f"{locked.version} {shown}"


def test_a_matching_prefix_is_reported_in_one_line(
    installed: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_command(installed.prefix, installed.lock_file, ignore_machine=True) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        f"{installed.packages.environment_id}  {installed.prefix} matches {installed.lock_file} exactly"
    )


def test_a_cpu_build_from_a_machine_without_cuda_is_reported(
    installed: Installed, forge: Forge, tmp_path: Path
) -> None:
    install(solve(forge, cuda=""), tmp_path / "prefix", tmp_path / "cache")
    report = verify(tmp_path / "prefix", installed.lock_file)
    torch = report.rows[0]
    assert (torch.subject, torch.classes[0], torch.severity) == ("pytorch", "variant", "critical")
    assert torch.why.startswith("the GPU build became a CPU build")
    assert "cuda" in torch.before
    assert "cpu" in torch.after


def test_several_inconsistencies_are_reported_most_dangerous_first(
    installed: Installed, forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    for damage in (added_by_pip, record_removed, record_with_other_bytes, upgraded_by_pip):
        damage(prefix, forge)
    assert verify_command(prefix, installed.lock_file, ignore_machine=True) == 1
    ranked = [
        line.split()[:2]
        for line in capsys.readouterr().out.splitlines()
        if line[2:10].strip() in ("critical", "high", "medium")
    ]
    assert ranked == [["critical", "idna"], ["critical", "numpy"], ["high", "tqdm"], ["medium", "tabulate"]]


def test_the_conda_part_of_a_lock_verifies_against_the_conda_part_of_a_prefix(
    installed: Installed, forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    install_from_pypi(prefix, forge, "tabulate==0.9.0")
    lock = tmp_path / "conda-linux-64.lock"
    lock.write_text(explicit.render(installed.packages, installed.platform))
    assert verify_command(prefix, lock, ignore_machine=True) == 0
    out = capsys.readouterr().out
    assert f"{installed.packages.environment_id} (conda part)" in out
    assert "the pip part was not compared (1 package)" in out


def test_a_locked_pip_part_is_found_in_the_prefix(
    installed: Installed, forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    install_from_pypi(prefix, forge, "tabulate==0.9.0")
    locked = Package(
        "pip",
        "tabulate",
        "0.9.0",
        url="https://files.pythonhosted.org/tabulate-0.9.0-py3-none-any.whl",
        sha256="1" * 64,
    )
    lock = Lock(
        {installed.platform: PackageSet.of([*installed.packages.values(), locked])},
        sources=("environment.yml",),
    )
    cep37.write(lock, tmp_path / "conda-lock.yml")
    assert verify_command(prefix, tmp_path / "conda-lock.yml", ignore_machine=True) == 0
    out = capsys.readouterr().out
    assert "hashes were not compared for 1 pip package" in out
    pip(prefix, "uninstall", "--yes", "tabulate")
    assert [row.classes for row in verify(prefix, tmp_path / "conda-lock.yml").rows] == [("removed",)]


def test_a_prefix_installed_from_a_mirror_matches_the_lock(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    for path in prefix.glob("conda-meta/*.json"):
        path.write_text(path.read_text().replace("file:///", "https://mirror.example/"))
    report = verify(prefix, installed.lock_file)
    assert report.rows == ()
    (note,) = report.comparisons[0].notes
    assert note.startswith(
        f"the same bytes from another source for {len(installed.packages)} packages: https://"
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["conda-lock.yml", "gpu.conda-lock.yml"], "conda-lock.yml"),
        (["gpu.conda-lock.yml"], "gpu.conda-lock.yml"),
        ([], "no conda-lock.yml found in this folder"),
        (
            ["a.conda-lock.yml", "b.conda-lock.yml"],
            "several locks found: a.conda-lock.yml, b.conda-lock.yml",
        ),
    ],
)
def test_the_lock_is_found_without_the_option(tmp_path: Path, names: list[str], found: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    try:
        assert find_lock(tmp_path).name == found
    except LockstepError as error:
        assert found in str(error)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.mkdir(), "is no conda environment: it has no conda-meta folder"),
        (lambda path: path.write_text(""), "no such folder"),
        (lambda path: None, "no such folder"),
    ],
)
def test_a_folder_that_is_not_an_environment_is_reported_in_one_line(
    installed: Installed, tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / "prefix")
    with pytest.raises(LockstepError, match=message):
        verify(tmp_path / "prefix", installed.lock_file)


def test_a_lock_without_the_prefixs_platform_says_how_to_add_it(installed: Installed, tmp_path: Path) -> None:
    lock = tmp_path / "conda-lock.yml"
    cep37.write(Lock({"osx-arm64": installed.packages}, sources=("environment.yml",)), lock)
    with pytest.raises(LockstepError, match=f"has no packages for {installed.platform}, only for osx-arm64"):
        verify(installed.prefix, lock)


def test_a_bare_node_needs_the_standard_library_alone(installed: Installed, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY / 'src')!r})\n"
        "from conda_lockstep.cli.prefix import snapshot, verify\n"
        f"code = verify.verify({str(installed.prefix)!r}, {str(installed.lock_file)!r}, ignore_machine=True)\n"
        f"snapshot.snapshot({str(installed.prefix)!r}, {str(tmp_path / 'node.json')!r})\n"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "0 __main__ conda_lockstep"
    assert (tmp_path / "node.json").exists()


@pytest.mark.parametrize("what", ["verify", "verify against a manifest", "snapshot"])
def test_no_file_is_read_twice(installed: Installed, tmp_path: Path, what: str) -> None:
    """On a node the prefix is on a file system that all nodes share, and each file a request to its server."""
    lock = installed.lock_file
    if what == "verify against a manifest":
        lock = tmp_path / "lock.json"
        lock.write_text(manifest.render(cep37.read(installed.lock_file)))
    command = ["verify", "--prefix", str(installed.prefix), "--lock", str(lock)]
    if what == "snapshot":
        command = ["snapshot", "--prefix", str(installed.prefix), "--output", str(tmp_path / "node.json")]
    program = (
        f"import os, sys; sys.path.insert(0, {str(REPOSITORY / 'src')!r})\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and opened.append(args[:2]))\n"
        "from conda_lockstep.cli.main import main\n"
        f"status = main({command!r})\n"
        "opened = [(os.path.realpath(os.fsdecode(path)), mode) for path, mode in opened if not isinstance(path, int)]\n"
        # open() with an opener reports a file twice: as itself, and as the opener's os.open(), which has no mode.
        "by_open = [path for path, mode in opened if mode]\n"
        "paths = by_open + [path for path, mode in opened if not mode and path not in by_open]\n"
        "print(status, *paths, sep='\\n')"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    root = os.path.realpath(installed.prefix)
    opened = [line for line in done.stdout.splitlines() if line.startswith((root, os.path.realpath(lock)))]
    records = [path for path in opened if "/conda-meta/" in path and path.endswith(".json")]
    assert len(records) == len(list(installed.prefix.glob("conda-meta/*.json")))
    assert [path for path in set(opened) if opened.count(path) > 1] == []
    assert (os.path.realpath(lock) in opened) == (what != "snapshot")
