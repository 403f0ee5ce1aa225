"""What a server lets us do with a repository, asked of the server and not of its version."""

from typing import Literal
from urllib.parse import quote

import httpx
from msgspec import Struct

from console.core.facts import fact
from console.forge.errors import Missing, Refused
from console.forge.rest import Rest
from console.forge.shapes import GiteaPull, Label, Repository, Status, User, line

GITEA: Literal["gitea"] = "gitea"
FORGEJO: Literal["forgejo"] = "forgejo"
LOOKED_AT = 5  # pulls whose heads tell which statuses are posted at all


class Version(Struct):
    version: str


class Commit(Struct):
    id: str


class Branch(Struct):
    """``effective_branch_protection_name`` is told to administrators alone."""

    commit: Commit
    protected: bool
    enable_status_check: bool
    user_can_push: bool
    user_can_merge: bool
    status_check_contexts: list[str] | None = None
    effective_branch_protection_name: str = ""


class Rule(Struct):
    """A rule of protection. That administrators are bound too is said by one of two names: each server knows its own alone."""

    rule_name: str
    enable_push: bool = False
    enable_force_push: bool = False
    unprotected_file_patterns: str = ""
    enable_merge_whitelist: bool = False
    merge_whitelist_usernames: list[str] | None = None
    merge_whitelist_teams: list[str] | None = []
    enable_status_check: bool = False
    status_check_contexts: list[str] | None = None
    block_on_outdated_branch: bool = False
    block_admin_merge_override: bool | None = None  # Gitea
    apply_to_admins: bool | None = None  # Forgejo


@fact
class Rights:
    """``branch`` None: the server has no such branch. ``contexts``: globs of the statuses that a merge needs."""

    login: str
    repository: Repository
    branch: Branch | None

    @property
    def contexts(self) -> tuple[str, ...]:
        return tuple(map(line, self.branch.status_check_contexts or [])) if self.branch and self.branch.enable_status_check else ()


@fact
class Found:
    """A repository as it is. ``rule``: the trunk's own, None when there is none or it is not shown: it is to administrators alone."""

    rights: Rights
    trunk: str
    labels: frozenset[str]
    rule: Rule | None

    @property
    def admin(self) -> bool:
        return self.rights.repository.permissions.admin


@fact
class Posted:
    """``contexts``: the statuses on the trunk's tip and the heads of the last pulls. ``pulls``: how many are open, at most 50 counted."""

    contexts: frozenset[str]
    pulls: int


async def kind(client: httpx.AsyncClient) -> Literal["gitea", "forgejo"] | None:
    """Which of the two answers; None: neither, as far as a stranger is told. Raises ForgeGone when there is no answer at all."""
    rest = Rest(client, "", "")
    for path, what in (("/api/forgejo/v1/version", FORGEJO), ("/api/v1/version", GITEA)):
        try:
            await rest.read(path, Version, top=True)
        except Missing:
            continue
        except Refused as no:
            if 300 <= no.status < 400:
                raise
            if no.status not in (401, 403):  # one that talks to nobody without a token is one of them all the same
                return None
        return what
    return None


async def rights(client: httpx.AsyncClient, owner: str, name: str, trunk: str) -> Rights:
    """Three questions. Raises a ForgeError: Refused for a token that is nobody's, Missing for a repository not there or hidden from it."""
    rest = Rest(client, owner, name)
    who = line((await rest.read("/api/v1/user", User, top=True)).login)
    repository = await rest.read("", Repository)
    try:
        branch = await rest.read(f"/branches/{quote(trunk, safe='')}", Branch)
    except Missing:
        branch = None
    return Rights(login=who, repository=repository, branch=branch)


async def found(client: httpx.AsyncClient, owner: str, name: str, trunk: str) -> Found:
    """Five questions at most. Raises a ForgeError, as ``rights`` does."""
    rest, mine = Rest(client, owner, name), await rights(client, owner, name, trunk)
    labels = await rest.everything("/labels", list[Label], lambda it: it.id, {})
    rules = await rest.read("/branch_protections", list[Rule]) if mine.repository.permissions.admin else []
    return Found(
        rights=mine,
        trunk=trunk,
        labels=frozenset(line(label.name) for label in labels),
        rule=next((rule for rule in rules if rule.rule_name == trunk), None),
    )


async def posted(client: httpx.AsyncClient, owner: str, name: str, tip: str) -> Posted:
    """What is posted on ``tip`` and the heads of the pulls that were changed last. Raises a ForgeError."""
    rest = Rest(client, owner, name)
    last = await rest.read("/pulls", list[GiteaPull], {"state": "all", "sort": "recentupdate", "limit": LOOKED_AT})
    opened = await rest.read("/pulls", list[GiteaPull], {"state": "open", "limit": 50})
    heads = dict.fromkeys([tip, *(pull.head.sha for pull in last)])
    statuses = [await rest.everything(f"/commits/{head}/statuses", list[Status], lambda it: it.id, {}) for head in heads]
    return Posted(contexts=frozenset(line(it.context) for some in statuses for it in some), pulls=len(opened))
