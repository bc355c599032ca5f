"""``lockstep explain`` and ``lockstep rules``: every rule is listed, and has its page."""

from __future__ import annotations

import json

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.lint.engine.registry import Rule, families, in_order, rules
from conda_lockstep.lint.engine.rule_pages import lead, page, plain

FAMILIES = in_order(families())


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(argv) == 0
    return capsys.readouterr().out


def test_explain_prints_the_page_of_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "explain", "accidental-exact")
    assert text.startswith("# accidental-exact\n")
    assert "\n## Fix safety\n" in text


@pytest.mark.parametrize("family", FAMILIES)
def test_explain_prints_the_page_of_a_family(capsys: pytest.CaptureFixture[str], family: str) -> None:
    text = said(capsys, "explain", family)
    assert text.startswith(f"# lockstep-{family}")
    assert all(rule.name in text for rule in rules((family,)))


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("acidental-exact", "did you mean 'accidental-exact'?"),
        ("gpus", "'gpu'"),
        ("xyzzy", "families are document"),
    ],
)
def test_an_unknown_name_is_answered_with_a_close_one(
    capsys: pytest.CaptureFixture[str], name: str, remedy: str
) -> None:
    assert main(["explain", name]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"lockstep: no rule or family is named '{name}'; ")
    assert remedy in error


def test_rules_are_listed_by_family(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "rules").splitlines()
    assert [line for line in lines if not line.startswith(" ")] == list(FAMILIES)
    assert [line.split()[0] for line in lines if line.startswith(" ")] == [rule.name for rule in rules()]
    assert any(line.endswith("(off by default)") and "open-range" in line for line in lines)
    assert "`" not in "".join(lines)


def test_rules_as_json_have_what_selects_and_explains_them(capsys: pytest.CaptureFixture[str]) -> None:
    listed = json.loads(said(capsys, "rules", "--format", "json"))
    assert [rule["name"] for rule in listed] == [rule.name for rule in rules()]
    (one,) = (rule for rule in listed if rule["name"] == "open-range")
    assert one.keys() == {"name", "family", "severity", "summary", "default", "silences"}
    assert (one["family"], one["severity"], one["default"]) == ("pins", "warning", False)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_the_lead_of_a_page_is_its_first_paragraph(rule: Rule) -> None:
    text = lead(rule)
    assert text in " ".join(page(rule).split())
    assert "\n" not in text
    assert not text.startswith(("#", ">", "|", "`" * 3))
    assert len(plain(text)) > 20


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("``dependencies:`` is absent", "'dependencies:' is absent"),
        ("`2.*` and `*cuda*` or **`x`**", "'2.*' and '*cuda*' or 'x'"),
        ("a **bold** and *soft* snake_case_name, _it_", "a bold and soft snake_case_name, it"),
        ("[`x`](../x/README.md) and [CEP 29](https://conda.org)", "'x' and CEP 29"),
        ("2 * 3 * 4 and 2.* or 3.*", "2 * 3 * 4 and 2.* or 3.*"),
        ("`` a`b ``", "'a`b'"),
    ],
)
def test_a_paragraph_of_markdown_reads_as_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text
