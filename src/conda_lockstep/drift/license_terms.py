"""Whether two license texts of a channel's index are of other terms, or other spellings of one."""

from __future__ import annotations

import re

_FAMILIES = re.compile(
    r"(?P<gnu>[al]?gpl)\D{0,6}(?P<number>\d)?|apache|bsd|mit\b|mpl|psf|python|isc\b|zlib|boost|bsl|unlicense|cc0|nvidia|cuda"
    r"|proprietary|commercial|sspl|elastic|busl|public.domain"
)


def same_terms(one: str, other: str) -> bool:
    """Return whether two license texts name the same families: ``BSD-3-Clause`` and ``BSD License``, for example.

    The numbers of GNU's licenses count, since they are not compatible with each other.
    """
    return _families(one) == _families(other)


def _families(text: str) -> frozenset[str]:
    found = {
        f"{match['gnu']}{match['number'] or ''}" if match["gnu"] else match[0]
        for match in _FAMILIES.finditer(text.lower())
    }
    return frozenset(found or {re.sub(r"\W+", " ", text.lower()).strip()})
