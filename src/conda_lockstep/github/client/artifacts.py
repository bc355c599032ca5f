"""Reads one small file from the artifact of another run, in memory and never unpacked to disk."""

from __future__ import annotations

import io
import zipfile

from conda_lockstep.errors import LockstepError
from conda_lockstep.github.client.api import GitHub, RequiredPermission

LISTED = RequiredPermission("list the run's artifacts", "actions", "read")
FETCHED = RequiredPermission("fetch the run's artifact", "actions", "read")
MAX_BYTES = 8 << 20
MAX_UNPACKED = 64 << 20


def fetch(github: GitHub, run: int, artifact: str, file: str) -> bytes | None:
    """Return a file from an artifact of exactly this run, None if the run has no such artifact.

    Raises ``LockstepError`` for an artifact that is too large, expired or damaged, or that does not contain the file.
    """
    answer = github.call(
        LISTED, "actions.list_workflow_run_artifacts", {"run_id": run, "name": artifact, "per_page": 100}
    )
    # A later attempt uploads its own: the last one counts.
    found = sorted(github.object(answer).children("artifacts"), key=lambda item: item.number("id"))
    mine = [item for item in found if item.text("name") == artifact]
    if not mine:
        return None
    if mine[-1].flag("expired"):
        raise LockstepError(f"the artifact '{artifact}' of run {run} has expired")
    if mine[-1].number("size_in_bytes") > MAX_BYTES:
        raise LockstepError(f"the artifact '{artifact}' of run {run} is larger than {MAX_BYTES >> 20} MiB")
    number = mine[-1].number("id")
    answer = github.call(
        FETCHED, "actions.download_artifact", {"artifact_id": number, "archive_format": "zip"}
    )
    return unpack(answer.content, file)


def unpack(content: bytes, file: str) -> bytes:
    """Return one file from a zip; raises ``LockstepError`` if it is missing, too large or unreadable."""
    if len(content) > MAX_BYTES:
        raise LockstepError(f"the artifact is larger than {MAX_BYTES >> 20} MiB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(file) as member:
            # The size that the archive states is the sender's word: this many bytes are read and no more.
            unpacked = member.read(MAX_UNPACKED + 1)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise LockstepError(f"the artifact contains no readable {file}") from error
    except Exception as error:  # zlib's and lzma's own errors have no common base
        raise LockstepError("the artifact is damaged") from error
    if len(unpacked) > MAX_UNPACKED:
        raise LockstepError(f"{file} in the artifact is larger than {MAX_UNPACKED >> 20} MiB")
    return unpacked
