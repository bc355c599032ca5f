"""A patch for a Kubernetes Job: an init container that compares the environment with the lock before the job starts.

The lock is in a ConfigMap of its own, not in the image: so an image, or a folder on a node, is told from one that was
built from this lock.
"""

from __future__ import annotations

from conda_lockstep.errors import LockstepError
from conda_lockstep.export.image import PREFIX, TOOL, USER, lock_name, pinned, require_linux
from conda_lockstep.export.model import Export, Subject, named
from conda_lockstep.export.projects import projects_of
from conda_lockstep.lock.formats import cep37

MOST_BYTES = 1_000_000
"""A ConfigMap holds 1 MiB, its name and keys included."""

_TEXT = """\
# Written by conda-lockstep from {lock} ({id}, {platform}): do not edit, export it again.
# The ConfigMap is applied as it is. The Job is a strategic merge patch: name it as yours is, or let kustomize choose
# the target. The image is that of the job, with lockstep in {tool} and the environment in {prefix}, as in the
# Dockerfile that 'lockstep export --format dockerfile' writes.
apiVersion: v1
kind: ConfigMap
metadata:
  name: conda-lock-{id}
  labels:
    app.kubernetes.io/managed-by: conda-lockstep
immutable: true
data:
  conda-lock.yml: |
{text}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: NAME
spec:
  template:
    spec:
      initContainers:
      - name: verify-environment
        image: {image}
        command:
        - {tool}/bin/lockstep
        - verify
        - --prefix
        - {prefix}
        - --lock
        - /etc/lockstep/conda-lock.yml{projects}
        securityContext:
          runAsNonRoot: true
          runAsUser: {user}
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop:
            - ALL
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        volumeMounts:
        - name: conda-lock
          mountPath: /etc/lockstep
          readOnly: true
      volumes:
      - name: conda-lock
        configMap:
          name: conda-lock-{id}
"""


def render(subject: Subject) -> Export:
    """Write ConfigMap and patch for one platform. ``subject.image`` is the job's image, and has to be given."""
    platform, packages = subject.one_platform()
    require_linux(platform)
    if not subject.image:
        raise LockstepError(
            "the init container runs the image of the job", remedy="name it with --image NAME@sha256:DIGEST"
        )
    projects = projects_of(packages)
    lost = (f"projects are not compared: {named(projects)}",) if projects else ()
    text = cep37.render(subject.lock)
    if len(text.encode()) > MOST_BYTES:
        what = f"takes {len(text.encode()):,} bytes, and a ConfigMap holds 1 MiB"
        raise LockstepError(
            what, where=subject.path, remedy="put the lock into the image, and verify with that"
        )
    lines = "\n".join(f"    {line}" if line else "" for line in text.splitlines())
    return Export(
        _TEXT.format(
            lock=lock_name(subject),
            id=packages.environment_id,
            platform=platform,
            image=pinned(subject.image),
            text=lines,
            tool=TOOL,
            prefix=PREFIX,
            user=USER,
            projects="\n        - --no-projects" if projects else "",
        ),
        lost,
    )
