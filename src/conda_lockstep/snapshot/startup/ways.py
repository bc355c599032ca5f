"""The one list of the ways by which code gets in before a job's first line; docs/nodes.md has the same table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from conda_lockstep.snapshot.model import UnownedFile
from conda_lockstep.snapshot.startup import activation, interpreter, loader
from conda_lockstep.snapshot.startup.context import Context

_SITE = "https://docs.python.org/3/library/site.html"
_SYS_PATH = "https://docs.python.org/3/library/sys_path_init.html"
_VARIABLES = "https://docs.python.org/3/using/cmdline.html#environment-variables"
_LOADER = "https://man7.org/linux/man-pages/man8/ld.so.8.html"
_ICONV = "https://man7.org/linux/man-pages/man3/iconv_open.3.html"
_CONDA = "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html"
_ACTIVATION = "https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/activation.html"


class Way(NamedTuple):
    """One way: the file or variable, its effect, where that is documented, and the look at it."""

    place: str
    effect: str
    source: str
    look: Callable[[Context], Iterator[UnownedFile]]


WAYS: tuple[Way, ...] = (
    Way("`*.pth` in site-packages", "adds folders to the path, runs lines that begin with `import`", _SITE,
        interpreter.path_files),
    Way("`sitecustomize`, `usercustomize` in the prefix", "run at every start", _SITE, interpreter.customize_modules),
    Way("user site-packages", "hide packages of the prefix; their `*.pth` and customize modules run", _SITE,
        interpreter.user_site),
    Way("`lib/pythonXY.zip`", "is searched before the standard library", _SYS_PATH,
        interpreter.standard_library_archive),
    Way("`pyvenv.cfg`, `pybuilddir.txt`, `*._pth` beside the interpreter", "move the standard library", _SYS_PATH,
        interpreter.layout_files),
    Way("`PYTHONPATH`", "is searched before the standard library: folders, zip archives, eggs", _VARIABLES,
        interpreter.module_path),
    Way("`PYTHONHOME`", "replaces the standard library", _VARIABLES, interpreter.home),
    Way("`PYTHONPLATLIBDIR`", "moves the standard library", _VARIABLES, interpreter.library_folder),
    Way("`PYTHONPYCACHEPREFIX`", "moves the byte code", _VARIABLES, interpreter.byte_code_folder),
    Way("`PYTHON_PRESITE`", "runs a module at every start of a debug build", _VARIABLES, interpreter.presite),
    Way("`PYTHONEXECUTABLE`, `__PYVENV_LAUNCHER__`", "replace the path of the interpreter on macOS", _SYS_PATH,
        interpreter.executable),
    Way("`PYTHONSTARTUP`", "runs in interactive sessions", _VARIABLES, interpreter.interactive),
    Way("`LD_PRELOAD`, `DYLD_INSERT_LIBRARIES`", "are loaded before every library", _LOADER, loader.preloaded),
    Way("`/etc/ld.so.preload`", "is loaded before every library, in every process", _LOADER, loader.preload_file),
    Way("`LD_AUDIT`", "runs in every process", _LOADER, loader.audited),
    Way("`LD_LIBRARY_PATH`, `DYLD_LIBRARY_PATH`, `DYLD_FALLBACK_LIBRARY_PATH`",
        "are searched before a library's RUNPATH; entries end at `:` or `;`", _LOADER, loader.library_path),
    Way("`GCONV_PATH`", "glibc loads modules for character sets from it", _ICONV, loader.conversions),
    Way("`conda-meta/state`", "variables of `conda env config vars`, set at activation", _CONDA, activation.state),
    Way("`etc/conda/activate.d`, `etc/conda/deactivate.d`", "scripts that run at activation", _ACTIVATION,
        activation.scripts),
    Way("`etc/conda/env_vars.d`", "variables that are set at activation", _ACTIVATION, activation.variable_files),
)  # fmt: skip
"""Packages own some of these files; those are not reported."""


def look(context: Context) -> Iterator[UnownedFile]:
    """Yield what gets in by any of the ways, and belongs to no package."""
    for way in WAYS:
        yield from way.look(context)
