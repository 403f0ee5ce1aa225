"""A task's worktree and the worker in it: made, started, stopped, and what it left kept."""

import asyncio
from contextlib import suppress
from pathlib import Path

from console.core import actions as a
from console.core import phrases
from console.core.facts import End, Issue, Oid, Run, Work
from console.engine import ledger
from console.engine.claims import claim_ref, wip_ref
from console.engine.ports import Ports
from console.engine.push import Ref, push, still
from console.forge.errors import Moved, NotYet, Refused
from console.redact import redact
from panes import kinds, programs, setup, worktrees
from panes.git import agit
from panes.hosts import worker_env
from panes.runs import Spec, look_at, reserve, write_whole
from panes.seen import Conflict, Effect, GitRefused, Limits, Own
from prompts import Brief, PromptError, render


async def provision(action: a.Provision, ports: Ports, effect: Effect) -> None:
    paths, n = ports.paths, action.issue
    await still(paths.hub, ports.remote, (claim_ref(n), action.claim))
    effect("provision.make")
    await worktrees.provision(paths.hub, paths.repository(n), paths.work(n), action.branch, action.at, ports.policy.trunk, paths.quarantine)
    effect("provision.end")


async def follow(action: a.FastForward, ports: Ports, effect: Effect) -> None:
    effect("follow.merge")
    await worktrees.fast_forward(ports.paths.repository(action.issue), ports.paths.work(action.issue), action.was, action.now, env(ports))


async def launch(action: a.Launch, ports: Ports, effect: Effect) -> None:
    paths, n = ports.paths, action.issue
    await still(paths.hub, ports.remote, (claim_ref(n), action.claim))
    issue = await ports.forge.issue(n)
    if issue.state == "closed" or phrases.PARKED in issue.labels:
        raise Moved(f"#{n} is not to be worked on any more")
    work = await seen(n, ports)
    if work.tip != action.on:
        raise Moved(f"the worktree of #{n} is at {work.tip[:10]}, not at {action.on[:10]}")
    await worktrees.set_trunk(paths.hub, paths.repository(n), ports.policy.trunk)
    prompt = told(action, issue, work.branch, ports)
    own = ports.kinds.get(action.kind, Own())
    kind = kinds.meant(action.kind, own)
    given = env(ports, **kinds.environment(kind, own, ports.getenv), OPS_RUN=action.run)
    if trouble := await asyncio.to_thread(programs.trouble, kind, own, given):
        raise NotYet(f"{action.kind} cannot be started: {trouble} (to mend it: {kind.install})")
    spec = Spec(
        id=action.run,
        task=str(n),
        purpose="work",
        kind=action.kind,
        slot=action.slot,
        reason=action.reason,
        began=ports.clock(),
        result=kind.result,
        about={"on": action.on} | ({"model": own.model} if own.model else {}),
        prompt=prompt,
    )
    effect("launch.reserve")
    try:
        folder = reserve(paths.runs, spec)
    except Conflict as conflict:
        raise Moved(str(conflict)) from conflict
    if look_at(folder).state != "reserved":
        raise Moved(f"run {action.run} has begun already")
    argv = setup.before(kinds.argv(kind, own, folder / "prompt.md"), ports.policy.setup, folder)
    limits = Limits(wall_s=ports.policy.caps.run_s)
    effect("launch.start")
    await asyncio.to_thread(kinds.seed, kind, given)
    await ports.host.start(folder, action.slot, argv, paths.work(n), given, limits)
    effect("launch.end")


def told(action: a.Launch, issue: Issue, branch: str | None, ports: Ports) -> str:
    """The prompt. Refused: the operator's own template is not one."""
    policy = ports.policy
    brief = Brief(
        issue=issue,
        branch=branch,
        trunk=policy.trunk,
        checks=tuple(dict.fromkeys(policy.commands)),
        guarded=policy.guard.paths,
        text=action.text or "",
    )
    try:
        said = render(action.reason, brief, ports.prompts)
    except PromptError as bad:
        raise Refused(str(bad), 0) from bad
    return redact(said)


def env(ports: Ports, **more: str) -> dict[str, str]:
    """What a worker's process is given; never a token, never our own Python."""
    return worker_env(ports.identity, more)


async def look(n: int, ports: Ports) -> Work | None:
    """The worktree as it is now, None when there is no whole one."""
    return await worktrees.look(ports.paths.hub, ports.paths.repository(n), ports.paths.work(n), str(n))


async def seen(n: int, ports: Ports) -> Work:
    """The worktree as it is now. Moved: there is none."""
    work = await look(n, ports)
    if work is None:
        raise Moved(f"the worktree of #{n} is gone")
    return work


async def void(action: a.Void, ports: Ports, effect: Effect) -> None:
    effect("void.write")
    await ports.host.void(folder_of(action.run, ports))


def folder_of(run: str, ports: Ports) -> Path:
    return ports.paths.run("checks" if run.startswith("c-") else run.rsplit("-", 1)[0], run)


async def stop(action: a.Stop, ports: Ports, effect: Effect) -> None:
    run: Run = look_at(folder_of(action.run, ports))
    if run.state not in ("reserved", "alive"):
        return
    effect("stop.term")
    await ports.host.stop(run, Limits().grace_s)


async def commit(action: a.Commit, ports: Ports, effect: Effect) -> None:
    work = await seen(action.issue, ports)
    if not work.dirty:
        return
    if (work.tip, work.snapshot) != (action.tip, action.snapshot):
        raise Moved(f"the worktree of #{action.issue} moved")
    effect("commit.leftover")
    try:
        await worktrees.commit_all(ports.paths.work(action.issue), phrases.leftover_message(action.issue), env(ports))
    except GitRefused as no:
        ledger.refuse(folder_of(action.run, ports), phrases.cut(str(no), 2000))
    effect("commit.end")


async def rescue(action: a.Rescue, ports: Ports, effect: Effect) -> None:
    work = await seen(action.issue, ports)
    if work.snapshot != action.snapshot:
        raise Moved(f"the worktree of #{action.issue} changed")
    effect("rescue.keep")
    await worktrees.rescue(
        ports.paths.hub, ports.paths.repository(action.issue), work, f"refs/ops/rescue/issue-{action.issue}/{action.run}"
    )


async def keep_safe(action: a.KeepSafe, ports: Ports, effect: Effect) -> None:
    """The ref only grows: a tip that does not descend from the old one is pushed as a commit of both, with its own tree."""
    hub, now = ports.paths.hub, action.tip
    if action.was and (await agit(hub, "merge-base", "--is-ancestor", action.was, now, ok=(0, 1))).code:
        message = f"Keep {action.was[:10]} beside {now[:10]}\n"
        made = await agit(hub, "commit-tree", f"{now}^{{tree}}", "-p", now, "-p", action.was, "-F", "-", stdin=message)
        now = Oid(made.out.strip())
    effect("wip.push")
    await push(hub, ports.remote, [Ref(name=wip_ref(action.issue), was=action.was, now=now)])
    effect("wip.end")


def scrub(folder: Path) -> None:
    """What an ended run printed is kept without secrets."""
    for path in (folder / name for name in ("output.log", "output.log.1")):
        with suppress(FileNotFoundError):
            said = path.read_bytes().decode("utf-8", "surrogateescape")
            if (cleaned := redact(said)) != said:
                write_whole(path, cleaned.encode("utf-8", "surrogateescape"))


async def book(action: a.Book, ports: Ports, effect: Effect) -> None:
    run = look_at(folder_of(action.run, ports))
    at = run.ended.at if run.ended else ports.clock()
    effect("book.write")
    await asyncio.to_thread(scrub, run.folder)
    end = End(run=action.run, started=run.started, outcome=action.outcome, tip=action.tip, tree=action.tree, at=at, said=action.said)
    ledger.book(run.folder, end)
    effect("book.end")
