"""``python -m conda_lockstep``."""

from conda_lockstep.cli.main import entry

if __name__ == "__main__":
    entry()
