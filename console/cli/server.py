"""What `doctor` says of a Gitea or Forgejo: whether it is reached, what our account may do, and what of its rules is not as ours."""

import asyncio
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from console import wire
from console.cli.examine import Line
from console.config import Config
from console.core.phrases import CONTEXT
from console.errors import SettingsError
from console.forge.errors import ForgeError, ForgeGone
from console.forge.probe import Found, Posted, Rights
from console.forge.rules import MOVE, Wrong, labels_of, wrongs
from console.place import Place

ANSWER_S = 15.0  # for all that is asked
MANY_PULLS = 30  # each landing makes Gitea check every open pull again: 9 s a landing with 100


def server(place: Place, config: Config) -> Iterator[Line]:
    """A line that it is reached and our account may do what landing needs; then a line for each of its rules that is not as it must be."""
    try:
        lacking, found, posted = asyncio.run(asked(place))
    except SettingsError as error:
        yield Line(name="forge", state="mend", says=str(error), remedy="`ops-console login`")
    except TimeoutError:
        yield away(place, f"did not answer within {ANSWER_S:g} s")
    except ForgeGone as gone:
        yield away(place, str(gone))
    except ForgeError as error:
        remedy = error.remedy or "`ops-console login` takes another token"
        yield Line(name="forge", state="mend", says=f"{place.url}: {error.why}", remedy=remedy)
    else:
        yield reached(found.rights, place, lacking)
        yield from renamed(found.rights, place)
        yield from rules(found, config)
        if posted:
            yield from waits(found, posted)


async def asked(place: Place) -> tuple[tuple[str, ...], Found, Posted | None]:
    """What the token lacks, and what is there. Raises SettingsError, ForgeError, TimeoutError."""
    token = wire.remote(place).token or ""
    async with asyncio.timeout(ANSWER_S):
        return await wire.lacking(place, token), *await wire.looked(place, token)


def away(place: Place, says: str) -> Line:
    return Line(name="forge", state="mend", says=f"{place.url}: {says}", remedy="is the server running, and is this its address?")


def reached(found: Rights, place: Place, lacking: Sequence[str] = ()) -> Line:
    """``lacking``: scopes. The first thing that speaks against our account or the repository itself, else that it is reached."""
    it = found.repository
    scopes = f"the token of {found.login} lacks {' and '.join(lacking)}"
    wrongs = (
        (bool(lacking), scopes, f"`ops-console login` takes another, made on {place.url} under Settings → Applications"),
        (not it.permissions.push, f"{found.login} may not write to {place.repo}", "make it a collaborator with write"),
        (it.archived, f"{place.repo} is archived", f"unarchive it in the settings of {place.url}/{place.repo}"),
        (found.branch is None, "the trunk is not there", "push a first commit, or name the trunk with `trunk:` in ops.yaml"),
    )
    wrong = next(((says, remedy) for bad, says, remedy in wrongs if bad), None)
    if wrong:
        return Line(name="forge", state="mend", says=wrong[0], remedy=wrong[1])
    if it.permissions.admin:
        says = f"{place.url} as {found.login}, an administrator of it: the server's rules bind such an account less"
        remedy = "a token of an account that may only write is safer; `ops-console init --lander NAME` makes it the one that merges"
        return Line(name="forge", state="note", says=says, remedy=remedy)
    return Line(name="forge", state="ok", says=f"{place.url} as {found.login}, who may write")


def renamed(found: Rights, place: Place) -> Iterator[Line]:
    """It is found under its old name for as long as nobody else takes that."""
    name = found.repository.full_name
    if name and name.lower() != place.repo.lower():
        yield Line(name="forge", state="note", says=f"{place.repo} is called {name} now", remedy="call it so in ops.yaml")


def rules(found: Found, config: Config) -> Iterator[Line]:
    """A line for each rule that is not as it must be; one when all are."""
    wrong = wrongs(found, found.rights.login, labels_of(config.policy.pick_label))
    yield from (Line(name="rules", state="mend" if it.vital else "note", says=it.says, remedy=mended(it, found)) for it in wrong)
    if not any(it.vital for it in wrong):
        shown = "" if found.admin else ", as far as this account is shown it"
        yield Line(name="rules", state="ok", says=f"{found.trunk} is protected, squash only, {CONTEXT} required{shown}")


def mended(wrong: Wrong, found: Found) -> str:
    if wrong.part == "order":
        return MOVE
    if found.admin or wrong.part == "labels":
        return "`ops-console init` mends it"
    return "`ops-console init` mends it with an administrator's token, or prints the calls for one"


def waits(found: Found, posted: Posted) -> Iterator[Line]:
    """What a merge would wait for: a status that nobody posts, and a server that checks many pulls at each landing."""
    for context in found.rights.contexts:
        if fnmatchcase(CONTEXT, context) or any(fnmatchcase(name, context) for name in posted.contexts):
            continue
        says = f"a merge needs the status {context}, which nobody posts on {found.trunk} or the last pulls"
        remedy = f"take it off the required statuses of {found.trunk}, or let the forge's CI post it"
        yield Line(name="rules", state="mend" if posted.pulls else "note", says=says, remedy=remedy)
    if posted.pulls > MANY_PULLS:
        says = f"more than {MANY_PULLS} pulls are open: each landing makes the server check all of them again"
        yield Line(name="pulls", state="note", says=says, remedy="land or close some: with 100 open a landing takes Gitea 9 s")
