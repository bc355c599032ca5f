"""Commands in scripts that ask for confirmation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.lint.engine.registry import Fix, Problem, install_rule
from conda_lockstep.lint.rules.installs.subject import is_rehearsal, program_name, with_option
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptStep

_ASKING = {
    "conda": ("install", "create", "update", "remove", "env remove", "clean"),
    "mamba": ("install", "create", "update", "remove", "env remove", "clean"),
    "micromamba": ("install", "create", "update", "remove", "env create", "env remove", "clean"),
    "pip": ("uninstall",),
}
_ALWAYS = re.compile(r"always[_-]yes", re.IGNORECASE)


@install_rule("missing-yes", "warning")
def missing_yes(file: InstallFile, config: Config) -> Iterator[Problem]:
    """A command asks for confirmation: it waits for an answer in a terminal, or assumes one without a terminal."""
    answered = _ALWAYS.search(file.source.text) is not None
    for step, call in file.calls:
        if call.action not in _ASKING[call.tool] or call.has("yes", "json") or is_rehearsal(call):
            continue
        if (
            call.is_open
            or call.command.fed
            or _is_empty(call)
            or (call.is_conda and (answered or _is_set_up(file, step)))
        ):
            continue
        yield Problem(
            call.head,
            f"'{program_name(call)}' asks for confirmation, which a script cannot answer",
            "add '-y'",
            Fix("add '-y'", (with_option(step, call, "-y"),), "safe"),
        )


def _is_empty(call: Call) -> bool:
    """Return whether a call creates an empty environment, for which mamba does not ask."""
    return (
        call.tool in ("mamba", "micromamba")
        and call.action == "create"
        and not (call.operands or call.has("file"))
    )


def _is_set_up(file: InstallFile, step: ScriptStep) -> bool:
    """Return whether an action has set up conda to ask nothing (setup-miniconda's ``always_yes``)."""
    return any(action.scope == step.scope and action.name == "setup-miniconda" for action in file.actions)
