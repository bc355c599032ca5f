"""Writes and reads a package as a JSON object, as snapshots and drift reports contain it."""

from __future__ import annotations

from conda_lockstep.errors import LockstepError
from conda_lockstep.packages import Manager, Package
from conda_lockstep.text.json_fields import Fields, Json


def package_json(package: Package, *, edges: bool = True) -> dict[str, Json]:
    """Return the known fields of a package; ``edges`` includes ``depends`` and ``constrains``."""
    values: dict[str, Json] = {
        "manager": package.manager,
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "subdir": package.subdir,
        "channel": package.channel,
        "url": package.url,
        "sha256": package.sha256,
        "md5": package.md5,
        "size": package.size,
        "timestamp": package.timestamp,
    }
    if edges:
        values |= {"depends": list(package.depends), "constrains": list(package.constrains)}
    return {key: value for key, value in values.items() if value or key in ("manager", "name", "version")}


def package_from(fields: Fields) -> Package:
    """Read the result of :func:`package_json`; raises ``LockstepError`` for anything else."""
    return Package(
        manager=manager_from(fields),
        name=fields.text("name"),
        version=fields.text("version"),
        build=fields.optional_text("build"),
        subdir=fields.optional_text("subdir"),
        channel=fields.optional_text("channel"),
        url=fields.optional_text("url"),
        sha256=fields.optional_text("sha256"),
        md5=fields.optional_text("md5"),
        size=fields.optional_number("size"),
        timestamp=fields.optional_number("timestamp"),
        depends=fields.texts("depends"),
        constrains=fields.texts("constrains"),
    )


def manager_from(fields: Fields) -> Manager:
    """Return the value of ``manager``; raises ``LockstepError`` if it is neither conda nor pip."""
    manager = fields.text("manager")
    if manager == "conda":
        return "conda"
    if manager == "pip":
        return "pip"
    raise LockstepError(f"'manager' is '{manager}', neither conda nor pip", where=fields.where)
