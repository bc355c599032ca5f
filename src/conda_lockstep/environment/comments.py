"""Where the comments of a YAML text are: a ``#`` inside of a quoted or block scalar begins none."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from conda_lockstep.environment.source import Source, Span

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.1, production 75: a comment is parted from what stands before it by white space.
_COMMENT = re.compile(r"(?<![^\s])#[^\r\n]*")


class Layout(NamedTuple):
    """The scalars and the comments of a text, each in its order. A comment reaches from ``#`` to its line's end."""

    scalars: tuple[Span, ...]
    comments: tuple[Span, ...]


def layout(source: Source) -> Layout:
    """Return where scalars and comments are in a text that is known to be YAML."""
    text = source.text
    scalars: list[Span] = []
    comments: list[Span] = []
    at = 0
    for token in yaml.scan(text, Loader=_Loader):
        if not isinstance(token, yaml.ScalarToken):
            continue
        start, end = token.start_mark.index, token.end_mark.index
        comments += (Span(*found.span()) for found in _COMMENT.finditer(text, at, start))
        if token.style in ("|", ">"):
            header = source.rest_of_line(start)
            comments += (Span(*found.span()) for found in _COMMENT.finditer(text, *header))
            end = start + len(text[start:end].rstrip())
        scalars.append(Span(start, end))
        at = token.end_mark.index
    comments += (Span(*found.span()) for found in _COMMENT.finditer(text, at))
    return Layout(tuple(scalars), tuple(comments))
