"""Rules about Dockerfiles, scripts and workflows that install packages outside the environment file or its lock."""

ORDER = 80
TARGETS = ("installs",)
