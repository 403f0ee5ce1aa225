"""What was checked is shown: the branch pushed with its claim, the pull opened."""

from console.core import actions as a
from console.core import phrases
from console.core.facts import Claim, Oid
from console.engine.claims import claim_ref, claim_words, read_claim
from console.engine.ports import Ports
from console.engine.push import Ref, push, record
from console.forge.errors import Moved
from panes.git import agit
from panes.seen import Effect


async def publish(action: a.Publish, ports: Ports, effect: Effect) -> None:
    renewed = await renew(action.issue, action.claim, action.now, ports)
    effect("publish.push")
    await push(ports.paths.hub, ports.remote, [renewed, Ref(name=f"refs/heads/{action.branch}", was=action.was, now=action.now)])
    effect("publish.end")


async def renew(issue: int, claim: Oid, head: Oid, ports: Ports) -> Ref:
    """The claim, naming the branch's new head: pushed together with it, so that a console that was robbed cannot move the branch."""
    words = (await agit(ports.paths.hub, "log", "-1", "--format=%B", claim)).out
    held: Claim | None = read_claim(claim, words, ports.me)
    if not held or not held.ours:
        raise Moved(f"the claim on #{issue} is not ours")
    made = await record(ports.paths.hub, claim_words(issue, ports.me, held.branch, held.epoch, head), (claim,))
    return Ref(name=claim_ref(issue), was=claim, now=made)


async def propose(action: a.Propose, ports: Ports, effect: Effect) -> None:
    issue = await ports.forge.issue(action.issue)
    title = phrases.title(ports.policy.title, issue)
    effect("pull.open")
    await ports.forge.propose(action.branch, ports.policy.trunk, title, phrases.pull_body(issue))
    effect("pull.end")
