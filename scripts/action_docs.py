"""Writes into docs/action.md what action.yml and the example workflow say: ``python -m scripts.action_docs``."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "action.md"
ACTION = ROOT / "action.yml"


def rendered(page: str) -> str:
    """Return the page with its tables and its workflows made anew."""
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    inputs = [
        f"| `{name}` | {_default(value['default'])} | {value['description']} |"
        for name, value in action["inputs"].items()
    ]
    outputs = [f"| `{name}` | {value['description']} |" for name, value in action["outputs"].items()]
    page = _block(page, "inputs", ["| input | default | what it says |", "|---|---|---|", *inputs])
    page = _block(page, "outputs", ["| output | what it says |", "|---|---|", *outputs])
    for path in sorted((PAGE.parent / "workflows").glob("*.yml")):
        text = path.read_text(encoding="utf-8").rstrip("\n")
        page = _block(page, f"file: workflows/{path.name}", ["```yaml", text, "```"])
    return page


def _block(page: str, name: str, lines: list[str]) -> str:
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda match: match[1] + "\n".join(lines) + "\n" + match[2], page)


def _default(value: str) -> str:
    return f"`{value}`" if value else ""


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
