"""The forge as a client meets it that knows nothing of us: made from Gitea's own description of its API."""

from pathlib import Path

import gitea_api
import pytest

from console.localforge import serve
from console.localforge.accounts import USUAL, new_token
from console.localforge.store import Place
from panes.git import git
from tests.localforge.parts import commit_of, listening, local, project

REPO = ("ada", "engine")


def test_a_client_that_others_wrote_lists_files_comments_proposes_and_lands(tmp_path: Path) -> None:
    forge = local(tmp_path / "forge", project(tmp_path / "project"))
    head = forge.commit("w", "w.txt", "w\n")
    settings = gitea_api.Configuration()
    settings.username, settings.password = "worker1", new_token(Place(forge.folder), "worker1", None, USUAL)[0]
    with listening(serve.served(forge.folder)) as url:
        settings.host = f"{url}/api/v1"
        client = gitea_api.ApiClient(settings)
        issues, repo = gitea_api.IssueApi(client), gitea_api.RepositoryApi(client)

        label = issues.issue_create_label(*REPO, body=gitea_api.CreateLabelOption(name="bug", color="#00aabb"))
        issue = issues.issue_create_issue(*REPO, body=gitea_api.CreateIssueOption(title="broken", labels=[label.id], assignees=["worker1"]))
        issues.issue_create_comment(*REPO, issue.number, body=gitea_api.CreateIssueCommentOption(body="I see it too"))
        (listed,) = issues.issue_list_issues(*REPO, state="open", type="issues", labels="bug")
        assert (listed.title, listed.user.login, listed.comments, listed.assignees[0].login) == ("broken", "worker1", 1, "worker1")
        assert [one.body for one in issues.issue_get_comments(*REPO, issue.number)] == ["I see it too"]

        asked = gitea_api.CreatePullRequestOption(head="w", base="main", title="fix: it", body="Closes #1")
        pull = repo.repo_create_pull_request(*REPO, body=asked)
        assert (pull.mergeable, pull.head.sha, pull.base.repo.full_name) == (True, head, "ada/engine")
        with pytest.raises(gitea_api.rest.ApiException, match="Not all required status checks successful"):
            repo.repo_merge_pull_request(*REPO, pull.number, body=gitea_api.MergePullRequestOption(do="squash"))
        repo.repo_create_status(*REPO, head, body=gitea_api.CreateStatusOption(state="success", context="ops/verify"))
        repo.repo_merge_pull_request(*REPO, pull.number, body=gitea_api.MergePullRequestOption(do="squash"))

        landed = repo.repo_get_pull_request(*REPO, pull.number)
        assert (landed.merged, landed.merged_by.login, landed.merge_commit_sha) == (True, "worker1", forge.trunk)
        assert issues.issue_get_issue(*REPO, issue.number).state == "closed"
        assert [(one.name, one.protected) for one in repo.repo_list_branches(*REPO)] == [("main", True)]
    assert git(forge.repo, "show", "main:w.txt").out == "w\n"
    assert commit_of(forge.repo, "main~1") == commit_of(forge.checkout, "main")
