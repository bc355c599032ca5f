"""Lock texts and hand-offs for tests, made by the real writer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from conda_lockstep.github.handoff.handoff import Checked, Handoff, Remark
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

CHANNEL = "https://conda.anaconda.org/conda-forge"
FILE = "environment.yml"
LOCK = "conda-lock.yml"


def lock_text(versions: dict[str, str], platforms: Sequence[str] = ("linux-64",)) -> str:
    """The canonical lock of these packages."""
    lock = Lock({platform: packages(versions, platform) for platform in platforms}, ("conda-forge",), (FILE,))
    return cep37.render(lock)


def packages(versions: dict[str, str], platform: str = "linux-64") -> PackageSet:
    return PackageSet.of(package(name, version, platform) for name, version in versions.items())


def package(name: str, version: str, platform: str) -> Package:
    file = f"{name}-{version}-h0_0.conda"
    digest = hashlib.sha256(file.encode()).hexdigest()
    url = f"{CHANNEL}/{platform}/{file}"
    return Package(
        "conda", name, version, "h0_0", platform, "conda-forge", url, sha256=digest, md5=digest[:32]
    )


def checked(text: str, *, file: str = "name: x\n", **changes: Any) -> Checked:
    """An environment whose committed lock is this text, unless told otherwise."""
    is_current = changes.get("state", "current") == "current"
    values: dict[str, Any] = {
        "path": FILE,
        "lock_path": LOCK,
        "state": "current",
        "sha256": sha256(file),
        "lock_sha256": sha256(text),
        "committed": text if is_current else "",
        "lock": text,
        "reached": ("linted", "solved"),
    }
    return Checked(**{**values, **changes})


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def handoff(*environments: Checked, remarks: Sequence[Remark] = (), failures: Sequence[str] = ()) -> Handoff:
    files = tuple(dict.fromkeys(each.path for each in environments))
    return Handoff(tuple(remarks), environments, tuple(failures), files=files)
