"""Every kind of change of a file with every kind of thing that upstream does, on channels of a few packages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.drift.attribution.change import ALL, Change

Event: TypeAlias = Callable[[Change], None]


@dataclass(frozen=True, slots=True)
class Edit:
    """What the base file requests, and what the head's does; a CUDA version is the driver's."""

    base: tuple[str, ...]
    head: tuple[str, ...]
    base_channels: tuple[str, ...] = ("main",)
    head_channels: tuple[str, ...] = ("main",)
    base_cuda: str = ""
    head_cuda: str = ""


EDITS = {
    "nothing": Edit(("app", "lib"), ("lib", "app")),
    "tightened": Edit(("app", "lib"), ("app=1.0", "lib")),
    "loosened": Edit(("app=1.0", "lib"), ("app", "lib")),
    "added": Edit(("app", "lib"), ("app", "lib", "extra")),
    "removed": Edit(("app", "lib", "extra"), ("app", "lib")),
    "reordered": Edit(("app", "lib"), ("app", "lib"), ("main", "other"), ("other", "main")),
    "channel added": Edit(("app", "lib"), ("app", "lib"), ("main",), ("other", "main")),
    "machine": Edit(("app", "lib", "kernel"), ("app", "lib", "kernel"), base_cuda="11.8", head_cuda="12.4"),
    "pip entry": Edit(("app", "lib", "python", "pip: [tool<2]"), ("app", "lib", "python", "pip: [tool]")),
    "pip entry added": Edit(("app", "python", "pip: [tool<2]"), ("app", "python", "pip: [tool<2, brush]")),
}


def publish(change: Change) -> None:
    """Publish what the base lock is made from. The newest package is of day 0."""
    for version, day in (("1.0", -30), ("1.1", 0)):
        change.main.upload("app", version, day=day)
        change.main.upload("lib", version, "helper", day=day)
    change.main.upload("dep", "1.0", day=-30)
    change.main.upload("extra", "1.0", "tail", day=-30)
    change.main.upload("tail", "1.0", day=-30)
    change.main.upload("helper", "1.0", day=-30)
    change.main.upload("kernel", "1.0", "__cuda >=11", day=-30, build="cuda11_0")
    change.main.upload("kernel", "1.0", "__cuda >=12", day=-30, build="cuda12_1", number=1)
    change.main.upload("python", "3.11.9", day=-30)
    change.main.upload("pip", "25.0", "python", day=-30)
    change.other.upload("app", "0.5", day=-900)
    change.pypi.upload("tool", "1.0", "gear", day=-30)
    change.pypi.upload("tool", "1.1", "gear", day=-20)
    change.pypi.upload("tool", "2.0", "gear", day=-10)
    change.pypi.upload("gear", "1.0", day=-30)
    change.pypi.upload("brush", "1.0", "hair", day=-30)
    change.pypi.upload("hair", "1.0", day=-30)


def release(change: Change) -> None:
    change.main.upload("app", "1.2", day=60)
    change.main.upload("lib", "1.2", "helper", day=60)
    change.main.upload("extra", "1.1", "tail", day=60)
    change.pypi.upload("tool", "2.1", "gear", day=60)
    change.pypi.upload("gear", "1.1", day=60)
    change.pypi.upload("brush", "1.1", "hair", day=60)


def undated_release(change: Change) -> None:
    change.main.upload("app", "1.2", day=None)
    change.main.upload("lib", "1.2", "helper", day=None)


def removal(change: Change) -> None:
    change.main.withdraw("app", "1.1")
    change.main.withdraw("lib", "1.1")
    change.pypi.withdraw("tool", "1.1")


def hot_fix(change: Change) -> None:
    """Add a dependency to the locked version of the library."""
    change.main.hotfix("lib", "1.1", "helper", "dep")


def excluding_hot_fix(change: Change) -> None:
    """Let the locked version of the library no longer fit the app's."""
    change.main.hotfix("lib", "1.1", "helper", "app <1.1")


UPSTREAM: dict[str, Event] = {
    "nothing": lambda change: None,
    "release": release,
    "undated release": undated_release,
    "removal": removal,
    "hot-fix": hot_fix,
    "excluding hot-fix": excluding_hot_fix,
}
MODES: dict[str, Sequence[str]] = {"keep": (), "update app": ("app",), "afresh": ALL}


def make(change: Change, edit: Edit, upstream: Event, update: Sequence[str]) -> None:
    """Lock the base, let upstream act, change the file, and lock the head."""
    base, head = (["--cuda", cuda] if cuda else [] for cuda in (edit.base_cuda, edit.head_cuda))
    change.base(*edit.base, channels=edit.base_channels, options=base)
    upstream(change)
    change.head(*edit.head, channels=edit.head_channels, update=update, options=head)
