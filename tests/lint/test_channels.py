from __future__ import annotations

import pytest

from conda_lockstep.conda.subdirs import KNOWN_SUBDIRS
from conda_lockstep.config import Config
from conda_lockstep.lint.engine.registry import rules
from tests.support.lint import fixed, found, marked, of


def listed(*channels: str, deps: tuple[str, ...] = ("python=3.12",)) -> str:
    """Return a file with these channels, one a line."""
    lines = "".join(f"  - {channel}\n" for channel in channels)
    return of(*deps, head=f"channels:\n{lines}dependencies:\n")


TORCH = ("pytorch=2.4", "pytorch-cuda=12.4")

GOOD: dict[str, list[str]] = {
    "no-channels": [
        listed("conda-forge"),
        "channels: [nodefaults]\ndependencies: [a]\n",
        "dependencies: []\n",
        "channels: conda-forge\ndependencies: [a]\n",
    ],
    "channel-order": [
        listed("conda-forge", "defaults", deps=("pytorch-cuda=12.4",)),
        listed("pytorch", "nvidia", "conda-forge", "defaults", deps=TORCH),
        listed("pytorch", "conda-forge", "defaults", deps=TORCH),
        listed("nvidia", "pytorch", "conda-forge", deps=TORCH),
        listed("rapidsai", "conda-forge", "nvidia"),
        listed("conda-forge", "bioconda"),
        listed("conda-forge", "nodefaults"),
        listed("nodefaults", "conda-forge"),
        listed("https://repo.prefix.dev/pytorch", "https://repo.prefix.dev/conda-forge", deps=TORCH),
        listed("pytorch/label/nightly", "conda-forge", deps=TORCH),
        listed("company", "conda-forge"),
        "channels: []\ndependencies: [a]\n",
        # conda-forge's builds are selected, or fit what the file lists; the pytorch channel would ignore it.
        listed("conda-forge", "pytorch", "nvidia", deps=("pytorch=2.0", "cudatoolkit=11.8")),
        listed("conda-forge", "pytorch", deps=("pytorch>=2", "cudatoolkit=11.8")),
        listed("conda-forge", "pytorch", deps=("pytorch=2.4", "cuda-version=12.4")),
        listed("conda-forge", "pytorch", deps=("pytorch=2.4=*cuda*",)),
        listed("conda-forge", "pytorch", "nvidia", deps=("pytorch=2.8",)),
    ],
    "no-nodefaults": [
        listed("conda-forge", "nodefaults"),
        listed("nodefaults", "conda-forge"),
        listed("conda-forge", "defaults"),
        listed("conda-forge", "https://repo.anaconda.com/pkgs/main"),
        listed("anaconda"),
        "dependencies: [a]\n",
    ],
    "duplicate-channel": [
        listed("conda-forge", "pytorch"),
        listed("pytorch", "pytorch/label/nightly"),
        listed("conda-forge", "https://repo.prefix.dev/conda-forge"),
        listed("https://localhost/t/${A}/x", "https://localhost/t/${B}/x"),
        listed("defaults", "r"),
        # defaults has pkgs/r besides, conda-forge the other platforms
        listed("https://repo.anaconda.com/pkgs/main", "defaults"),
        listed("pkgs/main", "defaults"),
        listed("conda-forge/linux-64", "conda-forge"),
    ],
    "invalid-channel": [
        listed(
            "conda-forge", deps=("conda-forge::numpy", "https://conda.anaconda.org/c/linux-64/a-1-0.conda")
        ),
        listed("https://example.com/a,b"),
        listed("pypi-mirror"),
    ],
    "undeclared-channel": [
        *(
            listed("conda-forge", "nodefaults", deps=(f"conda-forge/{subdir}::zlib=1.3",))
            for subdir in sorted(KNOWN_SUBDIRS)
        ),
        listed("a", "b", deps=("b::c", "a::d")),
        listed("a", deps=("https://conda.anaconda.org/a::d",)),
        listed("conda-forge", deps=("conda-forge::numpy", "conda-forge/noarch::six", "'*::scipy'")),
        listed("https://conda.anaconda.org/pytorch/", deps=("pytorch::pytorch",)),
        listed("https://example.com/pytorch", deps=("pytorch::pytorch",)),
        listed("conda-forge", deps=("https://example.com/c/linux-64/a-1-0.conda",)),
        of("nvidia::cuda-nvcc", head="dependencies:\n"),
    ],
    "defaults-channel": [listed("conda-forge", "nodefaults"), listed("https://repo.prefix.dev/conda-forge")],
    "dead-channel": [
        listed("pytorch", "conda-forge", deps=("pytorch=2.5",)),
        listed("pytorch", "conda-forge", deps=("pytorch",)),
        listed("pytorch", "conda-forge", deps=("pytorch<2.6",)),
        listed("conda-forge", "nvidia"),
    ],
    "mixed-cuda-channels": [
        listed("nvidia", "conda-forge", deps=("cuda-nvcc=11.8",)),
        listed("nvidia", "conda-forge", deps=("numpy",)),
        listed("conda-forge", deps=("cuda-nvcc=12.4",)),
        listed("nvidia", deps=("cuda-nvcc=12.4",)),
        listed("nvidia", "conda-forge", deps=("numpy",)),
        listed("nvidia", "conda-forge", deps=("cuda-nvcc", "cuda-version=11.8")),
        listed("nvidia", "conda-forge", deps=("cuda-nvcc", "pytorch-cuda=12.1")),
        listed("nvidia", "conda-forge", deps=("nvidia::cuda-nvcc",)),
    ],
    "insecure-channel": [
        listed("https://example.com/c"),
        listed("http://localhost/c"),
        listed("http://127.0.0.1:8000/c"),
        listed("httpd"),
        listed("HTTPS://example.com/c"),
    ],
    "local-channel": [
        listed("https://example.com/c"),
        listed("conda-forge"),
        listed("https://localhost.example.com"),
    ],
}

BAD: dict[str, list[tuple[str, str]]] = {
    "no-channels": [
        ("dependencies: [a]\n", "dependencies"),
        ("channels:\ndependencies: [a]\n", "channels"),
        ("channels: []\ndependencies:\n- a\n", "channels"),
    ],
    "channel-order": [
        (listed("defaults", "conda-forge", deps=("pytorch-cuda=12.4",)), "defaults"),
        (listed("conda-forge", "pytorch", deps=TORCH), "conda-forge"),
        (listed("conda-forge", "pytorch", "nvidia"), "conda-forge"),
        (listed("pytorch", "conda-forge", "nvidia", deps=TORCH), "conda-forge"),
        (listed("defaults", "conda-forge"), "defaults"),
        (listed("https://repo.anaconda.com/pkgs/main", "conda-forge"), "https://repo.anaconda.com/pkgs/main"),
        (listed("anaconda", "conda-forge"), "anaconda"),
        (listed("defaults", "pytorch", deps=TORCH), "defaults"),
        (listed("conda-forge", "company"), "conda-forge"),
        (
            listed("https://repo.prefix.dev/conda-forge", "pytorch", deps=TORCH),
            "https://repo.prefix.dev/conda-forge",
        ),
    ],
    "no-nodefaults": [
        (listed("pytorch", "conda-forge"), "conda-forge"),
        ("channels: [a]\ndependencies: [b]\n", "a"),
        (listed("pytorch", "nvidia"), "nvidia"),
        (
            listed("bioconda", "https://conda.anaconda.org/nvidia/label/cuda-12.4.1"),
            "https://conda.anaconda.org/nvidia/label/cuda-12.4.1",
        ),
    ],
    "duplicate-channel": [
        (listed("a", "b", "a"), "a"),
        (
            listed("conda-forge", "https://conda.anaconda.org/conda-forge/"),
            "https://conda.anaconda.org/conda-forge/",
        ),
        (listed("defaults", "pkgs/main"), "pkgs/main"),
        (listed("conda-forge", "'conda-forge'"), "'conda-forge'"),
        (listed("conda-forge", "conda-forge/linux-64"), "conda-forge/linux-64"),
    ],
    "invalid-channel": [
        (listed("conda-forge", "pypi"), "pypi"),
        (listed("conda-forge", "https://conda.anaconda.org/pypi"), "https://conda.anaconda.org/pypi"),
        (listed("conda-forge pytorch"), "conda-forge pytorch"),
        (listed("conda-forge::numpy"), "conda-forge::numpy"),
        (listed("-c conda-forge"), "-c conda-forge"),
        (listed("conda-forge", deps=("conda-forge:numpy=2",)), "conda-forge"),
    ],
    "undeclared-channel": [
        (listed("nodefaults", deps=("c::d",)), "c"),
        (listed("conda-forge", deps=("pytorch::pytorch",)), "pytorch"),
        (listed("conda-forge", deps=("'nvidia/label/cuda-12.4.1::cuda-nvcc'",)), "nvidia/label/cuda-12.4.1"),
        (listed("pytorch/label/nightly", deps=("pytorch-nightly::pytorch",)), "pytorch-nightly"),
    ],
    "defaults-channel": [
        (listed("conda-forge", "defaults", "nodefaults"), "defaults"),
        (listed("conda-forge", "defaults"), "defaults"),
        (listed("r"), "r"),
        (listed("https://repo.anaconda.com/pkgs/r"), "https://repo.anaconda.com/pkgs/r"),
        (
            listed("https://mirrors.example.cn/anaconda/pkgs/main/"),
            "https://mirrors.example.cn/anaconda/pkgs/main/",
        ),
    ],
    "dead-channel": [
        (listed("pytorch", deps=("pytorch>=2.6",)), "pytorch"),
        (
            listed("https://conda.anaconda.org/pytorch", deps=("pytorch==2.7.1",)),
            "https://conda.anaconda.org/pytorch",
        ),
        (listed("pytorch/label/nightly"), "pytorch/label/nightly"),
        (listed("pkgs/free"), "pkgs/free"),
        (listed("huggingface"), "huggingface"),
    ],
    "mixed-cuda-channels": [
        (listed("nvidia", "conda-forge", deps=("cuda-nvcc=12.4",)), "nvidia"),
        (
            listed("conda-forge", "nvidia/label/cuda-12.4.1", deps=("cuda-toolkit",)),
            "nvidia/label/cuda-12.4.1",
        ),
        (listed("nvidia", "conda-forge", deps=("cuda-nvcc", "pip", "pip: [torch==2.0+cu118]")), "nvidia"),
    ],
    "insecure-channel": [
        (listed("http://example.com/c"), "http://example.com/c"),
        (listed("HTTP://example.com/c"), "HTTP://example.com/c"),
        (listed("a", deps=("http://example.com/c::numpy",)), "http://example.com/c::numpy"),
    ],
    "local-channel": [
        (listed(channel), channel)
        for channel in (
            "file:///opt/c",
            "/opt/c",
            "./c",
            "~/c",
            "http://localhost:80/c",
            "https://127.0.0.1/c",
        )
    ],
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in GOOD.items() for text in texts])
def test_good_channels_have_no_finding(rule: str, text: str) -> None:
    assert found(text, rule) == []


@pytest.mark.parametrize(
    ("rule", "text", "mark"), [(rule, *bad) for rule, texts in BAD.items() for bad in texts]
)
def test_bad_channels_are_reported_at_their_place(rule: str, text: str, mark: str) -> None:
    (finding,) = found(text, rule)
    assert (finding.rule, marked(text, finding)) == (rule, mark)
    fixed(text, rule)


def test_every_rule_has_good_and_bad_rows() -> None:
    names = {rule.name for rule in rules(("channels",))}
    assert names == GOOD.keys() == BAD.keys()


@pytest.mark.parametrize(
    ("channels", "deps", "severity"),
    [
        (("conda-forge", "pytorch"), TORCH, "error"),
        (("conda-forge", "pytorch"), ("pytorch=1.12", "cudatoolkit=11.3"), "error"),
        (("conda-forge", "pytorch"), ("torchvision",), "warning"),
        (("conda-forge", "pytorch"), ("pytorch=2.4",), "note"),
        (("conda-forge", "pytorch"), ("pytorch::pytorch=2.4",), "note"),
        (("conda-forge", "pytorch"), ("numpy",), "note"),
        (("defaults", "conda-forge"), ("numpy",), "warning"),
        (("conda-forge", "company"), ("numpy",), "note"),
        (("bioconda", "conda-forge"), ("samtools",), "note"),
        (("conda-forge", "company", "defaults", "pytorch"), TORCH, "error"),
    ],
)
def test_the_severity_of_a_wrong_order_depends_on_its_effect(
    channels: tuple[str, ...], deps: tuple[str, ...], severity: str
) -> None:
    (finding,) = found(listed(*channels, deps=deps), "channel-order")
    assert finding.severity == severity


def test_an_order_in_the_settings_is_enforced_strictly() -> None:
    config = Config(channel_order=("company", "conda-forge"))
    assert found(listed("company", "conda-forge", "other"), "channel-order", config=config) == []
    (finding,) = found(listed("other", "conda-forge"), "channel-order", config=config)
    assert (finding.severity, finding.help) == (
        "warning",
        "list the channels in this order: conda-forge, other",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            ("conda-forge", "defaults", "anaconda", "pytorch"),
            ("pytorch", "conda-forge", "defaults", "anaconda"),
        ),
        (("conda-forge", "nodefaults", "pytorch"), ("pytorch", "conda-forge", "nodefaults")),
        (("defaults", "pytorch", "conda-forge"), ("pytorch", "conda-forge", "defaults")),
        (("conda-forge", "bioconda", "pytorch"), ("pytorch", "conda-forge", "bioconda")),
        (
            ("defaults", "bioconda", "conda-forge", "pytorch"),
            ("pytorch", "conda-forge", "bioconda", "defaults"),
        ),
    ],
)
def test_channels_are_reordered_no_more_than_necessary(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    names = fixed(listed(*before, deps=TORCH), "channel-order").text
    order = [line[4:] for line in names.splitlines()[1 : 1 + len(after)]]
    assert order == [*after]
    assert found(names, "channel-order") == []


def test_a_comment_moves_with_its_channel_and_comment_lines_stay() -> None:
    text = "channels:\n  - conda-forge # all\n  # vendors\n  - pytorch   # cuda\ndependencies: [pytorch-cuda=12.4]\n"
    assert fixed(text, "channel-order").text == (
        "channels:\n  - pytorch   # cuda\n  # vendors\n  - conda-forge # all\ndependencies: [pytorch-cuda=12.4]\n"
    )


def test_a_wrong_order_is_not_reported_again_for_defaults() -> None:
    text = listed("defaults", "conda-forge")
    assert [finding.rule for finding in found(text, "channels")] == ["channel-order"]
    text = listed("pytorch", "conda-forge", "defaults")
    assert [finding.rule for finding in found(text, "channels")] == ["defaults-channel"]


def test_channels_are_added_in_the_style_of_the_file() -> None:
    assert fixed("name: x\r\ndependencies:\r\n-   a", "no-channels").text == (
        "name: x\r\nchannels:\r\n-   conda-forge\r\ndependencies:\r\n-   a"
    )
    assert fixed("channels:  # none\ndependencies:\n    - a\n", "no-channels").text == (
        "channels:  # none\n    - conda-forge\ndependencies:\n    - a\n"
    )
    assert fixed("channels: []\ndependencies: [pytorch-cuda=12.1]\n", "no-channels").text == (
        "channels: [pytorch, nvidia, conda-forge]\ndependencies: [pytorch-cuda=12.1]\n"
    )


def test_a_channel_used_by_entries_is_added_once_and_last() -> None:
    text = listed("conda-forge", "nodefaults", deps=("nvidia::a", "nvidia::b"))
    once = fixed(text, "undeclared-channel")
    assert once.text.startswith("channels:\n  - conda-forge\n  - nvidia\n  - nodefaults\n")
    assert len(once.done) == 1


def test_channels_are_not_reordered_where_cuda_would_be_less_certain() -> None:
    (finding,) = found(listed("conda-forge", "pytorch", deps=("pytorch=2.4",)), "channel-order")
    assert finding.fix is None


def test_channels_without_python_get_one_that_has_it() -> None:
    text = listed("pytorch", "nvidia  # cuda")
    (finding,) = found(text, "no-nodefaults")
    assert finding.severity == "warning"
    assert finding.help == "add 'conda-forge', and end the list with 'nodefaults'"
    assert fixed(text, "no-nodefaults").text == listed(
        "pytorch", "nvidia  # cuda", "conda-forge", "nodefaults"
    )
    text = "channels: [pytorch]\ndependencies: [python=3.12]\n"
    after = "channels: [pytorch, conda-forge, nodefaults]\ndependencies: [python=3.12]\n"
    assert fixed(text, "no-nodefaults").text == after
