"""The kinds of damage to a prefix: what is done, which look finds it, and why; docs/damage.md is this table."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from typing import NamedTuple

from tests.drift.compare.damage_bench import Bench

Change = Callable[[Bench], object]


class Damage(NamedTuple):
    """A kind of damage. ``found`` is ``verify``, ``--deep`` or ``neither``; ``subject`` is in a row that reports it."""

    group: str
    what: str
    change: Change
    found: str
    why: str
    subject: str = ""


PLAIN, DEEP, NEITHER = "verify", "--deep", "neither"
LIBRARY, TOOL = "lib/libnccl.so.2.21.5", "bin/nccl-info"
DATA_FILE = "it is data: --deep lists it, and does not fail"

FILES = {
    "the interpreter": ("bin/{python}", "python"),
    "a program of a package": (TOOL, "nccl"),
    "a script that an installer wrote": ("bin/tqdm", "tqdm"),
    "a module of the standard library": ("{library}/random.py", "python"),
    "a module in site-packages": ("{site}/tqdm/std.py", "tqdm"),
    "a metadata file of a distribution": ("{site}/idna-*.dist-info/METADATA", "idna"),
    "a shared library": (LIBRARY, "nccl"),
    "a header": ("include/nccl.h", "nccl"),
    "a data file": ("share/nccl/tuning.txt", "nccl"),
    "a configuration file with the prefix in it": ("etc/nccl.conf", "nccl"),
    "an activation script": ("etc/conda/activate.d/nccl.sh", "nccl"),
}
BYTES = "its hash differs from the recorded one"
IN_SAMPLE = {
    "a configuration file with the prefix in it is cut short",
    "a configuration file names another prefix",
    "a script runs another interpreter",
    "a script runs the interpreter of another prefix",
}
"""Damage to files that ``verify`` reads, since they name the folder of the prefix."""


def _changes() -> list[Damage]:
    rows = []
    for what, (path, owner) in FILES.items():

        def one(what: str, change: Change, why: str = BYTES, path: str = path, owner: str = owner) -> None:
            rows.append(Damage("Files of packages", what, change, DEEP, why, owner))

        one(
            f"{what} has another byte of the same size",
            lambda b, p=path: b.change(p, lambda d: d[:-1] + bytes([d[-1] ^ 1])),
        )
        one(f"{what} is longer", lambda b, p=path: b.change(p, lambda d: d + b"\n#\n"))
        one(f"{what} is cut short", lambda b, p=path: b.change(p, lambda d: d[: len(d) // 2]))
        one(f"{what} is empty", lambda b, p=path: b.write(p, b""))
        one(f"{what} is missing", lambda b, p=path: b.remove(p), "a recorded file does not exist")
        one(
            f"{what} is a link to an equal file elsewhere",
            lambda b, p=path: b.linked_elsewhere(p),
            "a file was installed",
        )
        one(f"{what} is a folder", lambda b, p=path: b.folder(p), "a file was installed")
        one(f"{what} is a pipe", lambda b, p=path: b.fifo(p), "a file was installed")
    return rows


def _extras() -> list[Damage]:
    places = {
        "a program in bin": ("bin/mpirun", "#!/bin/sh\n", 0o755, DEEP),
        "a file in bin that is not executable": ("bin/notes", "x", 0o644, DEEP),
        "a module in site-packages": ("{site}/patched.py", "", 0o644, DEEP),
        "byte code in site-packages": ("{site}/patched.pyc", "", 0o644, DEEP),
        "an extension in site-packages": ("{site}/fast.so", "", 0o755, DEEP),
        "a module in a package's folder": ("{site}/tqdm/extra.py", "", 0o644, DEEP),
        "a package without metadata": ("{site}/mytools/__init__.py", "", 0o644, DEEP),
        "a module of the standard library": ("{library}/patched.py", "", 0o644, DEEP),
        "an extension of the standard library": ("{library}/lib-dynload/fast.so", "", 0o755, DEEP),
        "a shared library in lib": ("lib/libnccl.so.2.19.3", "\x7fELF", 0o755, DEEP),
        "a library with an unusual place": ("opt/cuda/lib64/libcudart.so.12", "\x7fELF", 0o755, DEEP),
        "a program in libexec": ("libexec/helper", "#!/bin/sh\n", 0o755, DEEP),
        "a script at the top": ("run.sh", "#!/bin/sh\n", 0o755, DEEP),
        "a data file": ("share/notes.txt", "x", 0o644, NEITHER),
        "a header": ("include/mine.h", "", 0o644, NEITHER),
        "a log at the top": ("build.log", "x", 0o644, NEITHER),
        "a cache of a program": ("var/cache/fonts.bin", "x", 0o644, NEITHER),
    }
    return [
        Damage(
            "Files of no package",
            what,
            lambda b, p=path, d=data, m=mode: b.write(p, d, m),
            found,
            "--deep compares the folder with the records" if found == DEEP else DATA_FILE,
            "files of no package" if found == DEEP else "",
        )
        for what, (path, data, mode, found) in places.items()
    ]


def row(group: str, what: str, change: Change, found: str, why: str, subject: str = "") -> Damage:
    return Damage(group, what, change, found, why, subject)


def _links() -> list[Damage]:
    g = "Links and folders"
    inside = "a link replaced a folder"
    return [
        row(
            g,
            "a library's link leads to another file",
            lambda b: b.link("lib/libnccl.so.2", "../etc/nccl.conf"),
            DEEP,
            "the target is compared",
            "nccl",
        ),
        row(
            g,
            "a library's link leads nowhere",
            lambda b: b.link("lib/libnccl.so.2", "libnccl.so.9"),
            DEEP,
            "the target is compared",
            "nccl",
        ),
        row(
            g,
            "a library's link leads out of the prefix",
            lambda b: b.link("lib/libnccl.so.2", "/usr/lib/libnccl.so.2"),
            DEEP,
            "the target is compared",
            "nccl",
        ),
        row(
            g,
            "a library's link is missing",
            lambda b: b.remove("lib/libnccl.so.2"),
            DEEP,
            "a recorded file does not exist",
            "nccl",
        ),
        row(
            g,
            "a library's link is a copy of its target",
            lambda b: b.write("lib/libnccl.so.2", b.full(LIBRARY).read_bytes()),
            DEEP,
            "a link was installed",
            "nccl",
        ),
        row(
            g,
            "the link python3 leads to another interpreter",
            lambda b: b.link("bin/python3", "/usr/bin/python3"),
            DEEP,
            "the target is compared",
            "python",
        ),
        row(
            g,
            "the link python is missing",
            lambda b: b.remove("bin/python"),
            DEEP,
            "a recorded file does not exist",
            "python",
        ),
        row(
            g,
            "a package's folder is a link to a checkout",
            lambda b: b.linked_elsewhere("{site}/tqdm"),
            DEEP,
            inside,
            "tqdm",
        ),
        row(
            g,
            "a distribution's metadata folder is a link",
            lambda b: b.linked_elsewhere("{site}/idna-*.dist-info"),
            DEEP,
            inside,
            "idna",
        ),
        row(g, "site-packages is a link", lambda b: b.linked_elsewhere("{site}"), DEEP, inside, "tqdm"),
        row(
            g,
            "the standard library is a link",
            lambda b: b.linked_elsewhere("{library}"),
            DEEP,
            inside,
            "python",
        ),
        row(g, "bin is a link", lambda b: b.linked_elsewhere("bin"), DEEP, inside, "python"),
        row(g, "include is a link", lambda b: b.linked_elsewhere("include"), DEEP, inside, "nccl"),
        row(g, "etc/conda is a link", lambda b: b.linked_elsewhere("etc/conda"), DEEP, inside, "nccl"),
        row(
            g,
            "a package's folder is missing",
            lambda b: b.remove("{site}/tqdm"),
            DEEP,
            "recorded files do not exist",
            "tqdm",
        ),
        row(g, "share is missing", lambda b: b.remove("share"), DEEP, "recorded files do not exist", "nccl"),
        row(
            g,
            "a package's folder was renamed",
            lambda b: b.renamed("{site}/tqdm", "tqdm_old"),
            DEEP,
            "recorded files do not exist",
            "tqdm",
        ),
        row(
            g,
            "a library was renamed",
            lambda b: b.renamed(LIBRARY, "libnccl.so.2.21.5.bak"),
            DEEP,
            "a recorded file does not exist",
            "nccl",
        ),
        row(
            g,
            "an empty folder was added",
            lambda b: b.folder("lib/empty"),
            NEITHER,
            "nothing can be loaded from it",
        ),
        row(
            g,
            "an unowned link to a module",
            lambda b: b.link("{site}/linked.py", "/srv/linked.py"),
            DEEP,
            "code that no package owns",
            "files of no package",
        ),
        row(
            g,
            "an unowned link to a folder of modules",
            lambda b: b.link("{site}/mymodel", "/srv/checkout/mymodel"),
            DEEP,
            "code that no package owns",
            "files of no package",
        ),
        row(
            g,
            "an unowned program that is a link",
            lambda b: b.link("bin/nvcc", "/usr/local/cuda/bin/nvcc"),
            DEEP,
            "code that no package owns",
            "files of no package",
        ),
    ]


def _permissions() -> list[Damage]:
    g = "Permissions"
    modes = {
        "the interpreter is not executable": ("bin/{python}", 0o644, "python"),
        "a program is not executable": (TOOL, 0o644, "nccl"),
        "a script is not executable": ("bin/tqdm", 0o644, "tqdm"),
        "a program is set-user-ID": (TOOL, 0o4755, "nccl"),
        "a program is set-group-ID": (TOOL, 0o2755, "nccl"),
        "a library is closed to others": (LIBRARY, 0o700, "nccl"),
        "a module is closed to others": ("{site}/tqdm/std.py", 0o600, "tqdm"),
        "the folder of a package is closed to others": ("{site}/tqdm", 0o700, "tqdm"),
        "lib is closed to others": ("lib", 0o700, ""),
        "bin is closed to others": ("bin", 0o700, ""),
        "a folder cannot be searched by others": ("include", 0o744, "nccl"),
    }
    rows = [
        row(
            g,
            what,
            lambda b, p=path, m=mode: b.chmod(p, m),
            DEEP,
            "the bits keep others from it, or no installer sets them",
            owner,
        )
        for what, (path, mode, owner) in modes.items()
    ]
    rows.append(
        row(
            g,
            "a data file is closed to others",
            lambda b: b.chmod("share/nccl/tuning.txt", 0o600),
            NEITHER,
            "packages have such data files, and records have no bits",
        )
    )
    rows.append(
        row(
            g,
            "a module is writable by everybody",
            lambda b: b.chmod("{site}/tqdm/std.py", 0o666),
            NEITHER,
            "its bytes are compared, and records have no bits",
        )
    )
    return rows


def _records() -> list[Damage]:
    g = "Records"
    meta = "conda-meta/tqdm-*.json"

    def fields(**values: object) -> Change:
        return lambda b: b.record("tqdm", lambda f: f.update(values))

    def hashes_removed(f: dict) -> None:
        for entry in f["paths_data"]["paths"]:
            entry.pop("sha256", None)
            entry.pop("sha256_in_prefix", None)

    def one_hash(f: dict) -> None:
        entry = f["paths_data"]["paths"][-1]
        entry["sha256"] = entry["sha256_in_prefix"] = "0" * 64

    return [
        row(
            g, "a record is missing", lambda b: b.remove(meta), PLAIN, "the package is not installed", "tqdm"
        ),
        row(g, "a record is empty", lambda b: b.write(meta, b""), PLAIN, "it cannot be read", "tqdm"),
        row(
            g,
            "a record is cut short",
            lambda b: b.change(meta, lambda d: d[:300]),
            PLAIN,
            "it cannot be read",
            "tqdm",
        ),
        row(g, "a record is a list", lambda b: b.write(meta, b"[]"), PLAIN, "it cannot be read", "tqdm"),
        row(
            g,
            "a record is not JSON",
            lambda b: b.write(meta, b"\x00\xff"),
            PLAIN,
            "it cannot be read",
            "tqdm",
        ),
        row(
            g,
            "a record is nested without end",
            lambda b: b.write(meta, b"[" * 100_000),
            PLAIN,
            "it cannot be read",
            "tqdm",
        ),
        row(g, "a record has no name", fields(name=""), PLAIN, "it cannot be read", "tqdm"),
        row(g, "a record is a folder", lambda b: b.folder(meta), PLAIN, "it cannot be read", "tqdm"),
        row(g, "a record has another version", fields(version="9.9"), PLAIN, "its file name differs", "tqdm"),
        row(g, "a record has another build", fields(build="0"), PLAIN, "its file name differs", "tqdm"),
        row(
            g,
            "a record has the name of another package",
            fields(name="numpy"),
            PLAIN,
            "its file name differs",
            "tqdm",
        ),
        row(
            g,
            "a record has another hash of its archive",
            fields(sha256="0" * 64),
            PLAIN,
            "the lock has another hash",
            "tqdm",
        ),
        row(
            g,
            "a record has no hash of its archive",
            fields(sha256="", md5=""),
            NEITHER,
            "the files prove themselves; verify notes that the hash was not compared",
        ),
        row(
            g,
            "a record has another archive in its URL",
            fields(url="https://conda.anaconda.org/x/noarch/tqdm-9.9-0.conda"),
            PLAIN,
            "its file name differs",
            "tqdm",
        ),
        row(
            g,
            "a record has another channel and the same hash",
            lambda b: b.record(
                "tqdm",
                lambda f: f.update(url="https://mirror.example/c/noarch/" + f["url"].rpartition("/")[2]),
            ),
            NEITHER,
            "the same bytes are the same package; --strict-source reports it",
        ),
        row(
            g,
            "a second record of a package",
            lambda b: b.write(
                "conda-meta/tqdm-0.1-0.json", '{"name": "tqdm", "version": "0.1", "build": "0"}'
            ),
            PLAIN,
            "two records contradict each other",
            "tqdm",
        ),
        row(
            g,
            "a record of a package that the lock does not have",
            lambda b: b.write(
                "conda-meta/zlib-1.3-0.json", '{"name": "zlib", "version": "1.3", "build": "0"}'
            ),
            PLAIN,
            "it is not locked",
            "zlib",
        ),
        row(
            g,
            "a record that lists no files",
            lambda b: b.record("python", lambda f: f.update(files=[], paths_data={"paths": []})),
            DEEP,
            "its archive is too large for that",
            "python",
        ),
        row(
            g,
            "a record without paths_data",
            lambda b: b.record("tqdm", lambda f: f.pop("paths_data")),
            DEEP,
            "the bytes of its files cannot be compared",
            "tqdm",
        ),
        row(
            g,
            "a record without the hashes of its files",
            lambda b: b.record("tqdm", hashes_removed),
            DEEP,
            "the bytes of its files cannot be compared",
            "tqdm",
        ),
        row(
            g,
            "a record with another hash of a file",
            lambda b: b.record("nccl", one_hash),
            DEEP,
            "the file differs from it",
            "nccl",
        ),
        row(
            g,
            "a record with a file that was never installed",
            lambda b: b.record(
                "tqdm",
                lambda f: (
                    f["files"].append("lib/none.py"),
                    f["paths_data"]["paths"].append(
                        {
                            "_path": "lib/none.py",
                            "path_type": "hardlink",
                            "sha256": "1" * 64,
                            "size_in_bytes": 1,
                        }
                    ),
                ),
            ),
            DEEP,
            "a recorded file does not exist",
            "tqdm",
        ),
        row(
            g,
            "conda-meta/history is missing",
            lambda b: b.remove("conda-meta/history"),
            NEITHER,
            "it has the requests, and no code",
        ),
        row(
            g,
            "the mark of an unfinished build",
            lambda b: b.write("conda-meta/.lockstep-unfinished"),
            PLAIN,
            "the build or sync did not end",
            "error",
        ),
        row(
            g,
            "conda-meta is missing",
            lambda b: b.remove("conda-meta"),
            PLAIN,
            "the folder is not an environment",
            "error",
        ),
        row(
            g,
            "conda-meta is empty",
            lambda b: b.folder("conda-meta"),
            PLAIN,
            "no package is installed",
            "python",
        ),
        row(g, "a file and its record changed alike", _forged, NEITHER, "a lock records packages, not files"),
    ]


def _forged(bench: Bench) -> None:
    import hashlib

    bench.change(LIBRARY, lambda data: data.replace(b"nccl", b"ncc1"))
    data = bench.full(LIBRARY).read_bytes()

    def edit(fields: dict) -> None:
        for entry in fields["paths_data"]["paths"]:
            if entry["_path"] == LIBRARY:
                entry["sha256"] = hashlib.sha256(data).hexdigest()
                entry.pop("sha256_in_prefix", None)

    bench.record("nccl", edit)


def dist(
    bench: Bench,
    name: str,
    version: str,
    *,
    installer: str = "pip",
    record: str | None = None,
    folder: str = "",
) -> None:
    info = folder or f"{{site}}/{name}-{version}.dist-info"
    bench.write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    bench.write(f"{info}/INSTALLER", f"{installer}\n")
    if record is not None:
        bench.write(f"{info}/RECORD", record)


def _pip() -> list[Damage]:
    g = "pip over conda"
    idna = "{site}/idna-*.dist-info"
    return [
        row(
            g,
            "a wheel that the lock does not have",
            lambda b: dist(b, "tabulate", "0.9.0"),
            PLAIN,
            "it is not locked",
            "tabulate",
        ),
        row(
            g,
            "an egg-info that the lock does not have",
            lambda b: b.write("{site}/legacy-1.0.egg-info/PKG-INFO", "Name: legacy\nVersion: 1.0\n"),
            PLAIN,
            "it is not locked",
            "legacy",
        ),
        row(
            g,
            "a newer wheel over a conda package",
            lambda b: dist(b, "six", "99.0"),
            PLAIN,
            "pip installed the project again",
            "six",
        ),
        row(
            g,
            "an older wheel over a conda package",
            lambda b: dist(b, "six", "1.0"),
            PLAIN,
            "pip installed the project again",
            "six",
        ),
        row(
            g,
            "the distribution of a conda package was removed",
            lambda b: b.remove(idna),
            PLAIN,
            "the record lists it",
            "idna",
        ),
        row(
            g,
            "the distribution of a conda package was emptied",
            lambda b: b.folder(idna),
            PLAIN,
            "its RECORD is gone",
            "idna",
        ),
        row(
            g,
            "the RECORD of a conda package was rewritten",
            lambda b: b.write(f"{idna}/RECORD", "x,,\n"),
            PLAIN,
            "its hash differs",
            "idna",
        ),
        row(
            g,
            "the same version installed again by pip",
            lambda b: (b.write(f"{idna}/RECORD", "idna/core.py,,\n"), b.write(f"{idna}/INSTALLER", "pip\n")),
            PLAIN,
            "its RECORD differs",
            "idna",
        ),
        row(
            g,
            "an editable install",
            lambda b: (
                dist(b, "mymodel", "0.1"),
                b.write("{site}/__editable__.mymodel-0.1.pth", "/home/me/src\n"),
            ),
            PLAIN,
            "it is not locked",
            "mymodel",
        ),
        row(
            g,
            "an egg-link",
            lambda b: b.write("{site}/mymodel.egg-link", "/home/me/src\n"),
            DEEP,
            "code that no package owns",
            "files of no package",
        ),
        row(
            g,
            "what an interrupted pip left",
            lambda b: b.write("{site}/~qdm/std.py", ""),
            DEEP,
            "code that no package owns",
            "files of no package",
        ),
        row(
            g,
            "two distributions of one project",
            lambda b: (dist(b, "mytool", "1.0"), dist(b, "mytool", "2.0")),
            PLAIN,
            "they contradict each other",
            "mytool",
        ),
        row(
            g,
            "wheels for two CUDA versions with equal paths",
            lambda b: [
                dist(b, f"nvidia_nccl_cu{n}", "2.0", record="nvidia/nccl/lib/libnccl.so.2,,\n")
                for n in (12, 13)
            ],
            PLAIN,
            "one overwrote the other",
            "nvidia-nccl-cu12",
        ),
        row(
            g,
            "pip's metadata without RECORD",
            lambda b: dist(b, "mytool", "1.0"),
            PLAIN,
            "it is not locked",
            "mytool",
        ),
        row(
            g,
            "metadata without a name",
            lambda b: b.write("{site}/odd-1.0.dist-info/METADATA", "x"),
            PLAIN,
            "it is not locked",
            "odd",
        ),
    ]


def _zip(bench: Bench, path: str, *names: str) -> str:
    full = bench.outside(path)
    with zipfile.ZipFile(full, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return str(full)


def _startup() -> list[Damage]:
    g = "Start of Python"
    runs, owns = "it runs at every start", "no package owns it"
    user = ".local/lib/{python}/site-packages"

    def path(b: Bench, *files: str) -> None:
        for each in files:
            b.outside(f"path/{each}")
        b.environ["PYTHONPATH"] = str(b.aside / "outside" / "path")

    return [
        row(
            g,
            "a .pth file that adds a folder",
            lambda b: b.write("{site}/zz.pth", "/home/me/src\n"),
            PLAIN,
            owns,
            "zz.pth",
        ),
        row(
            g,
            "a .pth file that runs code",
            lambda b: b.write("{site}/zz.pth", "import os\n"),
            PLAIN,
            runs,
            "zz.pth",
        ),
        row(g, "an empty .pth file", lambda b: b.write("{site}/zz.pth", ""), PLAIN, owns, "zz.pth"),
        row(
            g,
            "easy-install.pth",
            lambda b: b.write("{site}/easy-install.pth", "/home/me/src\n"),
            PLAIN,
            owns,
            "easy-install.pth",
        ),
        row(
            g,
            "sitecustomize.py in site-packages",
            lambda b: b.write("{site}/sitecustomize.py"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "usercustomize.py in site-packages",
            lambda b: b.write("{site}/usercustomize.py"),
            PLAIN,
            runs,
            "usercustomize",
        ),
        row(
            g,
            "sitecustomize.pyc in site-packages",
            lambda b: b.write("{site}/sitecustomize.pyc"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "sitecustomize as an extension",
            lambda b: b.write("{site}/sitecustomize.cpython-311-x86_64-linux-gnu.so"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "sitecustomize as a package",
            lambda b: b.write("{site}/sitecustomize/__init__.py"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "sitecustomize.py in the standard library",
            lambda b: b.write("{library}/sitecustomize.py"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "sitecustomize.so in lib-dynload",
            lambda b: b.write("{library}/lib-dynload/sitecustomize.so"),
            PLAIN,
            runs,
            "sitecustomize",
        ),
        row(
            g,
            "lib/pythonXY.zip",
            lambda b: b.write(f"lib/{b.python.replace('.', '')}.zip", b"PK"),
            PLAIN,
            "it is searched first",
            ".zip",
        ),
        row(
            g,
            "pyvenv.cfg in the prefix",
            lambda b: b.write("pyvenv.cfg", "home = /usr/bin\n"),
            PLAIN,
            "it moves the standard library",
            "pyvenv.cfg",
        ),
        row(
            g,
            "pyvenv.cfg in bin",
            lambda b: b.write("bin/pyvenv.cfg", "home = /usr/bin\n"),
            PLAIN,
            "it moves the standard library",
            "pyvenv.cfg",
        ),
        row(
            g,
            "pybuilddir.txt in bin",
            lambda b: b.write("bin/pybuilddir.txt", "lib"),
            PLAIN,
            "it moves the standard library",
            "pybuilddir.txt",
        ),
        row(
            g,
            "a ._pth file beside the interpreter",
            lambda b: b.write("bin/python._pth", "/srv\n"),
            PLAIN,
            "it replaces the module path",
            "._pth",
        ),
        row(
            g,
            "byte code in __pycache__",
            lambda b: b.write("{site}/__pycache__/six.cpython-311.pyc", b"x"),
            NEITHER,
            "Python writes it anew",
        ),
        row(
            g,
            "a module in the user's site-packages that hides one",
            lambda b: b.at_home(f"{user}/six.py"),
            PLAIN,
            "it hides a package",
            "user site-packages",
        ),
        row(
            g,
            "another module in the user's site-packages",
            lambda b: b.at_home(f"{user}/mine.py"),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "a module of the standard library's name in the user's site-packages",
            lambda b: b.at_home(f"{user}/random.py"),
            NEITHER,
            "the standard library comes first",
        ),
        row(
            g,
            "a .pth file in the user's site-packages",
            lambda b: b.at_home(f"{user}/x.pth", "/home/me/src\n"),
            PLAIN,
            owns,
            "user site-packages",
        ),
        row(
            g,
            "a .pth file with code in the user's site-packages",
            lambda b: b.at_home(f"{user}/x.pth", "import os\n"),
            PLAIN,
            runs,
            "user site-packages",
        ),
        row(
            g,
            "usercustomize in the user's site-packages",
            lambda b: b.at_home(f"{user}/usercustomize.py"),
            PLAIN,
            runs,
            "user site-packages",
        ),
        row(
            g,
            "sitecustomize in the user's site-packages",
            lambda b: b.at_home(f"{user}/sitecustomize.py"),
            PLAIN,
            runs,
            "user site-packages",
        ),
        row(
            g,
            "the same with PYTHONNOUSERSITE",
            lambda b: (b.at_home(f"{user}/six.py"), b.environ.update(PYTHONNOUSERSITE="1")),
            NEITHER,
            "Python ignores the folder",
        ),
        row(
            g,
            "PYTHONUSERBASE with a package that hides one",
            lambda b: (
                b.environ.update(PYTHONUSERBASE=str(b.aside / "outside")),
                b.outside(f"lib/{b.python}/site-packages/six.py"),
            ),
            PLAIN,
            "it hides a package",
            "user site-packages",
        ),
        row(
            g,
            "PYTHONPATH with a module that hides one",
            lambda b: path(b, "six.py"),
            PLAIN,
            "it hides a package",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with a package that hides one",
            lambda b: path(b, "tqdm/__init__.py"),
            PLAIN,
            "it hides a package",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with an extension that hides a module",
            lambda b: path(b, "six.cpython-311-x86_64-linux-gnu.so"),
            PLAIN,
            "it hides a package",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with a module of the standard library's name",
            lambda b: path(b, "random.py"),
            PLAIN,
            "it hides a module",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with a folder of a package's name, without __init__",
            lambda b: path(b, "tqdm/std.py"),
            NEITHER,
            "a namespace package hides no regular package",
        ),
        row(
            g,
            "PYTHONPATH with a module that hides none",
            lambda b: path(b, "mine.py"),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "PYTHONPATH with sitecustomize",
            lambda b: path(b, "sitecustomize.py"),
            PLAIN,
            runs,
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with usercustomize",
            lambda b: path(b, "usercustomize.py"),
            PLAIN,
            runs,
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with a zip archive that hides a package",
            lambda b: b.environ.update(PYTHONPATH=_zip(b, "a.zip", "tqdm/__init__.py")),
            PLAIN,
            "it hides a package",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with an egg that hides a module",
            lambda b: b.environ.update(PYTHONPATH=_zip(b, "a.egg", "six.py")),
            PLAIN,
            "it hides a package",
            "PYTHONPATH",
        ),
        row(
            g,
            "PYTHONPATH with an archive that hides none",
            lambda b: b.environ.update(PYTHONPATH=_zip(b, "a.zip", "mine.py")),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "PYTHONPATH with a folder that does not exist",
            lambda b: b.environ.update(PYTHONPATH="/nowhere"),
            NEITHER,
            "it adds nothing",
        ),
        row(
            g,
            "PYTHONPATH with a folder of the prefix",
            lambda b: b.environ.update(PYTHONPATH=str(b.prefix / "lib")),
            NEITHER,
            "--deep compares its files",
        ),
        row(
            g,
            "PYTHONHOME with another installation",
            lambda b: b.environ.update(PYTHONHOME="/usr"),
            PLAIN,
            "it replaces the standard library",
            "PYTHONHOME",
        ),
        row(
            g,
            "PYTHONHOME with another folder of extensions",
            lambda b: b.environ.update(PYTHONHOME=f"{b.prefix}:/usr"),
            PLAIN,
            "it replaces the standard library",
            "PYTHONHOME",
        ),
        row(
            g,
            "PYTHONHOME with the prefix",
            lambda b: b.environ.update(PYTHONHOME=str(b.prefix)),
            NEITHER,
            "it changes nothing",
        ),
        row(
            g,
            "PYTHONPLATLIBDIR with another folder",
            lambda b: b.environ.update(PYTHONPLATLIBDIR="lib64"),
            PLAIN,
            "it moves the standard library",
            "PYTHONPLATLIBDIR",
        ),
        row(
            g,
            "PYTHONPYCACHEPREFIX",
            lambda b: b.environ.update(PYTHONPYCACHEPREFIX="/tmp/pyc"),
            PLAIN,
            "byte code is read from there",
            "PYTHONPYCACHEPREFIX",
        ),
        row(
            g,
            "PYTHON_PRESITE",
            lambda b: b.environ.update(PYTHON_PRESITE="mine"),
            PLAIN,
            runs,
            "PYTHON_PRESITE",
        ),
        row(
            g,
            "PYTHONSTARTUP",
            lambda b: b.environ.update(PYTHONSTARTUP="/home/me/.pythonrc"),
            NEITHER,
            "only interactive sessions run it: info",
        ),
    ]


def _loader() -> list[Damage]:
    g = "Loader"
    hides = "it hides a library"

    def library(b: Bench, name: str = "libnccl.so.2") -> str:
        return str(b.outside(f"cuda/{name}").parent)

    return [
        row(
            g,
            "LD_LIBRARY_PATH with a library of the prefix's name",
            lambda b: b.environ.update(LD_LIBRARY_PATH=library(b)),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same after a colon",
            lambda b: b.environ.update(LD_LIBRARY_PATH=f"/nowhere:{library(b)}"),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same after a semicolon",
            lambda b: b.environ.update(LD_LIBRARY_PATH=f"/nowhere;{library(b)}"),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same in glibc-hwcaps",
            lambda b: (
                library(b, "glibc-hwcaps/x86-64-v3/libnccl.so.2"),
                b.environ.update(LD_LIBRARY_PATH=str(b.aside / "outside" / "cuda")),
            ),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same in a folder for a processor",
            lambda b: (
                library(b, "tls/x86_64/libnccl.so.2"),
                b.environ.update(LD_LIBRARY_PATH=str(b.aside / "outside" / "cuda")),
            ),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same behind $LIB",
            lambda b: (
                library(b, "lib64/libnccl.so.2"),
                b.environ.update(LD_LIBRARY_PATH=str(b.aside / "outside" / "cuda" / "$LIB")),
            ),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "the same behind ${PLATFORM}",
            lambda b: (
                library(b, "haswell/libnccl.so.2"),
                b.environ.update(LD_LIBRARY_PATH=str(b.aside / "outside" / "cuda" / "${PLATFORM}")),
            ),
            PLAIN,
            hides,
            "LD_LIBRARY_PATH",
        ),
        row(
            g,
            "LD_LIBRARY_PATH with other libraries",
            lambda b: b.environ.update(LD_LIBRARY_PATH=library(b, "libmine.so")),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "LD_LIBRARY_PATH with the prefix's lib",
            lambda b: b.environ.update(LD_LIBRARY_PATH=str(b.prefix / "lib")),
            NEITHER,
            "--deep compares its files",
        ),
        row(
            g,
            "LD_PRELOAD with a library of the prefix's name",
            lambda b: b.environ.update(LD_PRELOAD=f"{library(b)}/libnccl.so.2"),
            PLAIN,
            hides,
            "LD_PRELOAD",
        ),
        row(
            g,
            "the same as the second of two",
            lambda b: b.environ.update(LD_PRELOAD=f"/usr/lib/libjemalloc.so.2 {library(b)}/libnccl.so.2"),
            PLAIN,
            hides,
            "LD_PRELOAD",
        ),
        row(
            g,
            "LD_PRELOAD with a name that the loader searches",
            lambda b: b.environ.update(LD_PRELOAD="libnccl.so.2"),
            PLAIN,
            hides,
            "LD_PRELOAD",
        ),
        row(
            g,
            "LD_PRELOAD with another library",
            lambda b: b.environ.update(LD_PRELOAD="/usr/lib/libjemalloc.so.2"),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "LD_PRELOAD with a library in the prefix",
            lambda b: b.environ.update(LD_PRELOAD=str(b.prefix / LIBRARY)),
            NEITHER,
            "--deep compares its bytes",
        ),
        row(
            g,
            "LD_AUDIT",
            lambda b: b.environ.update(LD_AUDIT="/opt/audit.so"),
            PLAIN,
            "it runs in every process",
            "LD_AUDIT",
        ),
        row(
            g,
            "GCONV_PATH",
            lambda b: b.environ.update(GCONV_PATH="/opt/gconv"),
            NEITHER,
            "it hides nothing: info",
        ),
        row(
            g,
            "DYLD_INSERT_LIBRARIES with a library of the prefix's name",
            lambda b: b.environ.update(DYLD_INSERT_LIBRARIES=f"{library(b)}/libnccl.so.2"),
            PLAIN,
            hides,
            "DYLD_INSERT_LIBRARIES",
        ),
        row(
            g,
            "DYLD_LIBRARY_PATH with a library of the prefix's name",
            lambda b: b.environ.update(DYLD_LIBRARY_PATH=library(b)),
            PLAIN,
            hides,
            "DYLD_LIBRARY_PATH",
        ),
    ]


def _activation() -> list[Damage]:
    g = "Activation"
    sets, owns = "activation sets it", "no package owns it"
    return [
        row(
            g,
            "a variable of conda env config vars",
            lambda b: b.write("conda-meta/state", '{"env_vars": {"NCCL_DEBUG": "1"}}'),
            PLAIN,
            sets,
            "conda-meta/state",
        ),
        row(
            g,
            "a variable that is unset there",
            lambda b: b.write("conda-meta/state", '{"env_vars": {"A": "***unset***"}}'),
            PLAIN,
            sets,
            "conda-meta/state",
        ),
        row(
            g,
            "a state file without variables",
            lambda b: b.write("conda-meta/state", '{"env_vars": {}}'),
            NEITHER,
            "it sets nothing",
        ),
        row(
            g,
            "a state file that is not JSON",
            lambda b: b.write("conda-meta/state", "{"),
            PLAIN,
            "its variables are unknown",
            "conda-meta/state",
        ),
        row(
            g,
            "a script in activate.d",
            lambda b: b.write("etc/conda/activate.d/me.sh"),
            PLAIN,
            owns,
            "activate.d/me.sh",
        ),
        row(
            g,
            "a script for fish in activate.d",
            lambda b: b.write("etc/conda/activate.d/me.fish"),
            PLAIN,
            owns,
            "activate.d/me.fish",
        ),
        row(
            g,
            "a script in deactivate.d",
            lambda b: b.write("etc/conda/deactivate.d/me.sh"),
            PLAIN,
            owns,
            "deactivate.d/me.sh",
        ),
        row(
            g,
            "a file in env_vars.d",
            lambda b: b.write("etc/conda/env_vars.d/me.json", "{}"),
            PLAIN,
            owns,
            "env_vars.d/me.json",
        ),
        row(
            g,
            "a file in etc/profile.d",
            lambda b: b.write("etc/profile.d/me.sh"),
            DEEP,
            "conda does not run it; it is code that no package owns",
            "files of no package",
        ),
    ]


def _moved() -> list[Damage]:
    g = "Place of the prefix"
    why = "files name the folder of the build"
    return [
        row(g, "the prefix was renamed", lambda b: b.moved("renamed"), PLAIN, why),
        row(
            g,
            "the prefix was moved to a longer path",
            lambda b: b.moved("renamed-to-a-much-longer-name"),
            PLAIN,
            why,
        ),
        row(
            g,
            "a script runs another interpreter",
            lambda b: b.change("bin/tqdm", lambda d: b"#!/usr/bin/python3\n" + d.partition(b"\n")[2]),
            DEEP,
            "its first line differs",
            "tqdm",
        ),
        row(
            g,
            "a script runs the interpreter of another prefix",
            lambda b: b.change("bin/tqdm", lambda d: d.replace(os.fsencode(b.prefix), b"/opt/other")),
            DEEP,
            "its first line differs",
            "tqdm",
        ),
        row(
            g,
            "a configuration file names another prefix",
            lambda b: b.change("etc/nccl.conf", lambda d: d.replace(os.fsencode(b.prefix), b"/opt/other")),
            DEEP,
            "its path differs",
            "nccl",
        ),
    ]


def _of_sample(damage: Damage) -> Damage:
    if damage.what not in IN_SAMPLE:
        return damage
    return damage._replace(
        found=PLAIN, why="the first file that names the folder of the prefix is read by verify"
    )


_ROWS = (
    *_changes(),
    *_extras(),
    *_links(),
    *_permissions(),
    *_records(),
    *_pip(),
    *_startup(),
    *_loader(),
    *_activation(),
    *_moved(),
)
TABLE: tuple[Damage, ...] = tuple(map(_of_sample, _ROWS))
