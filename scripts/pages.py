"""The pages of the documentation, read as GitHub reads them, and the links between them."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.gfm import gfm_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from tests.support.pages import rule_table

from conda_lockstep.lint.engine.registry import families, in_order

GUIDE, PROJECT = "Guide", "Project"
FRONT = "README.md"
FIRST = (
    FRONT,
    "docs/start.md",
    "hooks/README.md",
    "docs/configuration.md",
    "docs/suppressions.md",
    "docs/output.md",
)
LAST = ("CONTRIBUTING.md", "CHANGELOG.md")
EVERY_RULE = "<!-- every rule -->"
"""Where the tables of all families go; on GitHub each stands on the page of its hook."""


@dataclass(slots=True)
class Page:
    """A page: its path in the repository, its address in the site, and what is read out of it."""

    source: PurePosixPath
    url: PurePosixPath
    section: str
    tokens: list[Token]
    title: str = ""
    lead: str = ""
    toc: list[tuple[str, str]] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)


def read_pages(root: Path) -> list[Page]:
    """Read every page in the order of the navigation: the guide, a section for each hook, the project."""
    guide = [name for name in FIRST if (root / name).is_file()]
    guide += [name for name in _names(root, "docs/*.md") if name not in guide]
    hooks = [name for name in _names(root, "hooks/*/**/README.md") if name not in guide]
    last = [name for name in LAST if (root / name).is_file()]
    return [
        *(_page(root, name, GUIDE) for name in guide),
        *(_page(root, name, PurePosixPath(name).parts[1]) for name in hooks),
        *(_page(root, name, PROJECT) for name in last),
    ]


def follow_links(pages: Sequence[Page], root: Path) -> tuple[set[str], list[str]]:
    """Turn links to pages into those of the site.

    Returns the other files that links lead to, and a line for each link that leads nowhere.
    """
    by_source = {page.source: page for page in pages}
    files: set[str] = set()
    broken = [line for page in pages for line in _follow(page, by_source, files, root)]
    return files, broken


def reader() -> MarkdownIt:
    """Return a reader and renderer of the dialect that GitHub speaks, with code in colours."""
    markdown = MarkdownIt("commonmark").use(gfm_plugin)
    markdown.use(anchors_plugin, max_level=4, permalink=True, permalinkSymbol="#")
    markdown.add_render_rule("fence", _code)
    return markdown


_CAPTIONS = {"expected.txt": "what lockstep lint says"}
"""What stands above a block in the place of its file's name."""


def _names(root: Path, glob: str) -> list[str]:
    return sorted(
        (path.relative_to(root).as_posix() for path in root.glob(glob)), key=lambda name: name.split("/")
    )


def _page(root: Path, name: str, section: str) -> Page:
    source = PurePosixPath(name)
    text = (root / source).read_text(encoding="utf-8")
    if EVERY_RULE in text:
        text = text.replace(EVERY_RULE, _every_rule())
    page = Page(source, _address(source), section, reader().parse(text))
    for token, inline in zip(page.tokens, page.tokens[1:], strict=False):
        if token.type == "heading_open" and token.attrGet("id"):
            anchor, words = str(token.attrGet("id")), _words(inline)
            page.anchors.add(anchor)
            page.title = page.title or words
            if token.tag == "h2":
                page.toc.append((anchor, words))
        elif token.type == "paragraph_open" and token.level == 0 and not page.lead:
            page.lead = _words(inline)
    return page


def _address(source: PurePosixPath) -> PurePosixPath:
    """Return where a page is in the site: the guide at its top, the hooks as in the repository."""
    if source.name == "README.md":
        return source.with_name("index.html")
    return PurePosixPath(source.stem.lower()).with_suffix(".html")


def _every_rule() -> str:
    tables = []
    for family in in_order(families()):
        table = rule_table(family).replace("](", f"](lockstep-{family}/")
        tables.append(f"## {family}\n\n{table}")
    return "\n".join(tables)


def _words(inline: Token) -> str:
    words = [
        child.content if child.type in ("text", "code_inline") else " "
        for child in inline.children or ()
        if child.type in ("text", "code_inline", "softbreak") and child.content != "#"
    ]
    return " ".join("".join(words).split())


def _follow(
    page: Page, by_source: Mapping[PurePosixPath, Page], files: set[str], root: Path
) -> Iterator[str]:
    for token in page.tokens:
        for child in token.children or ():
            name = {"link_open": "href", "image": "src"}.get(child.type, "")
            address = str(child.attrGet(name)) if name else ""
            parts = urlsplit(address)
            if not address or parts.scheme or parts.netloc:
                continue
            source = PurePosixPath(os.path.normpath(page.source.parent / unquote(parts.path)))
            target = page if not parts.path else by_source.get(source) or by_source.get(source / "README.md")
            if target is not None and (not parts.fragment or parts.fragment in target.anchors):
                place = "" if target is page else os.path.relpath(target.url, page.url.parent)
                child.attrSet(name, place + (f"#{parts.fragment}" if parts.fragment else ""))
            elif target is None and (root / source).is_file():
                files.add(str(source))
                child.attrSet(name, os.path.relpath(source, page.url.parent))
            elif target is None and (root / source).is_dir():
                _unlink(token.children or [], child)
            else:
                line = token.map[0] + 1 if token.map else 1
                yield f"{page.source}:{line}: the link to '{address}' leads nowhere"


def _unlink(tokens: Sequence[Token], link: Token) -> None:
    """Leave of a link its words: a folder without a page can be looked at on GitHub only."""
    start = next(number for number, token in enumerate(tokens) if token is link)
    end = next(token for token in tokens[start:] if token.type == "link_close" and token.level == link.level)
    link.hidden = end.hidden = True


def _code(renderer: RendererProtocol, tokens: Sequence[Token], index: int, *__: object) -> str:
    """Return a block of code in colours; what stands behind the language, a file's name, becomes its caption."""
    language, _, name = tokens[index].info.strip().partition(" ")
    caption = _CAPTIONS.get(name, name)
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        raise SystemExit(f"no colours for code in '{language}'") from None
    inner = highlight(tokens[index].content, lexer, HtmlFormatter(nowrap=True))
    block = f'<pre class="highlight {lexer.aliases[0]}"><code>{inner}</code></pre>\n'
    return f"<figure><figcaption>{html.escape(caption)}</figcaption>{block}</figure>\n" if caption else block
