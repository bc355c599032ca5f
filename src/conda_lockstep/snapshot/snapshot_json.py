"""The snapshot as a JSON document, and back; docs/snapshot-json.md describes schema 1."""

from __future__ import annotations

import json
from typing import TypeVar

from conda_lockstep.errors import LockstepError
from conda_lockstep.package_json import package_from, package_json
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.model import (
    FILE_STATES,
    INCONSISTENCY_KINDS,
    UNOWNED_KINDS,
    Gpu,
    Installed,
    Machine,
    MismatchedFile,
    PrefixInconsistency,
    Snapshot,
    UnownedFile,
)
from conda_lockstep.text.json_fields import Fields, Json, parse_object

SCHEMA = 1
KIND = "conda-lockstep snapshot"

_T = TypeVar("_T", bound=str)


def dumps(snapshot: Snapshot) -> str:
    """Return the document, keys in a fixed order, packages by manager and name, ended by LF."""
    installed = snapshot.installed
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "kind": KIND,
        "environment_id": installed.packages.environment_id,
        "conda_id": installed.packages.only("conda").environment_id,
        "prefix": installed.prefix,
        "platform": installed.platform,
        "machine": machine_json(snapshot.machine),
        "inconsistencies": [
            _inconsistency_json(inconsistency) for inconsistency in installed.inconsistencies
        ],
        "unowned_files": [_unowned_json(unowned) for unowned in installed.unowned_files],
        "packages": [package_json(package) for package in installed.packages.values()],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def loads(text: str, where: str) -> Snapshot:
    """Read a document. Raises ``LockstepError`` for what is none, or of a schema not known here."""
    fields = parse_object(text, where)
    if fields.optional_text("kind") != KIND:
        raise LockstepError("is no snapshot", where=where, remedy="write one with 'lockstep snapshot'")
    if fields.number("schema") != SCHEMA:
        what = f"is a snapshot of schema {fields.number('schema')}; this version reads schema {SCHEMA}"
        raise LockstepError(what, where=where, remedy="use one version of conda-lockstep on both sides")
    packages = PackageSet.of(package_from(child) for child in fields.children("packages"))
    installed = Installed(
        prefix=fields.text("prefix"),
        platform=fields.text("platform"),
        packages=packages,
        inconsistencies=tuple(_inconsistency_from(child) for child in fields.children("inconsistencies")),
        unowned_files=tuple(_unowned_from(child) for child in fields.children("unowned_files")),
    )
    return Snapshot(installed, _machine_from(fields.child("machine")))


def file_json(file: MismatchedFile) -> dict[str, Json]:
    """Return a file that is not as recorded, for reports and snapshots."""
    values: dict[str, Json] = {"path": file.path, "state": file.state}
    return values | {"detail": file.detail} if file.detail else values


def file_from(fields: Fields) -> MismatchedFile:
    """Read what :func:`file_json` made; raises ``LockstepError`` for anything else."""
    return MismatchedFile(
        fields.text("path"), _one_of(fields, "state", FILE_STATES), fields.optional_text("detail")
    )


def machine_json(machine: Machine) -> dict[str, Json]:
    """Return a machine, for reports and snapshots."""
    gpus: list[Json] = [
        {"name": gpu.name, "compute_capability": gpu.compute_capability, "memory_mib": gpu.memory_mib}
        for gpu in machine.gpus
    ]
    return {
        "platform": machine.platform,
        "arch": machine.arch,
        "kernel": machine.kernel,
        "glibc": machine.glibc,
        "driver": machine.driver,
        "kernel_module": machine.kernel_module,
        "cuda": machine.cuda,
        "gpus": gpus,
        "virtual_packages": list(machine.virtual_packages),
        "notes": list(machine.notes),
    }


def _machine_from(fields: Fields) -> Machine:
    gpus = (
        Gpu(child.text("name"), child.text("compute_capability"), child.number("memory_mib"))
        for child in fields.children("gpus")
    )
    return Machine(
        platform=fields.text("platform"),
        arch=fields.text("arch"),
        kernel=fields.text("kernel"),
        glibc=fields.text("glibc"),
        driver=fields.text("driver"),
        kernel_module=fields.text("kernel_module"),
        cuda=fields.text("cuda"),
        gpus=tuple(gpus),
        virtual_packages=fields.texts("virtual_packages"),
        notes=fields.texts("notes"),
    )


def _inconsistency_json(inconsistency: PrefixInconsistency) -> dict[str, Json]:
    values: dict[str, Json] = {
        "kind": inconsistency.kind,
        "detail": inconsistency.detail,
        "package": package_json(inconsistency.package),
    }
    if inconsistency.found:
        values["found"] = package_json(inconsistency.found)
    if inconsistency.files:
        values["files"] = [file_json(file) for file in inconsistency.files]
    return values


def _inconsistency_from(fields: Fields) -> PrefixInconsistency:
    found = package_from(fields.child("found")) if fields.has("found") else None
    files = tuple(file_from(child) for child in fields.children("files"))
    kind = _one_of(fields, "kind", INCONSISTENCY_KINDS)
    return PrefixInconsistency(
        kind, package_from(fields.child("package")), fields.text("detail"), found, files
    )


def _unowned_json(unowned: UnownedFile) -> dict[str, Json]:
    values: dict[str, Json] = {"kind": unowned.kind, "place": unowned.place, "detail": unowned.detail}
    if unowned.files:
        values["files"] = [file_json(file) for file in unowned.files]
    return values


def _unowned_from(fields: Fields) -> UnownedFile:
    files = tuple(file_from(child) for child in fields.children("files"))
    kind = _one_of(fields, "kind", UNOWNED_KINDS)
    return UnownedFile(kind, fields.text("place"), fields.text("detail"), files)


def _one_of(fields: Fields, key: str, known: tuple[_T, ...]) -> _T:
    text = fields.text(key)
    for each in known:
        if each == text:
            return each
    raise LockstepError(f"'{key}' is '{text}', none of {', '.join(known)}", where=fields.where)
