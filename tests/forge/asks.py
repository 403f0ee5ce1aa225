"""What the client asks: for each path the words of the protocol that lead there, played with a recorded answer; and what it never asks."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from console.core.facts import Issue, Oid, Pull
from console.forge import probe, rules
from console.forge.rest import Rest
from tests.forge.replay import OWNER, Record, at, below, listed, path, repository, response, tape, whole

SHA = Oid("b" * 40)
Play = Callable[[str, Record], Awaitable[None]]


@dataclass(frozen=True)
class Ask:
    """``line`` is matched against `METHOD path`, with the body for a PATCH. ``play`` says what the client must make of a good answer."""

    line: str
    play: Play


def line(r: Record) -> str:
    body = f" {json.dumps(r['request']['json'])}" if r["request"]["method"] == "PATCH" else ""
    return f"{r['request']['method']} {below(r) or '/'}{body}"


def name(r: Record) -> str:
    return repository(r) or ""


def root(r: Record) -> str:
    return f"/api/v1/repos/{OWNER}/{name(r)}"


def number(r: Record, place: int = 2) -> int:
    """A number in the path, by its place among the words."""
    return int(below(r).split("/")[place])


def same_issue(found: Issue, body: Any) -> None:
    assert (found.number, found.title, found.state) == (body["number"], body["title"], body["state"])
    assert set(found.labels) == {label["name"] for label in body["labels"]}
    assert found.body == body["body"]
    assert (found.closed is None) == (body["closed_at"] is None)


def same_pull(found: Pull, body: Any) -> None:
    assert (found.number, found.title, found.state, found.merged) == (body["number"], body["title"], body["state"], body["merged"])
    assert (found.head, found.head_branch, found.base_branch) == (body["head"]["sha"], body["head"]["label"], body["base"]["label"])
    assert (found.mergeable, found.by) == (body["mergeable"], body["user"]["login"])
    assert found.merged_as == (body["merge_commit_sha"] if body["merged"] else None)


async def user(forge: str, r: Record) -> None:
    """Everything else of the three questions is answered as to the lander."""
    where = f"/api/v1/repos/{OWNER}/prot"
    repo, branch = response(at(forge, "repo-get", 2)), response(at(forge, "protection", 18))
    found = await probe.rights(tape(r, ("GET", where, repo), ("GET", f"{where}/branches/main", branch)).client, OWNER, "prot", "main")
    assert found.login == whole(r)["login"]
    assert found.contexts == ("ops/verify",)


async def repo(forge: str, r: Record) -> None:
    branch = response(at(forge, "protection", 18))
    parts = path(r).split("/")
    played = tape(at(forge, "user", 2), r, ("GET", f"{path(r)}/branches/main", branch))
    found = await probe.rights(played.client, parts[4], parts[5], "main")
    body = whole(r)
    assert (found.repository.permissions.push, found.repository.archived) == (body["permissions"]["push"], body["archived"])
    assert (found.repository.empty, found.repository.full_name) == (body["empty"], body["full_name"])


async def branch(forge: str, r: Record) -> None:
    trunk = below(r).removeprefix("/branches/").replace("%2F", "/")
    played = tape(at(forge, "user", 2), ("GET", root(r), response(at(forge, "repo-get", 2))), r)
    found = (await probe.rights(played.client, OWNER, name(r), trunk)).branch
    if r["response"]["status"] == 404:  # a trunk that is not there is a fact, and no refusal
        assert found is None
        return
    assert found
    body = whole(r)
    assert (found.protected, found.user_can_push, found.user_can_merge) == (
        body["protected"],
        body["user_can_push"],
        body["user_can_merge"],
    )


async def issues(forge: str, r: Record) -> None:
    found = await tape(r, ("GET", f"{root(r)}/pulls", listed())).gitea(name(r)).changed(None)
    for issue, body in zip(found.issues, sorted(whole(r), key=lambda it: int(it["number"])), strict=True):
        same_issue(issue, body)


async def pulls(forge: str, r: Record) -> None:
    there = at(forge, "repo-empty", 1)
    found = await tape(r, ("GET", f"{root(r)}/issues", listed()), there).gitea(name(r)).changed(None)
    if r["response"]["status"] == 404 and path(there) == root(r):  # nothing was pushed to it yet
        assert found.pulls == ()
        return
    for pull, body in zip(found.pulls, sorted(whole(r), key=lambda it: int(it["number"])), strict=True):
        same_pull(pull, body)


async def issue(forge: str, r: Record) -> None:
    same_issue(await tape(r).gitea(name(r)).issue(number(r)), whole(r))


async def pull(forge: str, r: Record) -> None:
    same_pull(await tape(r).gitea(name(r)).pull(number(r)), whole(r))


async def pull_of_branches(forge: str, r: Record) -> None:
    """Asked when a refusal to open a second one does not name the first."""
    _, _, base, head = below(r).split("/")
    refused = httpx.Response(409, json={"message": "pull request already exists"})
    found = await tape(("POST", f"{root(r)}/pulls", refused), r).gitea(name(r)).propose(head, base, "t", "")
    assert found == whole(r)["number"]


async def comments(forge: str, r: Record) -> None:
    found = await tape(r).gitea(name(r)).comments(number(r))
    assert [(it.id, it.by, it.body) for it in found] == [(it["id"], it["user"]["login"], it["body"]) for it in whole(r)]


async def labels_of_issue(forge: str, r: Record) -> None:
    """All of one name are taken off: a forge lets people make a label twice."""
    named = [label for label in whole(r) if label["name"] == whole(r)[0]["name"]]
    played = tape(r, *(("DELETE", f"{path(r)}/{label['id']}", httpx.Response(204)) for label in named))
    await played.gitea(name(r)).label(number(r), [], [named[0]["name"]])
    assert [it.method for it in played.asked] == ["GET", *("DELETE" for _ in named)]


async def add_labels(forge: str, r: Record) -> None:
    there = whole(r)
    by_id = {it["id"]: it["name"] for it in there} if isinstance(there, list) else {}
    names = [str(by_id.get(label, label)) for label in r["request"]["json"]["labels"]]
    known = listed(*({"id": 100 + n, "name": label} for n, label in enumerate(names)))
    played = tape(r, ("GET", f"{root(r)}/labels", known))
    await played.gitea(name(r)).label(number(r), names, [])
    assert json.loads(played.asked[-1].content) == {"labels": [100 + n for n in range(len(names))]}


async def remove_label(forge: str, r: Record) -> None:
    word = below(r).split("/")[4]
    on_it = httpx.Response(200, json=[{"id": int(word) if word.isdecimal() else 1, "name": "bug"}])
    where = path(r).rpartition("/")[0]
    played = tape(("GET", where, on_it), ("DELETE", path(r).replace("/epic", "/1"), response(r)))
    await played.gitea(name(r)).label(number(r), [], ["bug"])
    assert played.asked[-1].method == "DELETE"


async def labels(forge: str, r: Record) -> None:
    wanted = (*whole(r), {"id": 1, "name": "new"})[0]
    made = ("POST", path(r), httpx.Response(201, json=wanted))
    played = tape(r, made, ("POST", f"{root(r)}/issues", response(at(forge, "issues", 1))))
    await played.gitea(name(r)).file("t", "b", [wanted["name"]])
    assert json.loads(played.asked[-1].content)["labels"] == [wanted["id"]]


async def make_label(forge: str, r: Record) -> None:
    played = tape(("GET", path(r), listed()), r, ("POST", f"{root(r)}/issues", response(at(forge, "issues", 1))))
    await played.gitea(name(r)).file("t", "b", [r["request"]["json"]["name"]])
    assert json.loads(played.asked[-1].content)["labels"] == [whole(r)["id"]]


async def file(forge: str, r: Record) -> None:
    assert await tape(r).gitea(name(r)).file("t", "b", []) == whole(r)["number"]


async def close(forge: str, r: Record) -> None:
    """A 412 alone does not say whether it is closed: the issue is asked."""
    still_open = response(at(forge, "dependencies", 2))
    await tape(r, ("GET", path(r), still_open)).gitea(name(r)).close(number(r))


async def comment(forge: str, r: Record) -> None:
    played = tape(at(forge, "user", 2), ("GET", path(r), listed()), r)
    await played.gitea(name(r)).say(number(r), "workpad", "t")
    assert json.loads(played.asked[-1].content) == {"body": "<!-- ops-console:workpad -->\nt"}


async def edit_comment(forge: str, r: Record) -> None:
    ours = {"id": number(r, 3), "body": "<!-- ops-console:workpad -->\nwas", "user": {"login": whole(at(forge, "user", 2))["login"]}}
    played = tape(at(forge, "user", 2), ("GET", f"{root(r)}/issues/1/comments", listed(ours)), r)
    await played.gitea(name(r)).say(1, "workpad", "is")
    assert played.asked[-1].method == "PATCH"


async def propose(forge: str, r: Record) -> None:
    found = await tape(r).gitea(name(r)).propose("h", "main", "t", "b")
    body = whole(r)
    assert found == body["number"] if "number" in body else int(re.findall(r" issue_id: (\d+)", body["message"])[0])


async def statuses(forge: str, r: Record) -> None:
    found = await tape(r).gitea(name(r)).statuses(Oid(below(r).split("/")[2]))
    newest = {it["context"]: it for it in sorted(whole(r), key=lambda it: int(it["id"]))}
    assert {context: status.state for context, status in found.items()} == {context: it["status"] for context, it in newest.items()}


async def bless(forge: str, r: Record) -> None:
    await tape(r).gitea(name(r)).bless(Oid(below(r).split("/")[2]), "ops/verify", "success", "")


async def dependencies(forge: str, r: Record) -> None:
    """Asked when a merge broke off, because that is what the forge then does not say."""
    n = number(r)
    pull = response(at(forge, "conflict-at-merge", 3))
    broke = httpx.Response(500, json={"message": ""})
    played = tape(("POST", f"{root(r)}/pulls/{n}/merge", broke), ("GET", f"{root(r)}/pulls/{n}", pull), r)
    await played.gitea(name(r)).merge(n, SHA, "t", "m")


async def server_kind(forge: str, r: Record) -> None:
    """Which of the two it is serves for the settings and for words alone: what it can do is asked otherwise."""
    assert await probe.kind(tape(at(forge, "version", 7), at(forge, "version", 1)).client) == forge


async def protections(forge: str, r: Record) -> None:
    owner, trunk = response(at(forge, "repo-get", 1)), response(at(forge, "protection", 17))
    played = tape(
        at(forge, "user", 1), ("GET", root(r), owner), ("GET", f"{root(r)}/branches/main", trunk), ("GET", f"{root(r)}/labels", listed()), r
    )
    found = await probe.found(played.client, OWNER, name(r), "main")
    assert found.rule
    assert found.rule.merge_whitelist_usernames == ["ops-lander"]


async def set_up(forge: str, r: Record) -> None:
    """What `init` sends. That it was taken is not believed: it looks again."""
    method: Any = r["request"]["method"]
    call = rules.Call(method=method, path=below(r), body=r["request"]["json"], says="", why=())
    await rules.do(Rest(tape(r).client, OWNER, name(r)), call)


ASKS: tuple[Ask, ...] = (
    Ask(r"GET (/version|/api/forgejo/v1/version)", server_kind),
    Ask(r"GET /branch_protections", protections),
    Ask(r"PATCH / .*|(POST|PATCH) /branch_protections.*", set_up),
    Ask(r"GET /user", user),
    Ask(r"GET (/|/repos/nobody/nosuch)", repo),
    Ask(r"GET /branches/[^/]+", branch),
    Ask(r"GET /issues", issues),
    Ask(r"GET /pulls", pulls),
    Ask(r"GET /issues/\d+", issue),
    Ask(r"GET /pulls/\d+", pull),
    Ask(r"GET /pulls/\w+/\w+(?<!/merge)(?<!/commits)(?<!/files)(?<!/reviews)", pull_of_branches),
    Ask(r"GET /issues/\d+/comments", comments),
    Ask(r"GET /issues/\d+/labels", labels_of_issue),
    Ask(r"POST /issues/\d+/labels", add_labels),
    Ask(r"DELETE /issues/\d+/labels/\w+", remove_label),
    Ask(r"GET /labels", labels),
    Ask(r"POST /labels", make_label),
    Ask(r"POST /issues", file),
    Ask(r'PATCH /issues/\d+ {"state": "closed"}', close),
    Ask(r"POST /issues/\d+/comments", comment),
    Ask(r"PATCH /issues/comments/\d+ .*", edit_comment),
    Ask(r"POST /pulls", propose),
    Ask(r"GET /commits/\w+/statuses", statuses),
    Ask(r"POST /statuses/\w+", bless),
    Ask(r"GET /issues/\d+/dependencies", dependencies),
)

# Played elsewhere: (case, line) → where.
ELSEWHERE: tuple[tuple[str, str, str], ...] = (
    (".*", r"POST /pulls/\d+/(merge|update)", "test_merge_answers"),
    ("repo-renamed", r"(GET (/|/issues)|POST /issues|DELETE /branches/w1)", "test_renamed"),
)

# Never asked: (case, line) → why not.
NEVER: tuple[tuple[str, str, str], ...] = (
    ("version", r"GET /(settings/.*|api/healthz|nosuchroute)|DELETE /version", "what a server can do is asked of it, and seen by trying"),
    ("token-create", r"(POST|DELETE) /users/.*", "the operator makes the token, on the forge"),
    (
        "scopes",
        r"GET /(notifications|admin/users|user/repos)",
        "whose repositories there are, and what is new in them, is nobody's question",
    ),
    ("repo-get", r"GET /collaborators/.*", "what our account may do is asked of repository and branch"),
    ("repo-get", r"GET /repos/nobody/nosuch/issues", "the repository is asked for first"),
    ("repo-settings", r"POST /user/repos", "repositories are made by people"),
    ("protection", r"GET /branch_protections/.*", "the list of them is read, by administrators"),
    ("protection", r"DELETE /branch_protections/.*", "no rule is taken away"),
    (".*", r"GET /branches", "branches are fetched"),
    (".*", r"GET /branches/b/07", "a slash in a name is escaped"),
    (".*", r"(POST|DELETE) /branches.*", "branches are made and deleted by leased pushes"),
    (".*", r"GET /(git/.*|contents.*|raw/.*|commits|compare/.*)", "git tells it"),
    (".*", r"GET /commits/\w+/(status|pull)", "the combined status is that of one page; which pull a commit is from stands in its message"),
    ("statuses", r"GET /statuses/\w+", "the list of a commit's statuses is asked under its other name"),
    ("labels", r"(GET|PATCH|DELETE) /labels/\d+.*", "a label is found by its name, and stays"),
    ("labels", r"(PUT|DELETE) /issues/\d+/labels", "labels of other people's stay on the issue"),
    (".*", r'PATCH /issues/\d+ (?!{"state": "closed"}).*', "an issue's words are its author's; it is closed and nothing else"),
    (".*", r"GET /issues/\d+/(timeline|blocks)", "history is not asked for"),
    ("issues-pages", r"GET /repos/issues/search", "one repository is asked at a time"),
    ("comments", r"GET /issues/comments.*|DELETE /issues/comments/\d+", "comments are read of the issue they are on, and never deleted"),
    ("comments", r"PUT /issues/\d+/lock", "locking is for people"),
    (".*", r"(POST|DELETE) /issues/\d+/dependencies", "what depends on what is said by people"),
    (".*", r"GET /pulls/\d+/(merge|commits|files)|GET /pulls/1\.diff", "the pull itself says whether it is merged, git what is in it"),
    (".*", r"PATCH /pulls/\d+ .*", "a pull is closed by the issue route; its words and its state are not changed otherwise"),
    ("review.*", r"\w+ /pulls/(\d+/(reviews|requested_reviewers)|comments/).*", "reviews are people's"),
)
