"""Where the comments of a YAML text are: a ``#`` inside of a quoted or block scalar begins none."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from conda_lockstep.text.source import Source, Span
from conda_lockstep.text.yaml_limits import LOADER

# YAML 1.1, production 75: a comment is parted from what stands before it by white space.
_COMMENT = re.compile(r"(?<![^\s])#[^\r\n]*")
_RARE: dict[type[yaml.Token], str] = {
    yaml.AliasToken: "an alias",
    yaml.AnchorToken: "an anchor",
    yaml.DirectiveToken: "a directive",
    yaml.DocumentEndToken: "a document end",
    yaml.TagToken: "a tag",
}


class CommentLayout(NamedTuple):
    """What a text is made of, each in its order. A comment reaches from ``#`` to its line's end.

    ``rare`` are the places of what environment files do without: anchors, aliases, tags, directives.
    """

    scalars: tuple[Span, ...]
    comments: tuple[Span, ...]
    rare: tuple[tuple[str, Span], ...]


def layout(source: Source) -> CommentLayout:
    """Return where scalars and comments are in a text that is known to be YAML."""
    text = source.text
    scalars: list[Span] = []
    comments: list[Span] = []
    rare: list[tuple[str, Span]] = []
    at = 0
    for token in yaml.scan(text, Loader=LOADER):
        start, end = token.start_mark.index, token.end_mark.index
        if type(token) in _RARE:
            rare.append((_RARE[type(token)], Span(start, end)))
        if not isinstance(token, yaml.ScalarToken):
            continue
        comments += (Span(*found.span()) for found in _COMMENT.finditer(text, at, start))
        if token.style in ("|", ">"):
            header = source.rest_of_line(start)
            comments += (Span(*found.span()) for found in _COMMENT.finditer(text, *header))
            end = start + len(text[start:end].rstrip())
        scalars.append(Span(start, end))
        at = token.end_mark.index
    comments += (Span(*found.span()) for found in _COMMENT.finditer(text, at))
    return CommentLayout(tuple(scalars), tuple(comments), tuple(rare))
