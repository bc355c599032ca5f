"""What the formats that speak of container images share: where things are in one, and how an image is named."""

from __future__ import annotations

import re
from pathlib import PurePath

from conda_lockstep.errors import LockstepError
from conda_lockstep.export.model import Subject

TOOL = "/opt/lockstep"
"""The Python environment that lockstep is in, apart from the one that it builds."""
PREFIX = "/opt/env"
USER = 10001
"""Who runs in the image: not root, nobody that a base image has, and by number, which Kubernetes wants to see."""

_PINNED = re.compile(r"[a-z0-9][a-z0-9._:/-]*(?::[\w.-]+)?@sha256:[0-9a-f]{64}")


def pinned(image: str) -> str:
    """Return an image's name that says its bytes. Raises ``LockstepError`` for one by a tag alone."""
    if not _PINNED.fullmatch(image):
        raise LockstepError(
            f"'{image}' does not say which image it is", remedy="name it as NAME@sha256:DIGEST"
        )
    return image


def lock_name(subject: Subject) -> str:
    """Return the name of the lock's file, which goes into the image. Raises for a lock of another format."""
    if subject.lock.source_format != "conda-lock":
        raise LockstepError(
            f"is of the format {subject.lock.source_format}, and an image is built from a conda-lock file",
            where=subject.path,
            remedy=f"run: lockstep import {subject.path} --output conda-lock.yml",
        )
    name = PurePath(subject.path).name
    if not re.fullmatch(r"[\w.+-]+", name, re.ASCII):
        raise LockstepError(
            f"'{name}' is no name for a file of an image", remedy="rename the lock: letters and digits"
        )
    return name


def require_linux(platform: str) -> str:
    """Return the platform as container tools name it. Raises ``LockstepError`` where it is no Linux."""
    known = {
        "linux-64": "linux/amd64",
        "linux-aarch64": "linux/arm64",
        "linux-ppc64le": "linux/ppc64le",
    }
    if platform not in known:
        raise LockstepError(
            f"{platform} is not Linux, and containers are", remedy="choose another --platform"
        )
    return known[platform]
