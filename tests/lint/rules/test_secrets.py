from __future__ import annotations

import json

import pytest
from tests.support.lint import fixed, found, marked

from conda_lockstep.config import Config
from conda_lockstep.environment.credentials import Redactor
from conda_lockstep.environment.reader import parse
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.registry import rules
from conda_lockstep.render.findings import json as report_json
from conda_lockstep.render.findings import text as report_text

GHP = "ghp_0123456789abcdefghijABCDEFGHIJ"
HEX = "0123456789abcdef0123456789abcdef01234567"


def channel(url: str) -> str:
    return f"channels:\n  - {url}\ndependencies:\n  - python=3.12\n"


def pip(entry: str) -> str:
    return f"channels: [a]\ndependencies:\n  - pip\n  - pip:\n    - {entry}\n"


def variable(name: str, value: str) -> str:
    return f"channels: [a]\ndependencies: [b]\nvariables:\n  {name}: {value}\n"


GOOD: dict[str, list[str]] = {
    "channel-credentials": [
        channel(url)
        for url in (
            "conda-forge",
            "https://conda.example.com/team",
            "https://ana@conda.example.com/team",
            "https://${USER}:${PASSWORD}@conda.example.com/team",
            "https://ana:$PASSWORD@conda.example.com/team",
            "https://ana:<password>@conda.example.com/team",
            "https://ana:{{ password }}@conda.example.com/team",
            "https://ana:***@conda.example.com/team",
            "https://conda.example.com/t/${TOKEN}/team",
            "https://conda.example.com/t/<TOKEN>/team",
            "https://conda.example.com/test/abc/team",
            "https://conda.example.com/team?x=1",
            "a  # see https://discuss.example.com/t/channels/42",
            "https://conda.example.com:8080/team@home",
            "https://abcdefghijklmnopqrstuvwxyz@conda.example.com/team",
            "https://a123456789012345678@conda.example.com/team",
            "a  # at https://conda.example.com:8080 or from ana@example.com/x",
        )
    ],
    "index-credentials": [
        pip(entry)
        for entry in (
            "torch==2.4.1",
            "git+ssh://git@github.com/team/kernels",
            f"git+https://github.com/team/kernels@{HEX}",
            "git+https://${GITHUB_TOKEN}@github.com/team/kernels",
            "--index-url https://pypi.example.com/simple",
            "git+https://someone@github.com/team/kernels",
        )
    ],
    "secret-variable": [
        variable(*pair)
        for pair in (
            ("TOKENIZERS_PARALLELISM", '"false"'),
            ("MAX_TOKENS", "4096"),
            ("API_TOKEN", "${API_TOKEN}"),
            ("API_TOKEN", "''"),
            ("API_TOKEN", "null"),
            ("SSH_KEY_PATH", "keys/id_ed25519"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/key.json"),
            ("PASSWORD_FILE", "secret.txt"),
            ("KEYBOARD", "us-intl"),
            ("TOKEN_LIMIT", "100000"),
            ("PATH_TO_SECRET", "~/x/y"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("NCCL_DEBUG", "WARN"),
            ("DB_PASSWORD", "abc"),
            ("HF_TOKEN", "ask your administrator"),
            ("USE_TOKEN", "'False'"),
            ("USE_TOKEN", "'true'"),
            ("USE_TOKEN", "'NULL'"),
            ("USE_TOKEN", "none"),
            ("API_TOKEN", "./token"),
            ("ACCESS", "open-to-all"),
            ("WHATEVER", GHP[:11]),
        )
    ],
}

BAD: dict[str, list[tuple[str, str]]] = {
    "channel-credentials": [
        (channel("https://ana:horse@conda.example.com/team"), "horse"),
        (channel("https://ana:ho@rse@conda.example.com/team"), "ho@rse"),
        (channel('"https://ana:horse@conda.example.com/team"'), "horse"),
        (channel("https://conda.example.com/t/ab-1234/team"), "ab-1234"),
        (channel("https://conda.example.com/team?token=abcd"), "abcd"),
        (channel(f"https://{GHP}@conda.example.com/team"), GHP),
        (channel("https://a1234567890123456789@conda.example.com/team"), "a1234567890123456789"),
        (channel("a  # or https://ana:horse@conda.example.com"), "horse"),
        (channel(f"a  # or https://conda.example.com/t/ab-{HEX}/team"), f"ab-{HEX}"),
        ("channels: https://ana:horse@conda.example.com\ndependencies: [a]\n", "horse"),
        ("channels: [a]\ndependencies:\n  - https://ana:horse@x.org/c::numpy\n", "horse"),
        ("channels: [a]\ndependencies:\n  - https://x.org/t/tk/c/linux-64/a-1-0.conda\n", "tk"),
    ],
    "index-credentials": [
        (pip("--index-url https://ana:horse@pypi.example.com/simple"), "horse"),
        (pip("--extra-index-url=https://__token__:horse@pypi.example.com/simple"), "horse"),
        (pip(f"git+https://{GHP}@github.com/team/kernels"), GHP),
        (pip(f"git+https://{GHP}:x-oauth-basic@github.com/team/kernels"), GHP),
        (pip(f"git+https://oauth2:{HEX}@gitlab.com/team/kernels"), HEX),
        (pip("kernels @ https://ana:horse@x.org/kernels.whl"), "horse"),
        (pip("'kernels @ https://x.org/kernels.whl?sig=horse&x=1'"), "horse"),
        ("channels: [a]\ndependencies: [b]\npip-repositories: ['https://ana:horse@x.org/simple']\n", "horse"),
    ],
    "secret-variable": [
        (variable("HF_TOKEN", "abcdefgh"), "abcdefgh"),
        (variable("WANDB_API_KEY", HEX), HEX),
        (variable("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG"), "wJalrXUtnFEMI/K7MDENG"),
        (variable("DB_PASSWORD", "'horse'"), "'horse'"),
        (variable("WHATEVER", GHP), GHP),
        (variable("WHATEVER", GHP[:12]), GHP[:12]),
        (variable("DB_PASSWORD", "abcd"), "abcd"),
        (variable("MY_ACCESS_KEY", "abcdefgh"), "abcdefgh"),
        (variable("DATABASE", "postgres://ana:horse@db.example.com/x"), "horse"),
    ],
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in GOOD.items() for text in texts])
def test_text_without_a_secret_has_no_finding(rule: str, text: str) -> None:
    assert found(text, "secrets") == []


@pytest.mark.parametrize(
    ("rule", "text", "secret"), [(rule, *bad) for rule, texts in BAD.items() for bad in texts]
)
def test_a_secret_is_reported_at_its_place(rule: str, text: str, secret: str) -> None:
    (finding,) = found(text, "secrets")
    assert (finding.rule, marked(text, finding)) == (rule, secret)
    assert finding.severity == "error"


def test_every_rule_has_good_and_bad_rows() -> None:
    assert {rule.name for rule in rules(("secrets",))} == GOOD.keys() == BAD.keys()


@pytest.mark.parametrize(("text", "secret"), [bad for texts in BAD.values() for bad in texts])
def test_no_rule_prints_a_secret_in_any_format(text: str, secret: str) -> None:
    config = Config()
    file = parse(text, "environment.yml")
    findings = lint.lint(file, lint.select(config), config)
    assert findings
    printed = report_text.render(findings, colour=True) + report_json.render(findings)
    printed += "".join(lint.fix(file, lint.select(config), config, unsafe=True).done)
    bare = secret.strip("'")
    assert bare not in printed
    assert json.dumps(bare)[1:-1] not in printed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://ana:horse@x.org/c", "https://ana:${CONDA_PASSWORD}@x.org/c"),
        ("https://x.org/t/tk-1/c", "https://x.org/t/${CONDA_TOKEN}/c"),
        ('"https://x.org/t/tk-1/c"', '"https://x.org/t/${CONDA_TOKEN}/c"'),
    ],
)
def test_a_fix_replaces_a_secret_with_a_variable(before: str, after: str) -> None:
    assert fixed(channel(before), "channel-credentials").text == channel(after)
    assert fixed(channel(before), "channel-credentials", unsafe=False).text == channel(before)


def test_a_secret_in_a_flow_list_is_not_fixed_as_a_variable_would_be_a_mapping() -> None:
    text = "channels: [https://ana:horse@x.org/c]\ndependencies: [a]\n"
    assert fixed(text, "channel-credentials").text == text


def test_an_edit_that_contains_a_secret_is_not_shown() -> None:
    text = "channels:\n  - defaults\n  - https://ana:horse@x.org/conda-forge\ndependencies: [a]\n"
    (finding,) = found(text, "channel-order")
    assert finding.fix is not None
    assert finding.fix.edits == ()
    assert fixed(text, "channel-order").text.startswith(
        "channels:\n  - https://ana:horse@x.org/conda-forge\n"
    )


def test_a_masked_line_keeps_its_columns() -> None:
    (finding,) = found(channel("https://ana:horse@x.org/t/tk-12345/c  # a note"), "no-nodefaults")
    assert finding.lines == ("  - https://ana:*****@x.org/t/********/c  # a note",)


@pytest.mark.parametrize(
    ("secret", "said", "hidden"),
    [
        ("horse", "a horse, no seahorse", "a ***, no seahorse"),
        ("horses", "a horses, no seahorses", "a ***, no sea***"),
        ("horse", "no word of it", "no word of it"),
    ],
)
def test_a_short_secret_is_masked_as_a_word_and_a_long_one_anywhere(
    secret: str, said: str, hidden: str
) -> None:
    file = parse(variable("DB_PASSWORD", secret), "environment.yml")
    value = file.variables[0].value
    assert Redactor(file).text(said, value.span) == hidden
    assert Redactor(file).text(said) == said
    assert Redactor(file).text("https://a:b@c", value.span) == "https://a:***@c"


def test_the_time_for_many_secrets_is_linear() -> None:
    lines = "".join(f"  A{number}_TOKEN: secret-{number}\n" for number in range(1_900))
    text = f"channels: [a]\ndependencies: [b]\nvariables:\n{lines}"
    findings = found(text, "secrets")
    assert len(findings) == 1_900
    assert findings[0].lines == ("  A0_TOKEN: ********",)
