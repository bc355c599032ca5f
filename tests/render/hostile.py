"""Hostile texts for names, and what to search for in the page that shows them."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from hypothesis import strategies as st

ATTACKS = (
    "@octocat",
    "@org/team",
    "#1",
    "GH-7",
    "owner/repo#3",
    "user@deadbeef",
    "deadbeefcafe1234deadbeefcafe1234deadbeef",
    "https://evil.example",
    "www.evil.example",
    "mailto:a@evil.example",
    "a@evil.example",
    "ftp://evil.example",
    "![x](https://evil.example/x.png)",
    "[x](https://evil.example)",
    "[x]: https://evil.example",
    "<https://evil.example>",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</details>",
    "</code>",
    "<!-- lockstep -->",
    "-->",
    "<b>",
    "| a | b |",
    "\\|",
    "\\\\|",
    "`",
    "``",
    "```",
    "~~~",
    "` | `",
    "\n\n# heading",
    "\n- item",
    "\r\n> quote",
    "\n    code",
    "***",
    "---",
    "* * *",
    "__init__",
    "**bold**",
    "~~gone~~",
    "&lt;b&gt;",
    "&#64;octocat",
    "&commat;octocat",
    ":tada:",
    "\u202egnp.exe",
    "\u200b",
    "\u2028",
    "\x1b[31m",
    "\x00",
    "\x07",
    "a\tb",
    " ",
    "",
    "\\",
    "$x^2$",
    "$$x$$",
    "\u00a0",
    "%s",
    "{{7*7}}",
    "${{ github.token }}",
    "::set-output name=x::y",
    "::error::x",
    "1. one",
    "+ plus",
    "=====",
    "\ud7ff",
    "é" * 300,
    "x" * 100_000,
    "javascript:alert(1)",
    '" onmouseover="alert(1)',
    "' style='x",
    "]]>",
    "<![CDATA[",
    "<?php",
    "\\`",
    "\\@octocat",
)

texts = st.lists(
    st.sampled_from(ATTACKS) | st.text(max_size=12) | st.sampled_from([" ", "-", "/", "numpy"]), max_size=4
).map("".join)


class Page(HTMLParser):
    """Counts elements, and keeps attributes and the text that is not code."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.attributes: set[tuple[str, str, str]] = set()
        self.prose: list[str] = []
        self.comments = 0
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes |= {(tag, name, value or "") for name, value in attrs}
        if tag not in ("br", "meta", "input", "img", "hr"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    def handle_data(self, data: str) -> None:
        if not {"code", "pre", "style", "script"} & set(self._open):
            self.prose.append(data)


REFERENCES = re.compile(
    r"@[\w-]|#\d|\bGH-\d|https?:|www\.|ftp:|mailto:|javascript:|\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b|:[a-z0-9+_-]+:|\$.+\$|::",
    re.IGNORECASE,
)
"""What GitHub makes a link, a mention, an emoji or a formula of, outside code; and what its runner obeys."""
