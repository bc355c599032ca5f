"""Whatever an environment file says, the comment and the page about it say it as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.drift.report import Report
from conda_lockstep.drift.requested.spec_diff import spec_diff
from conda_lockstep.environment.environment_file import EnvironmentFile
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.render.drift import html, markdown
from conda_lockstep.render.drift import text as drift_text
from tests.render.drift.test_markdown import ALLOWED, page
from tests.render.hostile import ATTACKS, REFERENCES, Page, texts

PLAIN = parse("name: plain\ndependencies:\n  - numpy=1.26\n", "environment.yml")


def file(text: str, path: str = "environment.yml") -> EnvironmentFile:
    """Return a file that says a text wherever one may; JSON is YAML."""
    said = {
        "name": text,
        "channels": [text, f"https://h/{text}"],
        "dependencies": [
            text, f"numpy={text}", f"pkg[{text}]", f"{text}::tqdm=1", f"torch=2=*{text}*",
            {"pip": [
                text, f"torch=={text}", f"pip[{text}]==1", f"git+https://h/u/{text}", f"-r {text}", f"-i https://{text}",
                f"https://h/{text}-1.0.tar.gz", f"pkg; python_version<'{text}'",
            ]},
        ],
        "variables": {"A": text, "B": "x"},
    }  # fmt: skip
    return parse(json.dumps(said, ensure_ascii=True), path)


def reports(text: str) -> list[Report]:
    try:
        hostile = file(text, f"{text.strip() or 'x'}.yml")
    except LockstepError:  # no YAML: nothing is compared
        return []
    return [
        spec_diff(PLAIN, hostile),
        spec_diff(hostile, PLAIN),
        spec_diff(file("plain"), hostile),
    ]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_file_makes_the_comment_or_the_page_anything_but_text(attack: str) -> None:
    assert_harmless(attack)


def test_the_reports_that_are_looked_at_say_what_the_file_says() -> None:
    for report in reports("octopus"):
        assert len(report.rows) > 10
        assert markdown.render(report).count("octopus") > 10


@given(texts | st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_text_in_a_file_makes_them_anything_but_text(text: str) -> None:
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    allowed = set(Page(html.render(spec_diff(PLAIN, file("plain")))).elements) | {"small", "ol"}
    for report in reports(text):
        comment, whole = page(markdown.render(report)), Page(html.render(report))
        assert set(comment.elements) <= ALLOWED
        assert not {name for _, name, _ in comment.attributes} - {"align", "lang"}
        assert comment.comments == whole.comments == 0
        assert not [prose for prose in comment.prose if REFERENCES.search(prose)]
        assert set(whole.elements) <= allowed
        names = {name for _, name, _ in whole.attributes}
        assert not [name for name in names if name.startswith("on") or name in ("src", "href", "style")]
        assert drift_text.render(report).replace("\n", "").isprintable()
