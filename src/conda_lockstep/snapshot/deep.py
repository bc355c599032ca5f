"""A deep look into a prefix: the bytes of every file against what conda and pip recorded when they wrote it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from conda_lockstep.packages import Key, Package
from conda_lockstep.snapshot import hashing, relocation
from conda_lockstep.snapshot.claims import EMPTY, Claim, of_distribution, of_record
from conda_lockstep.snapshot.linked_folders import link_above, linked_folders
from conda_lockstep.snapshot.model import (
    FileState,
    Installed,
    MismatchedFile,
    PrefixInconsistency,
    UnownedFile,
)
from conda_lockstep.snapshot.permissions import WrongMode, wrong_modes
from conda_lockstep.snapshot.prefix import PrefixContents
from conda_lockstep.snapshot.relocation import PrefixLocation

GPU_LIBRARIES = re.compile(
    r"lib(?:cuda|cu(?:dart|dnn|blas|fft|file|rand|solver|sparse|pti|tensor)|nccl|nv(?:rtc|JitLink|shmem|ToolsExt)"
    r"|magma|torch|c10|caffe2|shm|tensorflow|xla|triton|mpi|uc[cmpst]|fabric|ibverbs|stdc\+\+|gcc_s|gomp|iomp|omp|mkl_"
    r"|(?:scipy_)?openblas|cblas|lapack|blas|python3)[^/]*\.so(?:\.[0-9.]+)?"
    r"|(?:_C\.|_pywrap_|xla_|pjrt_|_multiarray_umath)[^/]*\.so"
)
"""The libraries that a training job loads, by their file names: CUDA's, the framework's, and what lies under both."""

_CODE = (".py", ".pyc", ".pth", ".so", ".dll", ".pyd", ".egg-link", ".sh", ".fish", ".csh", ".ps1", ".bat")
_PROGRAMS = ("bin/", "Scripts/", "libexec/", "etc/conda/")
_OTHERS = {"conda-meta", "pkgs", "envs", "CACHEDIR.TAG"}
"""What installers put into a prefix beside its files; the base environment holds the other environments, too."""
_SHOWN = 3
_METAPACKAGE = 200_000
"""The bytes that the archive of a package without files may have; those of conda-forge have up to 50,000."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a deep look found: how many files and bytes were hashed, and of how many no hash was recorded."""

    installed: Installed
    files: int
    size: int
    unhashed: int


@dataclass(frozen=True, slots=True)
class _Fault:
    owner: Package
    file: MismatchedFile


def look(contents: PrefixContents, *, libraries_only: bool = False) -> Look:
    """Compare the files of a prefix with what was recorded of them; with ``libraries_only``, :data:`GPU_LIBRARIES`.

    Byte code is not compared: Python writes it anew. Links are compared by what they point at.
    """
    everything = claims = _claims(contents)
    if libraries_only:
        claims = {
            path: each for path, each in everything.items() if GPU_LIBRARIES.fullmatch(os.path.basename(path))
        }
    root = contents.root
    location = PrefixLocation.of(root, contents.installed.prefix)
    folders = {os.path.dirname(path) for path in claims} if libraries_only else None
    found = _compare(location, claims, lambda: dict(_walk(root, folders)))
    extra = sorted(
        path for path in found.modes.keys() - claims.keys() - _OTHERS if not stat.S_ISDIR(found.modes[path])
    )
    found.faults.extend(_mode_faults(root, found.modes, claims))
    installed = contents.installed._replace(
        inconsistencies=(
            *_other_than_files(contents.installed, libraries_only),
            *_inconsistencies(found.faults),
            *_emptied(contents, everything),
            *_unhashed(claims),
        ),
        unowned_files=(
            *contents.installed.unowned_files,
            *_unowned_files(extra, contents.installed.unowned_files, found.modes),
        ),
    )
    size = sum(max(claims[path][0].size, 0) for path in found.hashed)
    return Look(installed, len(found.hashed), size, found.unhashed)


def _other_than_files(installed: Installed, libraries_only: bool) -> Iterable[PrefixInconsistency]:
    """Return what a plain look found, without the sample of files that a look at all of them repeats."""
    return (each for each in installed.inconsistencies if libraries_only or each.kind != "files")


def wrong_modes_of(contents: PrefixContents) -> dict[Package, list[WrongMode]]:
    """Return the files and folders of packages that have wrong permission bits."""
    claims = _claims(contents)
    found: dict[Package, list[WrongMode]] = {}
    for wrong in wrong_modes(contents.root, dict(_walk(contents.root, None)), claims):
        if owner := _owner_at(wrong.path, claims):
            found.setdefault(owner, []).append(wrong)
    return found


def differing(contents: PrefixContents, among: Container[Key]) -> dict[Package, str]:
    """Return which of the packages ``among`` have files that are not as they were installed, each in words.

    Of a path with two owners, the bytes of either will do.
    """
    claims = {
        path: claimed
        for path, claimed in _claims(contents).items()
        if any(claim.owner.key in among for claim in claimed)
    }
    faults = _compare(PrefixLocation.of(contents.root, contents.installed.prefix), claims, dict).faults
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
    modes: Mapping[str, int]
    hashed: set[str]
    unhashed: int


def _compare(
    location: PrefixLocation, claims: Mapping[str, list[Claim]], walk: Callable[[], Mapping[str, int]]
) -> _Compared:
    """Compare files with what is claimed of them; ``walk`` looks round meanwhile, see :func:`_walk`."""
    root = location.root
    faults, claims = _without_linked(root, claims)
    sizes = {path: claimed[0].size for path, claimed in claims.items() if _is_hashed(claimed)}
    wait = hashing.begin({f"{root}/{path}": size for path, size in sizes.items()})
    modes = walk()
    misplaced, regular = _lying(root, claims, modes)
    digests = wait()
    hashed = regular & sizes.keys()
    faults += misplaced
    for path in sorted(hashed):
        faults += _differing(location, claims[path], digests[f"{root}/{path}"])
    unhashed = sum(not any(claim.sha256 or claim.made for claim in claims[path]) for path in regular - hashed)
    return _Compared(faults, modes, hashed, unhashed)


def _mode_faults(root: str, modes: Mapping[str, int], claims: Mapping[str, list[Claim]]) -> Iterator[_Fault]:
    for wrong in wrong_modes(root, modes, claims):
        owner = _owner_at(wrong.path, claims)
        if owner:
            yield _Fault(owner, MismatchedFile(wrong.path, "changed", wrong.why))


def _owner_at(path: str, claims: Mapping[str, list[Claim]]) -> Package | None:
    """Return who owns a file, or the first file below a folder."""
    if path in claims:
        return claims[path][0].owner
    return next((claims[each][0].owner for each in claims if each.startswith(f"{path}/")), None)


def uncheckable(contents: PrefixContents) -> dict[Package, str]:
    """Return the conda packages whose records were emptied, or lack hashes, so that their files prove nothing."""
    claims = _claims(contents)
    return {each.package: each.detail for each in (*_emptied(contents, claims), *_unhashed(claims))}


def _emptied(contents: PrefixContents, claims: Mapping[str, list[Claim]]) -> Iterator[PrefixInconsistency]:
    """Yield the packages whose records list no files, though their archives are too large for that."""
    owners = {claim.owner for claimed in claims.values() for claim in claimed}
    for package in (record.package for record in contents.records):
        if package.size > _METAPACKAGE and package not in owners:
            detail = f"its record lists no files, though its archive has {package.size:,} bytes"
            yield PrefixInconsistency("record", package, detail)


def _unhashed(claims: Mapping[str, list[Claim]]) -> Iterator[PrefixInconsistency]:
    """Yield the conda packages whose records have no hash of some files."""
    found: dict[Package, list[str]] = {}
    for path, claimed in claims.items():
        for claim in claimed:
            if claim.owner.manager == "conda" and not (_is_comparable(claim) or claim.link or claim.made):
                found.setdefault(claim.owner, []).append(path)
    for owner, paths in found.items():
        number = f"{len(paths)} file{'' if len(paths) == 1 else 's'}"
        names = ", ".join(paths[:_SHOWN]) + (
            f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        )
        detail = f"its record has no hash of {number}, so their bytes cannot be checked: {names}"
        yield PrefixInconsistency("record", owner, detail)


def _without_linked(
    root: str, claims: Mapping[str, list[Claim]]
) -> tuple[list[_Fault], Mapping[str, list[Claim]]]:
    """Return a fault for each owner of files below a folder that is a link, and the claims of all other files.

    What is below such a link is elsewhere, whatever its bytes are.
    """
    own = {path for path, claimed in claims.items() if any(claim.link for claim in claimed)}
    links = linked_folders(root, {path.rpartition("/")[0] for path in claims}, own)
    if not links:
        return [], claims
    above = {path: link_above(path.rpartition("/")[0], links) for path in claims}
    owners = {(above[path], claim.owner): None for path in claims if above[path] for claim in claims[path]}
    faults = [
        _Fault(owner, MismatchedFile(link, "changed", f"is a link to {links[link]}, a folder was installed"))
        for link, owner in owners
    ]
    return faults, {path: claimed for path, claimed in claims.items() if not above[path]}


def _is_hashed(claimed: Iterable[Claim]) -> bool:
    return any(_is_comparable(claim) for claim in claimed)


def _is_comparable(claim: Claim) -> bool:
    """Say whether there is something to hold a file's bytes against; conda notes no hash of the programs it writes."""
    is_written = claim.script and claim.owner.manager == "conda"
    return bool(claim.sha256 or is_written) and not claim.link and not claim.made


def _lying(
    root: str, claims: Mapping[str, list[Claim]], modes: Mapping[str, int]
) -> tuple[list[_Fault], set[str]]:
    """Return what is not there or of another kind, and the paths of files; ``modes`` are known already."""
    faults: list[_Fault] = []
    regular: set[str] = set()
    for path, claimed in claims.items():
        mode = modes.get(path)
        if mode is None:  # below a folder that was not walked, or not there
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
                _Fault(each.owner, MismatchedFile(path, "changed", "is not a file")) for each in claimed
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


def _differing(location: PrefixLocation, claims: list[Claim], digest: str) -> Iterator[_Fault]:
    """Yield which of the owners of a path find other bytes there than they brought."""
    hashed = [claim for claim in claims if _is_comparable(claim)]
    found = [(claim, _wrong(claim, digest, location)) for claim in hashed]
    right = next((claim.owner for claim, why in found if why is None), None)
    for claim, why in found:
        if why is None:
            continue
        if right and not why:
            detail = f"{right} owns it, too, and its bytes are there"
            yield _Fault(claim.owner, MismatchedFile(claim.path, "owned twice", detail))
        else:
            why = why or _changed(location.root, claim, digest)
            yield _Fault(claim.owner, MismatchedFile(claim.path, "changed", why))


def _wrong(claim: Claim, digest: str, location: PrefixLocation) -> str | None:
    """Return why a file is not what was installed, empty for other bytes; None for one that is right."""
    why = relocation.fault(claim, digest, location) if relocation.is_placed(claim) else None
    if why is None:
        return None if claim.sha256 == digest else ""
    return why or None


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
        yield PrefixInconsistency("files", owner, "; ".join(_phrases(ordered)), files=ordered)


def _phrases(files: Iterable[MismatchedFile]) -> Iterator[str]:
    """Yield a phrase for each state: how many files, the first of them, and the detail that all of them share."""
    states: dict[FileState, list[MismatchedFile]] = {}
    for file in files:
        states.setdefault(file.state, []).append(file)
    for state, each in states.items():
        number = f"{len(each)} file{'' if len(each) == 1 else 's'} {state}"
        names = ", ".join(file.path for file in each[:_SHOWN])
        more = f" and {len(each) - _SHOWN} more" if len(each) > _SHOWN else ""
        details = {file.detail for file in each}
        shared = f" ({each[0].detail})" if len(details) == 1 and each[0].detail else ""
        yield f"{number}: {names}{more}{shared}"


def _walk(root: str, folders: set[str] | None) -> Iterator[tuple[str, int]]:
    """Yield the paths in a prefix, each with its mode, as ``lstat`` has it.

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
                if folders is None and path not in _OTHERS:
                    yield path, entry.stat(follow_symlinks=False).st_mode
                    if entry.name != "__pycache__":
                        waiting.append(path)
            elif folders is None or GPU_LIBRARIES.fullmatch(entry.name):
                yield path, entry.stat(follow_symlinks=False).st_mode


def _unowned_files(
    extra: list[str], known: Iterable[UnownedFile], modes: Mapping[str, int]
) -> Iterator[UnownedFile]:
    """Yield what no package owns: what can be loaded or run, and the rest, such as caches that programs leave."""
    reported = {each.place for each in known}
    code = [path for path in extra if _is_code(path, modes[path])]
    rest = [path for path in extra if not _is_code(path, modes[path])]
    code = [path for path in code if path not in reported]
    if code:
        yield _unowned("file", "files of no package", code)
    if rest:
        yield _unowned("present", "data of no package", rest)


def _is_code(path: str, mode: int) -> bool:
    is_program = stat.S_ISREG(mode) and mode & 0o111
    # A link among the modules leads to a module, or to a folder of them.
    is_module = stat.S_ISLNK(mode) and path.startswith(("lib/python", "Lib/"))
    return (
        bool(is_program) or is_module or path.endswith(_CODE) or ".so." in path or path.startswith(_PROGRAMS)
    )


def _unowned(kind: Literal["file", "present"], place: str, paths: list[str]) -> UnownedFile:
    files = tuple(MismatchedFile(path, "extra") for path in paths)
    (detail,) = _phrases(files)
    return UnownedFile(kind, place, detail, files)
