"""Every way in which a lock and its file can come apart: what the check finds, and why."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.lock.check.pairs import (
    FILE,
    FORGE,
    PACKAGES,
    PLATFORM,
    added,
    changed,
    conda,
    lock,
    recorded,
    wheel,
)

from conda_lockstep.config import Config, DeclaredMachine
from conda_lockstep.environment.reader import parse
from conda_lockstep.lock.check.status import stale_reasons
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

LOCK = lock(*PACKAGES)
NATIVE = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"
FITS = ""
"""What is found where the lock still fits."""


class Mutation(NamedTuple):
    """A change of the file or the lock; ``expected`` is found in a reason, empty where the pair must stay green."""

    why: str
    change: Callable[[], str | Lock]
    expected: str = FITS


def of_file(old: str, new: str) -> Callable[[], str]:
    assert old in FILE, old
    return lambda: FILE.replace(old, new, 1)


def of_package(name: str, manager: str = "", **fields: object) -> Callable[[], Lock]:
    return lambda: changed(LOCK, name, manager, **fields)


def with_package(*packages: Package) -> Callable[[], Lock]:
    return lambda: added(LOCK, *packages)


def of_facts(**facts: str | None) -> Callable[[], Lock]:
    return lambda: recorded(LOCK, **facts)


def of_text(old: str, new: str) -> Callable[[], Lock]:
    """Edit the lock's text by hand: nothing is computed anew."""

    def change() -> Lock:
        text = cep37.render(LOCK)
        assert old in text, old
        return cep37.parse(text.replace(old, new, 1), "conda-lock.yml")

    return change


def pinned(url: str) -> str:
    return f"{FORGE}/{url}"


TQDM = conda("tqdm", "4.67.1", "pyhd8ed1ab_0", subdir="noarch")
SIX = next(package for package in PACKAGES if package.name == "six")
TORCH = conda("pytorch", "2.5.1", "cpu_py312_0", "python >=3.12,<3.13.0a0")

TABLE = (
    # The file: changes that mean the same.
    Mutation("a comment means nothing", of_file("  - six\n", "  - six  # for old code\n")),
    Mutation("a name in capitals is the same name", of_file("- six", "- SIX")),
    Mutation("another spelling of a version", of_file("python=3.12", "python 3.12.*")),
    Mutation("another order of bounds", of_file(">=1.26,<2", "<2,>=1.26")),
    Mutation("a wider bound that the lock meets", of_file("numpy >=1.26,<2", "numpy >=1.20")),
    Mutation("a pip name in another spelling", of_file("- native", "- Native")),
    Mutation("a pip entry that conda's package meets", of_file("- native", "- native\n      - numpy>=1.26")),
    Mutation(
        "a marker that does not apply here",
        of_file("- native", "- native\n      - winreg; sys_platform == 'win32'"),
    ),
    Mutation("an exact build that is locked", of_file("- six", "- six=1.17.0=pyhe01879c_1")),
    Mutation(
        "a build number that is locked",
        of_file("python=3.12", '\'python[version="3.12.*",build_number="0"]\''),
    ),
    Mutation("the name of the environment", of_file("name: train", "name: other")),
    # The file: changes that the lock does not meet.
    Mutation(
        "a version that is not locked", of_file("python=3.12", "python=3.11"), "'python=3.11' is requested"
    ),
    Mutation(
        "a bound that is not met",
        of_file("<2", "<1.26.4"),
        "is requested; the lock for linux-64 has numpy 1.26.4",
    ),
    Mutation("a build that is not locked", of_file("- six", "- six=*=py27*"), "'six=*=py27*' is requested"),
    Mutation(
        "a build number that is not locked",
        of_file("python=3.12", '\'python[version="3.12.*",build_number=">=1"]\''),
        "is requested",
    ),
    Mutation(
        "a package that is not locked", of_file("- six", "- six\n  - scipy"), "'scipy' is not in the lock"
    ),
    Mutation(
        "a package that is no longer requested",
        of_file("  - cuda-version=12.6\n", ""),
        "nothing requires: cuda-",
    ),
    Mutation("another channel", of_file("- conda-forge", "- pytorch"), "the channels are"),
    Mutation(
        "another order of channels", of_file("- conda-forge", "- nvidia\n  - conda-forge"), "the channels are"
    ),
    Mutation("a package of another channel", of_file("- six", "- pytorch::six"), "has it from"),
    Mutation(
        "a machine that the lock is not for",
        of_file("- six", "- six\n  - __cuda >=13"),
        "__cuda >=13' is requested",
    ),
    Mutation("a pip version that is not locked", of_file("app>=1.0", "app>=2"), "'app>=2' is requested"),
    Mutation(
        "a pip entry that is not locked",
        of_file("- native", "- native\n      - more"),
        "'more' is not in the lock",
    ),
    Mutation(
        "a pip entry that is no longer requested",
        of_file("\n      - native", ""),
        "nothing requires: native 1.5",
    ),
    Mutation(
        "an extra",
        of_file("app>=1.0", "app[fast]>=1.0"),
        "'app[fast]' is requested; the lock was made without it",
    ),
    Mutation(
        "a URL", of_file("- native", f"- native @ {PACKAGES[-1].url}"), "'native' is requested by a URL"
    ),
    Mutation("another index", of_file("- native", "- native\n      - --pre"), "pip's options are --pre"),
    Mutation(
        "a pip bound that conda's package does not meet",
        of_file("- native", "- numpy>=2\n      - native"),
        "'numpy>=2'",
    ),
    Mutation(
        "a hash that the file has not",
        of_file("- native", f"- native==1.5 --hash=sha256:{'a' * 64}"),
        "another hash",
    ),
    Mutation(
        "a platform",
        of_file("name: train", "name: train\nplatforms: [linux-64, win-64]"),
        "nothing for win-64",
    ),
    # An entry and its URL.
    Mutation(
        "six with tqdm's URL and hashes",
        of_package("six", url=TQDM.url, sha256=TQDM.sha256, md5=TQDM.md5),
        "tqdm 4.67.1",
    ),
    Mutation(
        "a URL of another version",
        of_package("six", url=SIX.url.replace("1.17", "1.16")),
        "that of six 1.16.0",
    ),
    Mutation(
        "a URL of another build",
        of_package("six", url=SIX.url.replace("_1.c", "_0.c")),
        "that of six 1.17.0 pyhe01879c_0",
    ),
    Mutation(
        "a build in words only",
        of_text("build: 'pyhe01879c_1'", "build: 'pyhe01879c_2'"),
        "six 1.17.0 pyhe01879c_1",
    ),
    Mutation("an archive in the older format", of_package("six", url=SIX.url.replace(".conda", ".tar.bz2"))),
    Mutation(
        "a URL that is no package",
        of_package("six", url=f"{FORGE}/noarch/repodata.json"),
        "not that of a conda package",
    ),
    Mutation(
        "a URL of another platform",
        of_package("openssl", url=pinned("win-64/openssl-3.3.2-hb9d3cd8_0.conda")),
        "built for win-64",
    ),
    Mutation(
        "a URL of another channel",
        of_package("six", url=SIX.url.replace("conda-forge", "evil")),
        "conda.anaconda.org/evil",
    ),
    Mutation(
        "a URL of another host",
        of_package("six", url=SIX.url.replace("anaconda.org", "example")),
        "which is not listed",
    ),
    Mutation("the hash of another entry", of_package("six", sha256=PACKAGES[1].sha256), "have the same hash"),
    Mutation("the MD5 of another entry, without sha256", of_package("six", sha256="", md5=SIX.md5)),
    Mutation(
        "no hash",
        of_package("six", sha256="", md5=""),
        "six 1.17.0 pyhe01879c_1 (linux-64): no hash is recorded",
    ),
    Mutation(
        "no hash of a wheel", of_package("native", sha256=""), "native 1.5 (linux-64): no sha256 is recorded"
    ),
    # What the lock records of itself.
    Mutation(
        "a content_hash of other packages", of_text(f"{PLATFORM}: '", f"{PLATFORM}: '0"), "content_hash"
    ),
    Mutation(
        "a version edited by hand", of_text("version: '1.17.0'", "version: '1.16.0'"), "content_hash is"
    ),
    Mutation(
        "no content_hash",
        of_text(f"    {PLATFORM}: '", "    win-64: '"),
        "no content_hash is recorded for linux-64",
    ),
    Mutation("no machine", of_facts(machine=None), "no machine is recorded for linux-64"),
    Mutation(
        "a driver that is too old for the constrains",
        of_facts(machine="__cuda=11.8 __glibc=2.28 __linux=5.10 __unix=0"),
        "'__cuda >=12'",
    ),
    Mutation(
        "a driver that is too old for needs folded from constrains",
        of_facts(
            machine="__cuda=10.8 __glibc=2.28", needs="__cuda >=12; __glibc >=2.17,<3.0.a0", allows=None
        ),
        "need '__cuda >=12'; the lock is for a machine with __cuda=10.8",
    ),
    Mutation("needs that were removed", of_facts(needs=None), "the lock records no need of __glibc"),
    Mutation(
        "needs that were loosened",
        of_facts(needs="__glibc >=2.5,<3.0.a0"),
        "the lock records '__glibc >=2.5,<3.0.a0'",
    ),
    Mutation(
        "needs that are tighter: a constrain has no other place", of_facts(needs="__glibc >=2.28,<3.0.a0")
    ),
    Mutation(
        "a newer driver",
        of_facts(machine="__archspec=1=x86_64 __cuda=13.1 __glibc=2.39 __linux=6.8 __unix=0"),
    ),
    # Edges between packages.
    Mutation(
        "a missing dependency",
        of_package("openssl"),
        "python needs 'openssl >=3.3,<4'; the lock for linux-64 has none",
    ),
    Mutation(
        "a dependency that is too old",
        with_package(conda("openssl", "3.2.0")),
        "python needs 'openssl >=3.3,<4'",
    ),
    Mutation(
        "another Python under a package",
        with_package(conda("python", "3.11.9", "h0_0_cpython", "openssl")),
        "numpy needs 'python",
    ),
    Mutation("a package of conda that nothing requires", with_package(TQDM), "nothing requires: tqdm"),
    Mutation(
        "a package of pip that nothing requires",
        with_package(wheel("left", "1.0", "python")),
        "nothing requires: left 1.0",
    ),
    Mutation(
        "a missing pip dependency",
        of_package("lib"),
        "pip's app needs 'lib >=2'; the lock for linux-64 has none",
    ),
    Mutation(
        "app>=2 merged with lib<2",
        with_package(wheel("lib", "1.9", "python")),
        "pip's app needs 'lib >=2'; the lock for linux-64 has lib 1.9",
    ),
    Mutation(
        "a pip package over conda's numpy that is too old",
        of_package("app", depends=("lib >=2", "numpy >=2", "python >=3.9", "six")),
        "pip's app needs 'numpy >=2'; the lock for linux-64 has numpy 1.26.4",
    ),
    Mutation(
        "conda's pytorch under the name of pip",
        lambda: added(changed(LOCK, "app", depends=("lib >=2", "python", "torch >=2.6")), TORCH),
        "pip's app needs 'torch >=2.6'; the lock for linux-64 has pytorch 2.5.1",
    ),
    Mutation(
        "one project from both",
        with_package(wheel("six", "1.17.0", "python")),
        "pip's six 1.17.0 are the same project",
    ),
    Mutation("bounds that are not recorded", of_package("app", depends=("lib", "numpy", "six"))),
    Mutation(
        "Requires-Python with an upper bound",
        of_package("lib", depends=("python <3.12,>=3.8",)),
        "pip's lib needs 'python <3.12,>=3.8'; the lock for linux-64 has python 3.12.7",
    ),
    Mutation(
        "Requires-Python with a lower bound",
        of_package("lib", depends=("python >=3.13",)),
        "lib needs 'python >=3.13'",
    ),
    # The files of pip.
    Mutation(
        "a wheel of another Python, merged",
        with_package(wheel("native", "1.5", "python", tag="cp311-cp311-manylinux_2_17_x86_64")),
        "does not fit Python 3.12.7",
    ),
    Mutation(
        "a wheel of another ABI",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312t-manylinux_2_17_x86_64")),
        "does not fit Python 3.12.7",
    ),
    Mutation(
        "a wheel for Windows",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-win_amd64")),
        "does not fit Python 3.12.7",
    ),
    Mutation(
        "a wheel for macOS",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-macosx_11_0_arm64")),
        "does not fit",
    ),
    Mutation(
        "a wheel for another processor",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-manylinux_2_17_aarch64")),
        "does not fit",
    ),
    Mutation(
        "a wheel for musl",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-musllinux_1_2_x86_64")),
        "does not fit",
    ),
    Mutation(
        "a wheel for a newer glibc",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-manylinux_2_35_x86_64")),
        "on linux-64 with glibc 2.28",
    ),
    Mutation(
        "a wheel of PyPy",
        with_package(wheel("native", "1.5", "python", tag="pp310-pypy310_pp73-manylinux_2_17_x86_64")),
        "does not fit",
    ),
    Mutation(
        "a wheel of Python 2", with_package(wheel("lib", "2.0", "python", tag="py2-none-any")), "does not fit"
    ),
    Mutation(
        "a wheel of the stable ABI",
        with_package(wheel("native", "1.5", "python", tag="cp39-abi3-manylinux_2_17_x86_64")),
    ),
    Mutation(
        "a wheel for just this glibc",
        with_package(wheel("native", "1.5", "python", tag="cp312-cp312-manylinux_2_28_x86_64")),
    ),
    Mutation("a pure wheel", with_package(wheel("native", "1.5", "python"))),
    Mutation(
        "an sdist",
        of_package("lib", url="https://files.pythonhosted.org/packages/lib-2.0.tar.gz"),
        "lib-2.0.tar.gz is not a wheel",
    ),
    Mutation(
        "a wheel of another project",
        of_package("lib", url=wheel("evil", "2.0").url),
        "its URL is that of evil 2.0",
    ),
    Mutation(
        "a wheel of another version",
        of_package("lib", url=wheel("lib", "1.0").url),
        "its URL is that of version 1.0",
    ),
    Mutation(
        "a page in the place of a wheel",
        of_package("lib", url="https://pypi.org/project/lib"),
        "not that of a wheel",
    ),
    Mutation("a version in another spelling", of_package("lib", version="2.0.0")),
)


def reasons(file: str, held: Lock, config: Config | None = None) -> list[str]:
    found = stale_reasons(parse(file, "environment.yml"), {Path("conda-lock.yml"): held}, config or Config())
    return [str(reason) for each in found.values() for reason in each]


def test_the_pair_that_is_mutated_is_green() -> None:
    assert reasons(FILE, LOCK) == []


def test_the_table_has_at_least_sixty_kinds() -> None:
    assert len({mutation.why for mutation in TABLE}) == len(TABLE) >= 60


@pytest.mark.parametrize("mutation", TABLE, ids=lambda mutation: re.sub(r"\W+", "-", mutation.why))
def test_a_mutation_is_red_exactly_where_it_makes_machines_differ(mutation: Mutation) -> None:
    made = mutation.change()
    found = reasons(made, LOCK) if isinstance(made, str) else reasons(FILE, made)
    if mutation.expected:
        assert any(mutation.expected in reason for reason in found), found
    else:
        assert found == []


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({"driver": "470.57.02"}, "__cuda >=12; 'node' does not have that"),
        ({"driver": "560.35.03", "glibc": "2.17"}, FITS),
        (
            {"driver": "560.35.03", "glibc": "2.12"},
            "does not fit Python 3.12.7 on linux-64 with glibc 2.12: the machine 'node'",
        ),
    ],
)  # fmt: skip
def test_each_declared_machine_must_meet_the_needs_and_the_wheels(machine: dict, expected: str) -> None:
    config = Config(machines=(DeclaredMachine("node", PLATFORM, **machine),))
    found = reasons(FILE, recorded(LOCK, machines="node"), config)
    assert [reason for reason in found if expected in reason] if expected else found == []


def test_a_lock_of_another_tool_is_not_held_against_what_it_does_not_record() -> None:
    packages = PackageSet.of(
        package._replace(
            depends=tuple(spec.split()[0] for spec in package.depends if not spec.startswith("python"))
        )
        if package.manager == "pip"
        else package
        for package in LOCK.platforms[PLATFORM].values()
    )
    text = cep37.render(dataclasses.replace(LOCK, platforms={PLATFORM: packages}, metadata={}))
    foreign = text.partition("version: 1\n")[2].replace(
        "content_hash:\n    linux-64: '", "content_hash:\n    linux-64: '0"
    )
    assert reasons(FILE, cep37.parse(f"version: 1\n{foreign}", "conda-lock.yml")) == []
