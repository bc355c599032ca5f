"""Calls of package managers: which program, behind what, with which options."""

from __future__ import annotations

import pytest
from tests.lint.targets.install_script.reading import calls

from conda_lockstep.lint.targets.install_script.calls import Call


def summary(call: Call) -> str:
    options = (
        f"--{option.name}" + (f"={option.value.value}" if option.value else "") for option in call.options
    )
    return " ".join([call.tool, call.action, *options, *(word.value for word in call.operands)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conda install -y numpy scipy", "conda install --yes numpy scipy"),
        ("mamba create -n x -c conda-forge a", "mamba create --name=x --channel=conda-forge a"),
        ("micromamba install -qyn x a", "micromamba install --quiet --yes --name=x a"),
        ("micromamba -r /r install -nx a", "micromamba install --root-prefix=/r --name=x a"),
        ("conda install -n=x --name=y --prefix z", "conda install --name=x --name=y --prefix=z"),
        ("conda env create -f e.yml", "conda env create --file=e.yml"),
        ("conda env update --prune", "conda env update --prune"),
        ("conda env list", None),
        ("conda env", None),
        ("conda list", None),
        ("conda", None),
        ("conda upgrade --all", "conda update --all"),
        ("conda uninstall a", "conda remove a"),
        ("conda clean -afy", "conda clean --all --force-pkgs-dirs --yes"),
        ("conda install -f e.yml", "conda install --file=e.yml"),
        ("conda install -- -y", "conda install -y"),
        ("conda install -n", "conda install --name"),
        ("pip install -U -r r.txt a", "pip install --upgrade --requirement=r.txt a"),
        ("pip3.11 install --index-url u a", "pip install --index-url=u a"),
        ("python -m pip install -e .[x]", "pip install --editable=.[x]"),
        ("python3 -u -m pip uninstall a", "pip uninstall a"),
        ("python -m build", None),
        ("python x.py -m pip install a", None),
        ("$PYTHON -m pip install a", "pip install a"),
        ("uv pip install -p 3.12 a", "pip install --python=3.12 a"),
        ("uv --quiet pip install a", "pip install a"),
        ("uv tool install a", None),
        ("pip download a", None),
        ("/opt/conda/bin/conda install a", "conda install a"),
        ("${CONDA_DIR}/bin/mamba install a", "mamba install a"),
        ("\"$MAMBA_EXE\" install a", "micromamba install a"),
        ("$X install a", None),
        ("conda.exe install a", "conda install a"),
        ("sudo -E -u me conda install a", "conda install a"),
        ("env A=1 B=2 conda install a", "conda install a"),
        ("sudo A=1 conda install a", "conda install a"),
        ("time -p nice -n 5 conda install a", "conda install a"),
        ("timeout -k 1 10m conda install a", "conda install a"),
        ("xargs -n 1 pip install", "pip install"),
        ("retry 3 conda install a", "conda install a"),
        ("exec nohup conda install a", "conda install a"),
        ("conda run -n x --no-capture-output pip install a", "pip install a"),
        ("micromamba run -p x bash -c 'pip install a'", "pip install a"),
        ("bash -c 'conda install a'", "conda install a"),
        ("/bin/bash -o pipefail -lc \"conda install a\"", "conda install a"),
        ("su - me -c 'conda install a'", "conda install a"),
        ("bash script.sh conda install a", None),
        ("bash <<E\nconda install a\nE", "conda install a"),
        ("sudo -u me -i <<'E'\nconda install a\nE", "conda install a"),
        ("cat <<E\nconda install a\nE", None),
        ("echo conda install a", None),
        ("docker run x conda install a", None),
        ("if ! conda install a; then b; fi", "conda install a"),
        ("a && (conda install a)", "conda install a"),
        ("x=$(conda install a)", "conda install a"),
    ],
)  # fmt: skip
def test_a_call_is_known_however_it_is_written(text: str, expected: str | None) -> None:
    assert [summary(call) for call in calls(text)] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("conda install a", ""),
        ("conda install -n x a", "x"),
        ("conda install --prefix=/x a", "/x"),
        ("conda run -n x pip install a", "x"),
        ("conda -n x run pip install a", "x"),
        ("conda run -n x conda install -n y a", "y"),
    ],
)
def test_a_call_knows_its_environment(text: str, environment: str) -> None:
    assert [call.environment for call in calls(text)] == [environment]


@pytest.mark.parametrize(
    ("text", "settings"),
    [("A=1 B=2 conda install a", ("A", "B")), ("A=1 env B=2 conda install a", ("A", "B")),
     ("A=1 bash -c 'B=2 conda install a'", ("A", "B")), ("A=1; conda install a", ())],
)  # fmt: skip
def test_a_call_knows_what_is_set_for_it_alone(text: str, settings: tuple[str, ...]) -> None:
    assert [call.settings for call in calls(text)] == [settings]


@pytest.mark.parametrize(
    ("text", "is_open"),
    [("conda install $A", True), ('conda install "$@" a', True), ("conda install a=$B", False),
     ('conda install "$A"', False), ("conda install -n $A a", False), ("echo a | xargs pip install", True)],
)  # fmt: skip
def test_a_call_knows_whether_words_may_come_from_elsewhere(text: str, is_open: bool) -> None:
    assert [call.is_open for call in calls(text)] == [is_open]


def test_a_call_and_its_head_stand_where_they_are_written() -> None:
    text = "A=1 sudo conda  env \\\n update -n x > y\nbash -c \"pip 'install' a\"\n"
    first, second = calls(text)
    assert text[slice(*first.head)] == "conda  env \\\n update"
    assert text[slice(*first.span)] == "conda  env \\\n update -n x"
    assert text[slice(*second.head)] == "pip 'install'"
    assert second.nested


def test_wrappers_and_shells_are_taken_off_only_so_deep() -> None:
    assert calls("sudo " * 5000 + "conda install a") == []
    assert calls("bash -c '" * 500 + "conda install a") == []
