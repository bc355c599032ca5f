"""Reads a ``setup.py`` without running it: the arguments of its one ``setup()`` call, as far as they are literals.

A ``setup.py`` is a program, so this believes it only where nothing that it computes can change the answer: one call at
the top level, no ``**``, and literals, or names that are assigned one literal and used nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

READ = ("name", "version", "install_requires", "extras_require", "python_requires")
_CHANGES_METADATA = frozenset({"egg_info", "dist_info", "sdist", "editable_wheel"})


class ComputedError(Exception):
    """A ``setup.py`` whose metadata only a run shows; the message says which."""


def setup_arguments(text: str) -> Mapping[str, object]:
    """Return the literal arguments among :data:`READ`; a computed ``version`` is left out.

    Raises ``ComputedError`` for anything else that is computed.
    """
    try:
        return _arguments(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ComputedError("its setup.py is not valid Python") from None


def _arguments(tree: ast.Module) -> Mapping[str, object]:
    call = _call(tree)
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise ComputedError("the arguments of setup() are computed")
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    _refuse_hooks(given)
    found: dict[str, object] = {}
    for key in READ:
        if key in given:
            try:
                found[key] = _literal(given[key], tree)
            except ComputedError:
                if key != "version":
                    raise ComputedError(f"its setup.py computes {key}") from None
    return found


def _call(tree: ast.Module) -> ast.Call:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_setup(node.func)]
    top = [
        statement.value
        for statement in _top_level(tree)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    ]
    if len(calls) != 1 or calls[0] not in top:
        raise ComputedError("its setup.py does not call setup() once, at the top level")
    return calls[0]


def _is_setup(func: ast.expr) -> bool:
    if isinstance(func, ast.Attribute):
        return func.attr == "setup" and isinstance(func.value, ast.Name)
    return isinstance(func, ast.Name) and func.id == "setup"


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    for statement in tree.body:
        is_main = isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test)
        if isinstance(statement, ast.With) or (
            is_main and isinstance(statement, ast.If) and not statement.orelse
        ):
            yield from statement.body
        else:
            yield statement


def _refuse_hooks(given: Mapping[str, ast.expr]) -> None:
    if "distclass" in given or "script_args" in given:
        raise ComputedError("its setup.py replaces parts of setuptools")
    commands = given.get("cmdclass")
    if commands is None:
        return
    keys = commands.keys if isinstance(commands, ast.Dict) else [None]
    names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
    if None in names or not _CHANGES_METADATA.isdisjoint(map(str, names)):
        raise ComputedError("its setup.py computes cmdclass")


def _literal(value: ast.expr, tree: ast.Module) -> object:
    if isinstance(value, ast.Name):
        value = _assigned(value.id, tree)
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise ComputedError("it is no literal") from None


def _assigned(name: str, tree: ast.Module) -> ast.expr:
    """Return the one value that a name has; anything that might change it is a ``ComputedError``."""
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    values = [
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(target := statement.targets[0], ast.Name)
        and target.id == name
    ]
    # One use is the assignment, one the argument. A function may declare it global without a node of its own.
    declared = any(
        isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names for node in ast.walk(tree)
    )
    if len(values) != 1 or len(uses) != 2 or declared:
        raise ComputedError("it may change")
    return values[0]
