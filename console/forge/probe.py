"""What a server lets us do with a repository, asked of the server and not of its version."""

from urllib.parse import quote

import httpx
from msgspec import Struct

from console.core.facts import fact
from console.forge.errors import Missing
from console.forge.rest import Rest
from console.forge.shapes import Repository, User, line


class Branch(Struct):
    protected: bool
    enable_status_check: bool
    user_can_push: bool
    user_can_merge: bool
    status_check_contexts: list[str] | None = None


@fact
class Rights:
    """``branch`` None: the server has no such branch. ``contexts``: globs of the statuses that a merge needs."""

    login: str
    repository: Repository
    branch: Branch | None

    @property
    def squash_only(self) -> bool:
        it = self.repository
        others = (it.allow_merge_commits, it.allow_rebase, it.allow_rebase_explicit, it.allow_fast_forward_only_merge)
        return it.allow_squash_merge and not any(others)

    @property
    def contexts(self) -> tuple[str, ...]:
        return tuple(map(line, self.branch.status_check_contexts or [])) if self.branch and self.branch.enable_status_check else ()


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
