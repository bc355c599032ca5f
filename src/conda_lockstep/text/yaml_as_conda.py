"""Reads YAML as conda does: with ruamel.yaml, YAML 1.2, merge keys and aliases resolved.

conda reads environment files with ``YAML(typ="safe", pure=True)`` (``conda.common.serialize``). It takes 60 ms to
import and reads slower than libyaml, so only files that are not of the plain kind come here.
"""

from __future__ import annotations

import re
import warnings

from conda_lockstep.text.source import Source, UnreadableFileError

# An anchor or a tag at the start of a value, or a merge key. '&&' is no anchor, and '!=' no tag.
_SPECIAL = r"(?m)(?:^|[\s\[{,:])(?:&[^\s,\[\]{}&]|![\w!<]|<<\s*:)"


def is_special(text: str) -> bool:
    """Return whether a text may have anchors (and so aliases), tags or merge keys."""
    return re.search(_SPECIAL, text) is not None


def load_as_conda(source: Source) -> object:
    """Return the values that conda reads; of a key that occurs twice the first.

    The text must have passed :func:`conda_lockstep.text.yaml_nodes.compose_any`, which bounds depth and expansion.
    Raises :class:`UnreadableFileError` for what conda cannot read.
    """
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        try:
            return _load(source.text, with_duplicates=False)
        except DuplicateKeyError as error:
            if "duplicate merge key" in str(error.problem):
                raise
            # Other keys that occur twice are reported by a rule of their own.
            return _load(source.text, with_duplicates=True)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = min(mark.index, len(source.text)) if mark is not None else 0
        raise _error(str(error.problem), source, offset) from None
    except (YAMLError, ValueError) as error:
        raise _error(str(error), source, 0) from None


def _load(text: str, *, with_duplicates: bool) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import ReusedAnchorWarning

    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = with_duplicates
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReusedAnchorWarning)
        document: object = reader.load(text)
    return document


def _error(problem: str, source: Source, offset: int) -> UnreadableFileError:
    tag = re.search(r"constructor for the tag '?([^'\s]+)'?", problem)
    what = f"conda does not know the tag '{tag[1]}'" if tag else f"conda cannot read this: {problem}"
    remedy = "delete the tag" if tag else "write the values out, without anchors, aliases and merge keys"
    return UnreadableFileError(what, source, offset, remedy=remedy)
