"""What is read of a pip part: requirements and their places, options, files named by ``-r``, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.pip.requirements import PipPart, pip_part
from tests.support.corpus import environment_files, find_corpus

WHEEL = "https://host/files/a_b-1.0-py3-none-any.whl"
SHA = "0123456789abcdef" * 4


def _part(*items: str, path: str = "environment.yml") -> PipPart:
    listed = "".join(f"      - {item}\n" for item in items)
    return pip_part(parse(f"dependencies:\n  - python\n  - pip:\n{listed}", path))


def _refusal(*items: str, path: str = "environment.yml") -> LockstepError:
    with pytest.raises(LockstepError) as caught:
        _part(*items, path=path)
    return caught.value


@pytest.mark.parametrize(
    ("item", "given"),
    [
        ("A_b", "A_b"),
        ("a.b >= 1, < 2   # why", "a.b<2,>=1"),
        ("'a[X, y_z]==1.0+cu118'", "a[X,y_z]==1.0+cu118"),
        ("a; python_version < '3.12' and extra == 'x'", 'a; python_version < "3.12" and extra == "x"'),
        ("a===2024-07", "a===2024-07"),
        (WHEEL, f"a-b @ {WHEEL}"),
        (f"a-b @ {WHEEL}", f"a-b @ {WHEEL}"),
        (f"A.B[x] @ {WHEEL}#sha256={SHA} ; sys_platform == 'linux'", f'A.B[x] @ {WHEEL} ; sys_platform == "linux"'),
        ("a-b @ file:///shared/a_b-1.0-py3-none-any.whl", "a-b @ file:///shared/a_b-1.0-py3-none-any.whl"),
        ("a @ https://host/a-1.0%2Bcu118-py3-none-any.whl", "a @ https://host/a-1.0%2Bcu118-py3-none-any.whl"),
    ],
)  # fmt: skip
def test_a_requirement_is_what_a_resolver_takes(item, given):
    (entry,) = _part(item).requirements
    assert entry.given(TRUSTED) == given


def test_options_are_those_of_pip_in_all_their_spellings():
    part = _part(
        "-i https://one/simple",
        "--index-url=https://two/simple/",
        "--extra-index-url https://${USER}:${TOKEN}@three/simple --extra-index-url=https://four/simple",
        "-fhttps://host/wheels.html",
        "--find-links 'file:///shared/wheels'",
        "--pre",
        "--no-index",
        "'--only-binary=:all:'",
        "--prefer-binary",
        "--require-hashes",
        "a",
    )
    assert part.index.text == "https://two/simple/"
    assert [index.text for index in part.extra_indexes] == [
        "https://${USER}:${TOKEN}@three/simple",
        "https://four/simple",
    ]
    assert [links.text for links in part.links] == ["https://host/wheels.html", "file:///shared/wheels"]
    assert (part.only_links, part.prereleases) == (True, True)
    assert part.metadata()["pip_options"] == (
        "--index-url https://two/simple --extra-index-url https://three/simple --extra-index-url https://four/simple "
        "--find-links https://host/wheels.html --find-links file:///shared/wheels --no-index --pre"
    )


def test_credentials_come_from_the_environment_and_stay_out_of_what_is_shown(monkeypatch):
    monkeypatch.setenv("CI_TOKEN", "s3cret")
    part = _part(
        "a @ https://ci:${CI_TOKEN}@host/a-1-py3-none-any.whl", "-i https://ci:$CI_TOKEN@host/simple"
    )
    (entry,) = part.requirements
    assert entry.given(TRUSTED) == "a @ https://ci:s3cret@host/a-1-py3-none-any.whl"
    assert part.index.url(TRUSTED) == "https://ci:s3cret@host/simple"
    assert entry.url == "https://host/a-1-py3-none-any.whl"
    assert "CI_TOKEN" not in entry.text
    assert "s3cret" not in repr(part)


def test_hashes_are_kept_wherever_they_stand():
    other = "f" * 64
    one, two = _part(
        f"a==1 --hash=sha256:{SHA.upper()} --hash sha512:00 --hash sha256:{other}", f"{WHEEL}#sha256={SHA}"
    ).requirements
    assert one.hashes == {SHA, other}
    assert two.hashes == {SHA}


REFUSED = [
    ("./dist/a-1-py3-none-any.whl", "cannot be locked: it is a file of one machine; publish it in an index, or write"),
    ("a @ ./a-1-py3-none-any.whl", "cannot be locked: it is a file of one machine"),
    ("a @ file:a-1-py3-none-any.whl", "cannot be locked: it is a file of one machine"),
    ("a @ file:///croot/a_1659/work", "cannot be locked: it is not a wheel: a build from sources runs their code"),
    ("a @ hg+https://t0ken@host/o/r", "'a @ hg+https://host/o/r' cannot be locked: only git repositories"),
    ("a @ https://host/o/r.git", "cannot be locked: it is not a git URL as pip reads it; write git+https://"),
    ("https://host/a-1.tar.gz", "cannot be locked: it is not a wheel: a build from sources runs their code"),
    ("a @ https://host/a.whl", "cannot be locked: its file is not named as a wheel (PEP 427)"),
    (f"other @ {WHEEL}", "cannot be locked: its file is a wheel of a-b; write 'a-b @ …'"),
    (f"{WHEEL}#md5=00", "cannot be locked: the part after its '#' is not a sha256"),
    ("a @ https://$HOST/a-1-py3-none-any.whl", "cannot be locked: it depends on environment variables"),
    ("a @ https://host/a-1-py3-none-any.whl?X-Amz-Signature=00", "cannot be locked: its URL contains a secret"),
    ("a @ https://host/a-1-py3-none-any.whl?token=abc", "cannot be locked: its URL contains a secret"),
    ("a==1 --no-binary a", "'--no-binary' is written after a requirement; write it on a line of its own"),
    ("jax[cuda12] -f https://host/jax.html", "'--find-links' is written after a requirement; write it on a line of"),
    ("a==1 --config-settings=x=y", "'--config-settings' is written after a requirement; delete it: it is for builds"),
    ("a==1 --hash=md5:00", "cannot be locked: none of its hashes is sha256"),
    ("--no-binary=detectron2", "cannot be locked: a build from sources runs their code"),
    ("--trusted-host pypi.internal", "cannot be locked: which hosts to trust is up to each machine; delete it"),
    ("--use-feature=fast-deps", "cannot be locked: pip's option --use-feature is not supported; delete it"),
    ("-i simple", "cannot be locked: it is not a URL, and other machines do not have that folder; write https://…, or file:///…"),
    ("-f ./wheels", "cannot be locked: it is not a URL, and other machines do not have that folder"),
    ("--extra-index-url", "cannot be locked: --extra-index-url has no value"),
    ("-r", "cannot be locked: --requirement has no value"),
    ("-r https://host/requirements.txt", "cannot be read: the content of a URL may change unnoticed"),
    ("-r /etc/hosts", "'-r /etc/hosts' cannot be read: it is a file of one machine; add it to the repository"),
    ("-r ../../../../../../etc/hosts", "cannot be read: it is not in this repository"),
    ("-r nowhere.txt", "'-r nowhere.txt' cannot be read: nowhere.txt: no such file; check the path"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "message"), REFUSED)
def test_what_cannot_be_locked_is_refused_in_one_line_with_its_place(item, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = str(_refusal("a", item))
    assert text.startswith("environment.yml:5:9: ")
    assert message in text
    assert "; " in text


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files below a repository that is the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()

    def run(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_txt", ".txt")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    return run


def test_files_are_read_from_where_they_are_named(write):
    write(
        context__main_txt="# all\n-r more.txt\n\nb==1  # why\n-c ../bounds.txt\n",
        context__more_txt="c[x] \\\n  >=1 \\\n  --hash=sha256:"
        + SHA
        + "\n--extra-index-url https://x/simple\n",
        bounds_txt="d<2\n",
        envs__environment_txt="",
    )
    part = _part("a", "-r ../context/main.txt", path="envs/environment.yml")
    assert [(entry.text, str(entry.where)) for entry in part.requirements] == [
        ("a", "envs/environment.yml:4:9"),
        ("c[x] >=1", "context/more.txt:1:1"),
        ("b==1", "context/main.txt:4:1"),
    ]
    assert part.requirements[1].hashes == {SHA}
    assert [(entry.text, str(entry.where)) for entry in part.constraints] == [("d<2", "bounds.txt:1:1")]
    assert str(part.extra_indexes[0].where) == "context/more.txt:4:1"


def test_a_mistake_in_a_file_has_its_place_there(write):
    write(main_txt="a\n\n   b=1\n")
    assert str(_refusal("-r main.txt")).startswith("main.txt:3:5: 'b=1': use '=='")


def test_a_circle_is_refused_where_it_closes(write):
    write(a_txt="x\n-r b.txt\n", b_txt="-r a.txt\n")
    assert str(_refusal("-r a.txt")).startswith("b.txt:1:1: '-r a.txt' cannot be read: a.txt includes itself")


def test_a_link_that_leads_to_itself_is_refused_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").symlink_to("a.txt")
    assert "'-r a.txt' cannot be read: a.txt: " in str(_refusal("-r a.txt"))


def test_a_file_may_be_named_twice_but_not_without_end(write):
    write(a_txt="x\n")
    assert len(_part("-r a.txt", "-r a.txt").requirements) == 2
    for number in range(20):
        Path(f"n{number}.txt").write_text(f"-r n{number + 1}.txt\n-r n{number + 1}.txt\n")
    Path("n20.txt").write_text("x\n")
    assert "more than 5,000 lines" in str(_refusal("-r n0.txt"))


def test_a_link_out_of_the_repository_is_not_followed(write, tmp_path):
    write()
    (tmp_path / "link.txt").symlink_to("/etc/hosts")
    assert "it is not in this repository" in str(_refusal("-r link.txt"))


def test_a_constraint_is_no_url(write):
    write(c_txt=f"a-b @ {WHEEL}\n")
    assert "cannot be locked: a constraint cannot have a URL" in str(_refusal("-c c.txt"))


def test_real_requirements_are_read_or_refused_in_one_line():
    """Every pip part of 423 real files: no crash, and a place in each refusal."""
    from conda_lockstep.environment.reader import read

    read_, refused = 0, 0
    for path in environment_files("environments"):
        try:
            file = read(path, shown_as=path.name)
            read_ += bool(pip_part(file).requirements)
        except LockstepError as error:
            refused += 1
            assert str(error).startswith(f"{path.name}:"), error
    assert read_ > (100 if find_corpus() else 10)
    assert refused < read_ / 2
