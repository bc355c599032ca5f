"""Files that install, as they lie in repositories."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.corpus import find_corpus, install_files

from conda_lockstep.errors import LockstepError
from conda_lockstep.lint.targets.install_script.kinds import Kind, kind_of
from conda_lockstep.lint.targets.install_script.reader import MAX_CALLS, parse, read
from conda_lockstep.text.source import UnreadableFileError

KINDS: dict[str, Kind] = {"docker": "dockerfile", "shell": "shell", "workflow": "workflow"}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Dockerfile", "dockerfile"), ("a/b/Dockerfile.gpu", "dockerfile"), ("gpu.Dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"), ("a.dockerfile", "dockerfile"), ("base_Dockerfile", "dockerfile"),
        ("Dockerfile.j2", "dockerfile"), ("Dockerfile.dockerignore", None), ("dockerfile.py", None),
        ("Dockerfile.md", None), ("mydockerfile", None), ("a/x.sh", "shell"), ("x.bash", "shell"),
        ("x.sbatch", "shell"),
        ("x.slurm", "shell"), ("x.py", None), ("sh", None), (".github/workflows/a.yml", "workflow"),
        ("x/.github/workflows/a.yaml", "workflow"), (".github/dependabot.yml", None), ("action.yml", "workflow"),
        ("x/action.yaml", "workflow"), ("reaction.yml", None), ("environment.yml", None), ("conda-lock.yml", None),
    ],
)  # fmt: skip
def test_a_name_tells_the_kind(path: str, kind: Kind | None) -> None:
    assert kind_of(path) == kind


def test_a_file_is_read_by_its_name(tmp_path: Path) -> None:
    for name, text in {"Dockerfile": "FROM a\nRUN conda install x\n", "x.sh": "conda install x\n"}.items():
        (tmp_path / name).write_text(text)
        file = read(tmp_path / name)
        assert [call.action for _, call in file.calls] == ["install"]
        assert file.path == str(tmp_path / name)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_bytes(b"echo \xe9\n")
    with pytest.raises(UnreadableFileError, match="not UTF-8"):
        read(tmp_path / "x.sh")
    with pytest.raises(LockstepError, match="no such file"):
        read(tmp_path / "y.sh")
    with pytest.raises(UnreadableFileError, match="more than"):
        parse("conda install x\n" * (MAX_CALLS + 1), "x.sh", "shell")


def test_real_files_are_read_whole_and_every_word_stands_where_it_says() -> None:
    read_well = 0
    for path, shown in install_files().items():
        kind = kind_of(shown)
        assert kind
        text = path.read_bytes().decode()
        try:
            file = parse(text, path.name, kind)
        except UnreadableFileError as error:
            # One workflow is no YAML: the text of a script in it begins left of the script.
            assert "not YAML" in str(error)
            continue
        read_well += 1
        for step in file.steps:
            for command in step.commands:
                for word in (*command.assignments, *command.words):
                    written = file.source.text[slice(*word.span)]
                    assert written == word.value or set(written) & set("'\"\\$`\n"), (
                        path.name,
                        written,
                        word.value,
                    )
        for comment in file.comments:
            assert file.source.text[comment.start] == "#"
    assert read_well >= (80 if find_corpus() else 20)


def test_the_calls_of_real_files_are_those_that_a_search_finds() -> None:
    """What a plain search takes for a call at the beginning of a line is one to the reader as well."""
    import re

    plain = re.compile(
        r"^(?:RUN |- run: )?(?:conda|mamba|micromamba|pip3?) (?:install|create|env create|env update)\b"
    )
    for path, shown in install_files().items():
        kind = kind_of(shown)
        if kind not in ("dockerfile", "shell"):
            continue
        text = path.read_bytes().decode()
        file = parse(text, path.name, kind)
        lines = {file.source.position(call.head.start)[0] for _, call in file.calls}
        searched = {number for number, line in enumerate(text.splitlines(), 1) if plain.match(line.strip())}
        assert searched <= lines, path.name
