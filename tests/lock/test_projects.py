"""Local and git projects in a lock: their dependencies, their source, and when the lock no longer fits them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_lockstep.conda.trust import TRUSTED, Trust
from conda_lockstep.environment.reader import read
from conda_lockstep.errors import LockstepError
from conda_lockstep.lock.channels.channels import Mirrors
from conda_lockstep.lock.check.integrity import integrity_faults
from conda_lockstep.lock.check.satisfiability import is_satisfied
from conda_lockstep.lock.formats import cep37
from conda_lockstep.lock.model.lock import Lock
from conda_lockstep.lock.solve.keep import UpdateRequest
from conda_lockstep.lock.update.make import Settings, make_locks
from conda_lockstep.packages import PackageSet
from tests.support.projects import GitRepository, pyproject, write_files

SETUP = "from setuptools import setup\n"


class Repository:
    """A repository with an environment file, locked against the forge."""

    def __init__(self, folder: Path, forge, cache: Path) -> None:
        self.folder = folder
        (folder / ".git").mkdir(parents=True)
        self.urls = {
            "https://conda.anaconda.org/forge": forge.channel_url,
            "https://pypi.org": forge.pypi.as_uri(),
        }
        self.mirrors, self.cache, self.subdir = Mirrors(self.urls, TRUSTED), cache, forge.subdir

    @property
    def file(self) -> Path:
        return self.folder / "environment.yml"

    def write(self, *pip: str, conda: tuple[str, ...] = ("python", "pip", "numpy")) -> None:
        lines = "".join(f"  - {entry}\n" for entry in conda)
        items = "".join(f"      - {entry}\n" for entry in pip)
        self.file.write_text(f"channels: [forge]\ndependencies:\n{lines}  - pip:\n{items}")

    def lock(self, *pip: str, old: tuple[Lock, ...] = (), **settings) -> Lock:
        if pip:
            self.write(*pip)
        update = settings.pop("update", UpdateRequest())
        trust = settings.pop("trust", TRUSTED)
        chosen = Settings((self.subdir,), mirrors=Mirrors(self.urls, trust), cache=self.cache, **settings)
        (lock,) = make_locks(read(self.file), chosen, old=old, update=update).values()
        return cep37.parse(cep37.render(lock), "conda-lock.yml")

    def pip(self, lock: Lock) -> PackageSet:
        return lock.platforms[self.subdir].only("pip")

    def reasons(self, lock: Lock) -> list[str]:
        found = is_satisfied(read(self.file), lock, mirrors=self.mirrors)
        return [reason.what.replace(f" for {self.subdir}", "") for reason in found]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def repository(forge, cache, tmp_path) -> Repository:
    return Repository(tmp_path / "repository", forge, cache)


@pytest.fixture
def origin(tmp_path) -> GitRepository:
    return GitRepository.create(tmp_path / "origin", {"pyproject.toml": pyproject("knn", "six")})


def test_the_dependencies_of_a_project_are_locked_and_its_source_is_recorded(repository):
    write_files(
        repository.folder,
        {
            "pyproject.toml": pyproject(
                "my-app", "tqdm>=4", more='[project.optional-dependencies]\ndev = ["six"]\ndocs = ["click"]\n'
            ),
            "ext/setup.py": SETUP + "setup(name='simple_ext', install_requires=['numpy'])",
        },
    )
    lock = repository.lock("-e .[dev]", "./ext")
    found = {package.name: (package.url, package.depends) for package in repository.pip(lock).values()}
    assert found.keys() == {"my-app", "simple-ext", "tqdm", "six"}
    assert found["my-app"] == ("./#editable=true&extras=dev", ("python", "six", "tqdm >=4"))
    assert found["simple-ext"] == ("./ext", ("numpy", "python"))
    assert repository.reasons(lock) == []
    assert list(integrity_faults(lock, repository.subdir)) == []


def test_the_lock_has_no_path_of_this_machine_and_its_text_is_canonical(repository, origin):
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app")})
    text = cep37.render(repository.lock("-e ."))
    assert str(repository.folder) not in text
    assert cep37.render(cep37.parse(text, "x")) == text
    assert "name: my-app" not in text  # an installer of files would refuse the whole lock
    assert f"{repository.subdir}.project.my-app: " in text


def test_other_readers_of_the_format_see_the_dependencies_only(repository, tmp_path):
    from tests.lock.peer import read_with_conda_lock

    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", "tqdm")})
    path = tmp_path / "conda-lock.yml"
    cep37.write(repository.lock("-e ."), path)
    names = {package.name for package in read_with_conda_lock(path) if package.manager == "pip"}
    assert names == {"tqdm"}


def test_a_commit_and_its_tree_are_recorded_for_a_branch_a_tag_and_the_default(repository, origin):
    first = origin.head
    tree = origin.git("rev-parse", "HEAD^{tree}")
    origin.git("tag", "v1")
    second = origin.commit({"more.txt": "x"}, tag="v2")
    for rev, commit in (
        ("@v1", first),
        ("@v2", second),
        ("@main", second),
        ("", second),
        (f"@{first}", first),
    ):
        package = repository.pip(repository.lock(f"git+{origin.url}{rev}"))[("pip", "knn")]
        assert package.url.startswith(f"git+{origin.url}@{commit}#"), rev
        assert package.version == "1.0"
    assert f"tree={tree}" in package.url
    short = repository.pip(repository.lock(f"git+{origin.url}@{first[:10]}"))[("pip", "knn")]
    assert f"@{first}#" in short.url


def test_two_commits_are_two_environments(repository, origin):
    one = repository.lock(f"git+{origin.url}@{origin.head}")
    two = repository.lock(f"git+{origin.url}@{origin.commit({'more.txt': 'x'})}")
    assert one.platforms[repository.subdir].digest != two.platforms[repository.subdir].digest


def test_a_branch_stays_at_its_commit_until_it_is_updated(repository, origin):
    old = repository.lock(f"git+{origin.url}@main")
    new = origin.commit({"pyproject.toml": pyproject("knn", "tqdm", version="2.0")})

    def commit(**options) -> str:
        return repository.pip(repository.lock(old=(old,), **options))[("pip", "knn")].url

    assert commit() == repository.pip(old)[("pip", "knn")].url
    assert f"@{new}#" in commit(update=UpdateRequest(frozenset({"knn"})))
    assert f"@{new}#" in commit(update=UpdateRequest(all=True))
    repository.write(f"git+{origin.url}")
    assert f"@{new}#" in commit()  # another request


def test_a_project_in_a_subdirectory_is_found(repository, tmp_path):
    origin = GitRepository.create(tmp_path / "mono", {"python/pyproject.toml": pyproject("inner")})
    lock = repository.lock(f"git+{origin.url}#subdirectory=python")
    assert "subdirectory=python" in repository.pip(lock)[("pip", "inner")].url
    with pytest.raises(LockstepError, match="it has no folder 'other' at commit"):
        repository.lock(f"git+{origin.url}#subdirectory=other")


def test_a_project_that_a_project_requires_by_its_url_is_locked_as_well(repository, origin):
    needs = f"knn @ git+{origin.url}@main"
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", needs)})
    lock = repository.lock("-e .")
    assert repository.pip(lock).keys() == {("pip", "knn"), ("pip", "my-app"), ("pip", "six")}
    assert repository.reasons(lock) == []
    origin.git("tag", "v9")
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", needs.replace("main", "v9"))})
    (reason,) = repository.reasons(lock)
    assert reason.startswith(f"'-e . → knn' is requested; the lock has {origin.url} at ")


def test_a_wheel_that_a_project_requires_by_its_url_is_locked_from_there(repository, forge, tmp_path):
    (original,) = (forge.pypi / "files").glob("six-*.whl")
    wheel = tmp_path / original.name
    shutil.copyfile(original, wheel)
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", f"six @ {wheel.as_uri()}")})
    lock = repository.lock("-e .")
    assert repository.pip(lock)[("pip", "six")].url == wheel.as_uri()
    assert repository.reasons(lock) == []
    other = original.as_uri()
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", f"six @ {other}")})
    assert repository.reasons(lock) == [f"'-e . → six' is requested; the lock has {wheel.as_uri()}"]


def test_a_requirement_behind_an_extra_that_nobody_requests_is_not_fetched(repository):
    more = '[project.optional-dependencies]\ngpu = ["x @ git+file:///nowhere/at/all"]\n'
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", more=more)})
    assert repository.pip(repository.lock("-e .")).keys() == {("pip", "my-app")}


STALE = [
    (lambda text: text.replace('"tqdm"', '"tqdm>=99"'), "my-app needs 'tqdm >=99'; the lock has tqdm "),
    (lambda text: text.replace('"tqdm"', '"tqdm", "click"'), "my-app needs 'click'; the lock has none"),
    (lambda text: text.replace('"tqdm"', ""), "my-app no longer needs tqdm; the lock was made when it did"),
    (lambda text: text.replace('"my-app"', '"other"'), "'-e .' is the project other; the lock has my-app"),
    (
        lambda text: text.replace("[tool", 'requires-python = ">=3.99"\n[tool', 1),
        "my-app needs 'python >=3.99'; the lock has python ",
    ),
    (lambda text: text.replace('"1.0"', '"1.1"') + "# a comment\n", ""),
]


@pytest.mark.parametrize(("change", "reason"), STALE)
def test_a_lock_is_stale_where_the_dependencies_of_a_local_project_changed(
    repository, change: Callable[[str], str], reason: str
):
    text = pyproject("my-app", "tqdm")
    write_files(repository.folder, {"pyproject.toml": text})
    lock = repository.lock("-e .")
    write_files(repository.folder, {"pyproject.toml": change(text)})
    reasons = repository.reasons(lock)
    assert [each.startswith(reason) for each in reasons[:1]] == ([True] if reason else []), reasons


@pytest.mark.parametrize(
    ("pip", "reason"),
    [
        (".", "'.' is requested; the lock has ./, editable"),
        ("-e .[dev]", "'-e .[dev]' is requested; the lock has ./, editable"),
        ("-e ./ext", "'-e ./ext' is requested; the lock does not have that project"),
        ("tqdm", "the lock contains packages that nothing requires: my-app"),
    ],
)
def test_a_lock_is_stale_where_the_entry_changed(repository, pip, reason):
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", "tqdm")})
    lock = repository.lock("-e .")
    repository.write(pip)
    assert reason in repository.reasons(lock)


def test_a_project_must_run_on_the_locked_python(repository):
    more = 'requires-python = ">=3.99"\n'
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", more=more)})
    with pytest.raises(LockstepError) as caught:
        repository.lock("-e .")
    assert caught.value.what.startswith("'-e .' requires Python >=3.99, and 3.")
    assert str(caught.value.where).endswith("environment.yml:7:9")


def test_a_clash_with_conda_names_the_entry_and_not_the_stand_in(repository):
    write_files(repository.folder, {"pyproject.toml": pyproject("my-app", "numpy<1.0")})
    with pytest.raises(LockstepError, match=r"'-e \.' clashes with conda's numpy ") as caught:
        repository.lock("-e .")
    assert "lockstep.project" not in "\n".join([str(caught.value), *caught.value.detail])
    assert any("of my-app need numpy<1.0" in line for line in caught.value.detail)


def test_a_project_that_conda_installs_is_refused(repository):
    write_files(repository.folder, {"pyproject.toml": pyproject("numpy")})
    with pytest.raises(LockstepError, match=r"'-e \.' is numpy, which conda installs as numpy "):
        repository.lock("-e .")


def test_two_sources_of_one_project_are_refused(repository, origin):
    write_files(repository.folder, {"pyproject.toml": pyproject("knn")})
    with pytest.raises(LockstepError, match=r"'-e \.' \(.*\) is another source of knn"):
        repository.lock("-e .", f"git+{origin.url}")


def test_a_build_that_the_lock_cannot_run_is_said(repository):
    text = pyproject("my-app").replace('"setuptools"', '"poetry-core>=1"', 1)
    write_files(repository.folder, {"pyproject.toml": text})
    repository.write("-e .")
    settings = Settings((repository.subdir,), mirrors=repository.mirrors, cache=repository.cache)
    (lock,) = make_locks(read(repository.file), settings).values()
    (notice,) = lock.notices
    assert "'-e .' is built with poetry-core>=1, which the lock does not have" in notice


REFUSED = [
    ("./gone", {}, "there is no folder ./gone beside environment.yml"),
    ("./sub", {"sub/x/y": ""}, "it has neither pyproject.toml nor setup.py"),
    ("-e .", {"setup.py": SETUP + "setup(name='a', install_requires=open('r').read())"},
     "its setup.py computes install_requires; state its name and dependencies in [project] of its pyproject.toml, "
     "or allow its build to run: --allow-build ."),
    ("../../other", {}, "it is not in this repository"),
    ("./.git", {}, "it is not in this repository"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "files", "why"), REFUSED)
def test_a_project_whose_metadata_cannot_be_read_is_refused_with_its_remedy(repository, item, files, why):
    write_files(repository.folder, files)
    with pytest.raises(LockstepError) as caught:
        repository.lock(item)
    assert why in str(caught.value)
    assert str(caught.value.where).endswith("environment.yml:7:9")


def test_an_empty_folder_is_an_uninitialized_submodule(repository):
    (repository.folder / "submodules/knn").mkdir(parents=True)
    with pytest.raises(LockstepError, match="the folder is empty; if it is a submodule, run: git submodule"):
        repository.lock("submodules/knn")


def test_all_projects_that_cannot_be_locked_are_shown_at_once(repository, origin):
    with pytest.raises(LockstepError) as caught:
        repository.lock("./gone", f"git+{origin.url}@nowhere", "/opt/x", "git+file:///no/such/repository")
    assert caught.value.what == "4 pip entries cannot be locked, for the reasons above"
    text = "\n".join(caught.value.detail)
    for part in (
        "environment.yml:7:9: './gone' cannot be locked: there is no folder",
        f"{origin.url} has no branch, tag or commit 'nowhere'; write another revision after '@'",
        "environment.yml:9:9: '/opt/x' cannot be locked: it is a folder of one machine",
        "file:///no/such/repository cannot be read: ",
    ):
        assert part in text


def test_a_link_out_of_a_project_is_not_read(repository, tmp_path):
    (tmp_path / "secret.toml").write_text(pyproject("stolen"))
    (repository.folder / "sub").mkdir()
    (repository.folder / "sub/pyproject.toml").symlink_to(tmp_path / "secret.toml")
    with pytest.raises(LockstepError, match=r"it has neither pyproject\.toml nor setup\.py"):
        repository.lock("./sub")


COMPUTED = (
    SETUP + "open('ran', 'w')\nsetup(name='computed', version='3', install_requires='six tqdm'.split())"
)


def test_a_build_runs_only_where_it_is_allowed_by_name(repository):
    write_files(repository.folder, {"ext/setup.py": COMPUTED})
    for allowed in ((), ("other",)):
        with pytest.raises(LockstepError, match="computes install_requires"):
            repository.lock("./ext", allow_build=allowed)
    with pytest.raises(LockstepError, match="computes install_requires"):
        repository.lock("./ext", allow_build=("ext",), trust=Trust("the change comes from a fork"))
    assert not (repository.folder / "ext/ran").exists()
    lock = repository.lock("./ext", allow_build=("ext",))
    assert repository.pip(lock).keys() == {("pip", "computed"), ("pip", "six"), ("pip", "tqdm")}
    assert repository.reasons(lock) == []  # without running it


def test_a_build_that_fails_is_one_line(repository):
    write_files(repository.folder, {"ext/setup.py": SETUP + "setup(name=NO_SUCH_NAME)"})
    with pytest.raises(LockstepError, match="its build fails: NameError: name 'NO_SUCH_NAME' is not defined"):
        repository.lock("./ext", allow_build=("./ext",))


def test_an_untrusted_file_fetches_over_https_alone(repository, origin):
    with pytest.raises(LockstepError) as caught:
        repository.lock(f"git+{origin.url}", trust=Trust("the change comes from a fork"))
    assert f"{origin.url} cannot be read; check the URL" in str(caught.value)


def test_a_splatting_repository_locks_without_its_compiler(repository):
    """The files of 3D Gaussian Splatting: CUDA extensions in submodules, whose setup.py imports torch."""
    extension = (
        "import os\nfrom setuptools import setup\n"
        "from torch.utils.cpp_extension import CUDAExtension, BuildExtension\n"
        "os.path.dirname(os.path.abspath(__file__))\n"
        "setup(name='{0}', packages=['{0}'], ext_modules=[CUDAExtension(name='{0}._C', sources=['a.cu'])],\n"
        "      cmdclass={{'build_ext': BuildExtension}})\n"
    )
    for name, module in (("diff-rasterizer", "diff_rasterizer"), ("nearest", "nearest")):
        write_files(repository.folder / "submodules" / name, {"setup.py": extension.format(module)})
    lock = repository.lock("submodules/diff-rasterizer", "submodules/nearest", "tqdm")
    assert repository.pip(lock).keys() == {("pip", "diff-rasterizer"), ("pip", "nearest"), ("pip", "tqdm")}


def test_a_diffusion_repository_locks_with_its_editable_clones(repository, tmp_path):
    """The files of Stable Diffusion: two editable repositories, and the project itself."""
    listed = (
        "from setuptools import setup, find_packages\nsetup(name='{}', version='0.0.1', packages=find_packages(),\n"
        "      install_requires=['six', 'tqdm'])"
    )
    one = GitRepository.create(tmp_path / "taming.git", {"setup.py": listed.format("taming-models")})
    write_files(repository.folder, {"setup.py": listed.format("latent-models")})
    lock = repository.lock(f"-e git+{one.url}@main#egg=taming-models", "-e .")
    urls = {package.name: package.url for package in repository.pip(lock).values()}
    assert urls.keys() == {"taming-models", "latent-models", "six", "tqdm"}
    assert urls["taming-models"].endswith("&editable=true")
    with pytest.raises(LockstepError, match="it is the project taming-models; write the name taming-models"):
        repository.lock(f"-e git+{one.url}@main#egg=clip")
