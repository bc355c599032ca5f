"""Typed reading of GitHub's JSON: :mod:`conda_lockstep.fields`, under the name that this package knows it by."""

from __future__ import annotations

from conda_lockstep.fields import Fields, Json, parse_list, parse_object

__all__ = ["Fields", "Json", "parse_list", "parse_object"]
