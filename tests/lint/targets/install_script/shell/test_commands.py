"""The shell reader: commands and words as a shell has them, each where it stands."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.lint.targets.install_script.reading import commands, words

from conda_lockstep.lint.targets.install_script.shell.commands import ShellCommand, read_script
from conda_lockstep.lint.targets.install_script.shell.piece import Piece

BASH = shutil.which("bash")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b  c", [["a", "b", "c"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a b'c'\"d\"\\e", [["a", "bcde"]]),
        ("a '' \"\"", [["a", "", ""]]),
        ("a '$X' \"\\$X\" \\$X", [["a", "$X", "$X", "$X"]]),
        ("a \"\\n\\\"\\\\\"", [["a", '\\n"\\']]),
        ("a \\\n  b\\\nc", [["a", "bc"]]),
        ("a 'b\nc' \"d\ne\"", [["a", "b\nc", "d\ne"]]),
        ("a # b\nc", [["a"], ["c"]]),
        ("a b#c '#d'", [["a", "b#c", "#d"]]),
        ("a; b && c || d | e & f |& g", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]),
        ("a>b 2>&1 >>c <d &>e 3<>f >|g b", [["a", "b"]]),
        ("a <<< 'b c' d", [["a", "d"]]),
        ("a 2 >b", [["a", "2"]]),
        ("! a", [["a"]]),
        ("(a; b) | c", [["a"], ["b"], ["c"]]),
        ("{ a; b; } > c", [["a"], ["b"]]),
        ("if a; then b; elif c; then d; else e; fi; f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("while a; do b; done < c; until d; do e; done", [["a"], ["b"], ["d"], ["e"]]),
        ("for x in a b; do c $x; done", [["c", "$x"]]),
        ("for x; do c; done", [["c"]]),
        ("for ((i=0; i<3; i++)); do a; done", [["a"]]),
        ("select x in a b; do c; done", [["c"]]),
        ("case $x in a) b;; (c|d) e ;& *) f;; esac; g", [["b"], ["e"], ["f"], ["g"]]),
        ("case $x in\n  a)\n    b\n    ;;\n  # none\n  'c d') e ;;\nesac\ng", [["b"], ["e"], ["g"]]),
        ("case a in esac; b", [["b"]]),
        ("f() { a; }; function g { b; }\nfunction h() { c; }", [["a"], ["b"], ["c"]]),
        ("[[ a < b && ( c == d || ! e ) ]] && f", [["f"]]),
        ("[ a ] && test b", [["[", "a", "]"], ["test", "b"]]),
        ("(( a < b )) && c", [["c"]]),
        ("x=(a 'b c' # d\n  e) ; f", [[], ["f"]]),
        ("echo if then; then_ a", [["echo", "if", "then"], ["then_", "a"]]),
        ("'if' a", [["if", "a"]]),
        ("a @(b|c) d", [["a", "@(b|c)", "d"]]),
        ("a <(b c) >(d)", [["a", "<(b c)", ">(d)"], ["b", "c"], ["d"]]),
        ("a $(b 'c d') e", [["a", "$(b 'c d')", "e"], ["b", "c d"]]),
        ('a "$(b "c d")" e', [["a", '$(b "c d")', "e"], ["b", "c d"]]),
        ("a `b \\`c\\`` d", [["a", "`b \\`c\\``", "d"], ["b", "`c`"], ["c"]]),
        ("a $((1 + 2)) ${b:-$(c)} ${d}", [["a", "$((1 + 2))", "${b:-$(c)}", "${d}"], ["c"]]),
        ("a ${b#'}'} ${c%\"}\"} d", [["a", "${b#'}'}", '${c%"}"}', "d"]]),
        ("a ${{ b && c }} '${{ d }}'", [["a", "${{ b && c }}", "${{ d }}"]]),
        ("a $'b\\'c' d", [["a", "$'b\\'c'", "d"]]),
        ("a $ b$", [["a", "$", "b$"]]),
        ("A=b C='d e' f g=h", [["f", "g=h"]]),
        ("a <<E b\nc d\nE\ne", [["a", "b"], ["e"]]),
        ("a <<-'E' | b\n\tc $(d)\n\tE\ne", [["a"], ["b"], ["e"]]),
        ("a <<E <<F\nb\nE\nc\nF\nd", [["a"], ["d"]]),
        ("a <<E\nb", [["a"]]),
        ("a\r\nb c\r\n", [["a"], ["b", "c"]]),
        # What a shell would refuse is read as well as it goes.
        ("a 'b", [["a", "b"]]),
        ('a "b', [["a", "b"]]),
        ("a $(b", [["a", "$(b"], ["b"]]),
        ("a ) b", [["a"], ["b"]]),
        ("fi; a", [["a"]]),
        ("a \\", [["a", "\\"]]),
        ("", []),
    ],
)  # fmt: skip
def test_a_script_is_read_as_a_shell_reads_it(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("a && b || c", [("", "&&"), ("&&", "||"), ("||", "")]),
        ("a | b\nc", [("", "|"), ("|", "\n"), ("\n", "")]),
        ("a; b &", [("", ";"), (";", "&")]),
        ("if a; then b; fi", [("", ";"), (";", ";")]),
    ],
)
def test_a_command_knows_the_operators_beside_it(text: str, operators: list[tuple[str, str]]) -> None:
    assert [(command.joined, command.follow) for command in commands(text)] == operators


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        ("a; (b; (c)); d", [0, 1, 2, 0]),
        ("if a; then b; fi; c", [1, 1, 0]),
        ("f() { a; }; b", [1, 0]),
        ("a $(b)", [0, 1]),
        ("case x in a) b;; esac; c", [1, 0]),
        ("for x in y; do a; done; b", [0, 0]),
    ],
)
def test_a_command_knows_how_deep_it_stands(text: str, depths: list[int]) -> None:
    assert [command.depth for command in commands(text)] == depths


@pytest.mark.parametrize(
    ("text", "fed"),
    [("a | b", [False, True]), ("a < b", [True]), ("a <<E\nE", [True]), ("a <<< b", [True]), ("a 3< b", [False]),
     ("a > b", [False])],
)  # fmt: skip
def test_a_command_knows_whether_it_is_fed(text: str, fed: list[bool]) -> None:
    assert [command.fed for command in commands(text)] == fed


@pytest.mark.parametrize(
    ("word", "literal", "splits"),
    [("a", True, False), ("'$a'", True, False), ("$a", False, True), ('"$a"', False, False), ('"$@"', False, True),
     ('"${a[@]}"', False, True), ("$(a)", False, True), ("a=$b", False, True), ("'${{ a }}'", False, False),
     ("\\$a", True, False)],
)  # fmt: skip
def test_a_word_knows_whether_it_is_what_it_says(word: str, literal: bool, splits: bool) -> None:
    (read,) = commands(f"x {word}")[0].words[1:]
    assert (read.literal, read.splits) == (literal, splits)


def test_assignments_stand_before_the_command() -> None:
    (command,) = commands("A=b C+='d e' f A=g")
    assert [word.value for word in command.assignments] == ["A=b", "C+=d e"]
    assert [word.value for word in command.words] == ["f", "A=g"]
    assert command.span == (0, 18)
    (command,) = commands('"A=b" c')
    assert not command.assignments


def test_here_documents_belong_to_their_commands() -> None:
    first, second = commands("a <<E | b <<-F\nc\nE\n\td\n\tF\n")
    assert [[document.text for document in command.documents] for command in (first, second)] == [
        ["c\n"],
        ["\td\n"],
    ]


def test_a_command_reaches_to_its_last_redirection() -> None:
    text = "a b > c 2>&1 && d"
    assert [text[slice(*command.span)] for command in commands(text)] == ["a b > c 2>&1", "d"]


def test_comments_are_found_where_a_shell_finds_them() -> None:
    text = "a # b\n# c\n'# d' e#f \"# g\" $(h # i\n)\n"
    script = read_script(Piece.of(text, 0, len(text)))
    assert [text[slice(*comment)] for comment in script.comments] == ["# b", "# c", "# i"]


_token = st.sampled_from(
    ["a", "b1", "=", "-n", "x.y", "/", "'", '"', "\\", " ", "  ", "\t", "\\\n", "''", '""', "'a b'", '"c d"', "\\ ",
     ",", "%", "+", ":", "@", "^", "é"]
)  # fmt: skip
_line = st.lists(_token, max_size=12).map("".join)


@given(_line)
@settings(max_examples=1000, deadline=None)
def test_words_are_split_as_shlex_splits_them(line: str) -> None:
    # shlex knows no joined lines, and no escapes but two in double quotes; there are no others here.
    assume("\\\n" not in line)
    try:
        expected = shlex.split(line)
    except ValueError:
        return
    (command,) = commands(f"printf {line}")
    assert [word.value for word in command.words[1:]] == expected


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
@given(
    st.lists(
        st.one_of(_token, st.sampled_from(["#", " #", "\\$", "'$x'", "'`'", "\\`", "\\'", '\\"'])),
        max_size=12,
    )
)
@settings(max_examples=300, deadline=None)
def test_words_are_split_as_bash_splits_them(tokens: list[str]) -> None:
    line = f"printf '%s\\0' {''.join(tokens)}"
    assert BASH
    shell = [BASH, "--norc", "--noprofile", "-c"]
    if subprocess.run([*shell[:-1], "-n", "-c", line], capture_output=True).returncode:
        return
    run = subprocess.run([*shell, f"set -f; {line}"], capture_output=True, env={"LC_ALL": "C.UTF-8"})
    said = run.stdout.decode().split("\0")[:-1]
    command, *_ = commands(line)
    # Quotes that the generator pairs otherwise may leave an expansion bare.
    assume(all(word.literal for word in command.words))
    assert [word.value for word in command.words[2:]] == (said if len(command.words) > 2 else [])


_any = st.text(st.sampled_from("ab '\"\\\n\t;&|()<>{}[]$`#=!*?-~éif"), max_size=60)


@given(_any)
@settings(max_examples=1500, deadline=None)
def test_whatever_a_text_holds_words_stand_where_they_are_said_to_stand(text: str) -> None:
    script = read_script(Piece.of(text, 0, len(text)))
    for command in script.commands:
        for word in (*command.assignments, *command.words):
            written = text[slice(*word.span)]
            assert written
            assert word.span.start >= command.span.start
            places = [word.piece.span(at, at + 1) for at in range(len(word.value))]
            assert "".join(text[slice(*place)] for place in places) == word.value
            assert places == sorted(places)
            if not set(written) & set("'\"\\$`"):
                assert written == word.value
    for comment in script.comments:
        assert text[comment.start] == "#"


@given(_any, st.text(st.sampled_from("ab 'x\n"), max_size=10))
@settings(max_examples=300, deadline=None)
def test_a_piece_of_several_parts_is_read_as_one_text(text: str, apart: str) -> None:
    """Joined lines and undone escapes leave a text whose characters stand apart in the file."""
    places = list(range(0, 3 * len(text), 3))

    def values(found: tuple[ShellCommand, ...]) -> list[list[str]]:
        return [[word.value for word in command.words] for command in found]

    assert values(read_script(Piece(text, places)).commands) == values(commands(text))


@pytest.mark.parametrize(
    "unit", ["$(", "${", "`", "(", '"', "'", "if ", "case x in ", "case x in a)", "+(a)", "a=(x", "=(x)", "<<A ",
             "cat <<A\n", "\\", "<(", '"$(', "`\\`", "[[ ", "f() { ", "$((", "${{", '$(`${"', "$'\\"],
)  # fmt: skip
def test_hostile_scripts_are_read_in_bounded_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    start = time.perf_counter()
    read_script(Piece.of(text, 0, len(text)))
    assert time.perf_counter() - start < 5
