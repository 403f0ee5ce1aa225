"""A forge to ask the recorded questions of, whoever serves it, and what a set-up does on it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from panes.git import Answer, git
from tests.contract.known import HEX, Known

LOGINS = {"admin": "root1", "lander": "ops-lander", "writer": "worker1", "reader": "reader1", "stranger": "stranger1"}
SCOPES = {
    "admin": ["all"],
    "lander": ["write:repository", "write:issue", "read:user", "read:notification"],
    **{who: ["write:repository", "write:issue", "read:user"] for who in ("writer", "reader", "stranger")},
}
SQUASH_ONLY = {
    "has_pull_requests": True,
    "allow_squash_merge": True,
    "allow_merge_commits": False,
    "allow_rebase": False,
    "allow_rebase_explicit": False,
    "allow_fast_forward_only_merge": False,
    "allow_rebase_update": True,
    "allow_manual_merge": False,
    "autodetect_manual_merge": False,
    "default_merge_style": "squash",
    "default_delete_branch_after_merge": True,
}
GUARDED = {
    "rule_name": "main",
    "enable_push": False,
    "enable_merge_whitelist": True,
    "merge_whitelist_usernames": ["ops-lander"],
    "enable_status_check": True,
    "status_check_contexts": ["ops/verify"],
    "block_on_outdated_branch": True,
    "block_admin_merge_override": True,
    "apply_to_admins": True,
    "required_approvals": 0,
    "dismiss_stale_approvals": False,
}
WORKER = {
    f"GIT_{who}_{what}": said
    for who in ("AUTHOR", "COMMITTER")
    for what, said in (("NAME", "Worker One"), ("EMAIL", "worker1@example.invalid"))
}
LINES = "".join(f"line {n}\n" for n in range(1, 21))  # a.txt of every seeded main
PASSWORD = "not-a-secret-9"  # of every account that a live server gets
BASIC = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$LOGIN" "$TOKEN"; }; f'


class Waiting(ABC):
    """The forge's clock, and how long it takes to look at a pull again, in seconds."""

    settling = 1.8
    again: Sequence[float] = ()  # seconds to wait, one after the other, before an answer is believed to differ
    exact = True  # else a body may have keys that were not recorded: a server that is newer says more

    @abstractmethod
    def advance(self, seconds: float) -> None: ...


@dataclass
class World:
    """A case's forge: accounts with tokens, one repository of the case's name, and a clone of it to push from.

    Who acts is named as in the records: admin, lander, writer, reader, stranger.
    """

    case: str
    records: Sequence[dict[str, Any]]
    http: httpx.Client
    repo: str
    known: Known
    checkout: Path
    pace: Waiting
    new_token: Callable[[str, list[str]], str]  # of a login, with these scopes
    # Of the next git command, where the record's note alone says so: an account and scopes whose token goes as a password, a repository.
    basic: tuple[str, list[str]] | None = None
    elsewhere: str | None = None
    tokens: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.login("admin")

    @property
    def remote(self) -> str:
        return self.remote_of(self.repo)

    def remote_of(self, repo: str) -> str:
        return f"{str(self.http.base_url).rstrip('/')}/{self.owner}/{repo}.git"

    def plain(self, answer: httpx.Response) -> httpx.Response:
        """With the names that the records have."""
        if not (suffix := self.known.suffix):
            return answer
        headers = {name: said.replace(suffix, "") for name, said in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=answer.content.replace(suffix.encode(), b""))

    def login(self, who: str) -> str:
        return self.known.logins.get(LOGINS[who], LOGINS[who])

    def key(self, who: str, scopes: Sequence[str] = ()) -> str:
        """A token of theirs, by default their usual one."""
        wanted = (who, tuple(scopes or SCOPES[who]))
        if wanted not in self.tokens:
            self.tokens[wanted] = self.new_token(self.login(who), list(wanted[1]))
        return self.tokens[wanted]

    # What a set-up does

    def api(self, who: str, method: str, path: str, body: object = None) -> Any:
        """Asks for something of the repository; it has to be granted. The answer's body, None for an empty one."""
        headers = {"Authorization": f"token {self.key(who)}"}
        answer = self.http.request(method, f"/api/v1/repos/{self.owner}/{self.repo}{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def label(self, name: str, **more: object) -> int:
        return int(self.api("writer", "POST", "/labels", {"name": name, "color": "#00aabb", **more})["id"])

    def issue(self, title: str, body: str = "", labels: Sequence[int] = ()) -> int:
        return int(self.api("writer", "POST", "/issues", {"title": title, "body": body, "labels": labels})["number"])

    def pull(self, head: str, title: str = "", body: str = "", base: str = "main", **more: object) -> int:
        said = {"head": head, "base": base, "title": title or f"change {head}", "body": body, **more}
        return int(self.api("writer", "POST", "/pulls", said)["number"])

    def protect(self, **more: object) -> None:
        self.api("admin", "POST", "/branch_protections", self.known.body(GUARDED | more))

    def bless(self, oid: str, state: str = "success", context: str = "ops/verify") -> None:
        self.api("lander", "POST", f"/statuses/{oid}", {"state": state, "context": context})

    def merge(self, number: int) -> None:
        self.api("lander", "POST", f"/pulls/{number}/merge", {"Do": "squash"})

    def commit(self, files: Mapping[str, str], on: str = "main", message: str = "work") -> str:
        """A commit in the clone that writes ``files`` on top of a branch of the forge; its id."""
        self.fetch()
        self.run("checkout", "--quiet", "--detach", f"origin/{on}")
        for name, text in files.items():
            (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (self.checkout / name).write_text(text)
        self.run("add", ".")
        self.run("commit", "--quiet", "--allow-empty", "-m", message)
        return self.run("rev-parse", "HEAD").out.strip()

    def branch(self, name: str, files: Mapping[str, str] | None = None, on: str = "main", message: str = "work") -> str:
        """Pushes a branch with one commit; its id."""
        oid = self.commit({f"{name.replace('/', '-')}.txt": f"{name}\n"} if files is None else files, on, message)
        self.push(f"{oid}:refs/heads/{name}")
        return oid

    def push(self, *refs: str, who: str = "writer") -> None:
        answer = self.git(who, "push", "--quiet", "--force", "origin", *refs)
        assert answer.code == 0, answer.err

    def claim(self, message: str, parent: str | None = None) -> str:
        """A commit of the empty tree; its id."""
        tree = self.run("hash-object", "-w", "-t", "tree", "/dev/null").out.strip()
        return self.run("commit-tree", tree, "-m", message, *(["-p", parent] if parent else [])).out.strip()

    def fetch(self) -> None:
        self.git("admin", "fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")

    def tip(self, ref: str = "refs/heads/main") -> str:
        return self.git("admin", "ls-remote", "origin", ref).out.split("\t")[0]

    def tree(self, oid: str) -> str:
        return self.run("rev-parse", f"{oid}^{{tree}}").out.strip()

    def run(self, *words: str) -> Answer:
        """git in the clone, as the worker."""
        return git(self.checkout, *words, env=WORKER)

    def git(self, who: str, *words: str) -> Answer:
        """git against the forge, with their token; ``origin`` among the words is the forge. Any code is fine."""
        return self.git_with({} if who == "anonymous" else {"http.extraHeader": f"Authorization: token {self.key(who)}"}, words)

    def git_with(self, given: Mapping[str, str], words: Sequence[str], **env: str) -> Answer:
        settings = {"GIT_CONFIG_COUNT": str(len(given))}
        for i, (key, value) in enumerate(given.items()):
            settings |= {f"GIT_CONFIG_KEY_{i}": key, f"GIT_CONFIG_VALUE_{i}": value}
        return git(self.checkout, *words, ok=range(256), env=WORKER | settings | env)

    def settle(self) -> None:
        """Until the forge has looked at every pull again."""
        self.pace.advance(self.pace.settling)

    # What a set-up knows

    def ids(self, step: int) -> list[str]:
        """The commit ids in a record's question, as they stand there."""
        record = next(record for record in self.records if record["step"] == step)
        asked = record.get("git") or f"{record['request']['path']} {record['request']['json']}"
        return list(HEX.findall(asked))

    def bind(self, step: int, *today: str) -> None:
        """The first so many different commit ids of a record's question are these today."""
        self.known.oids.update(zip(dict.fromkeys(self.ids(step)), today, strict=False))
