"""Rules about Dockerfiles, scripts and workflows: do they install what the environment file says, and no more?"""

ORDER = 80
TARGETS = ("installs",)
