"""What ``conda activate`` applies to the shell of a job: scripts, and variables."""

from __future__ import annotations

import os
from collections.abc import Iterator

from conda_lockstep.snapshot.distributions import listing
from conda_lockstep.snapshot.model import UnownedFile
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.snapshot.startup.context import Context, some
from conda_lockstep.text.json_fields import load_json

STATE = "conda-meta/state"
_UNSET = "***unset***"


def state(context: Context) -> Iterator[UnownedFile]:
    """Yield the variables that ``conda env config vars set`` recorded."""
    try:
        with open(
            os.path.join(context.root, STATE), encoding="utf-8", errors="replace", opener=no_wait
        ) as file:
            document = load_json(file.read())
    except OSError:
        return
    except ValueError:
        yield UnownedFile("activation", STATE, "it is not JSON, so its variables cannot be checked")
        return
    variables = document.get("env_vars") if isinstance(document, dict) else None
    if not isinstance(variables, dict) or not variables:
        return
    unset = [name for name, value in variables.items() if value == _UNSET]
    names = [name for name in variables if name not in unset]
    parts = [f"sets {some(names)}"] if names else []
    parts += [f"unsets {some(unset)}"] if unset else []
    yield UnownedFile("activation", STATE, f"activation {' and '.join(parts)}, which no package owns")


def scripts(context: Context) -> Iterator[UnownedFile]:
    """Yield the activation and deactivation scripts that belong to no package."""
    yield from _unowned(context, "etc/conda/activate.d", "activation runs it")
    yield from _unowned(context, "etc/conda/deactivate.d", "deactivation runs it")


def variable_files(context: Context) -> Iterator[UnownedFile]:
    """Yield the files with variables that belong to no package."""
    yield from _unowned(context, "etc/conda/env_vars.d", "activation sets its variables")


def _unowned(context: Context, folder: str, effect: str) -> Iterator[UnownedFile]:
    found = {f"{folder}/{name}" for name in listing(os.path.join(context.root, folder))}
    for path in sorted(context.unowned(found) if found else ()):
        yield UnownedFile("activation", path, f"{effect}, and no package owns it")
