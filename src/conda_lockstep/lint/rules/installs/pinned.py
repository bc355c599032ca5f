"""Unpinned images and installers, which everything else is installed with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conda_lockstep.config import Config
from conda_lockstep.lint.engine.registry import Problem, Severity, install_rule
from conda_lockstep.lint.targets.install_script.install_script import Action, InstallFile, ScriptStep
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.lock.model.paths import is_lock

_MOVING = frozenset(
    "latest main master dev devel develop nightly stable edge next current lts rolling unstable testing".split()
)
_LATEST = re.compile(
    r"(?:Miniconda|Miniforge|Mambaforge|Anaconda)\w*-latest-|/releases/latest/|/micromamba/[^/\s]+/latest|/install\.sh"
)
_INSTALLER = re.compile(
    r"(?:https?://)?(?:repo\.(?:anaconda\.com|continuum\.io)/(?:miniconda|archive)/"
    r"|github\.com/conda-forge/miniforge/releases/|micro\.mamba\.pm/|micromamba\.snakepit\.net/"
    r"|github\.com/mamba-org/micromamba-releases/releases/)(?:\$\([^)]*\)|[^\s\"'])*"
)
_FETCHING = frozenset("curl wget aria2c fetch http axel".split())
_CHECKING = frozenset("sha256sum sha512sum sha1sum shasum md5sum b2sum gpg cosign openssl certutil".split())


@install_rule("unpinned-image", "warning")
def unpinned_image(file: InstallFile, config: Config) -> Iterator[Problem]:
    """An image has no fixed version: its next version may have another Python, glibc or CUDA."""
    for image in file.images:
        name, _, digest = image.name.partition("@")
        path, _, last = name.rpartition("/")
        last, _, tag = last.partition(":")
        if not name or digest or (tag and tag.lower() not in _MOVING):
            continue
        plain = f"{path}/{last}" if path else last
        cause = f"the tag of '{image.name}' can move" if tag else f"'{plain}' has no tag"
        yield Problem(
            image.span,
            f"{cause}: a later build of the same file uses another image",
            f"specify a version, such as '{plain}:X.Y', or '{plain}:X.Y@sha256:…' for identical content",
        )


@install_rule("unpinned-installer", "warning")
def unpinned_installer(file: InstallFile, config: Config) -> Iterator[Problem]:
    """The installer of conda has no version or no checksum: other builds may get another one, or a tampered one."""
    for step in file.steps:
        checked = any(
            word.value.rpartition("/")[2] in _CHECKING
            for command in step.commands
            for word in command.words[:1]
        )
        for word in _fetched(step):
            yield from _of_url(word, checked)
    for copy in file.copies:
        for word in copy.sources:
            yield from _of_url(word, copy.is_checked)
    for action in file.actions:
        yield from _of_action(action)


def _fetched(step: ScriptStep) -> Iterator[Word]:
    """Yield the words that may be the URL of an installer: arguments of downloads, and values of variables."""
    for command in step.commands:
        # A download in a command substitution is a separate command.
        yield from (word for word in command.assignments if "$(" not in word.value.partition("://")[0])
        first = command.words[0].value.rpartition("/")[2] if command.words else ""
        names = [word.value.rpartition("/")[2] for word in command.words[:6]]
        if first == "export" or _FETCHING & set(names):
            yield from command.words


def _of_url(word: Word, checked: bool) -> Iterator[Problem]:
    found = _INSTALLER.search(word.value)
    if not found:
        return
    url, span = found.group(), word.piece.span(*found.span())
    latest, plain = _LATEST.search(url), url.startswith("http://")
    if plain:
        message = f"'{_short(url)}' is downloaded over http://: anyone on the network path can replace it"
        remedy = "use https://, specify a version, and verify it with sha256sum"
        severity: Severity | None = "error"
    elif latest:
        message = f"'{_short(url)}' is the latest release: the same script may install another conda version tomorrow"
        remedy, severity = "specify a version, and verify it with sha256sum", None
    elif not checked:
        message = f"'{_short(url)}' is run without verification of its checksum"
        remedy, severity = "verify it with sha256sum before it is run", "note"
    else:
        return
    yield Problem(span, message, remedy, severity=severity)


def _short(url: str) -> str:
    """Return the file name of an installer's URL; the whole URL if the name is not descriptive."""
    last = url.rpartition("/")[2]
    return last if re.match("(?i)(?:mini|ana|mamba|micro)", last) else url.partition("://")[2] or url


def _of_action(action: Action) -> Iterator[Problem]:
    """Check the version that an action installs; ``setup-micromamba`` installs the latest one by default."""
    for name in ("miniforge-version", "miniconda-version", "micromamba-version"):
        version = action.inputs.get(name)
        if version and version.value == "latest":
            yield Problem(
                version.span,
                f"'{name}: latest' installs another version after each release",
                f"specify a version, such as '{name}: X.Y.Z-0'",
            )
    named = ("micromamba-version", "micromamba-url", "micromamba-binary-path")
    file = action.inputs.get("environment-file")
    from_lock = file is not None and (file.value.endswith(".lock") or is_lock(file.value))
    if (
        action.name == "setup-micromamba"
        and not from_lock
        and not any(name in action.inputs for name in named)
    ):
        yield Problem(
            action.uses.span,
            "without 'micromamba-version', the latest micromamba is installed",
            "specify a version under 'with:', such as 'micromamba-version: X.Y.Z-0'",
            severity="note",
        )
