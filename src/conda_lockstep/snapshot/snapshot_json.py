"""The snapshot as a JSON document, and back; docs/snapshot-json.md describes schema 1."""

from __future__ import annotations

import json
from typing import TypeVar

from conda_lockstep.errors import LockstepError
from conda_lockstep.package_json import package_from, package_json
from conda_lockstep.packages import PackageSet
from conda_lockstep.snapshot.model import (
    DAMAGE_KINDS,
    FILE_STATES,
    STRAY_KINDS,
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
        "damages": [_damage_json(damage) for damage in installed.damages],
        "strays": [_stray_json(stray) for stray in installed.strays],
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
        damages=tuple(_damage_from(child) for child in fields.children("damages")),
        strays=tuple(_stray_from(child) for child in fields.children("strays")),
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


def _damage_json(damage: PrefixInconsistency) -> dict[str, Json]:
    values: dict[str, Json] = {
        "kind": damage.kind,
        "detail": damage.detail,
        "package": package_json(damage.package),
    }
    if damage.found:
        values["found"] = package_json(damage.found)
    if damage.files:
        values["files"] = [file_json(file) for file in damage.files]
    return values


def _damage_from(fields: Fields) -> PrefixInconsistency:
    found = package_from(fields.child("found")) if fields.has("found") else None
    files = tuple(file_from(child) for child in fields.children("files"))
    kind = _one_of(fields, "kind", DAMAGE_KINDS)
    return PrefixInconsistency(
        kind, package_from(fields.child("package")), fields.text("detail"), found, files
    )


def _stray_json(stray: UnownedFile) -> dict[str, Json]:
    values: dict[str, Json] = {"kind": stray.kind, "place": stray.place, "detail": stray.detail}
    if stray.files:
        values["files"] = [file_json(file) for file in stray.files]
    return values


def _stray_from(fields: Fields) -> UnownedFile:
    files = tuple(file_from(child) for child in fields.children("files"))
    kind = _one_of(fields, "kind", STRAY_KINDS)
    return UnownedFile(kind, fields.text("place"), fields.text("detail"), files)


def _one_of(fields: Fields, key: str, known: tuple[_T, ...]) -> _T:
    text = fields.text(key)
    for each in known:
        if each == text:
            return each
    raise LockstepError(f"'{key}' is '{text}', none of {', '.join(known)}", where=fields.where)
