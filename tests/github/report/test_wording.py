"""What is written to people: all of it within GitHub's limits, none of it in a stranger's markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.github.locks import FILE, LOCK, checked, handoff, lock_text
from tests.github.report.test_gate import judge
from tests.support.repository import Repository

from conda_lockstep.github.event.commit_files import CommitFiles
from conda_lockstep.github.handoff.handoff import Handoff, Remark
from conda_lockstep.github.publish.comment import BODY_LIMIT
from conda_lockstep.github.report.wording import comment, summary

OLD = lock_text({"python": "3.11.9", "tqdm": "4.67.0"})
NEW = lock_text({"python": "3.12.1", "tqdm": "4.67.0"})
HOSTILE = "</details> @octocat <img src=x> [a](https://evil.example) `x` ![i](//e) ‮ | #1\n# big"


@pytest.fixture
def base(tmp_path: Path) -> CommitFiles:
    repository = Repository(tmp_path / "checkout")
    return CommitFiles(repository.folder, repository.commit({FILE: "name: x\n", LOCK: OLD}))


def written(given: Handoff, base: CommitFiles) -> str:
    return comment(given, judge(given, base))


def test_a_clean_run_says_so_in_one_line(base: CommitFiles) -> None:
    [line] = written(handoff(checked(OLD)), base).splitlines()
    assert "No environment drift" in line


@pytest.mark.parametrize(
    "given", [handoff(), handoff(checked("", state="failed", reasons=("no candidates",)))]
)
def test_what_was_not_compared_is_not_called_free_of_drift(base: CommitFiles, given: Handoff) -> None:
    text = written(given, base)
    assert "No environment was compared." in text
    assert "No environment drift" not in text


def test_a_first_lock_is_named_with_its_identity(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "empty")
    text = written(handoff(checked(OLD)), CommitFiles(repository.folder, repository.commit({})))
    assert "does not exist on the base commit" in text
    assert "`ls1-" in text


def test_a_stale_lock_is_reported_with_its_reasons_and_the_way_out(base: CommitFiles) -> None:
    text = written(handoff(checked(NEW, state="stale", reasons=("python 3.12 is asked for",))), base)
    assert "- `conda-lock.yml` does not fit `environment.yml`: python `3.12` is asked for" in text
    assert "lockstep lock environment.yml && git add conda-lock.yml" in text
    assert "Environment drift: 1 critical" in text


def test_a_refused_build_is_reported_with_its_reason(base: CommitFiles) -> None:
    text = written(
        handoff(checked(OLD, build="refused", build_reason="the pull request comes from a fork")), base
    )
    assert "🔒 `environment.yml` was not built: the pull request comes from a fork." in text


def test_findings_are_reported_most_severe_first_and_counted(base: CommitFiles) -> None:
    remarks = [Remark("unpinned-conda", "warning", "numpy has no version", FILE, n, 5) for n in range(1, 9)]
    error = Remark("bad-spec", "error", "no version is named", FILE, 30, 5)
    text = written(handoff(checked(OLD), remarks=[*remarks, error]), base)
    assert text.index("`environment.yml:30:5`") < text.index("`environment.yml:1:5`")
    assert "4 more linter findings" in text


def test_no_text_of_a_pull_request_is_markup(base: CommitFiles) -> None:
    hostile = checked(
        NEW,
        path=HOSTILE,
        lock_path=LOCK,
        state="stale",
        reasons=(HOSTILE,),
        build="failed",
        build_reason=HOSTILE,
    )
    remark = Remark(HOSTILE, "error", HOSTILE, HOSTILE, 1, 1)
    text = written(handoff(hostile, remarks=[remark], failures=[HOSTILE]), base)
    html = rendered(text)
    for forbidden in ("<img", "<a ", "href", "@octocat</a>", "<h1", "\u202e"):
        assert forbidden not in html
    assert html.count("<details>") == html.count("</details>")


def test_a_hundred_environments_stay_within_the_limits(base: CommitFiles) -> None:
    many = [
        checked(NEW, path=f"envs/{'n' * 150}{n}.yml", state="stale", reasons=("a reason " * 60,) * 5)
        for n in range(100)
    ]
    remarks = [Remark("bad-spec", "error", "words " * 300, FILE, n, 1) for n in range(1000)]
    given = handoff(*many, remarks=remarks, failures=["x " * 900] * 1000)
    compared = judge(given, base)
    assert len(comment(given, compared)) <= BODY_LIMIT
    assert len(summary(given, compared).encode()) <= 1 << 20


@pytest.mark.parametrize("count", [1, 6, 60])
def test_no_reason_is_left_out_in_silence(base: CommitFiles, count: int) -> None:
    reasons = tuple(f"package-{number} is not met" for number in range(count))
    text = written(handoff(checked("", state="failed", reasons=("the solver says no", *reasons))), base)
    assert "`environment.yml` cannot be locked: the solver says no; " in text
    failures = written(handoff(failures=[f"file-{number} is broken" for number in range(count)]), base)
    assert failures.count("is broken") == count
    if count < 50:
        assert all(f"`package-{number}`" in text for number in range(count))


def test_a_long_reason_keeps_what_is_wrong_and_what_to_do(base: CommitFiles) -> None:
    reason = f"nothing provides cuda; {'because of that, ' * 500}run: lockstep why cuda"
    text = written(handoff(checked("", state="failed", reasons=(reason,))), base)
    assert "cannot be locked: nothing provides cuda;" in text
    assert " … " in text
    assert "run: `lockstep why cuda`" in text


def test_what_does_not_fit_is_counted_and_said_to_be_in_the_summary(base: CommitFiles) -> None:
    given = handoff(failures=[f"file-{number} is broken {'x ' * 100}" for number in range(2000)])
    compared = judge(given, base)
    for text, place in (
        (comment(given, compared), "the job summary"),
        (summary(given, compared), "the job's log"),
    ):
        shown = text.count("is broken")
        assert f"- and {2000 - shown} more in {place}\n" in text or shown == 2000


@pytest.mark.parametrize(
    "given",
    [
        handoff(checked(OLD, state="stale", committed=OLD)),
        handoff(checked(OLD, build="failed", build_reason="no space left")),
        handoff(checked(OLD), failures=["environment.yml: cannot be read"]),
        handoff(checked(OLD), remarks=[Remark("bad-spec", "error", "no", FILE, 1, 1)]),
        handoff(checked(OLD, state="missing", lock_sha256="", committed="")),
    ],
    ids=["stale", "build", "failure", "lint", "missing"],
)
def test_no_headline_is_green_where_something_is_wrong(base: CommitFiles, given: Handoff) -> None:
    assert "✅" not in written(given, base)


def test_a_stale_lock_is_shown_as_committed_and_as_solved_anew(base: CommitFiles) -> None:
    stale = checked(NEW, state="stale", committed=lock_text({"python": "3.11.9", "tqdm": "1.0"}))
    text = written(handoff(stale), base)
    assert "**`environment.yml`** on `linux-64`" in text
    assert "**`environment.yml, solved anew`** on `linux-64`" in text
    assert "`1.0`" in text
    assert "`3.12.1`" in text


def test_sixty_environments_are_one_table(base: CommitFiles) -> None:
    many = [
        checked(
            NEW,
            path=f"envs/e{n}.yml",
            lock_path=f"envs/e{n}.conda-lock.yml",
            reached=("linted", "solved", "installed")[: 2 + n % 2],
            build="built" if n % 2 else "failed",
            build_reason="no space",
        )
        for n in range(60)
    ]
    text = written(handoff(*many), base)
    table = [line for line in text.splitlines() if line.startswith("| `envs/e")]
    assert len(table) == 60
    assert "| `envs/e1.yml` | fits | built | linted → solved → installed |" in table
    assert "| `envs/e2.yml` | fits | ❌ failed | linted → solved |" in table


def test_a_name_tells_comments_apart(base: CommitFiles) -> None:
    given = handoff(checked(OLD))
    assert comment(given, judge(given, base), name="a100").startswith("### conda-lockstep (`a100`)\n")


def rendered(markdown: str) -> str:
    """GitHub's own renderer, less what GitHub adds (mentions, issue links)."""
    import cmarkgfm
    from cmarkgfm.cmark import Options

    html: str = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    return html
