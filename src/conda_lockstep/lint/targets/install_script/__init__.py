"""Files that install packages: Dockerfiles, shell scripts, GitHub workflows, and the commands in them."""
