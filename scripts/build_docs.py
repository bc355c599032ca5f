"""Builds the documentation into a static site: ``python -m scripts.build_docs``, without a network.

Its pages are ``docs/*.md`` and every ``README.md`` below ``hooks/``. A link that leads nowhere ends the build.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import jinja2
from pygments.formatters import HtmlFormatter

from scripts.pages import GUIDE, Page, follow_links, read_pages, reader

ROOT = Path(__file__).parents[1]
SITE = ROOT / ".cache" / "site"
THEME = Path(__file__).parent / "site"


def build(target: Path = SITE, root: Path = ROOT) -> list[Page]:
    """Build the site into a folder, in place of what is there, and return its pages in the order of the navigation.

    Raises ``SystemExit`` with one line for each link that leads nowhere.
    """
    pages = read_pages(root)
    files, broken = follow_links(pages, root)
    if broken:
        raise SystemExit("\n".join(broken))
    shutil.rmtree(target, ignore_errors=True)
    template = _template()
    for number, page in enumerate(pages):
        _write(target / page.url, _html(template, pages, number))
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target / name)
    _write(target / "style.css", (THEME / "style.css").read_text(encoding="utf-8") + _colours())
    _write(target / "filter.js", (THEME / "filter.js").read_text(encoding="utf-8"))
    return pages


def _html(template: jinja2.Template, pages: Sequence[Page], number: int) -> str:
    page, markdown = pages[number], reader()
    sections: dict[str, list[Page]] = {}
    for each in pages:
        sections.setdefault(each.section, []).append(each)
    return template.render(
        page=page,
        content=markdown.renderer.render(page.tokens, markdown.options, {}),
        sections=sections,
        opened=(GUIDE, page.section),
        previous=pages[number - 1] if number else None,
        next=pages[number + 1] if number + 1 < len(pages) else None,
        to=lambda url: os.path.relpath(url, page.url.parent),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(THEME), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html")


def _colours() -> str:
    """Return the style sheet for code, light and dark; the blocks themselves are the theme's."""
    light, dark = (
        HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("default", "github-dark")
    )
    not_tokens = re.compile(r"^(?:pre|td|span)\b.*\n|^\.highlight \{.*\n", re.MULTILINE)
    tokens = [not_tokens.sub("", str(style)) for style in (light, dark)]
    return f"\n{tokens[0]}\n@media (prefers-color-scheme: dark) {{\n{tokens[1]}\n}}\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    print(f"{len(build())} pages: {SITE / 'index.html'}")
