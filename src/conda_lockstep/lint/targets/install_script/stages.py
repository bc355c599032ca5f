"""The stages of a Dockerfile: their base images, variables and commands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from conda_lockstep.lint.targets.install_script.calls import calls_in, environment_of
from conda_lockstep.lint.targets.install_script.dockerfile import Instruction, read_dockerfile, words_of
from conda_lockstep.lint.targets.install_script.install_script import (
    Copy,
    Image,
    InstallFile,
    ScriptScope,
    ScriptStep,
)
from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand, read_script
from conda_lockstep.lint.targets.install_script.shell.variables import Setting, exports
from conda_lockstep.lint.targets.install_script.shell.words import Word
from conda_lockstep.text.source import Source, Span


def read_stages(source: Source) -> InstallFile:
    """Read a Dockerfile stage by stage."""
    dockerfile = read_dockerfile(source)
    reader = _StageReader()
    for instruction in dockerfile.instructions:
        reader.read(instruction)
    comments = tuple(sorted((*dockerfile.comments, *reader.comments)))
    blocks = tuple(instruction.span for instruction in dockerfile.instructions)
    return InstallFile(
        source, "dockerfile", reader.scopes(), tuple(reader.steps), tuple(reader.images), (), tuple(reader.copies),
        comments, blocks,
    )  # fmt: skip


_POWERSHELLS = ("powershell", "pwsh", "cmd")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?([-+])([^{}$]*))?\})")


class _Stage:
    """A stage that is being read."""

    def __init__(self, name: str, image: Image | None, base: int | None, shell: Sequence[Word]) -> None:
        self.name, self.image, self.base, self.shell = name, image, base, shell
        self.settings: dict[str, list[Setting]] = defaultdict(list)
        self.arguments: set[str] = set()
        self.is_copied = self.is_base = False


class _StageReader:
    """Reads the instructions of a Dockerfile."""

    def __init__(self) -> None:
        self.stages: list[_Stage] = []
        self.names: dict[str, int] = {}
        self.defaults: dict[str, str] = {}
        self.steps: list[ScriptStep] = []
        self.images: list[Image] = []
        self.copies: list[Copy] = []
        self.comments: list[Span] = []

    def scopes(self) -> tuple[ScriptScope, ...]:
        """Return the stages that were read; those that others only copy from are not kept."""
        kept = [not stage.is_copied and not stage.is_base for stage in self.stages]
        for number in range(len(self.stages) - 1, -1, -1):
            base = self.stages[number].base
            kept[number] |= number == len(self.stages) - 1
            if base is not None:
                kept[base] |= kept[number]
        return tuple(
            ScriptScope(
                stage.image,
                stage.base,
                {name: tuple(settings) for name, settings in stage.settings.items()},
                frozenset(stage.arguments),
                is_kept,
            )
            for stage, is_kept in zip(self.stages, kept, strict=True)
        )

    def read(self, instruction: Instruction) -> None:
        if instruction.keyword == "FROM":
            self.start(instruction)
        elif instruction.keyword == "ARG" and not self.stages:
            self.defaults.update(
                (name, self.expanded(value)) for name, value in _pairs(words_of(instruction.body)) if value
            )
        elif not self.stages:
            return
        elif instruction.keyword in ("ARG", "ENV"):
            self.set(instruction)
        elif instruction.keyword == "SHELL" and instruction.listed:
            self.stages[-1].shell = instruction.listed
        elif instruction.keyword in ("COPY", "ADD"):
            self.copy(instruction)
        elif instruction.keyword == "RUN":
            self.run(instruction)

    def start(self, instruction: Instruction) -> None:
        """Read ``FROM IMAGE AS NAME``."""
        words = words_of(instruction.body)
        if not words:
            return
        name = words[2].value.lower() if len(words) > 2 and words[1].value.lower() == "as" else ""
        text = self.expanded(words[0].value)
        base = self.names.get(text.lower())
        image = None if base is not None else Image(text, words[0].span, "from")
        shell = self.stages[base].shell if base is not None else ()
        if base is not None:
            self.stages[base].is_base = True
        elif image and text != "scratch":
            self.images.append(image)
        self.names[name or str(len(self.stages))] = len(self.stages)
        self.stages.append(_Stage(name, image, base, shell))

    def set(self, instruction: Instruction) -> None:
        """Read ``ENV`` or ``ARG``; the value of an ARG ends with the stage."""
        stage = self.stages[-1]
        for name, value in _pairs(words_of(instruction.body)):
            if instruction.keyword == "ARG":
                stage.arguments.add(name)
                value = value if value is not None else self.defaults.get(name)
            if value is not None:
                stage.settings[name].append(Setting(instruction.span.end, value))

    def copy(self, instruction: Instruction) -> None:
        words = instruction.listed or words_of(instruction.body)
        origin = next((flag for flag in instruction.flags if flag.value.startswith("--from=")), None)
        if origin:
            self.use(origin.part(len("--from=")))
        elif len(words) > 1:
            checked = any(flag.value.startswith("--checksum=") for flag in instruction.flags)
            self.copies.append(Copy(len(self.stages) - 1, tuple(words[:-1]), words[-1], checked))

    def use(self, origin: Word) -> None:
        """Record the stage or image that files are copied from."""
        text = self.expanded(origin.value)
        number = self.names.get(text.lower())
        if number is None and text.isdecimal() and int(text) < len(self.stages):
            number = int(text)
        if number is not None:
            self.stages[number].is_copied = True
        else:
            self.images.append(Image(text, origin.span, "copy"))

    def run(self, instruction: Instruction) -> None:
        stage = self.stages[-1]
        if not instruction.listed and stage.shell and _is_other_shell(stage.shell[0]):
            return
        within = environment_of(stage.shell) if not instruction.listed else ""
        if instruction.listed:
            commands: tuple[ShellCommand, ...] = (ShellCommand(instruction.listed, (), instruction.span),)
        else:
            script = read_script(instruction.body)
            commands = script.commands
            self.comments += script.comments
        mounts = [_mount(flag.value) for flag in instruction.flags if flag.value.startswith("--mount=")]
        for mount in mounts:
            if "from" in mount and mount["from"].lower() in self.names:
                self.stages[self.names[mount["from"].lower()]].is_copied = True
        caches = tuple(mount.get("target", "") for mount in mounts if mount.get("type") in ("cache", "tmpfs"))
        self.steps.append(
            ScriptStep(
                len(self.stages) - 1,
                instruction.span,
                commands,
                calls_in(commands, within),
                exports(commands),
                caches,
                within,
                bool(instruction.listed),
            )
        )

    def expanded(self, text: str) -> str:
        """Expand the arguments that are set before the first stage; empty if one of them is not set."""
        unknown = False

        def value(match: re.Match[str]) -> str:
            nonlocal unknown
            known = self.defaults.get(match[1] or match[2], "")
            if match[3] == "+":
                return match[4] if known else ""
            unknown |= not known and not match[4]
            return known or match[4] or ""

        expanded = _VARIABLE.sub(value, text)
        return "" if unknown or "$" in expanded or "{{" in expanded else expanded


def _pairs(words: Sequence[Word]) -> list[tuple[str, str | None]]:
    """Read ``A=1 B=2``, ``ARG A``, or the older ``ENV A value``."""
    if words and "=" not in words[0].value and len(words) > 1:
        return [(words[0].value, " ".join(word.value for word in words[1:]))]
    pairs = []
    for word in words:
        name, equals, value = word.value.partition("=")
        pairs.append((name, value.strip("\"'") if equals else None))
    return pairs


def _mount(flag: str) -> dict[str, str]:
    """Read ``--mount=type=cache,target=/x``; ``dst`` and ``destination`` are other names of ``target``."""
    pairs = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
    target = pairs.get("target") or pairs.get("dst") or pairs.get("destination") or ""
    return {**pairs, "target": target}


def _is_other_shell(word: Word) -> bool:
    name = re.split(r"[/\\]", word.value.lower())[-1]
    return name.removesuffix(".exe") in _POWERSHELLS
