"""A prefix is read as it is: conda's part, pip's part, and where they contradict each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.forge import Forge
from tests.support.prefixes import Installed, copy_of, pip

from conda_lockstep.conda.subdirs import this_platform
from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Package
from conda_lockstep.snapshot import prefix as prefixes


def site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3.*/site-packages"))


def distribution(site: Path, folder: str, metadata: str, **files: str) -> None:
    (site / folder).mkdir(parents=True)
    for name, text in {"METADATA": metadata, **files}.items():
        (site / folder / name).write_text(text)


def test_an_installed_prefix_holds_exactly_what_its_lock_says(installed: Installed) -> None:
    found = prefixes.read(installed.prefix)
    assert found.packages == installed.packages
    assert found.packages.environment_id == installed.packages.environment_id
    assert found.platform == installed.platform
    assert found.inconsistencies == ()


def test_pip_finds_the_same_python_packages(installed: Installed, forge: Forge, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    pip(
        prefix,
        "install",
        "--no-deps",
        "--index-url",
        (forge.pypi / "simple").as_uri(),
        "tabulate==0.9.0",
        "colorama==0.4.6",
    )
    python = [
        str(prefix / "bin" / "python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "list",
        "--format",
        "json",
    ]
    listed = {
        entry["name"].lower().replace("_", "-"): entry["version"]
        for entry in json.loads(subprocess.check_output(python))
    }
    found = prefixes.read(prefix).packages
    assert {name for manager, name in found if manager == "pip"} == {"tabulate", "colorama"}
    names = {name.replace("_", "-"): package.version for (_, name), package in found.items()}
    assert listed.items() <= names.items()


@pytest.mark.parametrize(
    ("direct_url", "url", "sha256"),
    [
        ({"url": "file:///src/a", "dir_info": {}}, "file:///src/a", ""),
        ({"url": "file:///src/a", "dir_info": {"editable": True}}, "file:///src/a#editable=true", ""),
        (
            {
                "url": "https://example.org/a",
                "subdirectory": "b",
                "vcs_info": {"vcs": "git", "commit_id": "1" * 40},
            },
            f"git+https://example.org/a@{'1' * 40}#subdirectory=b",
            "",
        ),
        (
            {"url": "https://user:pw@example.org/a.git", "vcs_info": {"vcs": "git", "commit_id": "1" * 40}},
            f"git+https://example.org/a.git@{'1' * 40}",
            "",
        ),
        (
            {
                "url": "https://example.org/a-1.0-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": "2" * 64}},
            },
            "https://example.org/a-1.0-py3-none-any.whl",
            "2" * 64,
        ),
        (
            {"url": "https://example.org/a-1.0.tar.gz", "archive_info": {"hash": f"sha256={'3' * 64}"}},
            "https://example.org/a-1.0.tar.gz",
            "3" * 64,
        ),
        ({"nonsense": 1}, "", ""),
    ],
)
def test_where_pip_took_a_package_from_is_read(
    installed: Installed, tmp_path: Path, direct_url: dict[str, object], url: str, sha256: str
) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    metadata = "Name: My_Package.x\nVersion: 1.0\nRequires-Dist: numpy>=1\n\nVersion: no header\n"
    distribution(
        site_packages(prefix),
        "my_package_x-1.0.dist-info",
        metadata,
        **{"direct_url.json": json.dumps(direct_url)},
    )
    found = prefixes.read(prefix).packages[("pip", "my-package-x")]
    assert found == Package("pip", "my-package-x", "1.0", url=url, sha256=sha256, depends=("numpy>=1",))


def test_old_and_broken_metadata_is_read_as_pip_reads_it(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    site = site_packages(prefix)
    (site / "oldtool-0.3-py2.7.egg-info").write_text("Metadata-Version: 1.0\nName: oldtool\nVersion: 0.3\n")
    (site / "develop.egg-info").mkdir()
    (site / "develop.egg-info" / "PKG-INFO").write_text("Name: develop\nVersion: 0.1.dev0\n")
    (site / "empty-1.0.dist-info").mkdir()
    (site / "~umpy-2.0.dist-info").mkdir()
    distribution(
        site,
        "bytes-1.0.dist-info",
        "Name: bytes\nVersion: 1.0\nAuthor: \N{LATIN SMALL LETTER E WITH ACUTE}\n",
    )
    (site / "bytes-1.0.dist-info" / "METADATA").write_bytes(b"Name: bytes\nAuthor: \xff\nVersion: 1.0\n")
    found = prefixes.read(prefix)
    assert {str(package) for package in found.packages.only("pip").values()} == {
        "oldtool 0.3",
        "develop 0.1.dev0",
        "bytes 1.0",
    }
    assert found.inconsistencies == ()


def test_a_link_to_a_prefix_is_that_prefix(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(installed.prefix)
    assert prefixes.read(tmp_path / "link").packages == installed.packages


def test_an_environment_without_packages_is_one(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "history").touch()
    found = prefixes.read(tmp_path)
    assert len(found.packages) == 0
    assert found.platform == this_platform()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions")
def test_a_record_that_may_not_be_read_is_named(installed: Installed, tmp_path: Path) -> None:
    prefix = copy_of(installed.prefix, tmp_path / "prefix")
    record = next(prefix.glob("conda-meta/six-*.json"))
    record.unlink()
    record.mkdir()  # also for root, who may read everything
    (damage,) = [damage for damage in prefixes.read(prefix).inconsistencies if damage.kind == "record"]
    assert "cannot be read: Is a directory" in damage.detail


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LockstepError, match="no such folder; name the environment's prefix"):
        prefixes.read(tmp_path / name)
