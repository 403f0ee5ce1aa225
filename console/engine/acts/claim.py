"""Taking an issue: a lease by compare-and-swap push, and the operator's words about it."""

from console.core import actions as a
from console.core.phrases import PARKED
from console.engine import ledger
from console.engine.claims import claim_ref, claim_words
from console.engine.ports import Ports
from console.engine.push import Ref, exists, push, record
from console.forge.errors import ForgeGone, Moved
from panes.seen import Effect


async def take(action: a.TakeClaim, ports: Ports, effect: Effect) -> None:
    hub, name = ports.paths.hub, claim_ref(action.issue)
    issue = await ports.forge.issue(action.issue)
    if issue.state == "closed" or PARKED in issue.labels or (action.label and action.label not in issue.labels):
        raise Moved(f"#{action.issue} is not to be taken any more")
    made = await record(hub, claim_words(action.issue, ports.me, action.branch, 1, None))
    effect("claim.push")
    try:
        await push(hub, ports.remote, [Ref(name=name, was=None, now=made)])
    except ForgeGone:
        # After a lost answer the ref itself says who has it.
        if await exists(hub, ports.remote, name) != made:
            raise
    effect("claim.end")


async def note(action: a.Note, ports: Ports, effect: Effect) -> None:
    if action.word == "retry":  # a stop must be heard while the forge is away
        effect("note.label")
        await ports.forge.label(action.issue, (), (PARKED,))
    effect("note.word")
    ledger.word(ports.paths.runs / str(action.issue), action.command, action.word, ports.clock(), action.about)
