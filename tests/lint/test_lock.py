"""Rules about locks: right ones and wrong ones, where they point, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.config import Config
from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.engine import runner as lint
from conda_lockstep.lint.engine.runner import Finding, Fixed
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

CHANNEL = "https://conda.anaconda.org/conda-forge"
CUDA = Package(
    "conda", "cuda-version", "12.6", "h7480c83_3", "noarch", CHANNEL,
    f"{CHANNEL}/noarch/cuda-version-12.6-h7480c83_3.conda", "1" * 64, "1" * 32,
)  # fmt: skip
ZONES = Package(
    "conda", "tzdata", "2026c", "h151e31d_0", "noarch", CHANNEL,
    f"{CHANNEL}/noarch/tzdata-2026c-h151e31d_0.conda", "2" * 64, "2" * 32,
)  # fmt: skip
LOCK = cep37.render(
    Lock(
        {"linux-64": PackageSet.of([CUDA, ZONES])},
        ("conda-forge",),
        ("environment.yml",),
        {"channel_priority": "strict", "linux-64.machine": "__cuda=12.6 __linux=5.10"},
    )
)
ENVIRONMENT = "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - cuda-version=12.6\n  - tzdata\n"
FOREIGN = LOCK.partition("version: 1\n")[2].replace("    channel_priority: 'strict'\n", "")
FOREIGN = f"version: 1\n{FOREIGN.replace(chr(39), chr(34))}"
OURS_AND_THEIRS = "<<<<<<< HEAD\n- name: a\n=======\n- name: b\n>>>>>>> other\n"
TOKEN = "co-01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an environment file and a lock that fits it."""
    monkeypatch.chdir(tmp_path)
    write(ENVIRONMENT, LOCK)
    return tmp_path


def write(environment: str | None = None, lock: str | None = None) -> None:
    for name, text in (("environment.yml", environment), ("conda-lock.yml", lock)):
        if text is not None:
            Path(name).write_bytes(text.encode())


def found(rule: str, file: str = "conda-lock.yml", config: Config | None = None) -> list[Finding]:
    config = config or Config()
    return lint.lint_path(Path(file), lint.select(config, (rule,)), config)


def fixed(rule: str, file: str = "conda-lock.yml") -> Fixed:
    return lint.fix_path(Path(file), lint.select(Config(), (rule,)), Config(), unsafe=False)


def marked(finding: Finding) -> str:
    line = Path(finding.path).read_text().splitlines()[finding.line - 1]
    return line[finding.column - 1 : finding.end_column - 1 if finding.end_line == finding.line else None]


RULES = ("lock-conflict-markers", "hand-edited-lock", "lock-without-hash", "lock-with-credentials")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", [LOCK, LOCK.replace("\n", "\r\n"), FOREIGN], ids=["ours", "crlf", "foreign"])
def test_a_lock_that_is_right_is_left_alone(rule: str, text: str) -> None:
    write(lock=text)
    assert found(rule) == []
    assert fixed(rule).done == ()
    assert Path("conda-lock.yml").read_bytes() == text.encode()


def test_every_conflict_is_reported_with_its_end() -> None:
    write(lock=LOCK.replace("- name: tzdata\n", f"{OURS_AND_THEIRS}{OURS_AND_THEIRS}- name: tzdata\n"))
    first, second = found("lock-conflict-markers")
    assert (marked(first), second.line - first.line) == ("<<<<<<<", 5)
    assert first.also == ((first.line + 4, 1, 8, "the conflict ends here"),)
    assert first.severity == "error"
    assert first.help == "keep one side entirely, then run: lockstep lock environment.yml"


def test_a_conflict_is_found_in_any_order_of_markers_and_line_ends() -> None:
    for text in (f"{LOCK}>>>>>>> other\n", LOCK.replace("package:", "<<<<<<< HEAD\r\npackage:")):
        write(lock=text)
        assert len(found("lock-conflict-markers")) == 1
    write(lock=LOCK.replace("# Written", "# <<<<<<< HEAD\n# ======= \n# Written"))
    assert found("lock-conflict-markers") == []


def test_of_a_lock_in_conflict_the_other_rules_say_nothing() -> None:
    write(lock=LOCK + OURS_AND_THEIRS)
    assert found("hand-edited-lock") == found("lock-without-hash") == []


@pytest.mark.parametrize("rule", ["hand-edited-lock", "lock-without-hash"])
def test_a_lock_that_cannot_be_read_is_an_error_with_its_place(rule: str) -> None:
    write(lock=LOCK.replace("used_env_vars: []", "used_env_vars: ["))
    with pytest.raises(LockstepError, match=r"conda-lock.yml:11:3: not YAML"):
        found(rule)


@pytest.mark.parametrize(
    ("old", "new", "said", "at"),
    [
        ("version: '12.6'", "version: '12.9'", "the packages for linux-64 were edited", 6),
        ("linux-64: 'c", "linux-64: 'd", "the packages for linux-64 were edited", 6),
        ("category: main", "category: dev", "the lock contains text that lockstep does not write", None),
        ("package:", "# mine\npackage:", "the lock was reformatted", None),
        ("  build: 'h7480c83_3'\n", "", "the lock contains text that lockstep does not write", None),
        ("version: '12.6'", 'version: "12.6"', "the lock was reformatted", None),
        ("optional: false\n", "optional: false\n\n", "the lock was reformatted", None),
    ],
)
def test_an_edit_is_told_from_a_new_layout(old: str, new: str, said: str, at: int | None) -> None:
    text = LOCK.replace("linux-64: '", "linux-64: 'c", 1) if old.endswith("'c") else LOCK
    assert old in text
    write(lock=text.replace(old, new, 1))
    (finding,) = found("hand-edited-lock")
    assert finding.message.startswith(said)
    changed = [
        number
        for number, (was, now) in enumerate(
            zip(LOCK.split("\n"), text.replace(old, new, 1).split("\n"), strict=False), 1
        )
        if was != now
    ]
    assert finding.line == (at or changed[0])
    assert (finding.fix is not None) == ("reformatted" in said)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_changed_layout_is_fixed_and_changed_packages_are_not(newline: str) -> None:
    laid_out = "# a note\n" + LOCK.replace("'", '"').replace("\n- name", "\n\n- name")
    write(lock=laid_out.replace("\n", newline))
    assert fixed("hand-edited-lock").done == ("hand-edited-lock: restore the layout that lockstep writes",)
    assert Path("conda-lock.yml").read_bytes() == LOCK.replace("\n", newline).encode()
    edited = laid_out.replace('"12.6"', '"12.9"')
    write(lock=edited)
    assert fixed("hand-edited-lock").done == ()
    assert Path("conda-lock.yml").read_text() == edited


def test_a_lock_that_lost_its_first_line_is_still_ours() -> None:
    write(lock=LOCK.partition("\n")[2].replace("'", '"'))
    assert len(found("hand-edited-lock")) == 1


def test_packages_without_a_hash_are_counted_and_pointed_at() -> None:
    bare = "\n".join(line for line in LOCK.split("\n") if "sha256:" not in line and "md5:" not in line)
    write(lock=bare.replace("  hash:\n", "  hash: {}\n"))
    (finding,) = found("lock-without-hash")
    assert finding.message.startswith("'cuda-version 12.6 h7480c83_3' has no hash (and 1 more): ")
    assert marked(finding) == "cuda-version-12.6-h7480c83_3.conda"
    assert [place[-1] for place in finding.also] == ["no hash"]


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_one_hash_is_enough(kind: str) -> None:
    write(lock="\n".join(line for line in LOCK.split("\n") if f"    {kind}:" not in line))
    assert found("lock-without-hash") == []


@pytest.mark.parametrize(
    ("url", "kind", "secret"),
    [
        (f"https://conda.anaconda.org/t/{TOKEN}/team", "token", TOKEN),
        ("https://ci:hunter2hunter2@conda.example.com/team", "password", "hunter2hunter2"),
    ],
)
def test_a_secret_is_reported_once_and_never_shown(url: str, kind: str, secret: str) -> None:
    write(lock=FOREIGN.replace(CHANNEL, url))
    (finding,) = found("lock-with-credentials")
    assert finding.message == f"the lock contains a {kind} (2 times)"
    assert marked(finding) == secret
    assert secret not in str(finding)


@pytest.mark.parametrize(
    "url",
    [
        "https://${USER}:${PASSWORD}@conda.example.com/team",
        "https://conda.anaconda.org/t/$TOKEN/team",
        "https://files.pythonhosted.org/packages/source/t/tqdm",
        "file:///var/folders/T/tmp1/t/x",
        "https://git@example.com/team",
    ],
)
def test_what_only_stands_for_a_secret_is_none(url: str) -> None:
    write(lock=FOREIGN.replace(CHANNEL, url))
    assert found("lock-with-credentials") == []


def test_a_missing_lock_is_told_where_it_is_asked_for() -> None:
    assert found("missing-lock", "environment.yml") == []
    Path("conda-lock.yml").rename("environment.h100.conda-lock.yml")
    assert found("missing-lock", "environment.yml") == []
    Path("environment.h100.conda-lock.yml").unlink()
    (finding,) = found("missing-lock", "environment.yml")
    assert (marked(finding), finding.severity) == ("dependencies", "warning")
    assert "missing-lock" not in {rule.name for rule in lint.select(Config(), ("lock",))}


@pytest.mark.parametrize(
    "environment",
    [
        ENVIRONMENT,
        "# note\nname: y\nchannels: [conda-forge, nodefaults]\ndependencies: [tzdata, 'cuda-version >=12,<13']\n",
        ENVIRONMENT.replace("conda-forge", CHANNEL).replace("\n", "\r\n"),
        ENVIRONMENT.replace("cuda-version=12.6", "cuda-version[version='12.6.*']"),
    ],
)
def test_a_lock_that_fits_is_not_stale(environment: str) -> None:
    write(environment)
    assert found("stale-lock", "environment.yml") == []


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        (
            "cuda-version=12.6",
            "cuda-version=12.4",
            "cuda-version=12.4",
            "'cuda-version=12.4' is requested; the lock",
        ),
        ("tzdata", "tzdata\n  - nccl", "nccl", "'nccl' is not in the lock for linux-64"),
        (
            "  - tzdata\n",
            "",
            "dependencies",
            "the lock for linux-64 contains packages that nothing requires: tzdata 2026c h151e31d_0",
        ),
        (
            "conda-forge",
            "nvidia",
            "channels",
            f"the channels are {CHANNEL.replace('conda-forge', 'nvidia')}; the",
        ),
        ("tzdata", "tzdata\n  - pip", "pip", "'pip' is not in the lock for linux-64"),
        ("tzdata", "'tzdata=2025'", "'tzdata=2025'", "'tzdata=2025' is requested; the lock"),
        ("tzdata", "tzdata =!", "tzdata =!", "cannot check conda-lock.yml: "),
    ],
)
def test_a_stale_lock_is_reported_at_the_entry_that_it_does_not_satisfy(
    old: str, new: str, place: str, said: str
) -> None:
    write(ENVIRONMENT.replace(old, new))
    findings = [finding for finding in found("stale-lock", "environment.yml") if marked(finding) == place]
    assert [finding.message[: len(said)] for finding in findings] == [said]
    assert findings[0].severity == "error"


def test_what_is_wrong_on_several_platforms_is_one_finding() -> None:
    both = Lock(
        {"linux-64": PackageSet.of([CUDA, ZONES]), "win-64": PackageSet.of([CUDA, ZONES])},
        ("conda-forge",),
        metadata={
            "channel_priority": "strict",
            "linux-64.machine": "__linux=5.10",
            "win-64.machine": "__win=10.0",
        },
    )
    write(ENVIRONMENT.replace("=12.6", "=12.4"), cep37.render(both))
    (finding,) = found("stale-lock", "environment.yml")
    assert finding.message.endswith("(and 1 more)")


def test_a_broken_lock_is_reported_for_its_file() -> None:
    write(lock=LOCK.replace("used_env_vars: []", "used_env_vars: ["))
    (finding,) = found("stale-lock", "environment.yml")
    assert finding.message.startswith("cannot check conda-lock.yml: conda-lock.yml:11:3: not YAML")


@pytest.mark.parametrize(
    ("sources", "count"),
    [
        ("environment.yml", 1),
        ("../envs/environment.yml", 1),
        ("pyproject.toml", 0),
        ("environment.yml\n  - dev.yml", 0),
    ],
)
def test_a_lock_of_another_tool_is_judged_where_it_is_of_this_file_alone(sources: str, count: int) -> None:
    write(ENVIRONMENT.replace("=12.6", "=12.4"), FOREIGN.replace("- environment.yml", f"- {sources}"))
    assert len(found("stale-lock", "environment.yml")) == count


def test_platforms_of_the_settings_count() -> None:
    Path("lockstep.toml").write_text('platforms = ["linux-64", "osx-arm64"]\n')
    (finding,) = found("stale-lock", "environment.yml")
    assert finding.message == "the lock has nothing for osx-arm64"
    Path("conda-lock.yml").rename("environment.h100.conda-lock.yml")
    assert found("stale-lock", "environment.yml") == []


def test_a_lock_has_no_other_findings_and_a_file_none_of_a_locks() -> None:
    every = lint.select(Config(), ())
    assert lint.lint_path(Path("conda-lock.yml"), every, Config()) == []
    write(lock=LOCK + OURS_AND_THEIRS)
    assert {finding.family for finding in lint.lint_path(Path("environment.yml"), every, Config())} <= {
        "pins",
        "channels",
    }


def test_stale_lock_is_chosen_by_name_and_family_only() -> None:
    def names(*only: str, **settings: tuple[str, ...]) -> set[str]:
        return {rule.name for rule in lint.select(Config(**settings), only)}

    assert "stale-lock" not in names()
    assert "stale-lock" in names("lock") & names("stale-lock") & names(select=("lock",))
    assert "stale-lock" in names(extend_select=("lock",)) & names(extend_select=("stale-lock",))
    assert "stale-lock" not in names("pins", extend_select=("lock",))


def test_per_file_ignores_silence_rules_about_locks() -> None:
    write(lock=LOCK.replace("'", '"'))
    folder = Path.cwd()
    ignoring = Config(root=folder, per_file_ignores={"conda-lock.yml": ("hand-edited-lock",)})
    assert found("hand-edited-lock", config=ignoring) == []


def test_a_suppression_beside_an_entry_silences_stale_lock() -> None:
    write(ENVIRONMENT.replace("=12.6", "=12.4  # lockstep: ignore=stale-lock until the nodes are new"))
    assert found("stale-lock", "environment.yml") == []
