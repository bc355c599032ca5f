"""A channel as an old lock saw it: what it removed, replaced or hot-fixed since is as the lock records it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rattler import Gateway, PackageName, RepoDataRecord, Subdir


@dataclass(frozen=True, slots=True)
class PastChannel:
    """A source for rattler's solver (``RepoDataSource``): the records of a channel, with some of them as they were.

    ``records`` are the latter by package name. rattler does not cache such a source, so it is slower than a channel.
    """

    gateway: Gateway
    source: str
    records: Mapping[str, Sequence[RepoDataRecord]]

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of a name in a subdir."""
        found = await self.gateway.query(
            [self.source], [platform], [name.normalized], recursive=False, channel_relations="disabled"
        )
        now = [record for records in found for record in records]
        then = [record for record in self.records.get(name.normalized, ()) if record.subdir == str(platform)]
        replaced = {record.file_name for record in then}
        return [*(record for record in now if record.file_name not in replaced), *then]

    def package_names(self, platform: Subdir) -> list[str]:
        """Return the names of the records that it has as they were; a solve asks for the others by name."""
        return sorted(
            name
            for name, records in self.records.items()
            if any(each.subdir == str(platform) for each in records)
        )
