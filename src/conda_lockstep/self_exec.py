"""Runs a function of this program in a process of its own, from a checkout, a wheel or the zipapp alike."""

from __future__ import annotations

import os
import sys

import conda_lockstep

_CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import {function}; {function}()"


def command(module: str, function: str, *, bare: bool = False) -> list[str]:
    """Return the command that calls a function without arguments; what follows it becomes ``sys.argv[1:]``.

    ``bare`` leaves out site-packages, for what needs the standard library alone. The zipapp is a folder to Python.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(conda_lockstep.__file__)))  # noqa: PTH100, PTH120
    flags = ["-I", "-S"] if bare else ["-I"]
    return [sys.executable, *flags, "-c", _CODE.format(module=module, function=function), root]
