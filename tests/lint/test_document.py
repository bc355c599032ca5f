from __future__ import annotations

import warnings
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_lockstep.config import Config
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.lint.rules.document.comments import SELECTORS
from conda_lockstep.text.source import UnreadableFileError
from tests.support.lint import fixed, found, marked, of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what conda-lock carries along is deprecated in itself
    filter_platform_selectors = import_module("conda_lock.src_parser.selectors").filter_platform_selectors

GOOD: dict[str, list[str]] = {
    "missing-dependencies": [
        "dependencies: [a]\n",
        "dependencies:\n- pip:\n  - a\n",
        "dependencies:\n- a: b\n",
    ],
    "channels-not-list": [
        "channels: ['a b']\n",
        "channels: [a]\ndependencies: [b]\n",
        "channels:\ndependencies: [b]\n",
        "channels: []\n",
    ],
    "unknown-key": [
        "name: a\nchannels: [a]\ndependencies: [a]\nprefix: /a\nvariables: {A: b}\n",
        "platforms: [linux-64]\ncategory: x\npip-repositories: []\nallow-pypi-requests: true\n",
        "x-common: &a [b]\n.hidden: c\ndependencies: *a\n",
        "x-base: &b {name: c}\n<<: *b\n",
    ],
    "duplicate-key": [
        "name: a\ndependencies: [a]\nvariables: {A: 1, B: 2}\n",
        "dependencies:\n- pip: [a]\n- pip: [b]\n",
        "dependencies:\n- sel(win): a\n- sel(win): b\n",
        "dependencies: [{pip: [a]}, {pip: [b]}]\n",
    ],
    "unquoted-scalar": [
        'name: "3.10"\n',
        "name: train-010\n",
        "name: v1\n",
        "variables: {A: 1, B: 1.5, C: -3, D: 0, E: text, F: '010', G: 'yes'}\n",
        "variables: {A: 3.10.1, B: 1-2, C: 08x, D: 1e, E: /path}\n",
        "name:\n",
    ],
    "mapping-spec": [
        of("a", "pip"),
        "dependencies:\n- pip:\n  - a\n",
        "dependencies:\n- sel(win): a\n",
        of("'a: b'"),
    ],
    "null-item": [of("a", "'null'", "nullable"), "dependencies:\n- pip:\n"],
    "non-string-item": [of("a", "'3.10'"), "dependencies:\n- a: b\n- pip: [c]\n"],
    "invalid-match-spec": [
        of("numpy=1.2", "numpy >=1,<2", "c::n=1.*=b", "n[version='>=1']", "n=*=*mkl*", "n=1.2=py_0"),
        of("'@EXPLICIT'", "https://c.org/x/linux-64/a-1-0.conda"),
    ],
    "pip-syntax-in-conda-list": [
        of(
            "numpy",
            "c::numpy",
            "numpy[version='>=1']",
            "n [build=mkl]",
            "numpy>=1,<2",
            "r-base",
            "_x",
            "n=1.2=py_0",
        ),
        of("https://c.org/x/linux-64/a-1-0.conda", "c/linux-64::n"),
        of("a", pip=["-r x", "git+https://a/b", "a[b]", "a @ https://b"]),
    ],
    "bracket-comment": [
        of("a  # why", "b  # [linux]", "c  # [x] (y)", "d  # [x] z()", "e[version='>=1']", "f # ]["),
        of("a", pip=["b[c]", "b[c]==1  # why"]),
        "name: a  # [b]\ndependencies:\n# [x]\n- a\n",
    ],
    "unsupported-selector": [of("a  # linux", "b  # [pinned]"), of("a  # see [issue]")],
    "mixed-selectors": [of("a  # [linux]", "b  # [win]"), of("sel(win): a", "b  # [pinned]")],
    "template-in-file": [
        of("a", pip=["git+https://x/y@0123456#egg=$NAME", "-e git+https://x/y#egg={name}&subdirectory=z"]),
        "channels: ['https://x/${TOKEN}']\ndependencies: [a]\n",
        of("a", pip=["a @ https://${TOKEN}@b", "--index-url https://${A_B}/simple", "b"]),
        of("a=1.*", "a>=1", "n=1.2=h1{"[:7]),
        "name: a-b\n",
        "variables: {A: $B}\n",
    ],
    "prefix-key": ["name: a\n", "dependencies: [prefix]\n"],
    "missing-name": ["name: a\n", "dependencies: [a]\nname: b\n", "name: 3\n"],
    "reserved-name": ["name: basement\n", "name: train\n", "dependencies: [root]\n"],
    "bad-name": [
        "name: a-b_c.1\n",
        "name: train_1.2-x\n",
        "name: \u00fcbung\n",
        "dependencies: [a]\n",
        "name:\n",
        "name: 3.10\n",
    ],
}

BAD: dict[str, list[tuple[str, str]]] = {
    "missing-dependencies": [
        ("name: a\n", "name"),
        ("dependencies:\n", "dependencies"),
        ("dependencies: []\n", "dependencies"),
        ("dependencies: {a: b}\n", "dependencies"),
        ("dependencies: a\n", "dependencies"),
        ("dependencies: 3\n", "dependencies"),
    ],
    "channels-not-list": [
        ("channels: 'a''b'\n", "'a''b'"),
        ("{channels: a}\n", "a"),
        ("channels: a\n", "a"),
        ("channels: 'a b'\n", "'a b'"),
        ("channels: {a: b}\n", "{a: b}"),
        ("channels: 3\n", "3"),
    ],
    "unknown-key": [
        ("dependancies: [a]\n", "dependancies"),
        ("Name: a\n", "Name"),
        ("variable: {A: b}\n", "variable"),
        ("'channel': [a]\n", "'channel'"),
        ("foo: bar\n", "foo"),
    ],
    "duplicate-key": [
        ("name: a\nname: b\n", "name"),
        ("variables:\n  A: 1\n  A: 2\n", "A"),
        ("dependencies:\n- pip: [a]\n  pip: [b]\n", "pip"),
        ("dependencies:\n- pip:\n  - a\n  # - x\n  pip:\n  - b\n", "pip"),
    ],
    "unquoted-scalar": [
        ("name: 3.10\n", "3.10"),
        ("name: 2024\n", "2024"),
        ("name: on\n", "on"),
        ("variables: {A: 010}\n", "010"),
        ("variables: {A: 1.50}\n", "1.50"),
        ("variables: {A: yes}\n", "yes"),
        ("variables: {A: True}\n", "True"),
        ("variables: {A: 0o17}\n", "0o17"),
        ("variables: {A: 1e5}\n", "1e5"),
        ("variables: {A: 12:30:45}\n", "12:30:45"),
        ("variables: {A: +1}\n", "+1"),
        ("variables: {A: 2024-01-01}\n", "2024-01-01"),
    ],
    "mapping-spec": [
        (of("python: 3.10"), "python: 3.10"),
        (of("python:"), "python:"),
        (of("python: '>=3.10'"), "python: '>=3.10'"),
        (of("uv:\n    - a"), "uv"),
        ("dependencies: [{python: 3.10}]\n", "python: 3.10"),
    ],
    "null-item": [(of("~"), "~"), (of("null"), "null"), ("channels: [Null]\ndependencies: [a]\n", "Null")],
    "non-string-item": [
        (of("3.10"), "3.10"),
        (of("true"), "true"),
        (of("[a, b]"), "[a, b]"),
        (of("{}"), "{}"),
        (of("2024-01-01"), "2024-01-01"),
        (of("a", pip=["1.0"]), "1.0"),
        (of("a", pip=["b: c"]), "b: c"),
        ("channels: [3]\ndependencies: [a]\n", "3"),
        ("platforms: [64]\ndependencies: [a]\n", "64"),
    ],
    "invalid-match-spec": [(of("numpy=1.2="), "="), (of("rust =>1.65"), "=>")],
    "pip-syntax-in-conda-list": [
        (of(entry), entry)
        for entry in (
            "-r requirements.txt",
            "-e .",
            "--no-deps",
            "git+https://a/b",
            "torch @ https://a/b.whl",
            "torch[opt] @ https://a/b",
            "ray[default]",
            "ray[default]>=2",
            "ray [default, tune]",
            "a; python_version < '3.9'",
            "https://a.org/b-1.0-py3-none-any.whl",
            "torch=2 -c pytorch",
            "torch --channel pytorch",
        )
    ],
    "bracket-comment": [
        (of("a  # [pinned]"), "# [pinned]"),
        (of("a  # keep [x] and [y] please"), "# keep [x] and [y] please"),
        (of("a  # (see) [x]"), "# (see) [x]"),
        (of("a", pip=["'b'  # [x]"]), "# [x]"),
        (of("a", pip=["git+https://x/y#egg=z[w]"]), "#egg=z[w]"),
        ("dependencies:  # [x]\n- a\n", "# [x]"),
    ],
    "unsupported-selector": [
        (of("a  # [linux]"), "# [linux]"),
        (of("a  # [not win]"), "# [not win]"),
        (of("a  # [py<39]"), "# [py<39]"),
        (of("sel(osx): a"), "sel(osx)"),
    ],
    "mixed-selectors": [(of("a  # [linux]", "sel(osx): a"), "sel(osx)")],
    "template-in-file": [
        ("name: '{{ name }}'\n", "{{ name }}"),
        (of("numpy={{ numpy }}"), "{{ numpy }}"),
        (of("numpy=$NUMPY"), "$NUMPY"),
        (of("numpy=${NUMPY}"), "${NUMPY}"),
        (of("'{% if x %}'"), "{% if x %}"),
        (of("numpy={version}"), "{version}"),
        (of("a", pip=["torch=={{ torch }}"]), "{{ torch }}"),
        (of("a", pip=["torch==$TORCH"]), "$TORCH"),
        (of("a", pip=["torch==${torch}"]), "${torch}"),
    ],
    "prefix-key": [
        ("prefix: /a/b\n", "prefix: /a/b"),
        ("prefix: '/a'  # x\n", "prefix: '/a'"),
        ("prefix:\n", "prefix:"),
    ],
    "missing-name": [("dependencies: [a]\n", "dependencies"), ("name:\n", "name"), ("name: ''\n", "name")],
    "reserved-name": [("name: base\n", "base"), ("name: 'root'\n", "'root'")],
    "bad-name": [
        ("name: '/#'\n", "'/#'"),
        ("name: a b\n", "a b"),
        ("name: a/b\n", "a/b"),
        ("name: 'a: b'\n", "'a: b'"),
        ("name: a#b\n", "a#b"),
    ],
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in GOOD.items() for text in texts])
def test_a_good_file_has_no_finding(rule: str, text: str) -> None:
    assert found(text, rule) == []


@pytest.mark.parametrize(
    ("rule", "text", "mark"), [(rule, *bad) for rule, texts in BAD.items() for bad in texts]
)
def test_a_bad_file_is_reported_at_the_wrong_place(rule: str, text: str, mark: str) -> None:
    (finding,) = found(text, rule)
    assert finding.rule == rule
    assert finding.message
    assert finding.help
    source = text.splitlines()[finding.line - 1][finding.column - 1 :]
    assert source.startswith(mark.splitlines()[0])
    if finding.line == finding.end_line:
        assert marked(text, finding) == mark


def test_every_rule_has_good_and_bad_rows() -> None:
    names = {rule.name for rule in rules(("document",))} - {"unreadable-file"}
    assert names == GOOD.keys() == BAD.keys()


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        (
            "channels-not-list",
            "channels: a  # x\ndependencies: [b]\n",
            "channels:\n  - a  # x\ndependencies: [b]\n",
        ),
        ("channels-not-list", "  channels: 'a'\n  name: b\n", "  channels:\n    - a\n  name: b\n"),
        ("channels-not-list", "channels: a,b c", "channels:\n  - a\n  - b\n  - c"),
        ("channels-not-list", "{channels: a, dependencies: [b]}\n", "{channels: a, dependencies: [b]}\n"),
        ("unknown-key", "dependancies: [a]\n", "dependencies: [a]\n"),
        ("unknown-key", "channel: [a]\nchannels: [b]\n", "channel: [a]\nchannels: [b]\n"),
        ("unquoted-scalar", "name: 3.10  # x\n", 'name: "3.10"  # x\n'),
        ("mapping-spec", of("python: 3.10  # x"), of("python=3.10  # x")),
        ("mapping-spec", of("python: ' >= 3.10 '"), of("python>=3.10")),
        ("mapping-spec", of("numpy:"), of("numpy")),
        ("mapping-spec", of("a: 1\n    b: 2"), of("a: 1\n    b: 2")),
        ("mapping-spec", "dependencies: [{a: 1}]\n", "dependencies: [{a: 1}]\n"),
        ("pip-syntax-in-conda-list", of("a[b]  # x", "pip", pip=["c"]), of("pip", pip=["c", "a[b]  # x"])),
        ("pip-syntax-in-conda-list", of("'a=1 -c d'"), of("'d::a=1'")),
        ("pip-syntax-in-conda-list", of("-e ."), of("-e .")),
        ("bracket-comment", of("a  # [b] c [d]"), of("a  # (b) c (d)")),
        ("prefix-key", "name: a\nprefix: /b\ndependencies: [c]\n", "name: a\ndependencies: [c]\n"),
        ("prefix-key", "name: a\nprefix: /b", "name: a"),
        ("prefix-key", "{name: a, prefix: /b}\n", "{name: a, prefix: /b}\n"),
        ("bad-name", "name: a  b/c\n", "name: a-b-c\n"),
    ],
)
def test_a_fix_makes_the_intended_change_and_no_other(rule: str, before: str, after: str) -> None:
    assert fixed(before, rule).text == after


def test_a_key_similar_to_a_known_one_gets_a_suggestion() -> None:
    assert found("dependancies: [a]\n", "unknown-key")[0].help == "did you mean 'dependencies'?"
    assert "variables" in found("spam: [a]\n", "unknown-key")[0].help


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("3.10", "the number 3.1 in YAML"),
        ("010", "8 in YAML 1.1 and 10 in YAML 1.2"),
        ("yes", "True in YAML 1.1 and a string in YAML 1.2"),
        ("false", "a boolean in YAML and becomes 'False'"),
        ("0o17", "a string in YAML 1.1 and the number 15 in YAML 1.2"),
        ("1_000", "the number 1000 in YAML 1.1 and a string in YAML 1.2"),
        ("2024-01-01", "a date in YAML"),
    ],
)
def test_the_message_describes_how_yaml_reads_a_value(value: str, said: str) -> None:
    assert found(f"variables: {{A: {value}}}\n", "unquoted-scalar")[0].message == f"'A: {value}' is {said}"


@pytest.mark.parametrize("name", ["train-a", "serve"])
def test_the_settings_can_require_a_pattern_for_names(name: str) -> None:
    config = Config(name_pattern="train-.*")
    assert bool(found(f"name: {name}\n", "bad-name", config=config)) is (name == "serve")
    with pytest.raises(LockstepError, match="not a valid regular expression"):
        found("name: a\n", "bad-name", config=Config(name_pattern="("))


def test_one_cause_is_reported_once() -> None:
    text = "name: a\n" + of("python=3.12", "numpy={{ x }}")
    assert [finding.rule for finding in found(text, "document", "pins")] == ["template-in-file"]
    text = "name: a\n" + of("python=3.12", "torch @ https://a/b.whl")
    assert [finding.rule for finding in found(text, "document", "pins")] == ["pip-syntax-in-conda-list"]
    text = "name: a\n" + of("a  # [linux]", "sel(osx): a")
    assert [finding.rule for finding in found(text, "document")] == [
        "unsupported-selector",
        "mixed-selectors",
    ]


_comment = st.text(st.sampled_from("ab#[]() linuxwspo"), max_size=16)


@settings(max_examples=600, deadline=None)
@given(
    _comment,
    st.sampled_from(["- numpy", "- pip:\n  - torch", "- 'numpy'"]),
    st.sampled_from(["linux-64", "win-64"]),
)
def test_conda_lock_drops_the_entries_that_the_comment_rules_report(
    comment: str, entry: str, platform: str
) -> None:
    """Differential: a line that conda-lock drops for every platform, or for some, is found, and no other."""
    text = f"name: x\nchannels: [a]\ndependencies:\n- other\n{entry}  # {comment}\n"
    try:
        parse(text, "environment.yml")
    except UnreadableFileError:
        return
    kept = "\n".join(filter_platform_selectors(text, platform=platform))
    findings = found(text, "bracket-comment", "unsupported-selector")
    dropped = kept != text.rstrip("\n")
    if dropped:
        assert findings
    elif findings:
        word = findings[0].message.split("'[")[1].split("]'")[0]
        assert word in SELECTORS
