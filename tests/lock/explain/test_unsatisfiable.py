"""Where there is no solution, the user's own lines are named, and the solver's reason is cut down to them."""

from __future__ import annotations

import pytest

from conda_lockstep.errors import LockstepError

HEAD = "channels: [conda-forge]\ndependencies:\n"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            "  - numpi\n",
            "environment.yml:3:5: no package 'numpi' for linux-64 in conda-forge; did you mean 'numpy'?",
        ),
        (
            "  - torch\n",
            "environment.yml:3:5: no package 'torch' for linux-64 in conda-forge; did you mean 'pytorch'?",
        ),
        (
            "  - qqqqqq\n",
            "environment.yml:3:5: no package 'qqqqqq' for linux-64 in conda-forge; "
            "check its name, or add the channel that has it",
        ),
        (
            "  - python=3.12\n  - numpy ==1.12.3\n",
            "environment.yml:4:5: no version fits 'numpy ==1.12.3'; conda-forge has 1.21.4, ",
        ),
        (
            "  - pytorch=2.10=rocm*\n",
            "environment.yml:3:5: no build fits 'pytorch=2.10=rocm*'; conda-forge has cuda129_",
        ),
        (
            "  - pytorch::python=3.12\n",
            "environment.yml:3:5: 'pytorch::python=3.12': pytorch has no 'python' for linux-64; choose another channel",
        ),
        (
            "  - glom\n",
            "environment.yml:3:5: no package 'glom' for linux-64 in conda-forge; check its name, or add",
        ),
        (
            "  - pywin32\n",
            "environment.yml:3:5: no package 'pywin32' for linux-64 in conda-forge, only for win-64; "
            "move it to an environment file for that platform",
        ),
        (
            "  - 'pytorch=2.*=cuda*'\n",
            "environment.yml:3:5: 'pytorch=2.*=cuda*' cannot be installed on linux-64; "
            "pass the CUDA that the machine's driver supports: --cuda 12.4",
        ),
    ],
)
def test_an_entry_that_nothing_fits_is_named(locking, entries, message):
    with pytest.raises(LockstepError) as caught:
        locking(HEAD + entries)
    assert str(caught.value).startswith(message)


def test_every_entry_that_nothing_fits_is_listed(locking):
    with pytest.raises(LockstepError) as caught:
        locking(HEAD + "  - zlib\n  - torch\n  - numpy=0.1\n")
    assert [line.partition(";")[0] for line in caught.value.detail] == [
        "environment.yml:4:5: no package 'torch' for linux-64 in conda-forge",
        "environment.yml:5:5: no version fits 'numpy=0.1'",
    ]
    assert str(caught.value).endswith("in conda-forge (and 1 more, above); did you mean 'pytorch'?")


def _told(locking, text, **options) -> tuple[str, str]:
    """Return the one line that is said, and the lines before it."""
    with pytest.raises(LockstepError) as caught:
        locking(text, **options)
    return str(caught.value), "\n".join(caught.value.detail)


def test_only_the_lines_that_clash_are_named_with_a_change_that_works(locking):
    entries = ["zlib", "python=3.12", "pandas", "numpy<1.26", "matplotlib", "requests"]
    lines = [f"  - {entry}\n" for entry in entries]
    line, detail = _told(locking, HEAD + "".join(lines))
    assert line == (
        "environment.yml:4:5: 'python=3.12' cannot be installed together with 'numpy<1.26' (line 6) on linux-64; "
        "what works: 'python=3.11' (line 4) or 'numpy=2.4' (line 6)"
    )
    assert detail == (
        "numpy <1.26 cannot be installed:\n"
        "└─ numpy 1.21.4 … 1.25.2 need python 3.11.*, 3.10.*, 3.9.* or 3.8.*, which 'python=3.12' (line 4) rules out"
    )
    for change in ((1, "python=3.11"), (3, "numpy=2.4")):
        mended = [f"  - {change[1]}\n" if number == change[0] else line for number, line in enumerate(lines)]
        locking(HEAD + "".join(mended))


@pytest.mark.parametrize(
    ("text", "line", "detail"),
    [
        pytest.param(
            "channels: [conda-forge]\ndependencies: [pip=9.0.1]\n",
            "environment.yml:2:16: 'pip=9.0.1' cannot be installed on linux-64; what works: 'pip=26.1' (line 2)",
            "python 3.6.*, 3.5.*, 3.4.* or 2.7.*, but conda-forge has 3.8.19 … 3.14.6",
            id="a version that is gone, of what nobody asked for",
        ),
        pytest.param(
            "channels: [pytorch, nvidia]\ndependencies: [pytorch=1.9.1]\n",
            "environment.yml:2:16: 'pytorch=1.9.1' cannot be installed on linux-64; change it, or remove it",
            "pytorch 1.9.1 needs blas mkl, which is in no channel of the file",
            id="a dependency that no channel has",
        ),
        pytest.param(
            "channels: [pytorch, nvidia, conda-forge]\ndependencies: [torchvision=0.15, python=3.10]\n",
            "what works: 'conda-forge::ffmpeg' as a new line",
            "ffmpeg 4.4.2 … 8.0.1, passed over: in conda-forge, while pytorch comes first and has ffmpeg, too",
            id="a channel that comes first",
        ),
        pytest.param(
            "channels: [conda-forge]\ndependencies: [cuda-version=13.1]\n",
            "the driver is assumed to support CUDA 12.9: change --cuda or the requested version",
            "the driver runs at most CUDA 12.9, which requires cuda-version <13",
            id="an old driver",
        ),
        pytest.param(
            "channels: [conda-forge]\ndependencies: ['cmake>=3.30.4', llvm-openmp==15.0.7]\n",
            "'cmake>=3.30.4' cannot be installed together with 'llvm-openmp==15.0.7' (line 2) on linux-64; what works:",
            "llvm-openmp 15.0.7 needs libzlib >=1.2.13,<1.3.0a0",
            id="a clash far below the two lines",
        ),
    ],
)
def test_what_clashes_is_said_in_the_readers_terms(locking, text, line, detail):
    told, lines = _told(locking, text, cuda="12.9")
    assert line in told
    assert detail in lines
    for jargon in ("viable options", "candidates", "reported", "excluded because", "would require"):
        assert jargon not in lines


def test_a_version_that_only_a_later_channel_has_is_taken_from_there(locking):
    text = "channels: [pytorch, nvidia, conda-forge]\ndependencies: ['ffmpeg>=5.0']\n"
    assert locking(text).platforms["linux-64"]["conda", "ffmpeg"].channel.endswith("/conda-forge")


def test_an_old_driver_is_said_to_be_the_reason(locking):
    with pytest.raises(
        LockstepError, match=r"assumed to support CUDA 11\.2: change --cuda or the requested version"
    ):
        locking(HEAD + "  - 'pytorch=2.10=cuda*'\n  - cuda-version=12.9\n", cuda="11.2")


def test_the_mirror_is_not_named_where_the_channel_is_meant(locking):
    with pytest.raises(LockstepError) as caught:
        locking("channels: [pytorch]\ndependencies: ['pytorch::pytorch', python=3.6]\n")
    assert "127.0.0.1" not in "\n".join([*caught.value.detail, str(caught.value)])
