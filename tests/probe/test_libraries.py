"""What libraries need, read as readelf reads it; and what none or several bring, on libraries that were linked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conda_lockstep.probe import elf, libraries

CC = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(CC is None, reason="no C compiler here")


def link(target: Path, *needs: Path, soname: str = "", text: str = "") -> Path:
    """Link a library that needs others."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = target.with_name(f"{target.name}.c")
    source.write_text(f'const char *which_{abs(hash(target.name))} = "{text}";\n')
    name = [f"-Wl,-soname,{soname}"] if soname else []
    command = [CC or "", "-shared", "-nostdlib", "-Wl,--no-as-needed", *name, "-o", target, source, *needs]
    subprocess.run(command, check=True)
    source.unlink()
    return target


def test_every_library_of_this_interpreter_reads_as_readelf_reads_it() -> None:
    readelf = shutil.which("readelf")
    if readelf is None:
        pytest.skip("no readelf here")
    folder = next(Path(path) for path in sys.path if path.endswith("lib-dynload"))
    files = [str(path) for path in sorted(folder.glob("*.so"))[:40]]
    shown = subprocess.run([readelf, "-d", *files], capture_output=True, text=True, check=True).stdout
    for path, part in zip(files, re.split(r"^File: .*$", shown, flags=re.MULTILINE)[1:], strict=True):
        found = elf.read(path)
        assert list(found.needed) == re.findall(r"\(NEEDED\).*\[(.*)\]", part)
        assert ":".join(found.runpath) == "".join(re.findall(r"\(RUNPATH\).*\[(.*)\]", part))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"INPUT ( -lm )", "is not an ELF file"),
        (b"\x7fELF\x01\x01" + b"\0" * 60, "is an ELF file with another word size"),
        (b"\x7fELF\x02\x01" + b"\xff" * 60, "is a damaged ELF file"),
    ],
    ids=["empty", "script", "32 bits", "damaged"],
)
def test_a_file_that_is_not_a_library_is_reported(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.so").write_bytes(data)
    with pytest.raises(elf.NotElfError, match=message):
        elf.read(str(tmp_path / "x.so"))


def test_a_sound_prefix_passes(tmp_path: Path) -> None:
    other = link(tmp_path / "lib" / "libother.so.1", soname="libother.so.1")
    link(tmp_path / "lib" / "libone.so", other)
    (tmp_path / "lib" / "libscript.so").write_text("INPUT ( -lm )\n")
    (tmp_path / "lib" / "libother.so").symlink_to("libother.so.1")
    answer = libraries.judge(libraries.scan(str(tmp_path)))
    assert answer["status"] == "passed", answer
    assert answer["message"] == "2 libraries: no missing dependencies, no duplicates"


def test_a_missing_library_is_reported_with_what_needs_it(tmp_path: Path) -> None:
    other = link(tmp_path / "lib" / "libother.so.1", soname="libother.so.1")
    link(tmp_path / "lib" / "libone.so", other)
    other.unlink()
    answer = libraries.judge(libraries.scan(str(tmp_path)))
    assert answer["message"] == "libother.so.1 was not found, but lib/libone.so needs it"
    assert answer["status"] == "failed"


def test_the_libraries_of_the_driver_are_not_missing(tmp_path: Path) -> None:
    driver = link(tmp_path / "stub" / "libcuda.so.1", soname="libcuda.so.1")
    link(tmp_path / "env" / "lib" / "libone.so", driver)
    answer = libraries.judge(libraries.scan(str(tmp_path / "env")))
    assert answer["status"] == "passed"
    assert answer["facts"]["driver"] == ["libcuda.so.1"]  # type: ignore[index]


def test_two_different_copies_of_nccl_fail(tmp_path: Path) -> None:
    one = link(tmp_path / "lib" / "libnccl.so.2", soname="libnccl.so.2", text="2.19")
    two = link(
        tmp_path / "site" / "nvidia" / "nccl" / "lib" / "libnccl.so.2", soname="libnccl.so.2", text="2.21"
    )
    answer = libraries.judge(libraries.scan(str(tmp_path)))
    assert answer["message"] == (
        "libnccl.so.2 exists more than once: lib/libnccl.so.2, site/nvidia/nccl/lib/libnccl.so.2"
    )
    two.unlink()
    os.link(one, two)
    assert libraries.judge(libraries.scan(str(tmp_path)))["status"] == "passed"
