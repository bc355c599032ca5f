"""Dockerfiles: instructions as BuildKit reads them, stages, and what each RUN runs."""

from __future__ import annotations

import pytest
from tests.lint.targets.install_script.reading import dockerfile, shown

from conda_lockstep.lint.targets.install_script.dockerfile import Instruction, read_dockerfile
from conda_lockstep.text.source import Source


def instructions(text: str) -> tuple[Instruction, ...]:
    return read_dockerfile(Source.of("Dockerfile", text)).instructions


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("RUN a b", "a b"),
        ("  run a", "a"),
        ("RUN a \\\n  b", "a   b"),
        ("RUN a \\  \n b \\\t\n c", "a  b  c"),
        ("RUN a \\\n# c \\\n  # d\n b", "a  b"),
        ("RUN a \\\n\n   \n b", "a  b"),
        ("RUN a \\\r\n b\r\n", "a  b"),
        ("# escape=`\nRUN a `\n b\\\nRUN c", "a  b\\"),
        ("# syntax=docker/dockerfile:1\n# escape=`\nRUN a `\n b", "a  b"),
        ("# not a directive\n# escape=`\nRUN a `\n", "a `"),
        ("RUN a #b \\\n c", "a #b  c"),
        ("RUN <<EOF\na\nb\nEOF\nRUN c", "<<EOF\na\nb\nEOF"),
        ("RUN a <<'E' > b && c <<-F\nd\nE\n\te\n\tF\n", "a <<'E' > b && c <<-F\nd\nE\n\te\n\tF"),
        ("RUN a <<EOF\nRUN b", "a <<EOF"),
        ("RUN a <<<EOF\nEOF", "a <<<EOF"),
        ("RUN a \\", "a "),
        ("ONBUILD RUN a", "a"),
        ("RUN --mount=type=cache,target=/x --network=none a", "a"),
    ],
)
def test_lines_are_joined_as_docker_joins_them(text: str, body: str) -> None:
    assert instructions(text)[0].body.text == body


def test_every_character_of_a_body_knows_its_place() -> None:
    text = "FROM x\nRUN --mount=type=cache a \\\n # c\n  b <<E && \\\n c\n d\nE\n"
    body = instructions(text)[1].body
    assert [text[place] for place in body.at] == list(body.text)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ('RUN ["a", "b c"]', ["a", "b c"]),
        ('RUN ["a", \\\n "\\"b\\" \\u0063\\n"]', ["a", '"b" c\n']),
        ("RUN ['a']", []),
        ('RUN ["a", 1]', []),
        ('RUN ["a"', []),
        ("RUN [ -f a ] && b", []),
    ],
)
def test_the_exec_form_is_a_list_of_words(text: str, listed: list[str]) -> None:
    assert [word.value for word in instructions(text)[0].listed] == listed


def test_comments_stand_on_lines_of_their_own() -> None:
    text = "# a\nFROM x # no comment\n  # b\nRUN a \\\n  # c\n  b # d\n"
    assert [text[slice(*span)] for span in read_dockerfile(Source.of("x", text)).comments] == [
        "# a",
        "# b",
        "# c",
    ]
    assert [text[slice(*span)] for span in dockerfile(text).comments] == ["# a", "# b", "# c", "# d"]


def test_an_instruction_reaches_to_its_last_line() -> None:
    text = "FROM x\n  RUN a \\\n b\nRUN <<E\nE\nCMD c"
    assert [text[slice(*one.span)] for one in instructions(text)] == [
        "FROM x",
        "RUN a \\\n b",
        "RUN <<E\nE",
        "CMD c",
    ]


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM a:1\nFROM --platform=linux/amd64 b@sha256:0 AS c\nFROM c", ["a:1", "b@sha256:0"]),
        ("ARG A=x\nARG B=$A:1\nFROM ${B}", ["x:1"]),
        ("ARG A\nFROM $A\nFROM ${A:-b}\nFROM ${A-c}\nFROM d${A:+e}", ["", "b", "c", "d"]),
        ("FROM {{ base }}", [""]),
        (
            "FROM scratch\nFROM a AS B\nCOPY --from=b x y\nCOPY --from=0 x y\nCOPY --from=c:2 x y",
            ["a", "c:2"],
        ),
        ("FROM", []),
        ("RUN a\nFROM b", ["b"]),
    ],
)
def test_images_are_named_with_their_arguments(text: str, images: list[str]) -> None:
    assert [image.name for image in dockerfile(text).images] == images


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("FROM a", [True]),
        ("FROM a AS b\nFROM c\nCOPY --from=b x y", [False, True]),
        ("FROM a\nFROM c\nCOPY --from=0 x y", [False, True]),
        ("FROM a AS b\nFROM b\nCOPY --from=b x y", [True, True]),
        ("FROM a AS dev\nFROM b AS prod", [True, True]),
        ("FROM a AS b\nFROM c\nRUN --mount=type=bind,from=b,target=/x d", [False, True]),
        ("FROM a AS b\nFROM b AS c\nFROM d\nCOPY --from=c x y", [False, False, True]),
    ],
)
def test_a_stage_that_is_only_copied_from_is_not_kept(text: str, kept: list[bool]) -> None:
    assert [scope.is_kept for scope in dockerfile(text).scopes] == kept


def test_variables_hold_from_where_they_are_set_and_end_as_docker_ends_them() -> None:
    file = dockerfile(
        "ARG G=g\nFROM a AS b\nRUN one\nENV A=1 B='2 3'\nARG C=4 G\nENV D 5 6\nRUN two\n"
        "FROM b\nRUN three\nENV A=7\nRUN export A=8 && four\nFROM a\nRUN five\n"
    )
    values = [
        [file.setting(step, name, step.commands[-1].span.start) for name in "ABCDG"] for step in file.steps
    ]
    assert values == [
        [None, None, None, None, None],
        ["1", "2 3", "4", "5 6", "g"],
        ["1", "2 3", None, "5 6", None],
        ["8", "2 3", None, "5 6", None],
        [None, None, None, None, None],
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\nRUN conda install x", ["conda install x"]),
        ('FROM a\nRUN ["conda", "install", "x y"]', ["conda install x y"]),
        ('FROM a\nRUN ["bash", "-c", "conda install \\"x y\\""]', ["conda install x y"]),
        ("FROM a\nRUN <<EOF\nconda install x\nEOF", ["conda install x"]),
        ("FROM a\nRUN bash <<EOF\nconda install x\nEOF", ["conda install x"]),
        ("FROM a\nRUN cat <<EOF > b\nconda install x\nEOF", []),
        ('FROM a\nSHELL ["pwsh", "-c"]\nRUN conda install x\nRUN ["conda", "install", "y"]', ["conda install y"]),
        ("FROM a\nCMD conda install x\nENTRYPOINT conda install y\nLABEL a=\"RUN conda install z\"", []),
        ("FROM a\nONBUILD RUN conda install x", ["conda install x"]),
        ("RUN conda install x", []),
    ],
)  # fmt: skip
def test_what_a_build_runs_is_found(text: str, found: list[str]) -> None:
    assert shown(dockerfile(text)) == found


def test_a_shell_that_conda_runs_names_the_environment() -> None:
    file = dockerfile(
        'FROM a AS b\nRUN pip install x\nSHELL ["conda", "run", "-n", "e", "bash", "-c"]\nRUN pip install y\n'
        'RUN ["pip", "install", "z"]\nFROM b\nRUN pip install u\nFROM a\nRUN pip install v\n'
    )
    assert [call.within for _, call in file.calls] == ["", "e", "", "e", ""]


def test_cache_mounts_are_known() -> None:
    file = dockerfile(
        "FROM a\nRUN --mount=type=cache,target=/p --mount=type=tmpfs,dst=/t --mount=type=bind,target=/b a\n"
    )
    assert file.steps[0].caches == ("/p", "/t")
