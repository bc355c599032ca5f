"""A local stand-in for GitHub's REST API that holds real state and checks both sides of each exchange."""

from tests.support.github.npm import UnavailableError
from tests.support.github.server import FakeGitHub, Fault, Request, running
from tests.support.github.state import BOT, Artifact, Comment, Issue, PullRequest, Repository, Token

__all__ = [
    "BOT",
    "Artifact",
    "Comment",
    "FakeGitHub",
    "Fault",
    "Issue",
    "PullRequest",
    "Repository",
    "Request",
    "Token",
    "UnavailableError",
    "running",
]
