"""The one family of exceptions: what went wrong, where, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple


class Location(NamedTuple):
    """A place in a file. Lines and columns count from 1, columns in characters; 0 means unknown."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """``path``, ``path:line`` or ``path:line:column``, as editors and compilers write it."""
        parts = [self.path]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class LockstepError(Exception):
    """A user's mistake or a failure outside of us, told in one line; the command line exits with 2.

    ``what`` says what is wrong, ``where`` names the file, URL or prefix, ``remedy`` says what to do. ``detail`` are
    lines for those who want to know more, such as a solver's reasons; they are printed before the error's own line.
    """

    def __init__(
        self,
        what: str,
        *,
        where: Location | str | None = None,
        remedy: str = "",
        detail: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        """One line, whatever the parts hold."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.remedy:
            text = f"{text.rstrip('.')}; {self.remedy}"
        return " ".join(text.split())


class MissingExtraError(LockstepError):
    """A command needs a package that an extra of the distribution brings."""

    def __init__(self, command: str, extra: str, module: str) -> None:
        super().__init__(
            f"'lockstep {command}' needs {module}, which is not installed",
            remedy=f"run: pip install 'conda-lockstep[{extra}]'",
        )
