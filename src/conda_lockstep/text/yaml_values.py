"""From text to plain values, for files whose places matter only in errors: locks, and settings of other tools."""

from __future__ import annotations

import yaml

from conda_lockstep.errors import LockstepError
from conda_lockstep.text.source import Source, UnreadableFileError
from conda_lockstep.text.yaml_limits import LOADER, children, yaml_error
from conda_lockstep.text.yaml_nodes import MERGE, compose_any


def load(text: str, shown_as: str, *, remedy: str = "", as_text: bool = False) -> object:
    """Return the values of a YAML text, as YAML 1.1 reads them, or with ``as_text`` every scalar as a string.

    Raises ``LockstepError`` with the place and ``remedy`` for text that is not YAML, is nested or expands too far,
    contains conflict markers, or has a key twice in one mapping: readers differ in which of the two they keep.
    """
    try:
        return _values(Source.of(shown_as, text), remedy, as_text)
    except UnreadableFileError as error:
        # That one is the linter's, for the file it looks at: a finding. These files are read beside it.
        raise LockstepError(error.what, where=error.where, remedy=error.remedy) from None


def _values(source: Source, remedy: str, as_text: bool) -> object:
    root = compose_any(source, remedy=remedy, as_text=as_text)
    if root is None:
        return None
    _refuse_repeated_keys(root, source, remedy)
    loader = (yaml.BaseLoader if as_text else LOADER)("")
    try:
        document: object = loader.construct_document(root)
        return document
    except yaml.YAMLError as error:
        raise yaml_error(source, error, remedy) from None
    except ValueError as error:
        offset = _offset_of_bad_scalar(root)
        raise UnreadableFileError(
            f"not YAML: {error}", source, offset, remedy=remedy or "quote the value"
        ) from None
    finally:
        loader.dispose()


def _refuse_repeated_keys(root: yaml.Node, source: Source, remedy: str) -> None:
    stack = [root]
    while stack:
        node = stack.pop()
        stack += children(node)
        if not isinstance(node, yaml.MappingNode):
            continue
        if len({(key.tag, key.value) for key, _ in node.value if _is_simple(key)}) < len(node.value):
            seen: set[tuple[str, str]] = set()
            for key, _ in node.value:
                if _is_simple(key) and (key.tag, key.value) in seen:
                    what = f"the key '{key.value}' occurs twice"
                    remedy = remedy or "keep one of them"
                    raise UnreadableFileError(what, source, key.start_mark.index, remedy=remedy)
                if _is_simple(key):
                    seen.add((key.tag, key.value))


def _is_simple(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.tag != MERGE


def _offset_of_bad_scalar(root: yaml.Node) -> int:
    """Return the offset of the first scalar with a value that does not exist, such as the date 2020-13-01."""
    loader = LOADER("")
    stack = [root]
    while stack:
        node = stack.pop()
        stack += reversed(children(node))
        if isinstance(node, yaml.ScalarNode):
            try:
                loader.construct_object(node)
            except ValueError:
                return int(node.start_mark.index)
            except yaml.YAMLError:
                continue
    return 0
