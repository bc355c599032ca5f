"""Names this machine as conda names it."""

from __future__ import annotations

import platform

SUBDIRS = {"x86_64": "linux-64", "aarch64": "linux-aarch64", "ppc64le": "linux-ppc64le"}
MACHINE = platform.machine()
SUBDIR = SUBDIRS.get(MACHINE, f"linux-{MACHINE}")
OLDEST_GLIBC = "2.17"
GLIBC = f"__glibc >={OLDEST_GLIBC},<3.0.a0"
