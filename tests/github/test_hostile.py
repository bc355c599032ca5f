"""A pull request that tries everything: its run is watched through both halves, as a runner has them."""

from __future__ import annotations

import io
import json
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client import artifacts
from conda_lockstep.github.handoff.handoff import FILE_NAME
from conda_lockstep.github.publish.comment import read_state
from tests.github.check.test_check import environment, obeyed
from tests.github.event.test_workflow_commands import parse_outputs
from tests.github.test_action import Runner, runner
from tests.render.hostile import ATTACKS, REFERENCES, Page
from tests.support.github import BOT, FakeGitHub, Token
from tests.support.repository import Repository

__all__ = ["runner"]

TRAP = "touch pwned"
OURS = {"p", "ul", "li", "code", "strong", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
        "h3", "br", "pre", "em"}  # fmt: skip
NAMES = (
    f"environment-`{TRAP}`.yml",
    f"environment-$({TRAP}).yml",
    f"environment-;{TRAP};.yml",
    "environment-\n::set-output name=severity::none\n.yml",
    "environment-\n::set-env name=PATH::evil\n.yml",
    "environment-\nend-0\ndrift<<x.yml",
    "environment-@octocat #1 :tada:.yml",
    "environment-<img src=x onerror=alert(1)>.yml",
    "environment-[approve](evil.example).yml",
    "environment-\u202egnp.yml",
    "environment-${{ github.token }}.yml",
    "environment-..%2f..%2fetc.yml",
    "--output=environment.yml",
    "-environment.yml",
)
TEXTS = [
    attack for attack in ATTACKS if "\x00" not in attack and "\ud7ff" not in attack and len(attack) < 1000
]


def hostile_file(number: int) -> str:
    """An environment file whose every text is an attack."""
    texts = TEXTS[number :: len(NAMES)]
    entries = [f"  - {json.dumps(f'{text}=1.0')}\n" for text in texts]
    pip = [f"    - {json.dumps(f'{text}==1.0')}\n" for text in texts]
    head = f"name: {json.dumps(''.join(texts))}\nchannels:\n  - conda-forge\n  - {json.dumps(texts[0])}\n"
    return f"{head}dependencies:\n{''.join(entries)}  - pip\n  - pip:\n{''.join(pip)}prefix: {json.dumps(texts[-1])}\n"


@pytest.fixture
def attack(runner: Runner) -> Runner:
    """The checkout of a pull request that is hostile in all that it can choose."""
    checkout = runner.folder / "checkout"
    for number, name in enumerate(NAMES):
        (checkout / name).write_text(hostile_file(number), encoding="utf-8")
    pull = runner.payload["pull_request"]
    pull["title"] = pull["body"] = "".join(TEXTS)
    pull["head"]["ref"] = f"`{TRAP}`\n::set-output name=drift::false"
    pull["head"]["label"] = pull["user"]["html_url"] = "".join(TEXTS)
    for module in (
        "conda_lockstep/__init__.py",
        "conda_lockstep.py",
        "json.py",
        "sitecustomize.py",
        "yaml.py",
    ):
        path = checkout / module
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"import os; os.system({TRAP!r})\n")
    Repository(checkout).commit({}, "".join(TEXTS))
    return runner


def test_its_comment_has_nothing_of_its_own(attack: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    assert attack.step("check", LOCKSTEP_BUILD="never") == 0
    assert attack.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) == 1
    [comment] = attack.remote.comments.values()
    read = read_state(comment.body)
    assert read is not None
    for text in (read[1], (attack.folder / "summary.md").read_text()):
        page = Page(cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE))
        assert set(page.elements) <= OURS
        assert {name for _, name, _ in page.attributes} <= {"lang", "align"}
        assert page.comments == 0
        # A word with a colon behind it is no link.
        prose = re.sub(r"javascript:(?!\w)", "", "\n".join(page.prose))
        assert REFERENCES.findall(prose) == []
    log = capsys.readouterr().out
    commands = {"group", "endgroup", "notice", "warning", "error", "stop-commands"}
    assert set(obeyed(log)) <= commands
    outputs = parse_outputs((attack.folder / "outputs").read_text())
    assert (outputs["drift"], outputs["severity"]) == ("false", "")
    assert not list(attack.folder.rglob("pwned"))


def test_a_run_that_got_no_address_writes_nowhere_else(attack: Runner) -> None:
    before = sorted(str(path) for path in (attack.folder / "checkout").rglob("*") if ".git/" not in f"{path}")
    attack.step("check", LOCKSTEP_BUILD="never")
    attack.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT)
    after = sorted(str(path) for path in (attack.folder / "checkout").rglob("*") if ".git/" not in f"{path}")
    assert after == before


FLIP = environment("six=1.16.0", "pip==0")
"""A change that must not pass: it cannot be locked."""
REFS = (
    f"--upload-pack={TRAP}",
    "--output=/tmp/pwned",
    "-x",
    f"$({TRAP})",
    f"`{TRAP}`",
    f";{TRAP};",
    "main..change",
    "HEAD",
    "HEAD~1",
    "@",
    "@{u}",
    "main@{1}",
    ":/change",
    "main:environment.yml",
    "^main",
    "main^{/change}",
    "refs/pull/7/head",
    "refs/heads/change",
    "change",
    "../../../etc/passwd",
    "a\n::set-output name=drift::false",
    "\u202emain",
    "main\x00",
    "x" * 5000,
    "0" * 40,
    "${{ github.token }}",
)


@pytest.mark.parametrize("ref", REFS, ids=ascii)
@pytest.mark.parametrize("name", ["LOCKSTEP_BASE_REF", "LOCKSTEP_HEAD_REF"])
def test_no_name_of_a_branch_makes_a_change_pass(
    runner: Runner, capsys: pytest.CaptureFixture[str], name: str, ref: str
) -> None:
    """A workflow may pass on what the author of a pull request has named a branch."""
    checkout = Repository(runner.folder / "checkout")
    (checkout.folder / "environment.yml").write_text(FLIP)
    given = {name: ref}
    assert runner.step("check", LOCKSTEP_BUILD="never", **given) == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, **given) in (1, 2)
    log = capsys.readouterr().out
    assert set(obeyed(log)) <= {"group", "endgroup", "notice", "warning", "error", "stop-commands"}
    summary = (runner.folder / "summary.md").read_text()
    assert "\u2705" not in summary
    assert not list(runner.folder.rglob("pwned"))
    assert checkout.git("status", "--porcelain") == " M environment.yml"


@pytest.mark.parametrize("base", ["other", "own commit", "head"])
def test_a_base_that_has_the_change_already_is_none(runner: Runner, base: str) -> None:
    """The pull request is built on a branch that nobody has merged, and names that as its base."""
    checkout = Repository(runner.folder / "checkout")
    head = runner.remote.pulls[7].head_sha
    checkout.git("branch", "other", head)
    checkout.git("checkout", "--quiet", "-b", "mine", head)
    mine = checkout.commit({"README.md": "# x\n"})
    checkout.merge(mine, "main")
    runner.payload["pull_request"]["head"]["sha"] = mine
    given = {"LOCKSTEP_BASE_REF": {"other": "other", "own commit": head, "head": mine}[base]}
    assert runner.step("check", LOCKSTEP_BUILD="never", **given) == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, **given) == 2
    assert "no comparison: " in (runner.folder / "summary.md").read_text()


FOLDERS = ("..", "../..", "/", "/etc", "~", "~root", ".git", ".git/hooks", "out", "out/..", "a/../..", f"$({TRAP})",
           "x\n::error::y", "\u202e", "\x00", "nowhere", "-C/etc")  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS, ids=ascii)
def test_no_working_directory_leads_out_of_the_checkout(
    runner: Runner, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    secret = runner.folder / "secret"
    secret.mkdir()
    (secret / "environment.yml").write_text(environment("hunter2=1"))
    (runner.folder / "checkout" / "out").symlink_to(secret)
    assert runner.step("check", LOCKSTEP_WORKING_DIRECTORY=folder) == 0
    assert (
        runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, LOCKSTEP_WORKING_DIRECTORY=folder) == 2
    )
    log = capsys.readouterr().out
    assert len(re.findall("^::error ", log, re.MULTILINE)) == 1
    assert set(obeyed(log)) <= {"error", "stop-commands"}
    assert "hunter2" not in log + (runner.folder / "summary.md").read_text()
    assert runner.remote.comments == {}
    assert not list(runner.folder.rglob("pwned"))


@pytest.mark.parametrize(
    "name",
    ["a b", "-->", "<img>", "@octocat", "a/b", "\u202e", "x" * 65, "x\n::error::y", '","run":9', f"`{TRAP}`"],
    ids=ascii,
)
def test_no_name_of_a_comment_is_more_than_a_name(
    runner: Runner, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    runner.step("check", LOCKSTEP_BUILD="never")
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT, LOCKSTEP_COMMENT_ID=name) == 2
    assert "input 'comment-id' is invalid" in capsys.readouterr().out
    assert runner.remote.comments == {}


@pytest.mark.parametrize("place", ["lockstep.toml", "pyproject.toml"])
def test_settings_that_lead_out_of_the_checkout_are_quoted_nowhere(
    runner: Runner, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    secret = runner.folder / "secret"
    secret.write_text("[tool.lockstep]\nhunter2 = hunter2\nhunter2\n")
    checkout = runner.folder / "checkout"
    (checkout / "lockstep.toml").unlink()
    (checkout / place).symlink_to(secret)
    runner.step("check", LOCKSTEP_BUILD="never")
    runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT)
    said = "".join(comment.body for comment in runner.remote.comments.values())
    assert "hunter2" not in said + capsys.readouterr().out + (runner.folder / "summary.md").read_text()


@pytest.mark.parametrize("name", ["environment.yml", "conda-lock.yml", "lockstep.toml"])
def test_a_pipe_and_a_device_are_not_read_for_ever(runner: Runner, name: str) -> None:
    """git keeps links, and a link may lead to what never ends."""
    checkout = runner.folder / "checkout"
    (checkout / name).unlink(missing_ok=True)
    (checkout / name).symlink_to("/dev/zero")
    assert runner.step("check", LOCKSTEP_BUILD="never") == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) in (0, 1, 2)


def test_a_strangers_own_run_writes_nothing_and_his_settings_build_nothing_here(
    runner: Runner, github: FakeGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    github.token("t", Token(permissions={"contents": "read", "pull_requests": "read"}))
    (runner.folder / "checkout" / "environment.yml").write_text(environment("six"))
    runner.payload["pull_request"]["head"]["repo"]["full_name"] = "stranger/train"
    runner.variables |= {"GITHUB_TRIGGERING_ACTOR": "octocat", "RUNNER_ENVIRONMENT": "self-hosted"}
    assert runner.step("check", LOCKSTEP_BUILD="always") == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) in (0, 1)
    assert "it is built only on runners hosted by GitHub" in capsys.readouterr().out
    assert github.sent("POST") == []
    assert not list((runner.folder / "lockstep").glob("build-*"))


def bombs() -> Iterator[tuple[str, bytes]]:
    """Archives that are not what they say."""
    yield "a zip within a zip", zipped({FILE_NAME: zipped({FILE_NAME: b"{}"})})
    yield "many members", zipped({f"{number}": b"" for number in range(20_000)})
    yield "a folder of that name", zipped({f"{FILE_NAME}/x": b"{}"})
    yield "cut off", zipped({FILE_NAME: b"{}"})[:-10]
    yield "another's central directory", zipped({FILE_NAME: b"{}"})[:30] + zipped({FILE_NAME: b"[]"})
    lying = bytearray(zipped({FILE_NAME: b"x" * 5000}))
    at = lying.rindex(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (10).to_bytes(4, "little")
    yield "a size that lies", bytes(lying)
    strange = bytearray(zipped({FILE_NAME: b"{}"}))
    strange[strange.rindex(b"PK\x01\x02") + 10] = 99
    yield "an unknown method", bytes(strange)
    locked = bytearray(zipped({FILE_NAME: b"{}"}))
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    yield "with a password", bytes(locked)


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("content", [pytest.param(content, id=what) for what, content in bombs()])
def test_an_archive_that_is_not_what_it_says_is_refused_or_read_as_bytes(content: bytes) -> None:
    """No member is written anywhere, a link is its text, and what comes back is no larger than is read at most."""
    try:
        found = artifacts.unpack(content, FILE_NAME)
    except LockstepError as error:
        assert FILE_NAME in str(error) or "damaged" in str(error)
    else:
        assert len(found) <= artifacts.MAX_UNPACKED


def test_a_link_in_an_archive_is_its_text() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo(FILE_NAME)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert artifacts.unpack(stream.getvalue(), FILE_NAME) == b"/etc/passwd"


ANSWERS = (
    ("application/json", b'"hunter2"'),
    ("application/json", b'{"packages": "hunter2"}'),
    ("application/json", b'{"packages": {"hunter2": {}}}'),
    ("application/vnd.pypi.simple.v1+json", b'{"files": "hunter2"}'),
    ("text/html", b'<base href="hunter2://x y"><a href="app-1.whl">x</a>'),
    ("text/plain", b"hunter2"),
)


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A server of the runner's own network: it answers whatever it is asked for."""
    server = Answering(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer[1].decode())
@pytest.mark.parametrize("part", ["channel", "index"])
def test_what_a_server_of_the_runners_network_answers_is_not_shown_to_a_fork(
    runner: Runner,
    capsys: pytest.CaptureFixture[str],
    answering: Answering,
    part: str,
    answer: tuple[str, bytes],
) -> None:
    answering.answer = answer
    url = f"http://127.0.0.1:{answering.server_port}"
    text = environment("python", "pip", f"pip: ['--index-url {url}', app]")
    if part == "channel":
        text = environment("app").replace("conda-forge", url)
    (runner.folder / "checkout" / "environment.yml").write_text(text)
    runner.payload["pull_request"]["head"]["repo"]["full_name"] = "stranger/train"
    assert runner.step("check", LOCKSTEP_BUILD="never") == 0
    assert runner.step("report", LOCKSTEP_TOKEN="t", LOCKSTEP_AUTHOR=BOT) == 1
    assert answering.asked
    said = capsys.readouterr().out + (runner.folder / "summary.md").read_text()
    assert "cannot be locked" in said
    assert "hunter2" not in said


class Answering(ThreadingHTTPServer):
    daemon_threads = True
    answer: tuple[str, bytes] = ("", b"")
    asked = False


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        if not self.path.endswith(("/repodata.json", "/")):
            # The compressed kinds of an index: what cannot be unpacked cannot be quoted.
            self.send_error(404)
            return
        self.server.asked = True
        kind, body = self.server.answer
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Say nothing."""
