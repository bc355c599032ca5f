"""Changes to ``base``, updates of all packages, and updates that leave old packages installed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.lint.engine.registry import Fix, Problem, install_rule
from conda_lockstep.lint.rules.installs.outside import foreign_packages, listed
from conda_lockstep.lint.rules.installs.subject import (
    CONDA_IMAGES,
    is_rehearsal,
    program_name,
    with_option,
)
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptStep
from conda_lockstep.text.source import Span

MAX_STEPS = 100
"""How many of the first steps of a Dockerfile are searched for one that installs conda."""

_BASE = ("base", "root")
_ROOT = re.compile(r"(?:.*/)?(?:mini|ana|mamba)?(?:conda|forge)\d?|\$\{?CONDA(?:_DIR|_ROOT)?\}?")
_INSTALLER = re.compile(r"(?:.*/)?(?:mini|ana|mamba)?(?:conda|forge)[\w.-]*\.sh", re.IGNORECASE)
_ACTIVATES = re.compile(r"\bactivate\s+(?!base\b)[\"'\w./$~-]")


@install_rule("install-into-base", "warning", supersedes=("install-outside-file",))
def install_into_base(file: InstallFile, config: Config) -> Iterator[Problem]:
    """Packages are installed into ``base``, next to conda itself: they may break conda, and no lock covers them."""
    active = _base_is_active(file)
    for step, call in file.calls:
        if not _is_base(file, step, call, active) or is_rehearsal(call):
            continue
        packages = foreign_packages(call, config)
        from_file = (
            call.has("file")
            or call.action == "env update"
            or (call.tool == "pip" and call.has("requirement"))
        )
        if not packages and not from_file:
            continue
        subject = listed([package.name for package in packages]) if packages else "the packages of a file"
        yield Problem(
            call.span,
            f"{subject} {'is' if len(packages) == 1 else 'are'} installed into base, next to conda itself",
            "create a separate environment from a lock, and leave base to conda",
        )


@install_rule("update-all", "warning", supersedes=("install-into-base",))
def update_all(file: InstallFile, config: Config) -> Iterator[Problem]:
    """All packages are updated to their latest versions, which are untested and change from day to day."""
    for _, call in file.calls:
        option = call.option("all", "update-all")
        if call.is_conda and call.action in ("update", "install") and option and not is_rehearsal(call):
            yield Problem(
                Span(call.head.start, max(call.head.end, option.span.end)),
                f"'{program_name(call)} --{option.name}' updates every package to its latest version when it runs",
                "pin the packages in the environment file, and update its lock deliberately",
            )


@install_rule("env-update-without-prune", "warning")
def env_update_without_prune(file: InstallFile, config: Config) -> Iterator[Problem]:
    """An environment is updated without ``--prune``: packages that its file no longer lists stay installed."""
    for step, call in file.calls:
        if call.action != "env update" or call.has("prune", "help") or _is_base(file, step, call, range(0)):
            continue
        in_image = file.kind == "dockerfile"
        kept = "packages of the base image" if in_image else "packages that the file no longer lists"
        yield Problem(
            call.head,
            f"'{program_name(call)}' without --prune: {kept} stay installed",
            "add '--prune', or create the environment again from its lock",
            None if in_image else Fix("add '--prune'", (with_option(step, call, "--prune"),), "unsafe"),
            severity="note" if in_image else None,
        )


def _is_base(file: InstallFile, step: ScriptStep, call: Call, active: range) -> bool:
    """Return whether a call changes base, which is ``active`` in a part of the text where no environment is named.

    The base of micromamba does not count: it is initially empty.
    """
    if call.tool == "micromamba" or call.action not in ("install", "update", "env update"):
        return False
    if call.environment:
        return call.environment in _BASE or _ROOT.fullmatch(call.environment.rstrip("/")) is not None
    folder = re.fullmatch(r"(.+)/(?:bin|condabin)/[^/]+", call.program.value)
    if call.tool == "pip":
        return folder is not None and _ROOT.fullmatch(folder[1]) is not None
    if call.action == "env update" or call.head.start not in active:
        return False
    return _comes_with_conda(file, step) and not _names_another(file, step, call)


def _base_is_active(file: InstallFile) -> range:
    """Return the part of a Dockerfile before another environment is activated, in which base is active."""
    if file.kind != "dockerfile":
        return range(0)
    other = _ACTIVATES.search(file.source.text)
    return range(other.start() if other else len(file.source.text))


def _comes_with_conda(file: InstallFile, step: ScriptStep) -> bool:
    """Return whether the image of a stage contains conda, or the stage installs it."""
    image = file.image_of(step)
    if image and CONDA_IMAGES.fullmatch(image.name):
        return True
    return any(
        one.scope == step.scope and one.span.start <= step.span.start and _installs_conda(one)
        for one in file.steps[:MAX_STEPS]
    )


def _installs_conda(step: ScriptStep) -> bool:
    return any(
        _INSTALLER.fullmatch(word.value)
        and any(re.match(r"-[a-z]*b", other.value) for other in command.words)
        for command in step.commands
        for word in command.words[:2]
    )


def _names_another(file: InstallFile, step: ScriptStep, call: Call) -> bool:
    """Return whether the shell or a variable activates another environment than base."""
    names = ("CONDA_DEFAULT_ENV", "CONDA_PREFIX")
    active = [file.setting(step, name, call.head.start) for name in names]
    path = file.setting(step, "PATH", call.head.start) or ""
    return bool(step.within) or "/envs/" in path or any(name not in (None, *_BASE) for name in active)
