"""Landing one: put on top of the trunk, blessed, merged, compared. Each is short, so that a freeze is heard between them."""

from dataclasses import replace

from console.core import actions as a
from console.core import phrases
from console.core.facts import Oid, Said
from console.engine import inbox
from console.engine.acts.publish import renew
from console.engine.claims import lander_ref, lander_words
from console.engine.ports import Ports
from console.engine.push import Ref, exists, push, record, still
from console.forge.errors import ForgeError, Moved
from panes.git import agit
from panes.seen import Effect


async def move(action: a.Move, ports: Ports, effect: Effect) -> None:
    """Our branch only grows, and the squash makes one commit of it; the tree is the one that was checked, by construction."""
    hub, message = ports.paths.hub, f"Put #{action.issue} on top of {ports.policy.trunk}\n"
    made = await agit(hub, "commit-tree", action.tree, "-p", action.head, "-p", action.trunk, "-F", "-", stdin=message)
    now = Oid(made.out.strip())
    renewed = [await renew(action.issue, action.claim, now, ports)] if action.claim else []
    effect("move.push")
    await push(hub, ports.remote, [*renewed, Ref(name=f"refs/heads/{action.branch}", was=action.head, now=now)])
    effect("move.end")


async def bless(action: a.Bless, ports: Ports, effect: Effect) -> None:
    """The lander's ref says what is being landed before the status makes it possible."""
    landing, hub, trunk = action.landing, ports.paths.hub, ports.policy.trunk
    await still(hub, ports.remote, (f"refs/heads/{trunk}", landing.trunk))
    made = await record(hub, lander_words(landing, ports.me, ports.process))
    effect("lander.push")
    await push(hub, ports.remote, [Ref(name=lander_ref(trunk), was=action.lander, now=made)])
    effect("status.post")
    await ports.forge.bless(landing.head, phrases.CONTEXT, "success", phrases.status_text(landing.tree, action.run))
    effect("bless.end")


async def merge(action: a.Merge, ports: Ports, effect: Effect) -> None:
    """Whatever the forge answers, the trunk decides; what it did is seen at the next look.

    ForgeGone with ``sent``: nobody knows yet whether it will land. Never cancelled while it is under way (`Loop`).
    """
    landing, hub, branch = action.landing, ports.paths.hub, f"refs/heads/{ports.policy.trunk}"
    await still(hub, ports.remote, (branch, landing.trunk), (lander_ref(ports.policy.trunk), action.lander))
    issue = await ports.forge.issue(landing.issue)
    title = phrases.title(ports.policy.title, issue, rides=landing.rides)
    effect("merge.send")
    try:
        await ports.forge.merge(landing.pull, landing.head, title, phrases.squash_message(landing))
    except ForgeError as no:
        try:
            trunk = await exists(hub, ports.remote, branch)
        except ForgeError:
            raise no from None  # what came of it is as unknown as before
        if trunk == landing.trunk:
            raise
        raise Moved(f"the forge says: {no}; and the trunk moved to {phrases.short(trunk)}") from no
    effect("merge.end")


async def drop_lander(action: a.DropLander, ports: Ports, effect: Effect) -> None:
    effect("lander.drop")
    await push(ports.paths.hub, ports.remote, [Ref(name=lander_ref(ports.policy.trunk), was=action.lander, now=None)])


async def freeze(action: a.Freeze, ports: Ports, effect: Effect) -> None:
    effect("freeze.write")
    said = Said(by="engine", at=ports.clock(), why=action.why)
    inbox.say(ports.standing, lambda stands: replace(stands, freeze=said, incident=action.commit))
