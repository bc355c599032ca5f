from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path

import pytest

import conda_lockstep
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.conda.match_spec import CondaSpec, parse_conda
from conda_lockstep.conda.subdirs import KNOWN_SUBDIRS, PLATFORMS, split_subdir, this_platform

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what conda-lock carries along is deprecated in itself
    CONDA_KNOWS = import_module("conda_lock._vendor.conda.base.constants").KNOWN_SUBDIRS

SOURCES = Path(conda_lockstep.__file__).parent


def test_every_subdir_that_conda_knows_is_known() -> None:
    assert set(CONDA_KNOWS) <= KNOWN_SUBDIRS
    assert KNOWN_SUBDIRS - set(CONDA_KNOWS) == {"linux-riscv32"}  # newer than the conda in conda-lock


def test_every_subdir_is_a_platform_except_noarch() -> None:
    assert {"noarch"} == KNOWN_SUBDIRS - PLATFORMS
    assert this_platform() in PLATFORMS


@pytest.mark.parametrize("subdir", sorted(KNOWN_SUBDIRS))
def test_a_subdir_is_never_part_of_a_channels_name(subdir: str) -> None:
    spec = parse_conda(f"conda-forge/{subdir}::zlib=1.3")
    assert isinstance(spec, CondaSpec)
    assert (spec.channel, spec.subdir, spec.name) == ("conda-forge", subdir, "zlib")
    assert read_channel(f"conda-forge/{subdir}").name == "conda-forge"
    assert read_channel(f"https://example.com/team/{subdir}/").name == "https://example.com/team"


@pytest.mark.parametrize("text", ["conda-forge", "noarch", "team/linux", "linux-64/team", ""])
def test_text_without_a_subdir_is_left_whole(text: str) -> None:
    assert split_subdir(text) == (text, "")


def test_the_subdirs_are_listed_in_one_module() -> None:
    listing = [path for path in SOURCES.rglob("*.py") if "linux-armv6l" in path.read_text(encoding="utf-8")]
    assert listing == [SOURCES / "conda" / "subdirs.py"]
