"""The lines that a suppression in a Dockerfile, a script or a workflow applies to."""

from __future__ import annotations

from bisect import bisect_right

from conda_lockstep.lint.targets.install_script.install_script import InstallFile
from conda_lockstep.text.source import Span
from conda_lockstep.text.suppressions import Suppression, in_comments, is_alone


def suppressions_in(file: InstallFile) -> tuple[Suppression, ...]:
    """Return the suppressions of a file in order.

    One at the end of a line applies to the commands on that line; one on a separate line applies to the instruction,
    step or command that follows, with all its lines.
    """
    return in_comments(file.source, file.comments, _ScriptExtents(file).lines)


class _ScriptExtents:
    """The lines that comments apply to, read once for all comments of a file."""

    def __init__(self, file: InstallFile) -> None:
        self._source = file.source
        self._alone = {
            self._line(comment.start) for comment in file.comments if is_alone(file.source, comment)
        }
        self._following = self._next_contents()
        self._blocks = dict(map(self._range, file.blocks))
        commands = sorted(self._range(command.span) for step in file.steps for command in step.commands)
        self._commands: list[tuple[int, int]] = []
        for first, last in commands:
            if self._commands and first <= self._commands[-1][1]:
                self._commands[-1] = (self._commands[-1][0], max(last, self._commands[-1][1]))
            else:
                self._commands.append((first, last))

    def lines(self, comment: Span) -> tuple[int, int]:
        """Return the first and last line of the code that a comment is next to or above."""
        line = self._line(comment.start)
        if line in self._alone:
            line = self._following[line]
            if line in self._blocks:
                return line, self._blocks[line]
        at = bisect_right(self._commands, (line, len(self._source.line_starts))) - 1
        if at >= 0 and line <= self._commands[at][1]:
            return self._commands[at]
        return line, line

    def _next_contents(self) -> list[int]:
        """Return for every line the next one with more than comments."""
        count = len(self._source.line_starts)
        following = [count] * (count + 1)
        for line in range(count - 1, 0, -1):
            is_empty = line + 1 in self._alone or not self._source.line(line + 1).strip()
            following[line] = following[line + 1] if is_empty else line + 1
        return following

    def _line(self, offset: int) -> int:
        return self._source.position(offset)[0]

    def _range(self, span: Span) -> tuple[int, int]:
        return self._line(span.start), self._line(max(span.start, span.end - 1))
