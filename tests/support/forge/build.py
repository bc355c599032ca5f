"""Builds the forge: downloads the wheels, repacks them, indexes the channels and the PyPI index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.forge import Channel, Forge
from tests.support.forge.catalogue import CHANNEL, HELD_BACK
from tests.support.forge.download import PINS, Pin, download, read_pins, wheel_of
from tests.support.forge.interpreter import VERSION, python_drafts
from tests.support.forge.platform import SUBDIR
from tests.support.forge.pypi import write_index
from tests.support.forge.repack import repack
from tests.support.forge.standins import standin_drafts
from tests.support.forge.store import SOURCES, build_once, default_cache, key
from tests.support.forge.wheel import Wheel

FIRST_HELD_BACK = datetime(2026, 2, 1, 12, 0, tzinfo=timezone.utc)
"""After every upload of the channel, so that a cut-off at its newest record hides what is held back."""


def build(cache: Path | None = None) -> Forge:
    """Return the forge from the cache, filling it first where needed; see :func:`tests.support.forge.build_forge`."""
    cache = (cache or default_cache()).resolve()
    root = build_once(cache, f"forge-{key(*SOURCES.glob('*.py'), PINS)}", lambda folder: _fill(folder, cache))
    return Forge(root / "channel", root / "pypi", VERSION, SUBDIR, root / "held-back")


def _fill(folder: Path, cache: Path) -> None:
    pins = {requirement: pin for requirement, pin in read_pins().items() if pin.needed}
    store = build_once(cache, f"wheels-{key(PINS)}", lambda into: download(pins.values(), into))
    wheels = {requirement: Wheel(wheel_of(pin, store)) for requirement, pin in pins.items()}
    channel = Channel.create(folder / "channel")
    channel.add(*python_drafts(), *standin_drafts())
    channel.add(*(repack(wheels[line], pins[line].uploaded) for line in _of(CHANNEL, pins)))
    tomorrows = enumerate(_of(HELD_BACK, pins))
    Channel.create(folder / "held-back").add(
        *(repack(wheels[line], FIRST_HELD_BACK + timedelta(days=day)) for day, line in tomorrows)
    )
    write_index(folder / "pypi", [(wheels[line].path, pin.uploaded) for line, pin in pins.items()])


def _of(catalogue: Iterable[str], pins: Mapping[Requirement, Pin]) -> list[Requirement]:
    """The catalogue's releases that this interpreter takes."""
    return [requirement for line in catalogue if (requirement := Requirement(line)) in pins]
