"""Tidying up and telling: proof on the issue, worktree, refs; and leaving it to a person."""

import asyncio

from console.core import actions as a
from console.core import phrases
from console.core.facts import Answer
from console.engine import inbox, ledger
from console.engine.acts.work import folder_of, look
from console.engine.claims import claim_ref, wip_ref
from console.engine.ports import Ports
from console.engine.push import Ref, exists, push
from console.forge.errors import Moved
from panes import worktrees
from panes.aside import aside
from panes.aside import sweep as empty
from panes.git import agit
from panes.runs import RunFolders, look_at
from panes.seen import Effect, PanesError
from prompts import fenced

SAID_MAX = 4_000  # of a check's words in an issue


async def prove(action: a.Prove, ports: Ports, effect: Effect) -> None:
    folder = ports.paths.runs / str(action.issue)
    spent = ledger.read(folder, [r for r in RunFolders(ports.paths.runs).look() if r.task == str(action.issue)])
    effect("proof.say")
    rode = action.issue == action.pull
    text = phrases.rode(action.commit, action.tree)
    if not rode:
        text = phrases.proof(action.pull, action.commit, action.tree, max(1, spent.attempts), spent.seconds)
    await ports.forge.say(action.issue, f"{phrases.MARKER}-proof-{action.pull}", text)
    effect("proof.close")
    await ports.forge.close(action.issue)
    effect("proof.note")
    ledger.note(folder, f"proof-p{action.pull}")


async def report(action: a.Report, ports: Ports, effect: Effect) -> None:
    """The forge's own list is asked: another console, or a call whose answer was lost, may have opened it."""
    if any(phrases.is_trunk_bug(issue) for issue in (await ports.forge.changed(None)).issues):
        raise Moved("there is an issue about the red trunk already")
    title, body = phrases.trunk_bug(ports.policy.trunk, action.trunk, action.command, fenced(action.said, SAID_MAX))
    effect("bug.open")
    await ports.forge.file(title, body, ["bug"])
    effect("bug.end")


async def tell(action: a.Tell, ports: Ports, effect: Effect) -> None:
    effect("tell.say")
    await ports.forge.say(action.issue, f"{phrases.MARKER}-ride", action.text)
    effect("tell.note")
    ledger.note(ports.paths.runs / str(action.issue), action.key)


async def close_pull(action: a.ClosePull, ports: Ports, effect: Effect) -> None:
    if (await ports.forge.issue(action.issue)).state == "open":
        raise Moved(f"#{action.issue} is open again")
    effect("pull.close")
    await ports.forge.say(action.pull, f"{phrases.MARKER}-closed", phrases.pull_closed(action.issue))
    await ports.forge.close(action.pull)


async def remove_work(action: a.RemoveWork, ports: Ports, effect: Effect) -> None:
    """A worktree that cannot be read was never rescued, so it is put into quarantine."""
    paths, n = ports.paths, action.issue
    work = await look(n, ports)
    if (work and (work.tip, work.snapshot)) != action.found:
        raise Moved(f"the worktree of #{n} is not as it was seen")
    unread = work is None and paths.work(n).exists()
    effect("work.remove")
    # The hub forgets first: afterwards nothing would say that there is something to forget.
    await worktrees.forget(paths.hub, str(n))
    if unread:
        aside(paths.work(n), paths.quarantine)
        aside(paths.repository(n), paths.quarantine)
    else:
        await worktrees.remove(paths.repository(n), paths.work(n), paths.trash, paths.quarantine)
    effect("work.end")


async def drop_refs(action: a.DropRefs, ports: Ports, effect: Effect) -> None:
    """All in one push, so that a half is never left; what is gone already is left out."""
    wanted = [(claim_ref(action.issue), action.claim)]
    if action.branch:
        wanted.append((f"refs/heads/{action.branch[0]}", action.branch[1]))
    if action.wip:
        wanted.append((wip_ref(action.issue), action.wip))
    refs = []
    for name, was in wanted:
        there = await exists(ports.paths.hub, ports.remote, name)
        if there is None:
            continue
        if there != was:
            raise Moved(f"{name} moved meanwhile")
        refs.append(Ref(name=name, was=was, now=None))
    effect("refs.drop")
    if action.wip and action.keep:
        await agit(ports.paths.hub, "update-ref", f"refs/ops/rescue/issue-{action.issue}/wip-{action.wip[:12]}", action.wip)
    if refs:
        await push(ports.paths.hub, ports.remote, refs)
    effect("refs.end")


async def park(action: a.Park, ports: Ports, effect: Effect) -> None:
    effect("park.note")
    ledger.park(ports.paths.runs / str(action.issue), action.why)
    effect("park.say")
    await ports.forge.say(action.issue, f"{phrases.MARKER}-parked", phrases.parked(action.why, action.issue))
    effect("park.label")
    await ports.forge.label(action.issue, (phrases.PARKED,), ())


async def sweep(action: a.Sweep, ports: Ports, effect: Effect) -> None:
    effect("sweep.checkouts")
    for name in action.checkouts:
        await worktrees.delete(ports.paths.checkout(name), ports.paths.trash)
    await asyncio.to_thread(empty, ports.paths.trash)
    if left := next(ports.paths.trash.glob("*"), None):
        raise PanesError(f"{left} cannot be taken off the disk")


async def interrupt(action: a.Interrupt, ports: Ports, effect: Effect) -> None:
    """Taken out before it is typed: keys cannot be said twice, so after a crash it is reported and not repeated."""
    if look_at(folder_of(action.run, ports)).state != "alive":
        raise Moved(f"run {action.run} has ended: whoever is in {action.slot} now was not meant")
    effect("interrupt.take")
    if not inbox.take(ports.paths.state, action.command):
        raise Moved("it is taken already")
    effect("interrupt.type")
    await ports.host.interrupt(action.slot)
    inbox.answer(ports.paths.state, Answer(command=action.command, outcome="granted", why=f"C-c was typed in {action.slot}"))
