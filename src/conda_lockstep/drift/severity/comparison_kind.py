"""What two sides are, which decides what a difference between them means."""

from __future__ import annotations

from typing import Literal, TypeAlias

ComparisonKind: TypeAlias = Literal["lock_to_lock", "lock_to_prefix", "prefix_to_prefix", "spec_to_spec"]

NOTHING_MAY_DIFFER: frozenset[ComparisonKind] = frozenset({"lock_to_prefix", "prefix_to_prefix"})
"""The comparisons with a machine: one rank that differs is worse than a change on all ranks."""
