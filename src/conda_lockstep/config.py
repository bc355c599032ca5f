"""The project's settings.

:mod:`.settings` finds their file, :mod:`.settings_reader` reads it.
A new setting is a field here and a reader there. Named tuples, for the reason that text/source.py gives.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from conda_lockstep.conda.trust import Trust

FILE_NAME = "lockstep.toml"
PYPROJECT = "pyproject.toml"

DEFAULT_CHANNEL_ORDER = ("pytorch", "nvidia", "*", "conda-forge", "defaults")
"""Vendors first, as their own installation pages say; ``*`` stands for every channel not named."""

DEFAULT_PIP_ALLOW = (
    "accelerate",
    "bitsandbytes",
    "datasets",
    "diffusers",
    "evaluate",
    "huggingface-hub",
    "peft",
    "tokenizers",
    "transformers",
    "trl",
    "vllm",
    "wandb",
)
"""What moves faster on PyPI than in any channel, and is therefore no stray pip entry."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})

DEFAULT_INSTALL_ALLOW = (
    "anaconda-client",
    "boa",
    "conda",
    "conda-build",
    "conda-libmamba-solver",
    "conda-lock",
    "conda-lockstep",
    "conda-pack",
    "libmamba",
    "libmambapy",
    "mamba",
    "micromamba",
    "pip",
    "pipx",
    "pre-commit",
    "rattler-build",
    "setuptools",
    "uv",
    "wheel",
)
"""What works on environments rather than in them, and may therefore be installed past their files."""

Level: TypeAlias = Literal["error", "warning", "note", "off"]
Precision: TypeAlias = Literal["major", "minor", "patch"]


class DeclaredMachine(NamedTuple):
    """A machine that an environment must run on.

    ``platform`` is its conda subdir, ``glibc`` its C library's version, ``archspec`` its processor, such as
    ``x86_64_v3``. ``driver`` is the version of NVIDIA's driver, ``cuda`` the newest CUDA that it can run: one of them
    at most is set, none where there is no GPU. What is unknown is empty.
    """

    name: str
    platform: str
    driver: str = ""
    cuda: str = ""
    glibc: str = ""
    archspec: str = ""


class Config(NamedTuple):
    """Settings with their defaults. ``root`` is the folder of the file they came from.

    ``exclude`` lists globs below ``root``; files that match are not discovered.
    ``select``, ``ignore`` and ``extend_select`` name rules and families; ``per_file_ignores`` does by glob below
    ``root``, and ``severity`` moves them. ``channel_order`` lists channel names from first to last, ``*`` for any
    other. ``name_pattern`` is the regular expression that ``bad-name`` asks of an environment's name, if any.
    ``pip_allow`` lists PyPI names that ``stray-pip`` leaves alone, and ``install_allow`` those of either manager that
    ``install-outside-file`` does. ``pin_precision`` maps conda names to what ``too-loose-pin`` asks of their pins, at
    least. ``mirrors`` maps the URL that a lock holds to the one that is fetched from, both as prefixes. ``pypi_index``
    is the simple index of the pip part, as it is written to locks.
    ``platforms`` are the subdirs to lock for where the environment file names none, ``machines`` what is solved for.
    ``cpu_allow`` lists packages that may be CPU builds on a machine with a GPU. ``min_age`` is how many
    days ago a package must have been published to be locked anew. ``allow_build`` lists the projects whose builds may
    run, by name, path or repository. ``trust`` and ``today`` are not written in a file:
    :func:`conda_lockstep.settings.load` has the first from its caller, and settings from anywhere else are not trusted;
    the second is the date that last days are compared with, as ``YYYY-MM-DD``, empty for the machine's own date.
    """

    root: Path | None = None
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = _NOTHING
    severity: Mapping[str, Level] = _NOTHING
    channel_order: tuple[str, ...] = DEFAULT_CHANNEL_ORDER
    name_pattern: str = ""
    pip_allow: tuple[str, ...] = DEFAULT_PIP_ALLOW
    install_allow: tuple[str, ...] = DEFAULT_INSTALL_ALLOW
    pin_precision: Mapping[str, Precision] = _NOTHING
    mirrors: Mapping[str, str] = _NOTHING
    pypi_index: str = "https://pypi.org/simple"
    platforms: tuple[str, ...] = ()
    machines: tuple[DeclaredMachine, ...] = ()
    cpu_allow: tuple[str, ...] = ()
    min_age: int = 0
    allow_build: tuple[str, ...] = ()
    trust: Trust = Trust("no caller has decided to trust it")
    today: str = ""

    @property
    def date(self) -> str:
        """Return ``today``, or the machine's own date, as ``YYYY-MM-DD``."""
        return self.today or time.strftime("%Y-%m-%d")
