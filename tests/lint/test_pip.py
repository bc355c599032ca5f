from __future__ import annotations

import pytest

from conda_lockstep.config import Config
from tests.support.lint import HEAD, fixed, found, marked, of

COMMIT = "0123456789abcdef0123456789abcdef01234567"

GOOD_AND_BAD: dict[str, tuple[list[str], list[str]]] = {
    "stray-pip": (
        ["transformers==4.21.0", "no-such-project==1.0", "torch==2.0+cu118", "numpy @ https://example.org/numpy.whl",
         "git+https://github.com/numpy/numpy", "numpy; sys_platform == 'win32'", "-e .", "-r requirements.txt"],
        ["numpy==1.21.0", "opencv-python", "Torch", "scikit_learn", "ray[tune]==2.9", "onnxruntime-gpu>=1.7,<1.8",
         "'numpy'", "numpy # later", "graphviz"],
    ),
    "wrong-ecosystem-name": (
        ["torch", "opencv-python", "scikit-learn", "numpy", "matplotlib", "pytorch-lightning", "pytorch-ignite",
         "git+https://github.com/pytorch/pytorch"],
        ["pytorch", "PyTorch==1.0", "opencv", "sklearn", "py_opencv", "pytables>=3"],
    ),
    "build-needs-torch": (
        ["torch", "xformers", "torchvision", "flash-attn @ https://example.org/flash_attn-2.5-cp310-linux_x86_64.whl"],
        ["flash-attn==2.5.0", "flash_attn", "deepspeed", "natten", "torch-scatter", "mmcv-full==1.7",
         "detectron2 @ git+https://github.com/facebookresearch/detectron2@v0.6"],
    ),
    "invalid-requirement": (
        ["numpy==1.21", "numpy", "numpy[a]>=1", "numpy==1.*", "numpy==1.0+cu118", "x (>=1)", "./x", ".", "x/y",
         "x @ https://example.org", "-r x", '"numpy=={{latest}}"', "numpy==${VERSION}", "x==1 --hash=sha256:00"],
        ["numpy=1.21", "numpy = 1.21", "numpy[a]=1", "numpy=~1.2", "numpy=>1.2", "numpy 1.21", "numpy=1.21=py39_0",
         "numpy==", "numpy==1,,<2", "numpy>=1.*", "conda-forge::numpy", "FOO BAR"],
    ),
    "local-version-without-index": (
        ["torch==2.0.1", "torch", "x @ https://example.org/x-1+cu118.whl", "x==1; python_version < '3'"],
        ["torch==2.0.1+cu118", "torchvision==0.15.2+cpu", "jaxlib==0.4.7+cuda11.cudnn82", "torch===2.0+rocm5.6",
         "x==1+local"],
    ),
    "git-without-commit": (
        [f"git+https://github.com/a/b@{COMMIT}", f"git+ssh://git@github.com/a/b@{COMMIT}#egg=b",
         f"b @ git+https://github.com/a/b@{COMMIT[:10]}", f"-e git+https://github.com/a/b@{COMMIT}#egg=b",
         "https://example.org/b.tar.gz", "b==1.0"],
        ["git+https://github.com/a/b", "git+https://github.com/a/b.git@main", "b @ git+https://github.com/a/b",
         "git+ssh://git@github.com/a/b", "-e git+https://github.com/a/b@dev#egg=b", "git+https://u:p@h.org/a/b",
         "git+https://github.com/a/b@v1.2.0", "git+https://github.com/a/b@release/2.0"],
    ),
    "url-without-hash": (
        ["https://example.org/b.whl#sha256=00ff", "b @ https://example.org/b.tar.gz#sha512=00ff",
         "https://example.org/b.whl#egg=b&sha256=00", "git+https://github.com/a/b", "b==1", "./b.whl"],
        ["https://example.org/b.whl", "b @ https://example.org/b.tar.gz", "http://example.org/b.zip#egg=b",
         "https://example.org/b.whl#sha256="],
    ),
    "local-requirement": (
        ["b==1.0", "git+https://github.com/a/b", "-e git+https://github.com/a/b#egg=b", "https://example.org/b.whl"],
        [".", "-e .", "-e ./b[extra]", "--editable=../b", "./b", "submodules/b", "/opt/b", "~/b", "-e /opt/b",
         "file:///opt/b.whl", "b @ file:///opt/b.whl", "b-1.0-py3-none-any.whl"],
    ),
    "requirements-file": (
        ["b==1.0", "-c constraints.txt", "-e ."],
        ["-r requirements.txt", "-rrequirements.txt", "--requirement requirements.txt",
         "--requirement=requirements.txt"],
    ),
    "extra-index": (
        ["b==1.0", "--index-url https://example.org/simple", "-f https://example.org/wheels",
         "--extra-index-url https://pypi.org/simple", "--extra-index-url https://pypi.python.org/simple/"],
        ["--extra-index-url https://example.org/simple", "--extra-index-url=https://example.org/simple",
         "--extra-index-url https://download.pytorch.org/whl/cu118"],
    ),
    "insecure-index": (
        ["b==1.0", "--index-url https://example.org/simple", "-f http://localhost:8000/", "--no-deps",
         "--extra-index-url http://127.0.0.1/simple"],
        ["--index-url http://example.org/simple", "-i http://example.org/simple", "--find-links=http://example.org/",
         "--extra-index-url http://example.org/simple", "--trusted-host example.org"],
    ),
    "locker-incompatible": (
        ["b==1.0", "b==1.0 --hash=sha256:00", "git+https://github.com/a/b", "./b"],
        ["--no-binary detectron2", "-f https://example.org/wheels", "--pre", "-c constraints.txt", "--no-deps",
         "--index-url https://example.org/simple", "-e ."],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "entry"), [(r, entry) for r, (good, _) in GOOD_AND_BAD.items() for entry in good]
)
def test_a_rule_has_nothing_to_say_of_a_good_entry(rule: str, entry: str) -> None:
    assert found(of("python=3.9", "pandas=1.3", "pip", pip=[entry]), rule) == []


@pytest.mark.parametrize(
    ("rule", "entry"), [(r, entry) for r, (_, bad) in GOOD_AND_BAD.items() for entry in bad]
)
def test_a_rule_says_one_thing_of_a_bad_entry(rule: str, entry: str) -> None:
    text = of("python=3.9", "pandas=1.3", "pip", pip=["first==1.0", entry, "last==1.0"])
    (finding,) = found(text, rule)
    assert (finding.rule, finding.family, finding.line) == (rule, "pip", 8)
    assert marked(text, finding) in entry
    assert finding.message
    assert finding.help


@pytest.mark.parametrize(
    ("rule", "entry", "place"),
    [
        ("stray-pip", "'numpy==1.21'  # later", "'numpy==1.21'"),
        ("wrong-ecosystem-name", "pytorch==1.0", "pytorch"),
        ("invalid-requirement", "numpy=1.21", "="),
        ("invalid-requirement", '"numpy =~ 1.2"', "=~"),
        ("invalid-requirement", "numpy 1.21 2", " 1.21 2"),
        ("invalid-requirement", "numpy=1.21=py39_0 # x", "=1.21=py39_0"),
        ("git-without-commit", "git+https://github.com/a/b # x", "git+https://github.com/a/b"),
        ("requirements-file", "-r requirements.txt", "-r requirements.txt"),
    ],
)
def test_a_finding_points_at_what_is_wrong(rule: str, entry: str, place: str) -> None:
    text = of("pandas=1.3", pip=[entry])
    (finding,) = found(text, rule)
    assert marked(text, finding) == place


@pytest.mark.parametrize(
    ("rule", "entry", "severity"),
    [
        ("git-without-commit", "git+https://github.com/a/b", "warning"),
        ("git-without-commit", "git+https://github.com/a/b@main", "warning"),
        ("git-without-commit", "git+https://github.com/a/b@v1.2.0", "note"),
        ("git-without-commit", "git+https://github.com/a/b@release/2.0", "note"),
        ("local-requirement", "-e .", "note"),
        ("local-requirement", "/opt/b", "warning"),
        ("local-requirement", "file:///opt/b.whl", "warning"),
        ("extra-index", "--extra-index-url https://example.org/simple", "warning"),
        ("extra-index", "--extra-index-url https://download.pytorch.org/whl/cu118", "note"),
    ],
)
def test_the_severity_follows_what_can_happen(rule: str, entry: str, severity: str) -> None:
    (finding,) = found(of(pip=[entry]), rule)
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("rule", "entry", "after", "safe"),
    [
        ("invalid-requirement", "numpy=1.21 # x", "numpy==1.21 # x", True),
        ("invalid-requirement", "numpy = 1.21", "numpy == 1.21", True),
        ("invalid-requirement", "numpy[a]=1", "numpy[a]==1", True),
        ("invalid-requirement", "'numpy=1.21'", "'numpy==1.21'", True),
        ("invalid-requirement", "numpy=~1.2", "numpy~=1.2", False),
        ("invalid-requirement", "numpy=>1.2", "numpy>=1.2", False),
        ("invalid-requirement", "numpy 1.2", "numpy 1.2", False),
        ("invalid-requirement", "numpy=1.2=py39_0", "numpy=1.2=py39_0", False),
        ("wrong-ecosystem-name", "pytorch==1.0  # x", "torch==1.0  # x", False),
        ("wrong-ecosystem-name", "py_opencv", "opencv-python", False),
        ("insecure-index", "-i http://example.org/", "-i https://example.org/", False),
        ("insecure-index", "--trusted-host example.org", "--trusted-host example.org", False),
    ],
)
def test_a_fix_rewrites_the_entry_and_nothing_else(rule: str, entry: str, after: str, safe: bool) -> None:
    before, wanted = (
        of("pip", pip=["a==1 # keep", entry, "z==1"]),
        of("pip", pip=["a==1 # keep", after, "z==1"]),
    )
    assert fixed(before, rule, unsafe=True).text == wanted
    assert fixed(before, rule, unsafe=False).text == (wanted if safe else before)


@pytest.mark.parametrize(
    ("specifier", "spec"),
    [
        ("", ""),
        ("==1.21.0", "=1.21.0"),
        ("===1.21.0", "=1.21.0"),
        ("==1.21.*", "=1.21"),
        (" == 1.21.0", "=1.21.0"),
        (">=1.21,<2", ">=1.21,<2"),
        (">=1.21, !=1.22.1", ">=1.21,!=1.22.1"),
        ("~=1.21.3", ">=1.21.3,1.21.*"),
    ],
)
def test_a_stray_entry_moves_with_its_version(specifier: str, spec: str) -> None:
    before = of(
        "python=3.9",
        "pandas=1.3 # frames",
        "pip",
        pip=["wandb==1", f"scikit_learn{specifier} # ml", "trl==1"],
    )
    after = of(
        "python=3.9", "pandas=1.3 # frames", "pip", f"scikit-learn{spec} # ml", pip=["wandb==1", "trl==1"]
    )
    assert fixed(before, "stray-pip").text == after
    assert fixed(before, "stray-pip", unsafe=False).text == before


@pytest.mark.parametrize("end", ["", "\n", "  - zlib\n"])
def test_comments_of_a_section_stay_when_its_entries_leave(end: str) -> None:
    head = "channels: [conda-forge, nodefaults]\ndependencies:\n  - pandas=1.3\n"
    section = "  - pip:\n      # plots\n      - seaborn==0.12  # nice\n      # and\n      - tqdm==4\n"
    text = head + (section + end if end != "" else section.rstrip("\n"))
    after = fixed(text, "stray-pip").text
    assert [line.strip() for line in after.splitlines() if line.strip().startswith("#")] == [
        "# plots",
        "# and",
    ]
    assert {"  - pandas=1.3", "  - seaborn=0.12  # nice", "  - tqdm=4"} <= set(after.splitlines())
    assert "pip:" not in after


def test_a_stray_opencv_moves_without_the_number_that_counts_its_packaging() -> None:
    text = of("pandas=1.3", "pip", pip=["wandb==1", "opencv-python==4.6.0.66"])
    assert fixed(text, "stray-pip").text == of("pandas=1.3", "pip", "opencv=4.6.0", pip=["wandb==1"])


def test_the_companions_of_a_torch_that_has_to_stay_stay_with_it() -> None:
    text = of("pandas=1.3", pip=["torch==1.7.1+cu101", "torchaudio==0.7.2", "tqdm==4.59"])
    assert [marked(text, finding) for finding in found(text, "stray-pip")] == ["tqdm==4.59"]
    text = of("pandas=1.3", pip=["torch==1.7.1", "torchaudio==0.7.2"])
    assert len(found(text, "stray-pip")) == 2


def test_pypi_beside_a_mirror_is_an_extra_index_like_any_other() -> None:
    mirror, extra = "--index-url https://example.org/simple", "--extra-index-url https://pypi.org/simple"
    (finding,) = found(of(pip=[mirror, extra, "b==1"]), "extra-index")
    assert "anyone can register a name from the other index" in finding.message


def test_an_index_that_conda_lock_is_told_of_must_be_encrypted_too() -> None:
    head = "pip-repositories:\n- http://$USER:$PASSWORD@example.org/simple\ndependencies:\n"
    text = of("pip", pip=["b==1"], head=head)
    (finding,) = found(text, "insecure-index")
    assert (finding.line, finding.column) == (2, 3)
    assert fixed(text, "insecure-index").text == text.replace("http:", "https:")
    assert found(of(head=head.replace("http:", "https:")), "insecure-index") == []


def test_all_stray_entries_move_in_one_go_and_the_section_with_the_last() -> None:
    names = ["numpy", "scipy", "pandas", "tqdm", "requests", "pyyaml"]
    after = fixed(of("python=3.9", "zlib", "pip", pip=names), "stray-pip").text
    assert after == of("python=3.9", "zlib", "pip", *sorted(names[:1] + names[2:]), "scipy")


def test_more_stray_entries_than_rounds_move_all_the_same() -> None:
    names = [*"attrs black click dask flask h5py idna jinja2 keras lxml".split(), "matplotlib", "numpy", "pandas",
             *"requests scipy tqdm xarray yarl zarr pytest sphinx sympy toolz cython numba".split()]  # fmt: skip
    assert not found(fixed(of("zlib", pip=[*names, "wandb"]), "stray-pip").text, "stray-pip")


@pytest.mark.parametrize("entry", ["ray[tune]==2.9", "numpy==1.21 --hash=sha256:00", "numpy===weird-1_2"])
def test_what_conda_cannot_say_does_not_move(entry: str) -> None:
    text = of("pandas=1.3", pip=[entry])
    assert len(found(text, "stray-pip")) == 1
    assert fixed(text, "stray-pip").text == text


def test_a_flow_style_section_is_left_as_it_is() -> None:
    text = "channels: [conda-forge]\ndependencies: [pandas=1.3, pip, {pip: [numpy, wandb]}]\n"
    assert len(found(text, "stray-pip")) == 1
    assert fixed(text, "stray-pip").text == text


@pytest.mark.parametrize(
    ("channels", "entry", "speaks"),
    [
        ("[conda-forge]", "numpy", True),
        ("[defaults, conda-forge]", "numpy", True),
        ("['https://conda.anaconda.org/conda-forge/']", "numpy", True),
        ("[conda-forge/label/main]", "numpy", True),
        ("[defaults]", "numpy", False),
        ("[bioconda]", "numpy", False),
        ("[]", "numpy", False),
        ("[pytorch, nvidia]", "torch", True),
        ("[pytorch, nvidia]", "numpy", False),
    ],
)
def test_only_a_declared_channel_makes_an_entry_a_stray(channels: str, entry: str, speaks: bool) -> None:
    text = of("pandas=1.3", pip=[entry], head=f"channels: {channels}\ndependencies:\n")
    assert bool(found(text, "stray-pip")) is speaks


def test_without_channels_nothing_is_a_stray() -> None:
    assert found(of("pandas=1.3", pip=["numpy"], head="dependencies:\n"), "stray-pip") == []


def test_the_name_on_the_channel_is_told_where_it_differs() -> None:
    findings = found(of("pandas=1.3", pip=["opencv-python", "numpy", "scikit_learn"]), "stray-pip")
    assert ["as '" in finding.message for finding in findings] == [True, False, True]
    assert "'opencv'" in findings[0].help


def test_where_pip_installs_every_library_none_is_a_stray_but_a_note() -> None:
    assert found(of("python=3.9", "pip", "cudatoolkit", pip=["numpy"]), "stray-pip")[0].severity == "note"
    assert found(of("python=3.9", "pip", "scipy", pip=["numpy"]), "stray-pip")[0].severity == "warning"


def test_the_settings_allow_names() -> None:
    config = Config(pip_allow=("NumPy",))
    text = of("pandas=1.3", pip=["numpy", "transformers"])
    assert [finding.line for finding in found(text, "stray-pip", config=config)] == [6]


@pytest.mark.parametrize(
    ("conda", "pip", "fixes"),
    [
        ("numpy=1.21", "numpy==1.22", True),
        ("numpy=1.21", "NumPy", True),
        ("numpy", "numpy", True),
        ("pytorch=2.0", "torch==2.0.1", True),
        ("matplotlib-base=3.5", "matplotlib", True),
        ("opencv=4.5", "opencv-python-headless", True),
        ("dask-core=2024.1", "dask", True),
        ("ruamel.yaml=0.17", "ruamel-yaml", True),
        ("some-unknown_package=1", "some_unknown-package", True),
        ("numpy", "numpy==1.22", False),
        ("numpy=1.21", "numpy @ https://example.org/numpy.whl", False),
        ("transformers=4", "transformers @ git+https://github.com/huggingface/transformers", False),
    ],
)
def test_a_package_comes_from_one_manager(conda: str, pip: str, fixes: bool) -> None:
    text = of("python=3.9", conda, "pip", pip=["wandb==0.1", pip, "trl==0.1"])
    (finding,) = found(text, "pip-and-conda")
    assert (finding.severity, finding.line, finding.also[0][0]) == ("error", 8, 4)
    assert fixed(text, "pip-and-conda").text == (
        of("python=3.9", conda, "pip", pip=["wandb==0.1", "trl==0.1"]) if fixes else text
    )


@pytest.mark.parametrize(
    ("conda", "pip", "severity"),
    [
        ("numpy==1.26.2", "numpy==1.26.2", "warning"),
        ("numpy=1.26.2", "numpy == 1.26.2", "warning"),
        ("filelock=3.8.0=pyhd8ed1ab_0", "filelock==3.8.0", "warning"),
        ("numpy=1.26", "numpy==1.26.2", "error"),
        ("numpy==1.26.2", "numpy>=1.26.2", "error"),
        ("numpy", "numpy==1.26.2", "error"),
        ("numpy>=1.26.2", "numpy==1.26.2", "error"),
        ("setuptools=59.5.0", "setuptools==59.5.0", "note"),
    ],
)
def test_the_same_version_from_both_managers_is_only_a_warning(conda: str, pip: str, severity: str) -> None:
    (finding,) = found(of(conda, "pip", pip=[pip]), "pip-and-conda")
    assert finding.severity == severity
    assert ("once their versions differ" in finding.message) is (severity != "error")


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpydoc"),
        ("graphviz=2.50", "graphviz"),
        ("xxhash", "xxhash"),
        ("pytorch", "pytorch-lightning"),
        ("protobuf", "-r requirements.txt"),
        ("numpy", "./numpy"),
    ],
)
def test_two_packages_of_one_name_are_not_the_same(conda: str, pip: str) -> None:
    assert found(of(conda, pip=[pip]), "pip-and-conda") == []


def test_pip_itself_from_both_is_a_note() -> None:
    (finding,) = found(of("pip", pip=["pip==23.0"]), "pip-and-conda")
    assert finding.severity == "note"


def test_what_comes_from_both_is_neither_a_stray_nor_unpinned() -> None:
    rules = ("pip-and-conda", "stray-pip", "unpinned-pip")
    assert [finding.rule for finding in found(of("numpy=1.21", pip=["numpy"]), *rules)] == ["pip-and-conda"]


def test_the_section_goes_with_its_last_entry() -> None:
    text = of("numpy=1.21", "pip", pip=["numpy"])
    assert fixed(text, "pip-and-conda").text == of("numpy=1.21", "pip")
    both = of("numpy=1.21", "scipy=1.7", "pip", pip=["numpy", "scipy"])
    assert fixed(both, "pip-and-conda").text == of("numpy=1.21", "scipy=1.7", "pip")


def test_two_rules_never_leave_an_empty_section_behind() -> None:
    text = of("numpy=1.21", "pip", pip=["scipy==1.7.0", "numpy"]) + "  - zlib=1.2\n"
    after = fixed(text, "pip", "pins").text
    assert "pip:" not in after
    assert found(after, "empty-pip-section") == []


@pytest.mark.parametrize(
    ("entry", "right"),
    [("torch=2.0", "pytorch=2.0"), ("opencv-python", "opencv"), ("conda-forge::torch", "conda-forge::pytorch"),
     ("huggingface-hub>=0.20", "huggingface_hub>=0.20"), ("'tables'", "'pytables'"), ("sklearn", "scikit-learn")],
)  # fmt: skip
def test_a_conda_entry_goes_by_condas_name(entry: str, right: str) -> None:
    text = of("python=3.9", entry)
    (finding,) = found(text, "wrong-ecosystem-name", "unpinned-conda")
    assert (finding.rule, finding.severity) == ("wrong-ecosystem-name", "error")
    assert fixed(text, "wrong-ecosystem-name").text == of("python=3.9", right)


@pytest.mark.parametrize("entry", ["pytorch", "graphviz", "numpy", "docker", "mychannel::torch", "opencv", "redis",
                                   "typing-extensions", "importlib-metadata", "prompt-toolkit"])  # fmt: skip
def test_a_name_that_a_channel_may_have_is_let_be(entry: str) -> None:
    assert found(of(entry), "wrong-ecosystem-name") == []


def test_a_name_that_differs_by_its_dashes_is_known_on_conda_forge_alone() -> None:
    assert (
        found(of("huggingface-hub", head="channels: [mine]\ndependencies:\n"), "wrong-ecosystem-name") == []
    )


def test_what_is_compiled_against_torch_is_taken_from_the_channel_that_has_it() -> None:
    (finding,) = found(of("numpy", pip=["flash-attn==2.5"]), "build-needs-torch", "stray-pip")
    assert finding.rule == "build-needs-torch"
    assert "'flash-attn' from conda-forge" in finding.help
    (other,) = found(of("numpy", pip=["tiny-cuda-nn"]), "build-needs-torch")
    assert "URL" in other.help


PIP_SECTION = "  - pip:\n    - wandb==0.1  # logs\n    # and\n    - trl==0.1\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (of("python=3.9") + PIP_SECTION, of("python=3.9", "pip") + PIP_SECTION),
        (of() + PIP_SECTION, of("pip") + PIP_SECTION),
        ("dependencies:\r\n- pip:\r\n  - wandb", "dependencies:\r\n- pip\r\n- pip:\r\n  - wandb"),
        ("dependencies: [zlib, {pip: [wandb]}]\n", "dependencies: [zlib, {pip: [wandb]}]\n"),
        ("dependencies:\n-   pip:\n    -   wandb\n", "dependencies:\n-   pip\n-   pip:\n    -   wandb\n"),
    ],
)
def test_pip_is_listed_where_it_is_used(text: str, after: str) -> None:
    (finding,) = found(text, "pip-not-listed")
    assert marked(text, finding) == "pip"
    assert fixed(text, "pip-not-listed", unsafe=False).text == after


@pytest.mark.parametrize("pip", ["pip", "pip=23.0", "conda-forge::pip", "'pip'", "pip=>20"])
def test_pip_may_be_listed_anywhere_and_in_any_way(pip: str) -> None:
    assert found(of("python=3.9", pip) + PIP_SECTION, "pip-not-listed") == []
    assert found(of("python=3.9") + PIP_SECTION + f"  - {pip}\n", "pip-not-listed") == []


def test_without_a_section_pip_is_not_missed() -> None:
    assert found(of("python=3.9"), "pip-not-listed") == []
    assert found(of("python=3.9", "pip: []"), "pip-not-listed") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (of("pip") + PIP_SECTION + "  - zlib=1.2\n", of("pip", "zlib=1.2") + PIP_SECTION),
        (of("pip") + PIP_SECTION + "  - zlib=1.2", (of("pip", "zlib=1.2") + PIP_SECTION).rstrip("\n")),
        (of("pip") + PIP_SECTION + "  # more\n  - zlib # z\n  - zstd\nname: x\n",
         of("pip") + "  # more\n" + of("zlib # z", "zstd", head="") + PIP_SECTION + "name: x\n"),
        ("dependencies:\r\n- pip:\r\n  - wandb\r\n- pip\r\n", "dependencies:\r\n- pip\r\n- pip:\r\n  - wandb\r\n"),
        ("dependencies: [{pip: [wandb]}, pip]\n", "dependencies: [{pip: [wandb]}, pip]\n"),
    ],
)  # fmt: skip
def test_the_section_moves_to_the_end_as_it_is(text: str, after: str) -> None:
    (finding,) = found(text, "pip-section-not-last")
    assert finding.severity == "note"
    assert fixed(text, "pip-section-not-last", unsafe=False).text == after


@pytest.mark.parametrize("text", [of("pip") + PIP_SECTION, of("pip", "pip: []", "zlib"), of("pip")])
def test_a_section_at_the_end_stays(text: str) -> None:
    assert found(text, "pip-section-not-last") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            of("pip", pip=["a # 1", "b"]) + "  - zlib\n" + of(pip=["c"], head=""),
            of("pip", "zlib", pip=["a # 1", "b", "c"]),
        ),
        (
            "dependencies:\n- pip:\n    - a\n- pip:\n  # c\n  - c\n",
            "dependencies:\n- pip:\n  # c\n  - a\n  - c\n",
        ),
        ("dependencies:\n- pip:\n  - a\n- pip:\n    - c", "dependencies:\n- pip:\n    - a\n    - c"),
        ("dependencies:\n- pip: [a]\n- pip:\n  - c\n", "dependencies:\n- pip: [a]\n- pip:\n  - c\n"),
        (
            "dependencies:\n- pip:\n  - a\n- pip:\n  - b\n- pip:\n  - c\n",
            "dependencies:\n- pip:\n  - a\n  - b\n  - c\n",
        ),
    ],
)
def test_sections_are_merged_into_the_one_that_conda_keeps(text: str, after: str) -> None:
    findings = found(text, "multiple-pip-sections")
    assert len(findings) == text.count("pip:") - 1
    assert all(finding.severity == "error" and finding.also for finding in findings)
    assert fixed(text, "multiple-pip-sections").text == after
    assert fixed(text, "multiple-pip-sections", unsafe=False).text == text


def test_a_finding_names_the_first_three_entries() -> None:
    short, long = of(pip=["a", "b", "c"]), of(pip=["a", "b", "c", "d", "e"])
    last = of(pip=["z"], head="")
    assert "(a, b, c)" in found(short + last, "multiple-pip-sections")[0].message
    assert "(a, b, c and 2 more)" in found(long + last, "multiple-pip-sections")[0].message


def test_a_stray_entry_moves_in_front_of_its_section() -> None:
    before = of("python=3.9", pip=["numpy # n", "wandb"]) + "  - pandas=1.3\n"
    after = of("python=3.9", "numpy # n", pip=["wandb"]) + "  - pandas=1.3\n"
    assert fixed(before, "stray-pip").text == after
    first = "dependencies:\n- pip:\n  - numpy\n  - wandb\n- pandas\n"
    assert fixed(f"channels: [conda-forge]\n{first}", "stray-pip").text == (
        "channels: [conda-forge]\ndependencies:\n- numpy\n- pip:\n  - wandb\n- pandas\n"
    )


def test_a_flow_style_section_gets_no_index() -> None:
    text = "dependencies: [pip, {pip: [torch==2.0+cu118]}]\n"
    assert len(found(text, "local-version-without-index")) == 1
    assert fixed(text, "local-version-without-index").text == text


def test_an_empty_section_beside_another_is_not_a_second_one() -> None:
    assert found("dependencies:\n- pip: []\n- pip:\n  - a\n", "multiple-pip-sections") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("dependencies:\n- pip=1\n- pip:\n- wandb==1 # log\n# and\n- torch @ https://example.org/t.whl\n",
         "dependencies:\n- pip=1\n- pip:\n  - wandb==1 # log\n  # and\n  - torch @ https://example.org/t.whl\n"),
        ("dependencies:\r\n  - pip:\r\n  - wandb\r\n\r\n  - trl",
         "dependencies:\r\n  - pip:\r\n    - wandb\r\n\r\n    - trl"),
        ("dependencies:\n- pip:\n- a\n- {x: y}\n", "dependencies:\n- pip:\n- a\n- {x: y}\n"),
    ],
)  # fmt: skip
def test_entries_that_are_not_indented_under_pip_are_condas(text: str, after: str) -> None:
    (finding,) = found(text, "empty-pip-section", "unpinned-conda", "invalid-match-spec")
    assert (finding.rule, finding.severity) == ("empty-pip-section", "error")
    assert fixed(text, "empty-pip-section").text == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (of("zlib", "pip:"), of("zlib")),
        (of("zlib", "pip: []"), of("zlib")),
        ("dependencies:\n- zlib\n- pip:", "dependencies:\n- zlib"),
    ],
)
def test_a_section_with_nothing_behind_it_is_removed(text: str, after: str) -> None:
    assert len(found(text, "empty-pip-section")) == 1
    assert fixed(text, "empty-pip-section", unsafe=False).text == after


@pytest.mark.parametrize("text", [of("zlib"), of("zlib", pip=["wandb"]), of("pip", "wandb")])
def test_a_section_with_entries_is_not_empty(text: str) -> None:
    assert found(text, "empty-pip-section") == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("dependencies:\n  - pip\npip:\n  - wandb # log\n  - trl\n",
         "dependencies:\n  - pip\n  - pip:\n    - wandb # log\n    - trl\n"),
        ("dependencies:\n- pip\npip:\n    - wandb\nname: x\n", "dependencies:\n- pip\n- pip:\n  - wandb\nname: x\n"),
        ("pip:\n- wandb\ndependencies:\n- pip", "dependencies:\n- pip\n- pip:\n  - wandb"),
        ("dependencies:\n- pip\npip: [wandb]\n", "dependencies:\n- pip\npip: [wandb]\n"),
        ("dependencies: [pip]\npip:\n- wandb\n", "dependencies: [pip]\npip:\n- wandb\n"),
        ("dependencies:\n- zlib\n- git\npip:\n- wandb", "dependencies:\n- zlib\n- git\n- pip:\n  - wandb\n"),
        ("dependencies: []\npip:\n- wandb\n", "dependencies: []\npip:\n- wandb\n"),
        ("dependencies:\n- pip\npip: wandb\n", "dependencies:\n- pip\npip: wandb\n"),
    ],
)  # fmt: skip
def test_pip_as_a_key_of_the_file_moves_into_the_dependencies(text: str, after: str) -> None:
    (finding,) = found(text, "top-level-pip")
    assert (finding.severity, marked(text, finding)) == ("error", "pip")
    assert fixed(text, "top-level-pip").text == after


@pytest.mark.parametrize("text", [of("pip", pip=["wandb"]), of("pip"), "name: pip\ndependencies:\n- zlib\n"])
def test_pip_among_the_dependencies_is_where_it_belongs(text: str) -> None:
    assert found(text, "top-level-pip") == []


@pytest.mark.parametrize(
    ("pip", "severity", "after"),
    [
        (["a==1", "b", "a==1"], "warning", ["a==1", "b"]),
        (["a==1", "A"], "warning", ["a==1"]),
        (["a", "a==1"], "warning", ["a==1"]),
        (["a>=1", "a<2"], "warning", None),
        (["a==1", "a==2"], "error", None),
        (["a[x]==1", "a==1"], "warning", None),
        (["a @ https://example.org/a.whl", "a"], "warning", None),
        (["a==1 # one", "a == 1 # two"], "warning", ["a==1 # one\n    # two"]),
    ],
)
def test_a_requirement_is_named_once(pip: list[str], severity: str, after: list[str] | None) -> None:
    text = of("pip", pip=pip)
    (finding,) = found(text, "duplicate-requirement")
    assert (finding.severity, finding.line) == (severity, 5 if pip == ["a", "a==1"] else 4 + len(pip))
    assert fixed(text, "duplicate-requirement", unsafe=False).text == (
        of("pip", pip=after) if after else text
    )


@pytest.mark.parametrize("pip", [["a==1", "a"], ["a", "a==1"]])
def test_a_spare_requirement_is_not_also_unpinned(pip: list[str]) -> None:
    assert [
        finding.rule for finding in found(of("pip", pip=pip), "duplicate-requirement", "unpinned-pip")
    ] == ["duplicate-requirement"]


@pytest.mark.parametrize(
    "pip",
    [
        ["a", "b"],
        ["a==1; python_version < '3.9'", "a==2; python_version >= '3.9'"],
        ["git+https://github.com/a/b", "git+https://github.com/a/c"],
        ["-e .", "-e ."],
    ],
)
def test_different_requirements_are_no_repetition(pip: list[str]) -> None:
    assert found(of("pip", pip=pip), "duplicate-requirement") == []


@pytest.mark.parametrize(
    "index",
    [
        "--extra-index-url https://download.pytorch.org/whl/cu118",
        "--index-url=https://download.pytorch.org/whl/cu118",
        "-i https://example.org/simple",
        "-f https://download.pytorch.org/whl/torch_stable.html",
        "--find-links https://example.org/",
        "-r requirements.txt",
    ],
)
def test_a_local_version_is_found_on_an_index_that_is_named(index: str) -> None:
    assert found(of(pip=[index, "torch==2.0+cu118"]), "local-version-without-index") == []
    assert found(of(pip=["torch==2.0+cu118", index]), "local-version-without-index") == []


def test_conda_locks_key_names_an_index_too() -> None:
    head = f"pip-repositories: [https://example.org/simple]\n{HEAD}"
    assert found(of(pip=["torch==2.0+cu118"], head=head), "local-version-without-index") == []


def test_torchs_own_index_is_added_for_torch() -> None:
    text = of("pip", pip=["wandb # logs", "torch==2.0+cu118", "torchvision==0.15+cu118"])
    index = "--extra-index-url https://download.pytorch.org/whl/cu118"
    assert fixed(text, "local-version-without-index").text == of(
        "pip", pip=[index, "wandb # logs", "torch==2.0+cu118", "torchvision==0.15+cu118"]
    )
    other = of("pip", pip=["x==1+local"])
    assert fixed(other, "local-version-without-index").text == other


@pytest.mark.parametrize(
    ("entry", "speaks"),
    [
        ("-r requirements.txt", "requirements-file"),
        ("-e .", "local-requirement"),
        ("-e git+https://github.com/a/b", "git-without-commit"),
        ("--extra-index-url https://example.org/simple", "extra-index"),
        ("--extra-index-url http://example.org/simple", "insecure-index"),
        ("--trusted-host example.org", "insecure-index"),
        ("--pre", "locker-incompatible"),
    ],
)
def test_an_option_is_one_finding_of_the_most_specific_rule(entry: str, speaks: str) -> None:
    assert [finding.rule for finding in found(of("python=3.9", "pip", pip=[entry]), "pip")] == [speaks]


def test_a_good_file_is_clean() -> None:
    text = of("python=3.10", "numpy=1.26", "pytorch=2.4.*=*cuda*", "pip=24.0",
              pip=["transformers==4.44.0", f"git+https://github.com/a/b@{COMMIT}"])  # fmt: skip
    assert found(text, "pins", "pip") == []


@pytest.mark.parametrize(
    ("pip", "moved"),
    [
        (["torch==2.4.0", "torchvision==0.19.0", "requests==2.32.3"], ["requests"]),
        (
            ["torch==2.4.0", "pytorch-lightning==2.4.0", "torchmetrics==1.4", "timm==1.0", "scipy==1.14"],
            ["scipy"],
        ),
        (["onnxruntime-gpu==1.17.0", "cupy-cuda12x==13.0", "scipy==1.14"], ["scipy"]),
        (["tensorflow==2.17.0", "jax==0.4.30", "jaxlib==0.4.30", "scipy==1.14"], ["scipy"]),
        (["torchmetrics==1.4"], ["torchmetrics"]),
    ],
)
def test_a_framework_and_what_depends_on_it_stay_with_pip(pip: list[str], moved: list[str]) -> None:
    text = of("python=3.11", "pip", pip=pip)
    fixable = [finding.fix.message for finding in found(text, "stray-pip") if finding.fix]
    assert [message.split("'")[1].partition("=")[0] for message in fixable] == moved
    after = fixed(text, "stray-pip").text
    assert [one.rule for one in found(after, "gpu") if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("pip", "after"),
    [
        ("sklearn==0.0", "scikit-learn"),
        ("sklearn==0.0.post1", "scikit-learn"),
        ("sklearn == 1.3.2", "scikit-learn == 1.3.2"),
        ("sklearn", "scikit-learn"),
        ("sklearn==0.0; python_version < '3.9'", None),
        ("opencv==4.9.0", "opencv-python"),
        ("pytorch==2.4.0", "torch==2.4.0"),
        ("pytables==3.9.2", "tables==3.9.2"),
        ("skimage==0.0", "scikit-image"),
        ("skimage==0.24.0", "scikit-image==0.24.0"),
        ("PIL==1.1.7", "pillow"),
    ],
)
def test_a_rename_drops_a_version_that_the_new_name_lacks(pip: str, after: str | None) -> None:
    text = of("pip", pip=[pip])
    assert fixed(text, "wrong-ecosystem-name").text == (of("pip", pip=[after]) if after else text)


def test_of_two_sections_in_one_entry_none_is_moved() -> None:
    text = "dependencies:\n- pip\n- pip: [a]\n  pip:\n  - b\n- pip:\n  - c\n"
    assert not any(finding.fix for finding in found(text, "multiple-pip-sections") if finding.line == 4)


@pytest.mark.parametrize(
    ("entry", "after"),
    [
        ("a==1 -f https://x/y", ["-f https://x/y", "a==1"]),
        ("a==1 --find-links=https://x/y  # why", ["--find-links=https://x/y", "a==1  # why"]),
        ("a==1 --extra-index-url https://x/y", ["--extra-index-url https://x/y", "a==1"]),
        ("a @ https://x/a.whl --no-deps", ["--no-deps", "a @ https://x/a.whl"]),
        ("a==1 --pre", ["--pre", "a==1"]),
        ("'a==1 --pre'", None),
        ("a==1 --pre -f https://x/y", None),
        ("a==1 --hash=sha256:0 --pre", None),
    ],
)
def test_pip_ignores_an_option_behind_a_requirement(entry: str, after: list[str] | None) -> None:
    text = of("pip", pip=["b==1", entry])
    (finding,) = found(text, "ignored-option")
    assert finding.severity == "error"
    assert fixed(text, "ignored-option").text == (of("pip", pip=["b==1", *after]) if after else text)


@pytest.mark.parametrize(
    "entry",
    ["a==1 --hash=sha256:0", "a==1 --config-settings=x=y", "a==1 --global-option=x", "-f https://x/y", "-e . --no-deps",
     "a==1; python_version > '3'", "a==1  # --pre", "a-b==1"],
)  # fmt: skip
def test_pip_heeds_its_own_options_behind_a_requirement(entry: str) -> None:
    assert found(of("pip", pip=[entry]), "ignored-option") == []


def test_an_index_behind_a_requirement_is_not_believed() -> None:
    text = of("pip", pip=["torch==1.9.0+cu111 -f https://download.pytorch.org/whl/torch_stable.html"])
    assert [one.rule for one in found(text, "local-version-without-index")] == ["local-version-without-index"]


@pytest.mark.parametrize(
    ("entry", "after"),
    [
        ("git+git://github.com/a/b@0123456", "git+https://github.com/a/b@0123456"),
        ("git+http://github.com/a/b@0123456", "git+https://github.com/a/b@0123456"),
        ("-e git+git://github.com/a/b@0123456#egg=b", "-e git+https://github.com/a/b@0123456#egg=b"),
        ("b @ git+http://github.com/a/b@0123456", "b @ git+https://github.com/a/b@0123456"),
        ("hg+http://example.com/a", "hg+https://example.com/a"),
        ("http://example.com/a.whl", "https://example.com/a.whl"),
        ("ftp://example.com/a.whl", "https://example.com/a.whl"),
    ],
)
def test_a_source_that_is_not_encrypted_is_an_error(entry: str, after: str) -> None:
    text = of("pip", pip=[entry])
    assert [(one.rule, one.severity) for one in found(text, "insecure-index")] == [
        ("insecure-index", "error")
    ]
    assert fixed(text, "insecure-index").text == of("pip", pip=[after])


@pytest.mark.parametrize(
    "entry",
    ["git+https://github.com/a/b@0123456", "git+ssh://git@github.com/a/b", "git+file:///a/b", "git+http://localhost:80/a",
     f"http://example.com/a.whl#sha256={'0' * 64}", "http://127.0.0.1/a.whl", "a==1"],
)  # fmt: skip
def test_a_source_that_is_encrypted_or_local_or_hashed_is_not_insecure(entry: str) -> None:
    assert found(of("pip", pip=[entry]), "insecure-index") == []
