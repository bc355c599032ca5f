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
            "environment.yml:3:5: 'pytorch::python=3.12': pytorch has no 'python' for linux-64; name another channel",
        ),
        (
            "  - 'pytorch=2.*=cuda*'\n",
            "environment.yml:3:5: 'pytorch=2.*=cuda*' cannot be installed on linux-64; "
            "say which CUDA the machine's driver supports: --cuda 12.4",
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


def test_only_the_lines_that_clash_are_named(locking):
    entries = ["zlib", "python=3.12", "pandas", "numpy<1.26", "matplotlib", "requests"]
    with pytest.raises(LockstepError) as caught:
        locking(HEAD + "".join(f"  - {entry}\n" for entry in entries))
    assert str(caught.value) == (
        "environment.yml:4:5: 'python=3.12' cannot be installed together with 'numpy<1.26' (line 6) on linux-64; "
        "change or drop one of them"
    )
    assert "which 'python=3.12' (line 4) rules out" in "\n".join(caught.value.detail)


def test_a_version_that_only_a_later_channel_has_is_taken_from_there(locking):
    text = "channels: [pytorch, nvidia, conda-forge]\ndependencies: ['ffmpeg>=5.0']\n"
    assert locking(text).platforms["linux-64"]["conda", "ffmpeg"].channel.endswith("/conda-forge")


def test_an_old_driver_is_said_to_be_the_reason(locking):
    with pytest.raises(
        LockstepError, match=r"taken to support CUDA 11\.2: change --cuda or the version asked for"
    ):
        locking(HEAD + "  - 'pytorch=2.10=cuda*'\n  - cuda-version=12.9\n", cuda="11.2")


def test_the_mirror_is_not_named_where_the_channel_is_meant(locking):
    with pytest.raises(LockstepError) as caught:
        locking("channels: [pytorch]\ndependencies: ['pytorch::pytorch', python=3.6]\n")
    assert "127.0.0.1" not in "\n".join([*caught.value.detail, str(caught.value)])
