"""What a list of packages does not say is taken from their channels, and only if it is about the same bytes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path

import pytest
from tests.support.forge import Draft, Forge

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import LockChannel, Mirrors
from conda_lockstep.lock.solve.solve import Solver
from conda_lockstep.lock.update.complete_records import fill
from conda_lockstep.packages import Package

RELEASED = datetime(2026, 1, 1, tzinfo=timezone.utc)


def filled(forge: Forge, *packages: Package, channels: tuple[str, ...] = ()) -> tuple[Package, ...]:
    known = [LockChannel(url, url) for url in channels or (forge.channel_url,)]
    return asyncio.run(fill(packages, known, forge.subdir, Solver(Mirrors({}, TRUSTED))))


def named(forge: Forge, name: str) -> Package:
    record = forge.newest(name)
    return Package("conda", record.name, record.version, record.build)


def test_a_name_version_and_build_become_a_package(forge: Forge) -> None:
    record = forge.newest("requests")
    (found,) = filled(forge, named(forge, "requests"))
    assert found.url == f"{forge.channel_url}/noarch/{record.filename}"
    assert (found.subdir, found.channel, len(found.sha256)) == ("noarch", forge.channel_url, 64)
    assert any(spec.startswith("urllib3") for spec in found.depends)


def test_what_is_known_is_kept_and_other_bytes_are_an_error(forge: Forge) -> None:
    (whole,) = filled(forge, named(forge, "six"))
    bare = whole._replace(sha256="", md5="", depends=())
    assert filled(forge, bare) == (whole,)
    with pytest.raises(LockstepError) as caught:
        filled(forge, bare._replace(sha256="f" * 64))
    assert str(caught.value) == (
        f"{forge.channel_url}: has {whole} with the sha256 {whole.sha256}, and {'f' * 64} was expected; "
        "find out who replaced it"
    )


def test_the_first_channel_that_has_it_is_taken_or_the_one_that_is_named(
    forge: Forge, tmp_path: Path
) -> None:
    own = forge.copy(tmp_path / "own")
    own.add(Draft("tiny", "1.0", "0", noarch="generic", released=RELEASED))
    both = (own.url, forge.channel_url)
    tiny, six = Package("conda", "tiny", "1.0", "0"), named(forge, "six")
    assert [found.channel for found in filled(forge, tiny, six, channels=both)] == [own.url, own.url]
    at_forge = six._replace(channel=forge.channel_url)
    assert [found.channel for found in filled(forge, at_forge, channels=both)] == [forge.channel_url]


def test_what_no_channel_has_is_listed(forge: Forge) -> None:
    with pytest.raises(LockstepError) as caught:
        filled(
            forge,
            named(forge, "six"),
            Package("conda", "six", "0.1", "0"),
            Package("conda", "nothere", "1", "0"),
        )
    assert caught.value.detail == ("not found:", "  six=0.1=0", "  nothere=1=0")
    assert str(caught.value) == (
        f"2 packages are in none of the channels ({forge.channel_url}) for {forge.subdir}; name the platform that "
        "they were exported on with --platform, or the channel that had them"
    )
