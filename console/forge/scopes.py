"""Which of the scopes we need a token lacks: asked of the server, and nothing is changed by asking."""

import httpx

from console.forge.answers import SCOPE, error
from console.forge.errors import Refused
from console.forge.rest import Rest
from console.forge.shapes import User

NEEDED = ("write:repository", "write:issue", "read:user")
# Nothing has the number 0, and a server looks at a token's scopes before it looks for anything.
ASKED = (("write:repository", "/pulls/0"), ("write:issue", "/issues/0"))


async def missing(client: httpx.AsyncClient, owner: str, name: str) -> tuple[str, ...]:
    """In the order of NEEDED. Raises ForgeGone when it does not answer, Refused (401) for a token that is nobody's."""
    rest = Rest(client, owner, name)
    lacks = []
    for scope, path in ASKED:
        answer = await rest.answer("PATCH", path, {})
        if answer.status == 401 or answer.status >= 500:
            raise error(answer)
        if answer.status == 403 and SCOPE.search(answer.words):
            lacks.append(scope)
    try:
        await rest.read("/api/v1/user", User, top=True)
    except Refused as no:
        if no.status != 403:
            raise
        lacks.append("read:user")
    return tuple(lacks)
