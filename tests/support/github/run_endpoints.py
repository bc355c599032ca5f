"""The operations of the fake GitHub on pull requests' lists, on runs and on what they left."""

from __future__ import annotations

from tests.support.github.endpoints import ROUTES, Answer, Call, not_found, route

__all__ = ["ROUTES"]


@route("GET", "/repos/{owner}/{repo}/pulls", "pull_requests", "read")
def list_pull_requests(call: Call) -> Answer:
    found = [pull for _, pull in sorted(call.repository.pulls.items())]
    state, head, base = call.query.get("state", "open"), call.query.get("head"), call.query.get("base")
    if state != "all":
        found = [pull for pull in found if pull.state == state]
    if head is not None:
        owner, _, branch = head.partition(":")
        found = [
            pull
            for pull in found
            if (pull.head_repository.partition("/")[0], pull.head_ref) == (owner, branch)
        ]
    if base is not None:
        found = [pull for pull in found if pull.base_ref == base]
    return Answer(200, [call.render.simple_pull_request(call.repository, pull) for pull in found])


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents", "read")
def compare(call: Call) -> Answer:
    old, _, new = call.route["basehead"].partition("...")
    before, after = call.repository.ancestors(old), call.repository.ancestors(new)
    common = next((commit for commit in after if commit in before), None)
    if common is None:
        raise not_found()
    ahead, behind = after.index(common), before.index(common)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    value = call.render.example("commit-comparison")
    value |= {"status": status, "ahead_by": ahead, "behind_by": behind}
    value["merge_base_commit"]["sha"] = common
    return Answer(200, value)


@route("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "actions", "read")
def list_artifacts(call: Call) -> Answer:
    name, run = call.query.get("name"), int(call.route["run_id"])
    found = [
        call.render.artifact(number, artifact)
        for number, artifact in sorted(call.repository.artifacts.items(), reverse=True)
        if artifact.run == run and name in (None, artifact.name)
    ]
    return Answer(200, {"total_count": len(found), "artifacts": found})


@route("GET", "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}", "actions", "read")
def download_artifact(call: Call) -> Answer:
    """GitHub sends the client on to a store of files, which wants no token; here that is the same host."""
    number = int(call.route["artifact_id"])
    if number not in call.repository.artifacts:
        raise not_found()
    return Answer(302, headers={"Location": f"{call.base}/store/{call.repository.full_name}/{number}"})
