"""The inconsistencies of a prefix, and the checks that find them: the table in docs/nodes.md, on real prefixes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.corpus import REPOSITORY
from tests.support.forge import Draft, Forge, Member
from tests.support.prefixes import copy_of, install, lock_of, pip, solve

from conda_lockstep.cli.main import main
from conda_lockstep.cli.prefix.verify import verify as verify_command
from conda_lockstep.drift.compare.verify import failures, verify, verify_deeply
from conda_lockstep.drift.report import Row
from conda_lockstep.lock.formats import cep37
from conda_lockstep.render.drift import json as drift_json

LIBRARY = "lib/libnccl.so.2.21.5"
TEXT = "etc/nccl.conf"
PLACEHOLDER = "/opt/" + "placeholder_" * 20


@dataclass(frozen=True, slots=True)
class Node:
    prefix: Path
    lock: Path
    forge: Forge


@pytest.fixture(scope="session")
def node(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A prefix with a Python, some packages, and a library with its link and a file that names the prefix."""
    folder = tmp_path_factory.mktemp("node")
    channel = forge.copy(folder / "channel")
    nccl = Draft(
        "nccl",
        "2.21.5",
        "h1_0",
        datetime(2025, 1, 1, tzinfo=timezone.utc),
        subdir=forge.subdir,
        members=(
            Member(LIBRARY, b"\x7fELF" + b"nccl" * 5000, executable=True),
            Member("lib/libnccl.so.2", link="libnccl.so.2.21.5"),
            Member(TEXT, f"home={PLACEHOLDER}\n".encode(), placeholder=PLACEHOLDER),
        ),
    )
    channel.add(nccl)
    here = Forge(channel.root, forge.pypi, forge.python_version, forge.subdir, forge.held_back)
    records = solve(here, ["python", "pip", "six", "idna", "tqdm", "setuptools", "nccl"])
    install(records, folder / "prefix", folder / "cache")
    cep37.write(lock_of(records, forge.subdir), folder / "conda-lock.yml")
    return Node(folder / "prefix", folder / "conda-lock.yml", forge)


def site_packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3.*/site-packages"))


def replaced(path: Path, data: bytes) -> None:
    """Write anew: the copies of a prefix are links to one and the same file."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    """Write a wheel, with a RECORD as pip checks it."""
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        for path, data in contents.items()
    }
    record = [f"{path},sha256={digest},{len(contents[path])}\n" for path, digest in digests.items()]
    target = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in contents.items():
            archive.writestr(path, data)
        archive.writestr(f"{info}/RECORD", "".join((*record, f"{info}/RECORD,,\n")))
    return target


def unpacked(path: Path, prefix: Path) -> None:
    """Put a wheel into site-packages, as pip does, and as anybody can by hand."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            replaced(site_packages(prefix) / name, archive.read(name))


def upgraded_by_pip(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    index = (node.forge.pypi / "simple").as_uri()
    pip(prefix, "install", "--no-deps", "--index-url", index, "idna==3.11")


def downgraded_by_hand(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    unpacked(wheel(prefix.parent, "six", {"six.py": b'__version__ = "1.0"\n'}), prefix)


def module_edited(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    path = site_packages(prefix) / "six.py"
    replaced(path, path.read_bytes().replace(b"import", b"IMPORT", 1))


def version_edited_in_conda_meta(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    path = next(prefix.glob("conda-meta/tqdm-*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "9.9"}, indent=2))


def hash_edited_in_conda_meta(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    path = next(prefix.glob("conda-meta/nccl-*.json"))
    path.write_text(
        path.read_text().replace(json.loads(path.read_text())["paths_data"]["paths"][-1]["sha256"], "0" * 64)
    )


def library_replaced(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    replaced(prefix / LIBRARY, (prefix / LIBRARY).read_bytes().replace(b"nccl", b"ncc1"))


def library_removed(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    (prefix / LIBRARY).unlink()


def library_doubled(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    replaced(prefix / "lib" / "libnccl.so.2.19.3", b"\x7fELF another")


def link_turned(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    (prefix / "lib/libnccl.so.2").unlink()
    (prefix / "lib/libnccl.so.2").symlink_to("../etc/nccl.conf")


def file_emptied(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    replaced(site_packages(prefix) / "tqdm" / "std.py", b"")


def byte_code_in_place_of_a_module(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    module = site_packages(prefix) / "tqdm" / "gui.py"
    module.unlink()
    module.with_suffix(".pyc").write_bytes(b"\x00")


def unowned_pth(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    (site_packages(prefix) / "zz-dev.pth").write_text("/home/me/checkout\n")


def pth_with_code(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    (site_packages(prefix) / "zz-patch.pth").write_text("import os; os.environ['X'] = '1'\n")


def unowned_sitecustomize(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    (site_packages(prefix) / "sitecustomize.py").write_text("")


def shadowing_pythonpath(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    folder = prefix.parent / "path"
    (folder / "tqdm").mkdir(parents=True)
    (folder / "tqdm" / "__init__.py").touch()
    environ.setenv("PYTHONPATH", str(folder))


def shadowing_library_path(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    folder = prefix.parent / "cuda" / "lib64"
    folder.mkdir(parents=True)
    (folder / "libnccl.so.2").write_bytes(b"")
    environ.setenv("LD_LIBRARY_PATH", f"/nowhere:{folder}")


def shadowing_user_site(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    home = prefix.parent / "home"
    library = site_packages(prefix).parent.name
    (home / ".local" / "lib" / library / "site-packages").mkdir(parents=True)
    (home / ".local" / "lib" / library / "site-packages" / "six.py").touch()
    environ.setenv("HOME", str(home))


def wheels_over_one_another(prefix: Path, node: Node, environ: pytest.MonkeyPatch) -> None:
    for major in ("12", "13"):
        files = {"nvidia/nccl/lib/libnccl.so.2": f"cu{major}".encode(), "nvidia/__init__.py": b""}
        unpacked(wheel(prefix.parent, f"nvidia-nccl-cu{major}", files), prefix)


Change = Callable[[Path, Node, pytest.MonkeyPatch], None]

#       the change; what finds it: verify, --deep, --gpu-libraries; the subject of the row, and a part of its detail
TABLE: dict[str, tuple[Change, str, str, str]] = {
    "a package upgraded by pip over conda's": (upgraded_by_pip, "vdg", "idna", "pip installed idna 3.11 over it"),
    "an older wheel unpacked over conda's package": (downgraded_by_hand, "vdg", "six", "pip installed six 1.0"),
    "a module edited": (module_edited, "d", "six", "1 file changed: lib/python3."),
    "a version edited in conda-meta": (version_edited_in_conda_meta, "vdg", "tqdm", "says that it is tqdm-9.9"),
    "a file's hash edited in conda-meta": (hash_edited_in_conda_meta, "dg", "nccl", "1 file changed: "),
    "a shared library replaced": (library_replaced, "dg", "nccl", f"1 file changed: {LIBRARY}"),
    "a shared library removed": (library_removed, "dg", "nccl", f"1 file missing: {LIBRARY}"),
    "a second version of a shared library": (
        library_doubled, "dg", "files of no package", "1 file extra: lib/libnccl.so.2.19.3",
    ),
    "a link to another file": (link_turned, "dg", "nccl", "(is a link to ../etc/nccl.conf, another file)"),
    "an empty file": (file_emptied, "d", "tqdm", "(is empty, "),
    "byte code in place of a module": (
        byte_code_in_place_of_a_module, "d", "tqdm", "1 file missing: lib/python3.",
    ),
    "an unowned .pth file": (unowned_pth, "vdg", "zz-dev.pth", "it adds /home/me/checkout to the path"),
    "an unowned .pth file that runs code": (pth_with_code, "vdg", "zz-patch.pth", "it runs code at every start"),
    "an unowned sitecustomize": (unowned_sitecustomize, "vdg", "sitecustomize.py", "it runs at every start of Python"),
    "PYTHONPATH that hides a package": (shadowing_pythonpath, "vdg", "PYTHONPATH", "hides tqdm of the prefix"),
    "LD_LIBRARY_PATH that hides a library": (
        shadowing_library_path, "vdg", "LD_LIBRARY_PATH", "hides libnccl.so.2 of the prefix",
    ),
    "a package in the user's home that hides one": (
        shadowing_user_site, "vdg", "user site-packages", "hides six of the prefix",
    ),
    "wheels for CUDA 12 and 13 that overwrite each other": (
        wheels_over_one_another, "vdg", "nvidia-nccl-cu12", "nvidia-nccl-cu13 1.0 owns the same nvidia/",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLE)
def test_each_inconsistency_is_found_by_the_checks_in_the_guide(
    node: Node,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    """Runs the commands as a user on a node does, and checks their exit status."""
    damage, found_by, subject, detail = TABLE[what]
    for variable in ("PYTHONPATH", "LD_LIBRARY_PATH", "PYTHONHOME", "LD_PRELOAD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    prefix = copy_of(node.prefix, tmp_path / "prefix")
    damage(prefix, node, monkeypatch)
    for check, options in {"v": [], "d": ["--deep"], "g": ["--gpu-libraries"]}.items():
        command = ["verify", "--prefix", str(prefix), "--lock", str(node.lock), "--format", "json", *options]
        status = main(command)
        report = drift_json.loads(capsys.readouterr().out, "what verify wrote")
        rows = [row for row in failures(report) if subject in row.subject]
        assert (status, bool(rows)) == ((1, True) if check in found_by else (0, False)), (check, report)
        if rows:
            assert any(detail in row.detail for row in rows), rows
            assert rows[0].severity in ("critical", "high")


def test_the_guides_table_is_this_one() -> None:
    text = (REPOSITORY / "docs" / "nodes.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| (yes)? ?\| (yes)? ?\| (yes)? ?\|$", text, re.MULTILINE)
    documented = {
        what: "".join(check for check, yes in zip("vdg", found, strict=True) if yes) for what, *found in rows
    }
    assert documented == {what: found_by for what, (_, found_by, _, _) in TABLE.items()}


def test_a_sound_prefix_is_sound_to_the_last_byte(
    node: Node, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    report = verify_deeply(node.prefix, node.lock)
    assert report.rows == ()
    assert verify_command(node.prefix, node.lock, deep=True) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert re.search(r"; \d{3,4} files were hashed \(\d+ MB\)$", line)
    assert verify_command(node.prefix, node.lock, gpu_libraries=True) == 0
    assert re.search(r"; \d+ libraries were hashed", capsys.readouterr().out)


def test_pip_files_are_compared_with_its_record(node: Node, tmp_path: Path) -> None:
    prefix = copy_of(node.prefix, tmp_path / "prefix")
    unpacked(wheel(tmp_path, "tool", {"tool.py": b"A = 1\n"}), prefix)

    def of_tool() -> list[Row]:
        return [row for row in verify_deeply(prefix, node.lock).rows if row.subject != "tool" or row.files]

    assert of_tool() == []
    replaced(site_packages(prefix) / "tool.py", b"A = 2\n")
    assert [row.files[0].path.rpartition("/")[2] for row in of_tool()] == ["tool.py"]


def test_a_file_with_two_owners_is_reported_for_the_owner_whose_bytes_are_gone(
    node: Node, tmp_path: Path
) -> None:
    prefix = copy_of(node.prefix, tmp_path / "prefix")
    wheels = [
        str(wheel(tmp_path, f"nvidia-nccl-cu{major}", {"nvidia/nccl/lib/libnccl.so.2": major.encode()}))
        for major in ("12", "13")
    ]
    pip(prefix, "install", "--no-compile", "--no-deps", "--no-index", *wheels)
    rows = {row.subject: row for row in verify_deeply(prefix, node.lock).rows}
    lost, kept = sorted(("nvidia-nccl-cu12", "nvidia-nccl-cu13"), key=lambda name: not rows[name].files)
    (file,) = rows[lost].files
    assert (file.path.rpartition("/")[2], file.state) == ("libnccl.so.2", "owned twice")
    assert file.detail == f"{kept} 1.0 owns it, too, and its bytes are there"
    assert rows[kept].files == ()


def test_a_variable_that_hides_nothing_is_reported_and_does_not_fail(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "mine.py").touch()
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path / "src"), str(node.prefix / "lib"))))
    assert verify_command(node.prefix, node.lock) == 0
    assert f"PYTHONPATH: {tmp_path}/src adds mine" in capsys.readouterr().out


def test_a_pth_file_of_a_package_is_not_unowned(node: Node, tmp_path: Path) -> None:
    prefix = copy_of(node.prefix, tmp_path / "prefix")
    assert list(site_packages(prefix).glob("*.pth")), "setuptools brings one"
    unpacked(wheel(tmp_path, "hooks", {"hooks.pth": b"import sys\n"}), prefix)
    assert [row.subject for row in verify(prefix, node.lock).rows] == ["hooks"]


def test_byte_code_that_python_writes_is_not_reported(node: Node, tmp_path: Path) -> None:
    prefix = copy_of(node.prefix, tmp_path / "prefix")
    python = prefix / "bin" / "python"
    subprocess.run([python, "-c", "import json, tqdm"], env={"HOME": str(tmp_path)}, check=True)
    assert list(site_packages(prefix).glob("tqdm/__pycache__/*.pyc"))
    assert verify_deeply(prefix, node.lock).rows == ()
