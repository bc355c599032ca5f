"""What uv is told of the pip part that was locked before, and of the moment after which no upload counts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conda_lockstep.lock.solve.solve import NO_HORIZON, Horizon


@dataclass(frozen=True, slots=True)
class Before:
    """The versions of projects that are taken again where they fit, and until when files must have been uploaded.

    uv takes what it finds in the file that it is to write as its preference.
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
        """Yield uv's arguments for the horizon; what was locked before need not be as old as what is new."""
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
