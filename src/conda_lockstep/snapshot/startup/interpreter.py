"""What Python runs, or adds to its module path, before the first line of a job."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from conda_lockstep.snapshot.distributions import listing
from conda_lockstep.snapshot.model import UnownedFile
from conda_lockstep.snapshot.no_wait import no_wait
from conda_lockstep.snapshot.startup.context import Context, some
from conda_lockstep.snapshot.startup.modules import CUSTOMIZE, hidden, modules_at

_FORMS = ("", ".py", ".pyc", ".so")


def path_files(context: Context) -> Iterator[UnownedFile]:
    """Yield the ``.pth`` files in site-packages that belong to no package."""
    found = {
        f"{os.path.relpath(folder, context.root)}/{name}"
        for folder, names in context.listings.items()
        for name in names
        if name.endswith(".pth")
    }
    for path in sorted(context.unowned(found)):
        yield _path_file(path, os.path.join(context.root, path), "no package owns it")


def customize_modules(context: Context) -> Iterator[UnownedFile]:
    """Yield ``sitecustomize`` and ``usercustomize`` in the prefix that belong to no package."""
    found = set()
    for library in context.libraries:
        for folder in (library, f"{library}/lib-dynload", f"{library}/site-packages"):
            names = _customize_names(context, folder)
            found |= {f"{folder}/{name}" for name in names if not name.endswith(".so") or "." in name}
    for path in sorted(context.unowned(found)):
        yield UnownedFile("startup", path, "it runs at every start of Python, and no package owns it")


def _customize_names(context: Context, folder: str) -> Iterator[str]:
    full = os.path.join(context.root, folder)
    if full in context.listings:
        yield from (name for name in context.listings[full] if name.partition(".")[0] in CUSTOMIZE)
        return
    for name in (module + form for module in CUSTOMIZE for form in _FORMS):
        if os.path.exists(f"{full}/{name}"):
            yield name


def standard_library_archive(context: Context) -> Iterator[UnownedFile]:
    """Yield ``lib/pythonXY.zip``, which is searched before the standard library."""
    found = set()
    for library in context.libraries:
        parent, _, name = library.rpartition("/")
        archive = f"{parent}/{name.replace('.', '').removesuffix('t')}.zip".lstrip("/")
        if os.path.exists(os.path.join(context.root, archive)):
            found.add(archive)
    for path in sorted(context.unowned(found)):
        inside = modules_at(os.path.join(context.root, path))
        what = (
            f"it hides {some(inside)} of the standard library"
            if inside
            else "it is searched before the standard library"
        )
        yield UnownedFile("shadows", path, f"{what}, and no package owns it")


def layout_files(context: Context) -> Iterator[UnownedFile]:
    """Yield the files beside the interpreter that tell it where its library is."""
    paths = {"pyvenv.cfg", "bin/pyvenv.cfg", "bin/pybuilddir.txt"}
    paths |= {f"{folder}{name}" for folder in ("", "bin/") for name in _python_path_files(context, folder)}
    present = {path for path in paths if os.path.lexists(os.path.join(context.root, path))}
    for path in sorted(context.unowned(present)):
        yield UnownedFile(
            "shadows", path, "it moves the module path of the interpreter, and no package owns it"
        )


def _python_path_files(context: Context, folder: str) -> Iterator[str]:
    for library in context.libraries:
        name = os.path.basename(library)
        yield from (f"{stem}._pth" for stem in ("python", name, name.replace(".", "")))


def home(context: Context) -> Iterator[UnownedFile]:
    """Yield ``PYTHONHOME`` if it leads to another standard library."""
    value = context.environ.get("PYTHONHOME", "")
    if value and any(os.path.realpath(each) != context.root for each in value.split(os.pathsep)):
        yield UnownedFile("shadows", "PYTHONHOME", f"{value} replaces the whole standard library")


def library_folder(context: Context) -> Iterator[UnownedFile]:
    """Yield ``PYTHONPLATLIBDIR`` if it is another folder than the one of the prefix."""
    value = context.environ.get("PYTHONPLATLIBDIR", "")
    if value and value not in {os.path.dirname(library) for library in context.libraries}:
        yield UnownedFile("shadows", "PYTHONPLATLIBDIR", f"the standard library is searched in {value}")


def module_path(context: Context) -> Iterator[UnownedFile]:
    """Yield what ``PYTHONPATH`` adds before the standard library; an empty entry is the working folder."""
    value = context.environ.get("PYTHONPATH", "")
    if not value:
        return
    ours = [place for site in context.listings for place in (site, *_above(site))]
    for entry in value.split(os.pathsep):
        place = os.path.abspath(entry)
        if not context.is_inside(place):
            yield from _entry("PYTHONPATH", place, ours)


def _above(site_packages: str) -> tuple[str, str]:
    library = os.path.dirname(site_packages)
    return library, f"{library}/lib-dynload"


def user_site(context: Context) -> Iterator[UnownedFile]:
    """Yield what the user's site-packages add before those of the prefix, and what of them runs (PEP 370)."""
    for folder in _user_sites(context):
        names = listing(folder)
        if names:
            yield from _entry("user site-packages", folder, context.listings)
        for name in sorted(names):
            if name.endswith(".pth"):
                yield _path_file("user site-packages", f"{folder}/{name}", folder, name=name)


def _user_sites(context: Context) -> Iterator[str]:
    environ = context.environ
    if environ.get("PYTHONNOUSERSITE") or not (environ.get("PYTHONUSERBASE") or environ.get("HOME")):
        return
    base = environ.get("PYTHONUSERBASE") or os.path.join(environ["HOME"], ".local")
    for library in context.libraries:
        name = os.path.basename(library)
        if name.startswith("python"):
            yield os.path.join(base, "lib", name, "site-packages")


def _entry(place: str, folder: str, ours: Iterable[str]) -> Iterator[UnownedFile]:
    """Yield what one entry of the module path does."""
    found = modules_at(folder)
    for module in CUSTOMIZE:
        if module in found:
            yield UnownedFile("startup", place, f"{module} in {folder} runs at every start of Python")
    others = {name: where for name, where in found.items() if name not in CUSTOMIZE}
    if hiding := sorted(hidden(others, ours)):
        yield UnownedFile("shadows", place, f"{folder} hides {some(hiding)} of the prefix")
    elif others:
        yield UnownedFile("present", place, f"{folder} adds {some(others)}")


def _path_file(place: str, path: str, why: str, name: str = "") -> UnownedFile:
    """Return what a ``.pth`` file does; a line that begins with ``import`` is run."""
    try:
        with open(path, encoding="utf-8", errors="replace", opener=no_wait) as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    except OSError:
        lines = []
    subject = f"{name} in {why}" if name else "it"
    reason = "" if name else f", and {why}"
    if any(line.startswith(("import ", "import\t")) for line in lines):
        return UnownedFile("startup", place, f"{subject} runs code at every start of Python{reason}")
    added = f"adds {lines[0]} to the path" if lines else "is empty"
    return UnownedFile("path", place, f"{subject} {added}{reason}")


def byte_code_folder(context: Context) -> Iterator[UnownedFile]:
    """Yield ``PYTHONPYCACHEPREFIX``: byte code is read from there in place of the prefix."""
    if value := context.environ.get("PYTHONPYCACHEPREFIX"):
        yield UnownedFile("path", "PYTHONPYCACHEPREFIX", f"byte code is read from {value}")


def presite(context: Context) -> Iterator[UnownedFile]:
    """Yield ``PYTHON_PRESITE``, a module that debug builds import before ``site``."""
    if value := context.environ.get("PYTHON_PRESITE"):
        yield UnownedFile("startup", "PYTHON_PRESITE", f"{value} runs at every start of a debug build")


def executable(context: Context) -> Iterator[UnownedFile]:
    """Yield the variables of macOS that replace the path of the interpreter, from which its library is found."""
    for name in ("PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"):
        value = context.environ.get(name, "")
        if value and not context.is_inside(value):
            yield UnownedFile("present", name, f"on macOS, the library is searched from {value}")


def interactive(context: Context) -> Iterator[UnownedFile]:
    """Yield ``PYTHONSTARTUP``, which only interactive sessions run."""
    if value := context.environ.get("PYTHONSTARTUP"):
        yield UnownedFile("present", "PYTHONSTARTUP", f"interactive sessions run {value}")
