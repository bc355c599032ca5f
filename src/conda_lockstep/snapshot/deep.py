"""A deep look into a prefix: the bytes of every file against what conda and pip recorded when they wrote it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from conda_lockstep.packages import Key, Package
from conda_lockstep.snapshot import hashing
from conda_lockstep.snapshot.claims import EMPTY, Claim, of_distribution, of_record
from conda_lockstep.snapshot.model import (
    FileState,
    Installed,
    MismatchedFile,
    PrefixInconsistency,
    UnownedFile,
)
from conda_lockstep.snapshot.prefix import PrefixContents

GPU_LIBRARIES = re.compile(
    r"lib(?:cuda|cu(?:dart|dnn|blas|fft|file|rand|solver|sparse|pti|tensor)|nccl|nv(?:rtc|JitLink|shmem|ToolsExt)"
    r"|magma|torch|c10|caffe2|shm|tensorflow|xla|triton|mpi|uc[cmpst]|fabric|ibverbs|stdc\+\+|gcc_s|gomp|iomp|omp|mkl_"
    r"|(?:scipy_)?openblas|cblas|lapack|blas|python3)[^/]*\.so(?:\.[0-9.]+)?"
    r"|(?:_C\.|_pywrap_|xla_|pjrt_|_multiarray_umath)[^/]*\.so"
)
"""The libraries that a training job loads, by their file names: CUDA's, the framework's, and what lies under both."""

_CODE = (".py", ".pyc", ".pth", ".so")
_OTHERS = {"conda-meta", "pkgs", "envs", "CACHEDIR.TAG"}
"""What installers put into a prefix beside its files; the base environment holds the other environments, too."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What a deep look found: how many files and bytes were hashed, and of how many no hash was recorded."""

    installed: Installed
    files: int
    size: int
    untold: int


@dataclass(frozen=True, slots=True)
class _Fault:
    owner: Package
    file: MismatchedFile


def look(contents: PrefixContents, *, libraries_only: bool = False) -> Look:
    """Compare the files of a prefix with what was recorded of them; with ``libraries_only``, :data:`GPU_LIBRARIES`.

    Byte code is not compared: Python writes it anew. Links are compared by what they point at.
    """
    claims = _claims(contents)
    if libraries_only:
        claims = {
            path: each for path, each in claims.items() if GPU_LIBRARIES.fullmatch(os.path.basename(path))
        }
    root = contents.root
    folders = {os.path.dirname(path) for path in claims} if libraries_only else None
    found = _compare(root, claims, lambda: dict(_walk(root, folders)))
    extra = sorted(found.links.keys() - claims.keys() - _OTHERS)
    installed = contents.installed._replace(
        inconsistencies=(*contents.installed.inconsistencies, *_inconsistencies(found.faults)),
        unowned_files=(
            *contents.installed.unowned_files,
            *_unowned_files(extra, contents.installed.unowned_files),
        ),
    )
    size = sum(max(claims[path][0].size, 0) for path in found.hashed)
    return Look(installed, len(found.hashed), size, found.untold)


def differing(contents: PrefixContents, among: Container[Key]) -> dict[Package, str]:
    """Return which of the packages ``among`` have files that are not as they were installed, each in words.

    Of a path with two owners, the bytes of either will do.
    """
    claims = {
        path: claimed
        for path, claimed in _claims(contents).items()
        if any(claim.owner.key in among for claim in claimed)
    }
    faults = _compare(contents.root, claims, dict).faults
    own = [fault for fault in faults if fault.owner.key in among and fault.file.state != "owned twice"]
    return {each.package: each.detail for each in _inconsistencies(own)}


def _claims(contents: PrefixContents) -> dict[str, list[Claim]]:
    """Return what packages claim of each path."""
    found: dict[str, list[Claim]] = {}
    of_records = (of_record(record) for record in contents.records)
    of_pip = (of_distribution(contents.root, distribution, package) for distribution, package in contents.pip)
    for claims in (*of_records, *of_pip):
        for claim in claims:
            found.setdefault(claim.path, []).append(claim)
    return found


class _Compared(NamedTuple):
    """What was found of the claimed paths: ``hashed``, and how many are files of which no hash is told."""

    faults: list[_Fault]
    links: Mapping[str, bool]
    hashed: set[str]
    untold: int


def _compare(
    root: str, claims: Mapping[str, list[Claim]], walk: Callable[[], Mapping[str, bool]]
) -> _Compared:
    """Compare files with what is claimed of them; ``walk`` looks round meanwhile, see :func:`_walk`."""
    sizes = {path: claimed[0].size for path, claimed in claims.items() if _is_hashed(claimed)}
    wait = hashing.begin({f"{root}/{path}": size for path, size in sizes.items()})
    links = walk()
    faults, regular = _lying(root, claims, links)
    digests = wait()
    hashed = regular & sizes.keys()
    for path in hashed:
        faults += _differing(root, claims[path], digests[f"{root}/{path}"])
    untold = sum(not any(claim.sha256 for claim in claims[path]) for path in regular - hashed)
    return _Compared(faults, links, hashed, untold)


def _is_hashed(claimed: Iterable[Claim]) -> bool:
    return any(claim.sha256 and not claim.link and not claim.made for claim in claimed)


def _lying(
    root: str, claims: Mapping[str, list[Claim]], links: Mapping[str, bool]
) -> tuple[list[_Fault], set[str]]:
    """Return what is not there or of another kind, and the paths of files; ``links`` says of each if it is a link."""
    faults: list[_Fault] = []
    regular: set[str] = set()
    for path, claimed in claims.items():
        link = links.get(path)
        if link is None:  # below a folder that was not walked, a folder, or not there
            try:
                mode = os.lstat(f"{root}/{path}").st_mode
            except OSError:
                faults += [
                    _Fault(each.owner, MismatchedFile(path, "missing")) for each in claimed if not each.made
                ]
                continue
            link = stat.S_ISLNK(mode)
            if not link and not stat.S_ISREG(mode):
                faults += [
                    _Fault(each.owner, MismatchedFile(path, "changed", "is no file")) for each in claimed
                ]
                continue
        if not link:
            regular.add(path)
        for claim in claimed:
            why = (
                _wrong_link(root, claim) if link else "is a file, a link was installed" if claim.link else ""
            )
            if why:
                faults.append(_Fault(claim.owner, MismatchedFile(path, "changed", why)))
    return faults, regular


def _wrong_link(root: str, claim: Claim) -> str:
    """Compare a link: conda notes the hash of the file that it leads to, rattler that of the text of the link."""
    path = os.path.join(root, claim.path)
    target = os.readlink(path)
    if not claim.link:
        return f"is a link to {target}, a file was installed"
    import hashlib

    noted = {claim.sha256, claim.original} - {"", EMPTY}
    if not noted or hashlib.sha256(os.fsencode(target)).hexdigest() in noted:
        return ""
    if not os.path.isfile(path):
        return "" if os.path.isdir(path) else f"leads nowhere: {target}"
    (digest,) = hashing.sha256_of({path: 0}, workers=1).values()
    inside = os.path.realpath(path).startswith(root + os.sep)
    # A file that was rewritten for this prefix has another hash than the one noted of the link in the package.
    return "" if digest in noted or (inside and not claim.sha256) else f"is a link to {target}, another file"


def _differing(root: str, claims: list[Claim], digest: str) -> Iterator[_Fault]:
    """Yield which of the owners of a path find other bytes there than they brought."""
    told = [claim for claim in claims if claim.sha256 and not claim.link and not claim.made]
    right = [claim for claim in told if claim.sha256 == digest]
    for claim in told:
        if claim.sha256 == digest:
            continue
        if right:
            detail = f"{right[0].owner} owns it, too, and its bytes are there"
            yield _Fault(claim.owner, MismatchedFile(claim.path, "owned twice", detail))
        else:
            yield _Fault(claim.owner, MismatchedFile(claim.path, "changed", _changed(root, claim, digest)))


def _changed(root: str, claim: Claim, digest: str) -> str:
    """Return what is told of a file that has other bytes: its size, where that tells."""
    if not digest:
        return "cannot be read"
    size = os.stat(f"{root}/{claim.path}").st_size
    if claim.size in (-1, size):
        return ""
    return f"{f'has {size} bytes' if size else 'is empty'}, {claim.size} bytes were installed"


def _inconsistencies(faults: Iterable[_Fault]) -> Iterator[PrefixInconsistency]:
    by_owner: dict[Package, dict[str, MismatchedFile]] = {}
    for fault in faults:
        by_owner.setdefault(fault.owner, {}).setdefault(fault.file.path, fault.file)
    for owner, files in by_owner.items():
        ordered = tuple(sorted(files.values(), key=lambda file: file.path))
        yield PrefixInconsistency("files", owner, "; ".join(_told(ordered)), files=ordered)


def _told(files: Iterable[MismatchedFile]) -> Iterator[str]:
    """Yield a phrase for each state: how many files, the first of them, and what is said of a single one."""
    states: dict[FileState, list[MismatchedFile]] = {}
    for file in files:
        states.setdefault(file.state, []).append(file)
    for state, each in states.items():
        number = f"{len(each)} file{'' if len(each) == 1 else 's'} {state}"
        names = ", ".join(file.path for file in each[:_SHOWN])
        more = f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else ""
        said = f" ({each[0].detail})" if len(each) == 1 and each[0].detail else ""
        yield f"{number}: {names}{more}{said}"


def _walk(root: str, folders: set[str] | None) -> Iterator[tuple[str, bool]]:
    """Yield the paths in a prefix that are no folders, and whether each is a link.

    Of ``folders``, where they are given, the libraries alone. Byte code in ``__pycache__``, and what is not the
    prefix's own, is not walked through.
    """
    waiting = [""] if folders is None else sorted(folders)
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(f"{root}/{folder}"))
        except OSError:
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if folders is None and entry.name != "__pycache__" and path not in _OTHERS:
                    waiting.append(path)
            elif folders is None or GPU_LIBRARIES.fullmatch(entry.name):
                yield path, entry.is_symlink()


def _unowned_files(extra: list[str], known: Iterable[UnownedFile]) -> Iterator[UnownedFile]:
    """Yield what nobody claims: what can be loaded or run, and the rest, such as caches that programs leave."""
    told = {each.place for each in known}
    code = [path for path in extra if _is_code(path) and path not in told]
    rest = [path for path in extra if not _is_code(path)]
    if code:
        yield _unowned("file", "files of no package", code)
    if rest:
        yield _unowned("present", "data of no package", rest)


def _is_code(path: str) -> bool:
    return path.endswith(_CODE) or ".so." in path or path.startswith(("bin/", "Scripts/"))


def _unowned(kind: Literal["file", "present"], place: str, paths: list[str]) -> UnownedFile:
    files = tuple(MismatchedFile(path, "extra") for path in paths)
    (detail,) = _told(files)
    return UnownedFile(kind, place, detail, files)
