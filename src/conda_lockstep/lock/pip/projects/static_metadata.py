"""The metadata of a project without running its code: what its files state, and nothing that a build would compute.

- ``[project]`` of ``pyproject.toml`` (PEP 621), where ``dynamic`` does not have the field. Of dynamic fields,
  setuptools' ``{file = […]}`` is read: https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html
- ``PKG-INFO`` of metadata 2.2 or newer, where ``Dynamic`` does not have the field (PEP 643)
- ``setup.cfg``, and the literals of ``setup.py``

``build-system.requires`` says what its build needs (PEP 518); setuptools where there is no such table.
"""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.environment.pip_lines import logical_lines
from conda_lockstep.lock.pip.projects.setup_py import ComputedError, setup_arguments
from conda_lockstep.lock.pip.wheel_metadata import WheelMetadata, parse_metadata

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ReadFile = Callable[[str], "str | None"]
"""Returns the text of a file of the project by its path from the project's root; None where there is none."""
DEFAULT_BACKEND = ("setuptools",)


@dataclass(frozen=True, slots=True)
class ProjectMetadata:
    """What a project states. ``version`` is empty where only a build knows it, ``name`` is normalized.

    ``build_requires`` are the requirements of its build.
    """

    name: str
    version: str
    metadata: WheelMetadata
    build_requires: tuple[str, ...] = DEFAULT_BACKEND


class NotStaticError(Exception):
    """The metadata are computed by a build, or there are none.

    ``remedy`` says what would make them static. It is given for a fault, which a build would fail on as well.
    """

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.is_fault = bool(remedy)
        self.remedy = remedy or "state its name and dependencies in [project] of its pyproject.toml"


def static_metadata(read: ReadFile) -> ProjectMetadata:
    """Return the metadata of a project. Raises ``NotStaticError`` where a build would compute them."""
    text = read("pyproject.toml")
    document = _toml(text) if text is not None else {}
    requires = _build_requires(document)
    project = document.get("project")
    if isinstance(project, dict):
        return _of_pyproject(project, document, read, requires)
    if (info := read("PKG-INFO")) is not None and (found := _of_pkg_info(info, requires)):
        return found
    tool = document.get("tool")
    if isinstance(tool, dict) and "poetry" in tool:
        raise NotStaticError("its dependencies are in Poetry's own table")
    cfg, setup = read("setup.cfg"), read("setup.py")
    if cfg is None and setup is None:
        what = "it has no [project] table" if document else "it has neither pyproject.toml nor setup.py"
        raise NotStaticError(what)
    return _of_setuptools(cfg or "", setup or "", read, requires)


def _of_pyproject(
    project: Mapping[str, object], document: Mapping[str, object], read: ReadFile, requires: tuple[str, ...]
) -> ProjectMetadata:
    dynamic = frozenset(_texts(project.get("dynamic")))
    if not isinstance(project.get("name"), str):
        raise NotStaticError("its [project] table has no name")
    if "requires-python" in dynamic:
        raise NotStaticError("its requires-python is dynamic")
    lines = [*_texts(project.get("dependencies"))]
    if "dependencies" in dynamic:
        lines = [*_from_files(_dynamic(document, "dependencies"), read, "dependencies are dynamic")]
    groups = _tables_of_texts(project.get("optional-dependencies"))
    if "optional-dependencies" in dynamic:
        listed = _dynamic(document, "optional-dependencies")
        if not isinstance(listed, dict):
            raise NotStaticError("its optional dependencies are dynamic")
        groups = {
            name: [*_from_files(table, read, "optional dependencies are dynamic")]
            for name, table in listed.items()
        }
    version = "" if "version" in dynamic else str(project.get("version") or "")
    python = project.get("requires-python")
    return ProjectMetadata(
        normalize(str(project["name"])),
        _version(version),
        WheelMetadata(tuple(_requirements(lines, groups)), python if isinstance(python, str) else ""),
        requires,
    )


def _of_pkg_info(text: str, requires: tuple[str, ...]) -> ProjectMetadata | None:
    """Read PKG-INFO; None where it is older than 2.2, or says that a build may change what is needed."""
    headers = HeaderParser().parsestr(text, headersonly=True)
    try:
        if Version(str(headers.get("Metadata-Version", "0"))) < Version("2.2"):
            return None
    except InvalidVersion:
        return None
    dynamic = {str(field).strip().lower() for field in headers.get_all("Dynamic", [])}
    if dynamic & {"requires-dist", "requires-python", "provides-extra"} or not headers.get("Name"):
        return None
    version = _version(str(headers.get("Version", "")))
    return ProjectMetadata(normalize(str(headers["Name"])), version, parse_metadata(text), requires)


def _of_setuptools(cfg: str, setup: str, read: ReadFile, requires: tuple[str, ...]) -> ProjectMetadata:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(cfg)
    except configparser.Error:
        raise NotStaticError("its setup.cfg cannot be read") from None
    try:
        given = setup_arguments(setup) if setup else {}
    except ComputedError as error:
        raise NotStaticError(str(error)) from None
    fields = _SetuptoolsFields(parser, given, read)
    name = fields.text("name", "metadata")
    if not name:
        raise NotStaticError("it states no name")
    lines = fields.lines("install_requires")
    return ProjectMetadata(
        normalize(name),
        _version(fields.text("version", "metadata")),
        WheelMetadata(
            tuple(_requirements(lines, fields.extras())), fields.text("python_requires", "options")
        ),
        requires,
    )


@dataclass(frozen=True, slots=True)
class _SetuptoolsFields:
    """The fields of setup.cfg and of setup(); one that both state counts for neither."""

    cfg: configparser.RawConfigParser
    given: Mapping[str, object]
    read: ReadFile

    def text(self, key: str, section: str) -> str:
        written = self.cfg.get(section, key, fallback="").strip()
        if written.startswith(("attr:", "file:")):
            if key == "version":
                return ""
            raise NotStaticError(f"its setup.cfg computes {key}")
        value = self._one(key, written or None)
        return value if isinstance(value, str) else ""

    def lines(self, key: str) -> Sequence[str]:
        written = self.cfg.get("options", key, fallback="").strip()
        value = self._one(key, [*self._listed(written, key)] if written else None)
        return [*_lines(value, key)]

    def extras(self) -> Mapping[str, Sequence[str]]:
        section = "options.extras_require"
        names = self.cfg.options(section) if self.cfg.has_section(section) else []
        written = {name: [*self._listed(self.cfg.get(section, name).strip(), name)] for name in names}
        value = self._one("extras_require", written or None) or {}
        if not isinstance(value, dict):
            raise NotStaticError("its setup.py computes extras_require")
        return {str(name): [*_lines(lines, str(name))] for name, lines in value.items()}

    def _one(self, key: str, written: object) -> object:
        if written is not None and self.given.get(key) is not None:
            raise NotStaticError(f"both its setup.cfg and its setup.py state {key}")
        return written if written is not None else self.given.get(key)

    def _listed(self, text: str, key: str) -> Iterator[str]:
        if text.startswith("file:"):
            names = [name.strip() for name in text.removeprefix("file:").split(",")]
            yield from _from_files({"file": names}, self.read, f"{key} is computed")
        else:
            # A single line is split at semicolons, which would cut off a marker: setuptools does so, too.
            yield from (line.strip() for line in text.splitlines())


def _requirements(lines: Iterable[str], groups: Mapping[str, Iterable[str]]) -> Iterator[Requirement]:
    yield from (_requirement(line) for line in lines if line.strip())
    for group, members in groups.items():
        # setuptools' spelling: 'extra:marker', and ':marker' for requirements of no extra.
        extra, _, condition = group.partition(":")
        for line in members:
            if line.strip():
                requirement = _requirement(line)
                parts = [f"({requirement.marker})"] if requirement.marker else []
                parts += [f"({condition})"] if condition else []
                parts += [f"extra == '{normalize(extra)}'"] if extra else []
                try:
                    requirement.marker = Marker(" and ".join(parts)) if parts else None
                except ValueError:
                    raise NotStaticError(f"'{group}' is not a valid extra") from None
                yield requirement


def _requirement(line: str) -> Requirement:
    try:
        return Requirement(line)
    except InvalidRequirement:
        raise NotStaticError(
            f"its dependency '{line.strip()}' is not valid (PEP 508)", "correct it"
        ) from None


def _from_files(table: object, read: ReadFile, why: str) -> Iterator[str]:
    """Yield the lines of the files that setuptools reads for a dynamic field; options of pip are not for it."""
    names = table.get("file") if isinstance(table, dict) else None
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list):
        raise NotStaticError(f"its {why}")
    for name in names:
        text = read(str(name))
        if text is None:
            raise NotStaticError(f"its {name} cannot be read", "add the file to the project")
        for line in logical_lines(text):
            if line.text.startswith("-"):
                raise NotStaticError(f"its {name} has '{line.text}', which is no requirement", "correct it")
            yield line.text


def _dynamic(document: Mapping[str, object], key: str) -> object:
    found: object = document
    for step in ("tool", "setuptools", "dynamic", key):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _build_requires(document: Mapping[str, object]) -> tuple[str, ...]:
    table = document.get("build-system")
    listed = table.get("requires") if isinstance(table, dict) else None
    return tuple(_texts(listed)) if isinstance(listed, list) else DEFAULT_BACKEND


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NotStaticError(f"its pyproject.toml is not TOML: {error}", "correct the file") from None


def _lines(value: object, key: str) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, str):
        yield from value.splitlines()
        return
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise NotStaticError(f"its setup.py computes {key}")
    yield from value


def _texts(value: object) -> Iterator[str]:
    yield from (item for item in (value if isinstance(value, list) else []) if isinstance(item, str))


def _tables_of_texts(value: object) -> Mapping[str, Sequence[str]]:
    return {name: [*_texts(lines)] for name, lines in (value if isinstance(value, dict) else {}).items()}


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion:
        return ""
