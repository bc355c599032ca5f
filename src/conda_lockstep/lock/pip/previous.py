"""Passes to uv the pip versions that were locked before, and the time after which uploads are ignored."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conda_lockstep.lock.solve.solve import NO_HORIZON, Horizon


@dataclass(frozen=True, slots=True)
class Before:
    """The versions of projects that are kept where they fit, and the time until which files must have been uploaded.

    uv prefers the versions that it finds in its output file.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    horizon: Horizon = NO_HORIZON

    def pylock(self) -> str:
        """Return the versions as a ``pylock.toml`` (PEP 751)."""
        entries = [
            f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
            for name, version in sorted(self.versions.items())
        ]
        head = 'lock-version = "1.0"\ncreated-by = "lockstep"\n'
        return head + ("".join(entries) or "packages = []\n")

    def arguments(self) -> Iterator[str]:
        """Yield uv's arguments for the horizon; locked versions may be younger than new ones."""
        nearest = self.horizon.nearest
        if nearest is None:
            return
        yield from ("--exclude-newer", _utc(nearest))
        if self.horizon.new:
            latest = self.horizon.all or datetime.datetime.max.replace(
                tzinfo=datetime.timezone.utc, year=2999
            )
            for name in sorted(self.versions):
                yield from ("--exclude-newer-package", f"{name}={_utc(latest)}")


NOTHING_BEFORE = Before()


def _utc(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
