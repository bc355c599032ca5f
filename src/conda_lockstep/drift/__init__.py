"""The one relation: what changed between two package sets, and how bad it is."""
