"""Every distribution that the package imports is declared: as a dependency, or in an extra that the room may use."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator

import pytest
from tests.support.corpus import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = REPOSITORY / "src" / "conda_lockstep"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOST = {"conda"}
"""``conda_plugin`` is loaded by conda, which is therefore there; PyPI has none to depend on."""
ROOMS = {
    "github": {"github", "solve"},
    "export": {"solve", "sbom"},
    "conda": {"solve"},
    "conda_plugin": set(),
    "environment": set(),
    "text": set(),
    "snapshot": {"solve"},
    "render": {"solve"},
    "lint": {"solve"},
}
"""Which extras a room may need; the other rooms may need ``solve``."""


def imported() -> Iterator[tuple[str, str]]:
    """Yield each module outside the standard library that is imported at run time, with the room that imports it."""
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for_types = {id(node) for block in ast.walk(tree) if is_for_types(block) for node in ast.walk(block)}
        for node in (node for node in ast.walk(tree) if id(node) not in for_types):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names}:
                if top not in sys.stdlib_module_names and top != "conda_lockstep":
                    yield top, room


def is_for_types(node: ast.AST) -> bool:
    """Return whether a node is what only a type checker runs; it comes with its own ``typing_extensions``."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def canonical(requirement: str) -> str:
    name = re.split(r"[\s<>=!~\[;]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, set[str]]:
    """Return each declared distribution with the extras that bring it; the empty name is no extra."""
    found: dict[str, set[str]] = {}
    lists = {"": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    for extra, requirements in lists.items():
        for requirement in requirements:
            found.setdefault(canonical(requirement), set()).add(extra)
    return found


IMPORTED = sorted({*imported()})


@pytest.mark.parametrize(("module", "room"), IMPORTED, ids="-".join)
def test_what_is_imported_is_declared_where_the_room_may_use_it(module: str, room: str) -> None:
    if module in HOST:
        assert room == "conda_plugin"
        return
    if module == "tomli":
        assert "tomli" in declared()
        return
    distributions = {canonical(name) for name in importlib.metadata.packages_distributions()[module]}
    extras = set().union(*(declared().get(name, set()) for name in distributions))
    assert extras & {"", *ROOMS.get(room, {"solve"})}, f"{distributions} declared in {extras or 'nothing'}"


def test_what_is_declared_is_imported() -> None:
    """``uv`` is run, not imported, wherever it can be; ``ruamel.yaml`` is imported where files are edited."""
    modules = {module for module, _ in IMPORTED}
    of = importlib.metadata.packages_distributions()
    used = {canonical(name) for module in modules for name in of.get(module, [module])}
    assert declared().keys() - used <= {"conda-lockstep", "ruamel-yaml"}


def test_the_extra_all_has_every_other_one() -> None:
    extras = PROJECT["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.findall(r"[\w-]+", everything.partition("[")[2])) == extras.keys() - {"all"}
