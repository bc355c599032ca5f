"""Every chain that ``why`` tells is one of edges that hold, the shortest there is, and leads to a line of the file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque

import pytest

from conda_lockstep.cli.main import main
from conda_lockstep.conda.dependencies import split
from conda_lockstep.environment.reader import parse, read
from conda_lockstep.lock.explain.why import Graph, entries_of
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.packages import Package, PackageSet

CHANNEL = "https://conda.anaconda.org/conda-forge"

FILE = """\
channels: [conda-forge]
dependencies:
  - python=3.12
  - pandas
  - pip:
      - Torch_Metrics>=1
      - numpy
"""


def conda(name: str, version: str, *depends: str) -> Package:
    url = f"{CHANNEL}/noarch/{name}-{version}-0.conda"
    return Package("conda", name, version, "0", "noarch", CHANNEL, url, "0" * 64, "0" * 32, depends=depends)


def pip(name: str, version: str, *depends: str) -> Package:
    return Package("pip", name, version, url=f"https://x/{name}.whl", sha256="0" * 64, depends=depends)


PACKAGES = (
    conda("python", "3.12.1", "libzlib >=1.3,<2.0a0", "__glibc >=2.17"),
    conda("pandas", "2.2", "numpy >=1.26", "python >=3.12,<3.13.0a0"),
    conda("numpy", "2.1", "libblas >=3.9", "python >=3.12,<3.13.0a0"),
    conda("libblas", "3.9", "libzlib"),
    conda("libzlib", "1.3.1"),
    conda("pip", "25.0", "python >=3.9"),
    conda("lonely", "1.0"),
    pip("torch-metrics", "1.0", "numpy", "lightning-utilities"),
    pip("lightning-utilities", "0.1"),
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "environment.yml").write_text(FILE)
    lock = Lock({"linux-64": PackageSet.of(PACKAGES)}, ("conda-forge",), ("environment.yml",))
    (tmp_path / "conda-lock.yml").write_text(cep37.render(lock))
    return tmp_path


def test_the_shortest_chain_from_each_line_is_told_shortest_first(folder, capsys):
    assert main(["why", "libzlib"]) == 0
    assert (
        capsys.readouterr().out
        == """\
libzlib 1.3.1 in conda-lock.yml (linux-64)
  environment.yml:3:5: python=3.12
    python 3.12.1 needs libzlib >=1.3,<2.0a0
  environment.yml:4:5: pandas
    pandas 2.2 needs python >=3.12,<3.13.0a0
    python 3.12.1 needs libzlib >=1.3,<2.0a0
  environment.yml:5:5: pip:
    pip 25.0 needs python >=3.9
    python 3.12.1 needs libzlib >=1.3,<2.0a0
  environment.yml:7:9: numpy
    numpy 2.1 needs libblas >=3.9
    libblas 3.9 needs libzlib
  environment.yml:6:9: Torch_Metrics>=1
    torch-metrics 1.0 needs numpy
    numpy 2.1 needs libblas >=3.9
    libblas 3.9 needs libzlib
  needed directly by libblas, python (>=1.3,<2.0a0)
"""
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["python"], "  environment.yml:3:5: python=3.12  requests it by name\n"),
        (["lightning_utilities"], "lightning-utilities 0.1 (pip) in conda-lock.yml (linux-64)\n"),
        (["NumPy"], "  environment.yml:7:9: numpy  requests it by name\n"),
        (["__glibc"], "    python 3.12.1 needs __glibc >=2.17\n"),
        (["lonely"], "  nothing requires it\n"),
        (["lib*", "--all"], "libblas 3.9 in conda-lock.yml (linux-64)\n"),
        (["lonely", "--lock", "other/conda-lock.yml"], "somebody asked for it by name\n"),
        (["libblas", "--lock", "other/conda-lock.yml"], "    pandas 2.2 needs numpy >=1.26\n"),
    ],
)
def test_names_globs_virtual_packages_and_locks_without_a_file(folder, capsys, arguments, expected):
    (folder / "other").mkdir()
    (folder / "other" / "conda-lock.yml").write_text((folder / "conda-lock.yml").read_text())
    assert main(["why", *arguments]) == 0
    assert expected in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["numpi"], "lockstep: conda-lock.yml: 'numpi' is not locked; did you mean 'numpy'?\n"),
        (["cuda-*"], "lockstep: conda-lock.yml: 'cuda-*' is not locked; look for it with a glob"),
        (["numpy", "--platform", "win-64"], "lockstep: conda-lock.yml: has nothing for 'win-64'; it has linux-64\n"),
        (["numpy", "--file", "gpu.yml"], "lockstep: gpu.yml: no such file"),
        (["numpy", "--lock", "none.yml"], "lockstep: none.yml: no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_line(folder, capsys, arguments, message):
    assert main(["why", *arguments]) == 2
    assert capsys.readouterr().err.startswith(message)


def test_the_json_has_every_chain_with_its_place(folder, capsys):
    assert main(["why", "libblas", "--format", "json"]) == 0
    (package,) = json.loads(capsys.readouterr().out)["packages"]
    assert (package["name"], package["version"], package["platform"]) == ("libblas", "3.9", "linux-64")
    assert package["chains"][0] == {
        "entry": {"text": "numpy", "path": "environment.yml", "line": 7, "column": 9},
        "needs": [{"manager": "conda", "name": "numpy", "version": "2.1", "spec": "libblas >=3.9"}],
    }
    assert [need["name"] for need in package["needed_by"]] == ["numpy"]


def test_in_real_locks_every_chain_holds_and_none_is_shorter(lock_files):
    checked = 0
    for path in lock_files("conda-lock.yml", "conda-lock/*conda-lock*.yml"):
        beside = (path.with_name(f"{path.name}.environment.yml"), path.with_name("environment.yml"))
        environment = next((file for file in beside if file.exists()), None)
        if environment is None:
            continue
        entries = entries_of(read(environment, shown_as="environment.yml"))
        for packages in cep37.read(path).platforms.values():
            graph = Graph(packages)
            distances = _distances(packages, {entry.key[1] for entry in entries if entry.key[0] == "conda"})
            shortest = graph.shortest(entries)
            for package in packages.only("conda").values():
                answer = graph.why(package, entries)
                one = shortest.to(package.key)
                assert bool(one) == bool(answer.chains)
                if one is not None:
                    first = answer.chains[0]
                    assert (one.entry, len(one.needs)) == (first.entry, len(first.needs))
                for chain in (*answer.chains, *filter(None, [one])):
                    names = [need.requirer.name for need in chain.needs] + [package.name]
                    for need, name in zip(chain.needs, names[1:], strict=True):
                        assert need.spec in need.requirer.depends
                        assert split(need.spec)[0] == name
                if package.name in distances:
                    assert len(answer.chains[0].needs) <= distances[package.name]
                    checked += 1
    assert checked > 200


def _distances(packages: PackageSet, roots: set[str]) -> dict[str, int]:
    """How far each conda package is from the nearest entry, forwards."""
    depends = {
        name: [split(spec)[0] for spec in item.depends] for (_, name), item in packages.only("conda").items()
    }
    found = {name: 0 for name in roots if name in depends}
    waiting = deque(found)
    while waiting:
        name = waiting.popleft()
        for other in depends[name]:
            if other in depends and other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    return found


def test_why_reads_without_the_solver(folder):
    run = "from conda_lockstep.cli.main import main; main(['why', 'numpy'])"
    script = f"import sys; {run}; sys.exit('rattler' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_credentials_in_an_entry_are_not_shown():
    text = "dependencies: [pip: ['x @ https://me:secret@example.org/x-1-py3-none-any.whl']]\n"
    assert not any("secret" in entry.text for entry in entries_of(parse(text, "environment.yml")))
