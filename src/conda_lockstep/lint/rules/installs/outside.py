"""Packages that are installed by name instead of from the environment file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from conda_lockstep.conda.match_spec import BadSpec, parse_conda
from conda_lockstep.config import Config
from conda_lockstep.environment.requirement import parse_pip
from conda_lockstep.lint.engine.registry import Problem, install_rule
from conda_lockstep.lint.rules.installs.subject import (
    CONDA_IMAGES,
    MICROMAMBA_IMAGES,
    is_rehearsal,
)
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.text.source import Span

SHOWN = 3
"""How many packages a message names."""


_NAME = re.compile(r"(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)(?:\[[^\]]*\])?\s*[=<>!~]")


class NamedPackage(NamedTuple):
    """A package that a command names. ``is_open`` says that a variable decides which version."""

    name: str
    word: Word

    @property
    def is_open(self) -> bool:
        """Return whether its version is not in the file."""
        return not self.word.literal or "{{" in self.word.value


@install_rule("install-outside-file", "warning")
def install_outside_file(file: InstallFile, config: Config) -> Iterator[Problem]:
    """Packages are installed by name: the environment file does not list them, and no lock records them."""
    with_conda = _scopes_with_conda(file)
    for step, call in file.calls:
        if call.tool == "pip" and step.scope not in with_conda:
            continue
        packages = foreign_packages(call, config)
        if not packages:
            continue
        only_python = call.action == "create" and all(
            package.name in ("python", "pip") for package in packages
        )
        named = listed([package.name for package in packages])
        yield Problem(
            _span(file, packages),
            f"{named} {'is' if len(packages) == 1 else 'are'} installed outside the environment file, "
            f"so no lock records {'it' if len(packages) == 1 else 'them'}",
            "list the packages in the environment file, and create the environment from its lock",
            severity="note" if only_python or all(package.is_open for package in packages) else None,
        )


def foreign_packages(call: Call, config: Config) -> list[NamedPackage]:
    """Return the packages that a call installs by name, except those that the settings allow."""
    actions = ("install",) if call.tool == "pip" else ("install", "create", "update", "env create")
    if call.action not in actions or is_rehearsal(call):
        return []
    found = _of_pip(call) if call.tool == "pip" else _of_conda(call)
    return [package for package in found if package.name not in config.install_allow]


def listed(names: Sequence[str]) -> str:
    """Return the quoted names of packages, or of the first few if there are many."""
    unique = list(dict.fromkeys(names))
    shown = [f"'{name}'" for name in unique[:SHOWN]]
    if len(unique) > SHOWN:
        return f"{', '.join(shown)} and {len(unique) - SHOWN} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _of_conda(call: Call) -> Iterator[NamedPackage]:
    for word in call.operands:
        spec = parse_conda(word.value)
        if isinstance(spec, BadSpec):
            yield from _begun(word)
        elif not spec.url:  # an earlier step built or fetched a package file
            yield NamedPackage(spec.name, word)


def _of_pip(call: Call) -> Iterator[NamedPackage]:
    editable = (word for word in call.values("editable") if "://" in word.value)
    for word in (*call.operands, *editable):
        requirement = parse_pip(word.value)
        if isinstance(requirement, BadSpec):
            yield from _begun(word)
        elif requirement.kind in ("requirement", "url"):
            yield NamedPackage(requirement.name or word.value, word)


def _begun(word: Word) -> Iterator[NamedPackage]:
    """Yield the package of ``python=$VERSION`` or ``torch=={{ version }}``, whose name is literal."""
    name = _NAME.match(word.value)
    if name and ("$" in word.value or "{{" in word.value or "`" in word.value):
        yield NamedPackage(name[1].lower(), word)


def _scopes_with_conda(file: InstallFile) -> frozenset[int]:
    """Return the stages or jobs that use conda: elsewhere pip installs into other environments."""
    found = {step.scope for step, call in file.calls if call.is_conda or call.within}
    found |= {action.scope for action in file.actions}
    for number, scope in enumerate(file.scopes):
        # A stage may start from an earlier stage, or from an image that contains conda.
        if scope.base in found or (scope.image and _has_conda(scope.image.name)):
            found.add(number)
    return frozenset(found)


def _has_conda(image: str) -> bool:
    return bool(CONDA_IMAGES.fullmatch(image) or MICROMAMBA_IMAGES.fullmatch(image))


def _span(file: InstallFile, packages: Sequence[NamedPackage]) -> Span:
    """Return the span of the packages, as far as they follow each other on one line."""
    start, end = packages[0].word.span
    line = file.source.position(start)[0]
    for package in packages[1:]:
        if file.source.position(package.word.span.end)[0] == line and package.word.span.start > end:
            end = package.word.span.end
    return Span(start, end)
