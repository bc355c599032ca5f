"""Container images: CUDA builds although no GPU is visible during the build, and no leftover package cache."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from conda_lockstep.conda.build_variants import CPU_SELECTORS, device_of_pattern, named_frameworks
from conda_lockstep.conda.channel import read_channel
from conda_lockstep.config import Config
from conda_lockstep.environment.edit import Edit
from conda_lockstep.environment.entries import Entries, read_entries
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import Fix, Problem, install_rule
from conda_lockstep.lint.rules.installs.environment import environment_file
from conda_lockstep.lint.rules.installs.locked import DEFAULT_FILE
from conda_lockstep.lint.rules.installs.subject import (
    INSTALLING,
    MICROMAMBA_IMAGES,
    is_rehearsal,
    program_name,
)
from conda_lockstep.lint.targets.install_script.calls import Call
from conda_lockstep.lint.targets.install_script.install_script import InstallFile, ScriptStep
from conda_lockstep.text.source import Span, UnreadableFileError

_FOR_GPUS = re.compile(
    r"cuda|cu1\d{2}(?!\d)|nvcr\.io/nvidia/(?!base)|rapidsai/|(?:^|/)pytorch/pytorch|tensorflow/tensorflow:\S*gpu"
)
_CUDA = re.compile(r"cuda[:\-]?(\d{2})\.(\d+)|cu(?:da)?(\d{2})(\d)(?!\d)")
_EXPLICIT = (".lock", ".txt", "-lock.yml", "-lock.yaml")


@install_rule("no-cuda-override", "warning")
def no_cuda_override(file: InstallFile, config: Config) -> Iterator[Problem]:
    """A GPU image is built without a visible GPU: without ``CONDA_OVERRIDE_CUDA`` the solver selects CPU builds."""
    reported: set[int] = set()
    for step, call in file.calls:
        image = file.image_of(step)
        if step.scope in reported or image is None or not _FOR_GPUS.search(image.name.lower()):
            continue
        if MICROMAMBA_IMAGES.fullmatch(image.name) or not _solves_for_gpu(file, step, call):
            continue
        if "CONDA_OVERRIDE_CUDA" in call.settings or file.setting(
            step, "CONDA_OVERRIDE_CUDA", call.head.start
        ):
            continue
        reported.add(step.scope)
        version = _cuda_of(image.name)
        place = file.source.line_span(file.source.position(step.span.start)[0]).start
        text = f"ARG CONDA_OVERRIDE_CUDA={version}{file.source.newline}"
        yield Problem(
            call.head,
            "no GPU is visible during an image build: the solver selects CPU builds, or finds no CUDA builds",
            f"add 'ARG CONDA_OVERRIDE_CUDA={version or 'X.Y'}' above it: a CUDA version that your drivers support",
            Fix(f"set CONDA_OVERRIDE_CUDA to {version}", (Edit(Span(place, place), text),), "unsafe")
            if version
            else None,
            also=((image.span, "this is a GPU image"),),
        )


@install_rule("package-cache-left", "note")
def package_cache_left(file: InstallFile, config: Config) -> Iterator[Problem]:
    """The archives that conda downloads stay in the image, although nothing needs them after the installation."""
    if file.kind != "dockerfile":
        return
    cleans = [
        (number, step.scope, call) for number, step in enumerate(file.steps) for call in _late_cleans(step)
    ]
    for number, step in enumerate(file.steps):
        downloads = [call for call in step.calls if _downloads(call)]
        if not downloads or not file.scopes[step.scope].is_kept or _is_cleaned(file, step, downloads[-1]):
            continue
        after = bisect_right(cleans, number, key=lambda clean: clean[0])
        later = [call.head for _, scope, call in cleans[after : after + 1] if scope == step.scope]
        yield Problem(
            downloads[-1].head,
            f"the packages that '{program_name(downloads[-1])}' downloads stay in this image layer",
            "end the RUN with '&& conda clean --all --yes', or mount a package cache (--mount=type=cache)",
            _clean(file, step, downloads[-1]),
            also=tuple((place, "this is another layer, so it frees no space in that one") for place in later),
        )


def _late_cleans(step: ScriptStep) -> list[Call]:
    """Return the call that empties the cache, from a step without downloads."""
    cleans = [call for call in step.calls if call.action == "clean"]
    return cleans[:1] if not any(map(_downloads, step.calls)) else []


def _solves_for_gpu(file: InstallFile, step: ScriptStep, call: Call) -> bool:
    """Return whether a call solves for packages that have both CUDA and CPU builds."""
    if not call.is_conda or call.action not in INSTALLING or is_rehearsal(call):
        return False
    files = [word.value for word in call.values("file")]
    if not files and call.action.startswith("env "):
        files = [DEFAULT_FILE]
    if any(name.endswith(_EXPLICIT) for name in files):
        return False
    channels = [word.value for word in call.values("channel")]
    names = named_frameworks()
    named = any(name in word.value for word in call.operands for name in names)
    return any(_file_requests(file, step, name) for name in files) or (
        named and _requests(_written(call, channels))
    )


def _written(call: Call, channels: list[str]) -> Entries:
    """Return the packages and channels that a command requests, as an environment file."""
    lines = [f"  - '{name}'" for name in channels if "'" not in name]
    specs = [
        f"  - '{word.value}'" for word in call.operands if "'" not in word.value and "\n" not in word.value
    ]
    text = "\n".join(["channels:", *lines, "dependencies:", *specs, ""])
    return read_entries(parse(text, "environment.yml"))


def _file_requests(file: InstallFile, step: ScriptStep, name: str) -> bool:
    """Return whether an environment file requests such packages; a file that is not found may."""
    path = environment_file(file, step, name)
    if path is None:
        return True
    try:
        return _requests(read_entries(read(path)))
    except (UnreadableFileError, LockstepError):
        return False


def _requests(entries: Entries) -> bool:
    """Return whether a framework is requested from other channels than pytorch, whose builds need no ``__cuda``."""
    if entries.named(*CPU_SELECTORS):
        return False
    first = next((read_channel(item.value).base for item in entries.file.channels.items), "")
    found = [
        entry for entry in entries.named(*named_frameworks()) if device_of_pattern(entry.spec.build) != "cpu"
    ]
    return bool(found) and not first.startswith("pytorch")


def _cuda_of(image: str) -> str:
    """Return the CUDA version in the name of an image, such as ``12.4`` for ``nvidia/cuda:12.4.1-devel``."""
    found = _CUDA.search(image.lower())
    if not found:
        return ""
    return f"{found[1]}.{found[2]}" if found[1] else f"{found[3]}.{found[4]}"


def _downloads(call: Call) -> bool:
    return call.is_conda and call.action in INSTALLING and not is_rehearsal(call)


def _is_cleaned(file: InstallFile, step: ScriptStep, download: Call) -> bool:
    """Return whether the cache is emptied in the same layer, or is not part of it."""
    if any(
        "pkgs" in cache or "conda" in cache or "mamba" in cache or "/.cache" in cache for cache in step.caches
    ):
        return True
    if any(file.setting(step, name, step.span.end) for name in ("CONDA_PKGS_DIRS", "MAMBA_PKGS_DIRS")):
        return True
    after = [call for call in step.calls if call.action == "clean" and call.head.start > download.head.start]
    removed = (
        command
        for command in step.commands
        if command.words[:1] and command.words[0].value == "rm" and command.span.start > download.head.start
    )
    return bool(after) or any("pkgs" in word.value for command in removed for word in command.words)


def _clean(file: InstallFile, step: ScriptStep, call: Call) -> Fix | None:
    """Return the edit that empties the cache right after the command; None if the command is too complex."""
    command = call.command
    is_plain = not call.nested and command.depth == 0 and command.words[:1] == (call.program,)
    if not is_plain or step.is_listed or command.follow in ("|", "|&", "||", "&"):
        return None
    source = file.source
    text = f"{source.text[slice(*call.program.span)]} clean --all --yes"
    first, last = source.position(step.span.start)[0], source.position(command.span.end)[0]
    if source.position(step.span.end)[0] > first:
        text = f" \\{source.newline}{_indentation(file, first, last)}&& {text}"
    else:
        text = f" && {text}"
    place = Span(command.span.end, command.span.end)
    return Fix("empty the package cache", (Edit(place, text),), "unsafe")


def _indentation(file: InstallFile, first: int, last: int) -> str:
    """Return the indentation for a line after a command: that of the next line or of the command's last line."""
    count = len(file.source.line_starts)
    below = file.source.line(last + 1) if last < count else ""
    line = below if below.lstrip().startswith("&&") or last == first else file.source.line(last)
    return line[: len(line) - len(line.lstrip())] or "    "
