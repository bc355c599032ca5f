"""What the files of a project state, and where only a build would know: nothing of a project ever runs here."""

from __future__ import annotations

import pytest

from conda_lockstep.lock.pip.projects.static_metadata import NotStaticError, static_metadata

PROJECT = '[project]\nname = "My.App"\nversion = "1.2"\n'
SETUP = "from setuptools import setup\n"
GPU = SETUP + "from torch.utils.cpp_extension import BuildExtension, CUDAExtension\n"


def _read(**files: str):
    texts = {name.replace("__", "."): text for name, text in files.items()}
    return static_metadata(texts.get)


STATED = [
    ({"pyproject__toml": PROJECT}, "my-app 1.2"),
    ({"pyproject__toml": PROJECT + 'dependencies = ["a>=1", "b; python_version<\'3\'"]'},
     'my-app 1.2 a>=1 | b; python_version < "3"'),
    ({"pyproject__toml": PROJECT + '[project.optional-dependencies]\nDev_x = ["c"]'},
     'my-app 1.2 c; extra == "dev-x"'),
    ({"pyproject__toml": PROJECT + 'requires-python = ">=3.9"'}, "my-app 1.2 python>=3.9"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["version"]'}, "a "),
    ({"pyproject__toml": '[project]\nname = "a"\nversion = "1"\ndynamic = ["dependencies"]\n'
      '[tool.setuptools.dynamic]\ndependencies = { file = ["requirements.txt"] }',
      "requirements__txt": "six>=1  # why\n# none\n\ntqdm\n"}, "a 1 six>=1 | tqdm"),
    ({"pyproject__toml": '[project]\nname = "a"\nversion = "1"\ndynamic = ["optional-dependencies"]\n'
      '[tool.setuptools.dynamic]\noptional-dependencies.dev = { file = "dev.txt" }', "dev__txt": "six"},
     'a 1 six; extra == "dev"'),
    # setup.py beside [project] is for the build; setuptools ignores its dependencies.
    ({"pyproject__toml": PROJECT, "setup__py": SETUP + "setup(install_requires=open('x').read())"}, "my-app 1.2"),
    ({"setup__cfg": "[metadata]\nname = a\nversion = 2\n[options]\npython_requires = >=3.8\ninstall_requires =\n"
      "    six\n    tqdm>=4\n[options.extras_require]\ndev =\n    pytest"},
     'a 2 python>=3.8 six | tqdm>=4 | pytest; extra == "dev"'),
    ({"setup__cfg": "[metadata]\nname = a\nversion = attr: a.__version__\n", "setup__py": SETUP + "setup()"}, "a "),
    ({"setup__cfg": "[metadata]\nname = a\n[options]\ninstall_requires = file: r.txt", "r__txt": "six"}, "a  six"),
    ({"setup__py": SETUP + "setup(name='a', version='1', install_requires=['six', 'tqdm'])"}, "a 1 six | tqdm"),
    ({"setup__py": "import setuptools\nif __name__ == '__main__':\n    setuptools.setup(name='a')"}, "a "),
    ({"setup__py": SETUP + "needs = ['six']\nsetup(name='a', install_requires=needs)"}, "a  six"),
    ({"setup__py": SETUP + "with open('README') as f:\n    setup(name='a', long_description=f.read())"}, "a "),
    ({"setup__py": SETUP + "setup(name='a', version=open('V').read())"}, "a "),
    ({"setup__py": SETUP + "setup(name='a', install_requires='six\\ntqdm')"}, "a  six | tqdm"),
    ({"setup__py": SETUP + "setup(name='a', extras_require={'dev': ['six'], ':sys_platform==\"linux\"': 'tqdm'})"},
     'a  six; extra == "dev" | tqdm; sys_platform == "linux"'),
    ({"setup__py": GPU + "setup(name='ext', ext_modules=[CUDAExtension('ext', ['a.cu'])],\n"
      "      cmdclass={'build_ext': BuildExtension})"}, "ext "),
    ({"setup__py": SETUP + "setup(packages=['a'])", "setup__cfg": "[metadata]\nname=a\n"}, "a "),
    ({"PKG-INFO": "Metadata-Version: 2.2\nName: A\nVersion: 1\nRequires-Dist: six\nRequires-Python: >=3\n",
      "setup__py": SETUP + "setup(**arguments())"}, "a 1 python>=3 six"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), STATED)
def test_what_files_state_is_read_without_running_them(files, expected):
    found = _read(**files)
    python = [f"python{found.metadata.requires_python}"] if found.metadata.requires_python else []
    requires = " | ".join(map(str, found.metadata.requires))
    assert " ".join([found.name, found.version, *python, *([requires] if requires else [])]) == expected


COMPUTED = [
    ({}, "it has neither pyproject.toml nor setup.py"),
    ({"pyproject__toml": '[build-system]\nrequires = ["x"]'}, "it has no [project] table"),
    ({"pyproject__toml": "[project]\nversion = '1'"}, "its [project] table has no name"),
    ({"pyproject__toml": "[project"}, "its pyproject.toml is not TOML"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["dependencies"]'}, "its dependencies are dynamic"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["optional-dependencies"]'},
     "its optional dependencies are dynamic"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["requires-python"]'}, "its requires-python is dynamic"),
    ({"pyproject__toml": '[project]\nname = "a"\ndependencies = ["six=1"]'}, "its dependency 'six=1' is not valid"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
      'dependencies = { file = "r.txt" }'}, "its r.txt cannot be read"),
    ({"pyproject__toml": '[project]\nname = "a"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n'
      'dependencies = { file = "r.txt" }', "r__txt": "-r other.txt"}, "its r.txt has '-r other.txt'"),
    ({"pyproject__toml": '[tool.poetry]\nname = "a"'}, "its dependencies are in Poetry's own table"),
    ({"setup__py": "print('no')"}, "its setup.py does not call setup() once"),
    ({"setup__py": "def setup(: pass"}, "its setup.py is not valid Python"),
    ({"setup__py": SETUP + "setup(name='a')\nsetup(name='b')"}, "its setup.py does not call setup() once"),
    ({"setup__py": SETUP + "if FLAG:\n    setup(name='a')"}, "its setup.py does not call setup() once"),
    ({"setup__py": SETUP + "def main():\n    setup(name='a')\nmain()"}, "its setup.py does not call setup() once"),
    ({"setup__py": SETUP + "setup(**arguments)"}, "the arguments of setup() are computed"),
    ({"setup__py": SETUP + "setup(name='a', install_requires=open('r').readlines())"},
     "its setup.py computes install_requires"),
    ({"setup__py": SETUP + "r = ['six']\nr.append('tqdm')\nsetup(name='a', install_requires=r)"},
     "its setup.py computes install_requires"),
    ({"setup__py": SETUP + "r = ['six']\nif True:\n    r = []\nsetup(name='a', install_requires=r)"},
     "its setup.py computes install_requires"),
    ({"setup__py": SETUP + "r = ['six']\nsetup(name='a', install_requires=r + ['tqdm'])"},
     "its setup.py computes install_requires"),
    ({"setup__py": SETUP + "r = ['six']\ndef f():\n    global r\n    r = []\nf()\nsetup(name='a', install_requires=r)"},
     "its setup.py computes install_requires"),
    ({"setup__py": SETUP + "setup(name=NAME)"}, "its setup.py computes name"),
    ({"setup__py": SETUP + "setup(version='1')"}, "it states no name"),
    ({"setup__py": SETUP + "setup(name='a', cmdclass=get())"}, "its setup.py computes cmdclass"),
    ({"setup__py": SETUP + "setup(name='a', cmdclass={'egg_info': Mine})"}, "its setup.py computes cmdclass"),
    ({"setup__py": SETUP + "setup(name='a', distclass=Mine)"}, "its setup.py replaces parts of setuptools"),
    ({"setup__py": SETUP + "setup(name='a')", "setup__cfg": "[metadata]\nname=b"},
     "both its setup.cfg and its setup.py state name"),
    ({"setup__cfg": "[metadata]\nname = attr: x.y"}, "its setup.cfg computes name"),
    ({"setup__cfg": "no section"}, "its setup.cfg cannot be read"),
    ({"PKG-INFO": "Metadata-Version: 2.2\nName: a\nVersion: 1\nDynamic: Requires-Dist\n"},
     "it has neither pyproject.toml nor setup.py"),
    ({"PKG-INFO": "Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: six\n"},
     "it has neither pyproject.toml nor setup.py"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "why"), COMPUTED)
def test_what_only_a_build_knows_is_not_guessed(files, why):
    with pytest.raises(NotStaticError) as caught:
        _read(**files)
    assert str(caught.value).startswith(why)


def test_build_requirements_are_those_of_the_build_system():
    assert _read(setup__py=SETUP + "setup(name='a')").build_requires == ("setuptools",)
    table = '[build-system]\nrequires = ["hatchling>=1", "wheel"]\n'
    assert _read(pyproject__toml=table + PROJECT).build_requires == ("hatchling>=1", "wheel")


@pytest.mark.parametrize(
    "text", ["(" * 5000, "x = " + "-" * 50_000 + "1", "if " + "a+" * 20_000 + "a: pass", "\0"]
)
def test_an_odd_setup_py_is_no_traceback(text):
    with pytest.raises(NotStaticError):
        _read(setup__py=text)


def test_a_file_that_runs_code_is_never_run(tmp_path):
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\n{SETUP}setup(name='a', install_requires=['six'])"
    assert _read(setup__py=code).name == "a"
    assert not mark.exists()
