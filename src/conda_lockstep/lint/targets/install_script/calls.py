"""Calls of package managers in commands: the manager, its action, the environment and the packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from conda_lockstep.lint.targets.install_script import options
from conda_lockstep.lint.targets.install_script.options import ProgramOptions
from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand, Word, read_script
from conda_lockstep.text.source import Span

Tool: TypeAlias = Literal["conda", "mamba", "micromamba", "pip"]

MAX_NESTED = 8
"""How many shells inside shells (``bash -c "bash -c …"``) are read."""
MAX_WRAPPERS = 20
"""How many programs that run another one (``sudo nice env …``) are removed from a command."""


class CallOption(NamedTuple):
    """An option by its long name without dashes; ``value`` if it has one; ``span`` includes the value."""

    name: str
    value: Word | None
    span: Span


class Call(NamedTuple):
    """A call of a package manager. ``pip`` includes ``uv pip``.

    ``action`` is the subcommand: ``install``, ``create``, ``env create``. ``head`` is the span from the program to
    the subcommand, ``program`` the word of the program. ``operands`` are the words that are neither options nor values.
    ``within`` is the environment of ``conda run``. ``settings`` are the variables that are set only for this call.
    ``is_open``: a word may expand to several, such as ``$ARGUMENTS``. ``nested``: the call is in the script of another
    command, such as ``bash -c``.
    """

    tool: Tool
    action: str
    program: Word
    head: Span
    options: tuple[CallOption, ...]
    operands: tuple[Word, ...]
    command: ShellCommand
    within: str = ""
    settings: tuple[str, ...] = ()
    is_open: bool = False
    nested: bool = False

    @property
    def span(self) -> Span:
        """Return its place, from the program's word to its last one."""
        ends = [option.span.end for option in self.options] + [word.span.end for word in self.operands]
        return Span(self.head.start, max([self.head.end, *ends]))

    @property
    def is_conda(self) -> bool:
        """Return whether it is conda or a replacement of it."""
        return self.tool != "pip"

    def has(self, *names: str) -> bool:
        """Return whether one of these options is given."""
        return any(option.name in names for option in self.options)

    def option(self, *names: str) -> CallOption | None:
        """Return the last of these options, which is the one that counts."""
        return next((option for option in reversed(self.options) if option.name in names), None)

    def values(self, *names: str) -> tuple[Word, ...]:
        """Return the values of these options, in their order."""
        return tuple(option.value for option in self.options if option.name in names and option.value)

    @property
    def environment(self) -> str:
        """Return the name or folder of its environment; empty if it uses the active one."""
        target = self.option("name", "prefix")
        return target.value.value if target and target.value else self.within


class Arguments(NamedTuple):
    """The arguments of a command, split into options and operands."""

    options: tuple[CallOption, ...]
    operands: tuple[Word, ...]


def calls_in(commands: Iterable[ShellCommand], within: str = "") -> tuple[Call, ...]:
    """Return the calls in some commands, in their order; ``within`` is the environment that they run in."""
    return tuple(call for command in commands for call in _calls(command, within, 0))


def environment_of(shell: Sequence[Word]) -> str:
    """Return the environment that a shell such as ``conda run -n NAME bash -c`` runs in; empty if it names none."""
    if not shell or _program(shell[0]) not in ("conda", "mamba", "micromamba"):
        return ""
    read = read_options(shell[1:], options.RUN, stop=False)
    target = next((one.value for one in read.options if one.name in ("name", "prefix")), None)
    return target.value if target else ""


def read_options(words: Sequence[Word], table: ProgramOptions, *, stop: bool) -> Arguments:
    """Split words into options and operands; with ``stop``, everything after the first operand is an operand."""
    found: list[CallOption] = []
    operands: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        text = word.value
        at += 1
        if text == "--" or not text.startswith("-") or text == "-":
            operands += [word] if text != "--" else words[at:]
            if stop or text == "--":
                operands += words[at:] if text != "--" else []
                break
        elif text.startswith("--"):
            name, equals, _ = text[2:].partition("=")
            if equals:
                found.append(CallOption(name, word.part(len(name) + 3), word.span))
            elif name in table.valued and at < len(words):
                found.append(CallOption(name, words[at], Span(word.span.start, words[at].span.end)))
                at += 1
            else:
                found.append(CallOption(name, None, word.span))
        else:
            at = _short(word, words, at, table, found)
    return Arguments(tuple(found), tuple(operands))


_CONDA_ACTIONS = frozenset(
    "install create update upgrade remove uninstall clean config activate deactivate self-update".split()
)
_ENV_ACTIONS = frozenset("create update remove config".split())
_PIP_ACTIONS = frozenset("install uninstall sync".split())
_SAME: dict[str, str] = {"upgrade": "update", "uninstall": "remove"}
_VARIABLES = {"MAMBA_EXE": "micromamba", "CONDA_EXE": "conda", "PYTHON": "python", "PIP": "pip"}
_SHELLS = frozenset("sh bash dash zsh ksh ash su runuser".split())


class _Run(NamedTuple):
    """A command whose wrappers are being removed: its other words, and the settings of the wrappers.

    ``depth`` counts the shells around it, ``wrappers`` the removed programs.
    """

    words: Sequence[Word]
    command: ShellCommand
    within: str
    settings: tuple[str, ...]
    depth: int
    wrappers: int = 0

    def after(self, words: Sequence[Word]) -> _Run:
        """Return the rest of the command after a wrapper."""
        return self._replace(words=words, wrappers=self.wrappers + 1)


def _calls(command: ShellCommand, within: str, depth: int) -> Iterator[Call]:
    settings = tuple(word.value.partition("=")[0].rstrip("+") for word in command.assignments)
    yield from _peeled(_Run(command.words, command, within, settings, depth))


def _peeled(run: _Run) -> Iterator[Call]:
    """Yield the calls in a command, also after ``sudo``, ``conda run``, ``bash -c`` and the like."""
    if not run.words:
        # 'RUN <<EOF' of a Dockerfile is a script.
        yield from _of_documents(run)
        return
    if run.wrappers > MAX_WRAPPERS:
        return
    name = _program(run.words[0])
    if name in options.WRAPPERS:
        yield from _wrapped(run, name)
    elif name in _SHELLS:
        yield from _of_shell(run)
    elif name in ("conda", "mamba", "micromamba"):
        yield from _of_conda(
            run, "conda" if name == "conda" else "mamba" if name == "mamba" else "micromamba"
        )
    elif name == "uv":
        yield from _of_uv(run)
    elif name == "pip":
        yield from _of_pip(run, 1, options.PIP)
    elif name == "python":
        at = _module_pip(run.words)
        if at:
            yield from _of_pip(run, at, options.PIP)


def _program(word: Word) -> str:
    """Return the name of the program that a word calls, without its path: ``/opt/conda/bin/conda`` is conda."""
    text = re.split(r"[/\\]", word.value)[-1] or word.value
    text = re.sub(r"(?i)\.(?:exe|bat)$", "", text)
    variable = re.fullmatch(r"\$\{?(\w+)\}?", text)
    if variable:
        text = _VARIABLES.get(variable[1], "")
    return re.sub(r"^(python|pip)[\d.]*$", r"\1", text)


def _wrapped(run: _Run, name: str) -> Iterator[Call]:
    read = read_options(run.words[1:], options.WRAPPERS[name], stop=True)
    rest, settings = list(read.operands), run.settings
    if name in ("timeout", "retry") and rest and re.fullmatch(r"[\d.]+[smhd]?", rest[0].value):
        rest = rest[1:]
    while name in ("env", "sudo") and rest and re.match(r"[A-Za-z_]\w*=", rest[0].value):
        settings = (*settings, rest[0].value.partition("=")[0])
        rest = rest[1:]
    if name == "sudo" and not rest:
        yield from _of_documents(run)
        return
    yield from _peeled(run.after(rest)._replace(settings=settings))


def _of_shell(run: _Run) -> Iterator[Call]:
    """Yield the calls in ``bash -c SCRIPT``, or in the here-document that a shell reads."""
    words = run.words
    for at, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-[a-z]*c", word.value) or word.value == "--command":
            if at + 1 < len(words) and run.depth < MAX_NESTED:
                script = next(
                    (one for one in words[at + 1 :] if not one.value.startswith("-")), words[at + 1]
                )
                for command in read_script(script.piece, run.command.depth + 1).commands:
                    inner = _calls(command, run.within, run.depth + 1)
                    yield from (_inside(call, run) for call in inner)
            return
    yield from _of_documents(run)


def _of_documents(run: _Run) -> Iterator[Call]:
    if run.depth < MAX_NESTED:
        for document in run.command.documents:
            for command in read_script(document, run.command.depth + 1).commands:
                inner = _calls(command, run.within, run.depth + 1)
                yield from (_inside(call, run) for call in inner)


def _inside(call: Call, run: _Run) -> Call:
    return call._replace(settings=run.settings + call.settings, nested=True)


def _of_conda(run: _Run, tool: Tool) -> Iterator[Call]:
    read = read_options(run.words[1:], options.CONDA, stop=True)
    if not read.operands:
        return
    name = read.operands[0].value
    if name == "run":
        inner = read_options(read.operands[1:], options.RUN, stop=True)
        target = next(
            (one for one in (*read.options, *inner.options) if one.name in ("name", "prefix")), None
        )
        within = target.value.value if target and target.value else run.within
        yield from _peeled(run.after(inner.operands)._replace(within=within))
        return
    first = 1
    if name == "env" and len(read.operands) > 1 and read.operands[1].value in _ENV_ACTIONS:
        name, first = f"env {read.operands[1].value}", 2
    elif name not in _CONDA_ACTIONS:
        return
    table = options.CLEAN if name == "clean" else options.CONDA
    rest = read_options(read.operands[first:], table, stop=False)
    yield _call(run, tool, _SAME.get(name, name), read.operands[first - 1], read.options + rest.options, rest)


def _of_uv(run: _Run) -> Iterator[Call]:
    for at, word in enumerate(run.words[1:4], 1):
        if word.value == "pip":
            yield from _of_pip(run, at + 1, options.UV)
            return


def _module_pip(words: Sequence[Word]) -> int:
    """Return where the arguments of ``python -m pip`` begin, 0 if it is another call."""
    for at in range(1, len(words) - 1):
        if words[at].value == "-m":
            return at + 2 if words[at + 1].value == "pip" else 0
        if not words[at].value.startswith("-"):
            return 0
    return 0


def _of_pip(run: _Run, first: int, table: ProgramOptions) -> Iterator[Call]:
    read = read_options(run.words[first:], table, stop=True)
    if read.operands and read.operands[0].value in _PIP_ACTIONS:
        rest = read_options(read.operands[1:], table, stop=False)
        yield _call(run, "pip", read.operands[0].value, read.operands[0], read.options + rest.options, rest)


def _call(
    run: _Run, tool: Tool, action: str, last: Word, given: tuple[CallOption, ...], rest: Arguments
) -> Call:
    fed_by_xargs = any(_program(word) == "xargs" for word in run.command.words[: -len(run.words)])
    return Call(
        tool, action, run.words[0], Span(run.words[0].span.start, last.span.end), given, rest.operands, run.command,
        run.within, run.settings, fed_by_xargs or any(_may_expand_to_more(word) for word in rest.operands),
    )  # fmt: skip


def _may_expand_to_more(word: Word) -> bool:
    """Return whether a word may expand to options and packages: ``$ARGUMENTS`` may, ``python=$VERSION`` does not."""
    return word.splits and word.value.startswith(("$", "`"))


def _short(word: Word, words: Sequence[Word], at: int, table: ProgramOptions, found: list[CallOption]) -> int:
    """Read a word of short options, such as ``-qyn NAME``; return where the next word is."""
    for place, letter in enumerate(word.value[1:], 1):
        name = table.short.get(letter, letter)
        if name not in table.valued:
            found.append(CallOption(name, None, word.span))
            continue
        rest = place + 1 + word.value.startswith("=", place + 1)
        if rest < len(word.value):
            found.append(CallOption(name, word.part(rest), word.span))
        elif at < len(words):
            found.append(CallOption(name, words[at], Span(word.span.start, words[at].span.end)))
            return at + 1
        else:
            found.append(CallOption(name, None, word.span))
        break
    return at
