"""Writes a simple index of wheels that lie beside it: PEP 503 pages, and PEP 691 JSON for servers that can offer it."""

from __future__ import annotations

import html
import json
import os
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import quote

from conda_lockstep.conda.project_names import normalize
from conda_lockstep.packages import Package
from conda_lockstep.text.atomic import write_text

_VERSION = "1.0"


def write_simple_index(folder: Path, wheels: Mapping[Package, Path]) -> None:
    """Write the pages of some wheels into a folder, and remove those of other projects."""
    projects: defaultdict[str, list[tuple[Package, Path]]] = defaultdict(list)
    for package, path in wheels.items():
        projects[normalize(package.name)].append((package, path))
    for page in folder.glob("*/index.html"):
        if page.parent.name not in projects:
            shutil.rmtree(page.parent)
    if not projects and not folder.exists():
        return
    for name, files in projects.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        _write_project(folder / name, name, sorted(files, key=lambda file: file[1].name))
    links = "".join(f'<a href="{name}/">{name}</a><br>\n' for name in sorted(projects))
    write_text(folder / "index.html", _page("Simple index", links))
    _write_json(folder / "index.json", {"projects": [{"name": name} for name in sorted(projects)]})


def _write_project(folder: Path, name: str, wheels: Sequence[tuple[Package, Path]]) -> None:
    links, files = [], []
    for package, path in wheels:
        url = quote(os.path.relpath(path, folder).replace(os.sep, "/"))
        requires = _requires_python(path)
        attribute = f' data-requires-python="{html.escape(requires)}"' if requires else ""
        links.append(f'<a href="{url}#sha256={package.sha256}"{attribute}>{html.escape(path.name)}</a><br>\n')
        files.append(
            {
                "filename": path.name,
                "url": url,
                "hashes": {"sha256": package.sha256},
                "requires-python": requires or None,
            }
        )
    write_text(folder / "index.html", _page(f"Links for {name}", "".join(links)))
    _write_json(folder / "index.json", {"name": name, "files": files})


def _requires_python(wheel: Path) -> str:
    """Return what a wheel's METADATA asks of Python."""
    with zipfile.ZipFile(wheel) as archive:
        name = next((name for name in archive.namelist() if name.endswith(".dist-info/METADATA")), "")
        text = archive.read(name).decode("utf-8", "replace") if name else ""
    return str(HeaderParser().parsestr(text, headersonly=True).get("Requires-Python", ""))


def _page(title: str, body: str) -> str:
    head = f'<meta name="pypi:repository-version" content="{_VERSION}"><title>{html.escape(title)}</title>'
    return f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n{body}</body></html>\n"


def _write_json(path: Path, answer: dict[str, object]) -> None:
    document = {"meta": {"api-version": _VERSION}, **answer}
    write_text(path, json.dumps(document, indent=1) + "\n")
