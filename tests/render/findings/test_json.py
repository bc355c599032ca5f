from __future__ import annotations

import json

from conda_lockstep.lint.engine.runner import EditAt, Finding, FixAt
from conda_lockstep.render.findings import json as report

FINDING = Finding(
    "duplicate-channel", "channels", "warning", "named twice", "delete one", "environment.yml", 3, 5, 3, 9, ("x",),
    FixAt("delete it", "safe", (EditAt(3, 1, 4, 1, ""),)), ((2, 5, 9, "first here"),),
)  # fmt: skip


def test_a_finding_is_an_object_with_its_place_and_its_fix() -> None:
    assert json.loads(report.render([FINDING])) == [
        {
            "rule": "duplicate-channel",
            "family": "channels",
            "severity": "warning",
            "message": "named twice",
            "help": "delete one",
            "path": "environment.yml",
            "line": 3,
            "column": 5,
            "end_line": 3,
            "end_column": 9,
            "also": [{"line": 2, "column": 5, "end_column": 9, "message": "first here"}],
            "fix": {
                "message": "delete it",
                "safety": "safe",
                "edits": [{"line": 3, "column": 1, "end_line": 4, "end_column": 1, "text": ""}],
            },
        }
    ]


def test_nothing_is_an_empty_array_and_text_stays_text() -> None:
    assert report.render([]) == "[]\n"
    rendered = report.render([FINDING._replace(message="\u00fcber \x1b \ud800", fix=None)])
    assert "\u00fcber" in rendered
    assert (
        json.loads(rendered.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass"))[0]["fix"]
        is None
    )
