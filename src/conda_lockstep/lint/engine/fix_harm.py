"""Judges what a fix comes to: whether it causes an error, or takes the certainty of a CUDA build away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from conda_lockstep.conda.build_variants import named_frameworks
from conda_lockstep.config import Config
from conda_lockstep.environment.device_choice import DeviceChoice, device_choice
from conda_lockstep.environment.entries import Entries
from conda_lockstep.lint.engine.registry import Rule
from conda_lockstep.lint.engine.running import problems
from conda_lockstep.lint.engine.selection import select

if TYPE_CHECKING:
    from conda_lockstep.lint.targets.target import Target


class Judge:
    """Compares a file with what a fix makes of it, by all rules that the settings select."""

    def __init__(self, chosen: Sequence[Rule], config: Config) -> None:
        self.config = config
        self._chosen = chosen
        self._rules: Sequence[Rule] | None = None
        self._seen: dict[str, Counter[str]] = {}

    def harm(self, before: Target, after: Target) -> str:
        """Return the harm that a fix does, as the end of a sentence that begins with "because"; empty for none."""
        new = self._errors(after) - self._errors(before)
        if new:
            return f"that would cause '{min(new)}'"
        name = _less_certain(before, after)
        return f"the CUDA build of {name} would be less certain" if name else ""

    def _errors(self, target: Target) -> Counter[str]:
        """Count the errors in a file by rule."""
        text = target.source.text
        if text not in self._seen:
            found = problems(target, self._all(target), self.config)
            self._seen[text] = Counter(
                rule.name for rule, problem in found if (problem.severity or rule.severity) == "error"
            )
        return self._seen[text]

    def _all(self, target: Target) -> Sequence[Rule]:
        """Return the chosen rules, and those that would be chosen if none were named."""
        if self._rules is None:
            named = {rule.name: rule for rule in self._chosen}
            every = select(self.config._replace(select=()), installs=target.kind == "installs")
            self._rules = tuple({**{rule.name: rule for rule in every}, **named}.values())
        return self._rules


def _less_certain(before: Target, after: Target) -> str:
    """Return a framework whose CUDA build is less certain after a fix; empty if there is none."""
    old, new = _choices(before), _choices(after)
    return next((name for name in old if name in new and new[name].is_worse_than(old[name])), "")


def _choices(target: Target) -> dict[str, DeviceChoice]:
    entries, known = target.checked, named_frameworks()
    if not isinstance(entries, Entries):
        return {}
    return {
        entry.spec.name: device_choice(entries, entry, known[entry.spec.name])
        for entry in entries.named(*known)
        if not entry.spec.namespace  # a channel that was meant, and is ignored
    }
