"""Who fetches: one solver for all that comes from the same places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.update.make import Settings, Solvers


def test_a_run_reads_what_comes_from_the_same_places_once():
    mirrors = {"https://a": "https://m", "https://b": "https://u:pw@n"}
    settings = Settings(("linux-64",), mirrors=Mirrors(mirrors, TRUSTED))
    solvers = Solvers()
    same = replace(
        settings,
        platforms=("osx-arm64",),
        cuda="12.4",
        mirrors=Mirrors(dict(reversed(mirrors.items())), TRUSTED),
    )
    assert solvers.of(settings) is solvers.of(same)
    for other in (
        replace(settings, mirrors=Mirrors({}, TRUSTED)),
        replace(settings, mirrors=Mirrors(mirrors | {"https://b": "https://u:other@n"}, TRUSTED)),
        replace(settings, cache=Path("elsewhere")),
    ):
        assert solvers.of(settings) is not solvers.of(other)
