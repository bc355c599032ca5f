"""Does a script wait for an answer that nobody gives?"""

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
    """A command asks before it goes on: with an open input it waits, and a closed one answers for you."""
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
            f"'{program_name(call)}' asks before it goes on, and a script has nobody to answer",
            "add '-y'",
            Fix("add -y", (with_option(step, call, "-y"),), "safe"),
        )


def _is_empty(call: Call) -> bool:
    """Say whether a call creates an environment with nothing in it, of which mamba asks nothing."""
    return (
        call.tool in ("mamba", "micromamba")
        and call.action == "create"
        and not (call.operands or call.has("file"))
    )


def _is_set_up(file: InstallFile, step: ScriptStep) -> bool:
    """Say whether an action has set conda up, which tells it to ask nothing (setup-miniconda's ``always_yes``)."""
    return any(action.scope == step.scope and action.name == "setup-miniconda" for action in file.actions)
