"""Which entries name a project, what of them a lock records, and what is refused: all at once, each with its remedy."""

from __future__ import annotations

import pytest
from tests.support.corpus import environment_files

from conda_lockstep.conda.project_source import Folder, source_of
from conda_lockstep.conda.trust import TRUSTED
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.pip.projects.entry import GitReference, ProjectEntry, is_as_locked, source_of_entry
from conda_lockstep.lock.pip.requirements import PipPart, pip_part, read_pip_part

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = "https://github.com/o/r"


def _text(*items: str) -> str:
    return "dependencies:\n  - python\n  - pip:\n" + "".join(f"      - {item}\n" for item in items)


def _entry(item: str) -> ProjectEntry:
    (entry,) = pip_part(parse(_text(item), "environment.yml")).projects
    return entry


@pytest.mark.parametrize(
    ("item", "recorded"),
    [
        ("-e .", "./#editable=true"),
        ("--editable=.", "./#editable=true"),
        (".", "./"),
        ("./", "./"),
        ("'.[dev]'", "./#extras=dev"),
        ("-e .[Dev_x, all]", "./#editable=true&extras=all,dev-x"),
        ("..", "../"),
        ("../core", "../core"),
        ("submodules/knn", "./submodules/knn"),
        ("./submodules/../knn/", "./knn"),
        ("-e src", "./src#editable=true"),
        ("'./a b'", "./a%20b"),
        ("./knn # the nearest", "./knn"),
    ],
)
def test_a_folder_is_recorded_relative_in_one_spelling(item, recorded):
    assert source_of_entry(_entry(item)) == recorded


@pytest.mark.parametrize(
    ("item", "reference", "name"),
    [
        (f"git+{HUB}", GitReference(HUB), ""),
        (f"git+{HUB}.git@main", GitReference(f"{HUB}.git", "main"), ""),
        (f"git+{HUB}@release/2.0#egg=My_R", GitReference(HUB, "release/2.0"), "my-r"),
        (f"-e git+{HUB}@{COMMIT}#egg=r&subdirectory=python", GitReference(HUB, COMMIT, "python"), "r"),
        (f"r[x] @ git+{HUB}@v1 ; sys_platform == 'linux'", GitReference(HUB, "v1"), "r"),
        ("git+ssh://git@host/o/r.git@v1", GitReference("ssh://git@host/o/r.git", "v1"), ""),
        ("git+file:///srv/r", GitReference("file:///srv/r"), ""),
    ],
)  # fmt: skip
def test_a_repository_is_read_as_pip_reads_it(item, reference, name):
    entry = _entry(item)
    assert (entry.reference, entry.name) == (reference, name)


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("git+https://${TOKEN}@host/o/r", "https://host/o/r"),
        ("git+https://me:s3cret@host/o/r", "https://host/o/r"),
        ("git+ssh://git@host/o/r", "ssh://git@host/o/r"),
        ("git+ssh://me@host/o/r", "ssh://host/o/r"),
    ],
)
def test_credentials_are_fetched_with_and_never_recorded(item, url, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    entry = _entry(item)
    assert source_of(source_of_entry(entry, COMMIT)).url == url
    assert "s3cret" not in entry.text
    assert "TOKEN" not in entry.text
    assert ("s3cret" in entry.reference.fetch_url(TRUSTED)) == ("https" in item)


REFUSED = [
    ("-e", "--editable has no value"),
    ("/opt/project", "it is a folder of one machine"),
    ("-e ~/project", "it is a folder of one machine"),
    ("./$PROJECT", "it depends on environment variables"),
    ("./a.tar.gz", "a build from sources runs their code"),
    ("./a-1.0-py3-none-any.whl", "it is a file of one machine"),
    ("./a ; nonsense", "'nonsense' is not a marker"),
    ("./a --hash=sha256:00", "options are written after a project"),
    ("hg+https://host/r", "only git repositories can be locked"),
    ("git+git@github.com:o/r", "its URL has no scheme that git fetches from"),
    ("https://github.com/o/r.git", "it is not a git URL as pip reads it"),
    ("git+https://host/o/r@$REV", "it depends on environment variables"),
    ("git+https://host/o/r?token=0123456789abcdef0123", "its URL contains a secret"),
    ("git+https://host/o/r@--upload-pack=x", "it names no repository"),
    ("git+https://host", "it names no repository"),
    ("git+https://host/o/r#subdirectory=../x", "its subdirectory is not in the repository"),
]


def test_all_refusals_of_a_file_are_shown_at_once_each_with_its_remedy():
    items = [item for item, _ in REFUSED]
    with pytest.raises(LockstepError) as caught:
        pip_part(parse(_text("six", *items, "tqdm"), "environment.yml"))
    assert caught.value.what == f"{len(REFUSED)} pip entries cannot be locked, for the reasons above"
    for number, (line, (item, why)) in enumerate(zip(caught.value.detail, REFUSED, strict=True)):
        assert line.startswith(f"environment.yml:{5 + number}:9: '{item.partition('?')[0]}"), line
        assert f"cannot be locked: {why}" in line
        assert "; " in line  # the remedy


def test_what_is_fine_is_read_beside_what_is_refused():
    part = read_pip_part(parse(_text("six", "-e .", "/opt/x", "tqdm"), "environment.yml"))
    assert [entry.name for entry in part.requirements] == ["six", "tqdm"]
    assert [entry.reference for entry in part.projects] == [Folder("./")]
    assert len(part.refused) == 1


def test_entries_of_requirements_files_have_their_place_there(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "more.txt").write_text("six\n\n-e ./sub\n/opt/x\n")
    file = parse(_text("-r more.txt", "/opt/y"), str(tmp_path / "environment.yml"))
    part = read_pip_part(file)
    assert [str(entry.where) for entry in part.projects] == [f"{tmp_path}/more.txt:3:1"]
    assert [str(error.where) for error in part.refused] == [
        f"{tmp_path}/more.txt:4:1",
        f"{tmp_path}/environment.yml:5:9",
    ]


@pytest.mark.parametrize(
    ("item", "locked", "same"),
    [
        ("-e .", "./#editable=true", True),
        ("-e .", "./", False),
        (".[dev]", "./", False),
        ("./a", "./b", False),
        (f"git+{HUB}@main", f"git+{HUB}@{COMMIT}#rev=main", True),
        (f"git+{HUB}@main", f"git+{HUB}@{COMMIT}#rev=v1", False),
        (f"git+{HUB}", f"git+{HUB}@{COMMIT}#rev=main", False),
        (f"git+{HUB}@{COMMIT}", f"git+{HUB}@{COMMIT}#rev=main", True),
        (f"git+{HUB}@main", f"git+{HUB}@{COMMIT}#rev=main&subdirectory=x", False),
        (f"-e git+{HUB}@main#egg=r", f"git+{HUB}@{COMMIT}#rev=main", False),
        (f"git+{HUB}/other", f"git+{HUB}@{COMMIT}", False),
    ],
)
def test_an_entry_is_as_locked_where_source_mode_and_extras_are(item, locked, same):
    assert is_as_locked(_entry(f"'{item}'" if "[" in item else item), locked) is same


@pytest.mark.parametrize(
    ("name", "projects"),
    [
        ("graphdeco-inria__gaussian-splatting__environment.yml",
         ["./submodules/diff-gaussian-rasterization", "./submodules/simple-knn"]),
        ("CompVis__stable-diffusion__environment.yaml",
         ["https://github.com/openai/CLIP.git main", "https://github.com/CompVis/taming-transformers.git master",
          "https://github.com/lstein/k-diffusion.git master", "https://github.com/lstein/GFPGAN fix-dark-cast-images",
          "./"]),
    ],
)  # fmt: skip
def test_the_projects_of_known_repositories_are_read(corpus, name, projects):
    part = read_pip_part(read(corpus / "environments" / name))
    found = [
        own.path if isinstance(own := entry.reference, Folder) else f"{own.url} {own.rev}"
        for entry in part.projects
    ]
    assert (found, part.refused) == (projects, ())


def test_hardly_a_real_project_is_refused():
    """Of 47 entries in 423 files: what is left is not git, a file, or a folder of one machine."""
    refused = [
        str(error)
        for path in environment_files("environments")
        for error in _part_of(path).refused
        if "git+" in str(error) or "'-e " in str(error)
    ]
    assert len(refused) < 4, refused


def _part_of(path):
    try:
        return read_pip_part(read(path))
    except LockstepError:
        return PipPart(())
