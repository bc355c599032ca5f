"""Turns a panic of rattler, which is no ``Exception`` and would end the process, into an error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conda_lockstep.errors import LockstepError


@contextmanager
def panics_as_errors(what: str, where: str, remedy: str) -> Iterator[None]:
    """Raise ``LockstepError`` for a panic inside the block: ``what`` failed, in the words of the panic."""
    try:
        yield
    except BaseException as error:
        # pyo3 has a class of its own for panics, in a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        reason = (str(error) or "no reason").splitlines()[0]
        raise LockstepError(f"{what}: {reason}", where=where, remedy=remedy) from None
