"""The documentation: it is whole, it is what GitHub shows, and what it says to type is there to be typed."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from scripts.build_docs import build
from scripts.pages import EVERY_RULE, Page

from conda_lockstep.cli.main import COMMANDS
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.config import Config
from conda_lockstep.lint.engine.selection import select
from conda_lockstep.settings import load
from tests.support.docs import DOCS, as_run

ROOT = DOCS.parent
GUIDE = sorted(DOCS.glob("*.md"))
SOURCES = [ROOT / "README.md", *GUIDE, *sorted((ROOT / "hooks").glob("**/README.md"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


class Html(HTMLParser):
    """What a page links to, loads, and can be linked to; which elements it is made of, and where."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.ids: set[str] = set()
        self.elements: Counter[str] = Counter()
        self.region = "body"
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements[tag] += 1
        self.region = tag if tag in ("nav", "main", "aside") else self.region
        self.ids |= {identity for identity in (values.get("id"),) if identity}
        for name in ("href", "src"):
            if values.get(name):
                self.links.append((self.region, values[name] or ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Page]]:
    """The built site, and its pages."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    return folder, build(folder)


@pytest.fixture(scope="module")
def documents(site: tuple[Path, list[Page]]) -> dict[Path, Html]:
    """Every page of the site, parsed."""
    return {path: Html(path.read_text(encoding="utf-8")) for path in site[0].rglob("*.html")}


def test_every_page_is_there_and_in_the_navigation_of_every_other(
    site: tuple[Path, list[Page]], documents: dict[Path, Html]
) -> None:
    folder, pages = site
    assert {name_of(path) for path in SOURCES} <= {str(page.source) for page in pages}
    urls = {folder / page.url for page in pages}
    assert len(urls) == len(pages)
    assert documents.keys() == urls
    for path, document in documents.items():
        found = {(path.parent / link).resolve() for region, link in document.links if region == "nav"}
        assert found == urls, path


def test_every_page_has_a_title_and_opens_with_what_it_is(site: tuple[Path, list[Page]]) -> None:
    for page in site[1]:
        assert page.title, page.source
        assert page.lead, page.source


def test_no_link_leads_nowhere(documents: dict[Path, Html]) -> None:
    for path, document in documents.items():
        for _, link in document.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path}: {link}"
            if parts.fragment:
                assert parts.fragment in documents[target].ids, f"{path}: {link}"


def test_the_site_loads_nothing_from_elsewhere(site: tuple[Path, list[Page]]) -> None:
    for path in site[0].rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"""<(?:link|script|img|iframe)\b[^>]*(?:href|src)=["'](?:https?:)?//""", text
        ), path
    assert "url(" not in (site[0] / "style.css").read_text(encoding="utf-8")


def test_a_link_that_leads_nowhere_ends_the_build_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "# One\n\nSee [two](docs/two.md), [gone](docs/gone.md),\n[x](docs/two.md#x).\n"
    )
    (tmp_path / "docs" / "two.md").write_text("# Two\n\nSee [one](../README.md#one) and [y](#y).\n")
    with pytest.raises(SystemExit) as stop:
        build(tmp_path / "site", tmp_path)
    assert str(stop.value).splitlines() == [
        "README.md:3: the link to 'docs/gone.md' leads nowhere",
        "README.md:3: the link to 'docs/two.md#x' leads nowhere",
        "docs/two.md:3: the link to '#y' leads nowhere",
    ]
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if EVERY_RULE not in path.read_text("utf-8")], ids=name_of
)
def test_a_page_is_made_of_what_github_makes_of_it(site: tuple[Path, list[Page]], path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    (page,) = (page for page in site[1] if str(page.source) == name_of(path))
    html = (site[0] / page.url).read_text(encoding="utf-8")
    main = html[html.index('<main id="content">') : html.index("<footer>")]
    github = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    kinds = (
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ul",
        "ol",
        "li",
        "pre",
        "table",
        "tr",
        "th",
        "td",
        "blockquote",
        "em",
    )
    ours, theirs = Html(main).elements, Html(github).elements
    assert {kind: ours[kind] for kind in kinds} == {kind: theirs[kind] for kind in kinds}


@pytest.mark.parametrize("path", GUIDE, ids=name_of)
def test_what_a_page_shows_is_what_its_commands_print(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert as_run(text) == text, "run: python -m tests.support.docs"


def typed(text: str) -> list[str]:
    """Every ``lockstep …`` that a page says to type: in blocks for a shell, and as code within a sentence."""
    blocks = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines += re.findall(r"`(lockstep [^`]+)`", prose)
    return [line for line in lines if re.match(r"(?:conda-)?lockstep ", line)]


def unknown(command: str) -> list[str]:
    """What of a command line the program does not know: its subcommand, or options of it."""
    words = command.partition("#")[0].split()
    known = {each.name: each for each in COMMANDS}
    if words[1].startswith("-"):
        return []
    if words[1] not in known:
        return [words[1]]
    parser = argparse.ArgumentParser()
    known[words[1]].declare(parser)
    options = {option for action in parser._actions for option in action.option_strings}
    return [word for word in words[2:] if word.startswith("--") and word.partition("=")[0] not in options]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_command_in_a_page_exists(path: Path) -> None:
    missing = {line: unknown(line) for line in typed(path.read_text(encoding="utf-8"))}
    assert {line: words for line, words in missing.items() if words} == {}


def test_the_check_of_commands_sees_what_is_missing() -> None:
    page = "```sh\nlockstep lint --nonsense  # --none\n```\nand `lockstep nonsense` and `lockstep lint --fix`"
    assert [unknown(line) for line in typed(page)] == [["--nonsense"], ["nonsense"], []]


def test_every_setting_is_documented_and_none_that_does_not_exist() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    named = re.findall(r"^### ([\w-]+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(
        name.replace("_", "-") for name in Config._fields if name not in ("root", "trust", "today")
    )


def test_the_settings_that_are_shown_can_be_read(tmp_path: Path) -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```toml ((?:lockstep|pyproject)\.toml)\n(.*?)```", text, re.DOTALL)
    assert blocks
    for number, (name, settings) in enumerate(blocks):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(settings, encoding="utf-8")
        assert load(folder, TRUSTED).root == folder
        select(load(folder, TRUSTED))
