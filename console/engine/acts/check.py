"""Checking a tree: a run of its own in a clean clone of its own, and the verdict read from how it ended."""

import asyncio

from console.core import actions as a
from console.core.facts import Oid
from console.core.sanitize import clean
from console.engine import ledger
from console.engine.acts.work import folder_of, scrub
from console.engine.ports import Ports
from console.forge.errors import Moved
from console.redact import redact
from panes import setup, worktrees
from panes.git import agit
from panes.hosts import worker_env
from panes.runs import Spec, look_at, output, reserve
from panes.seen import Conflict, Effect, Limits

SAID = 6_000  # characters of a failed check's output that are kept and told

# A check's command, then the project's pre-push hook if its setup or the command has put one into the check-out: one of the operator's
# own is no matter of the project's. No push follows; the hook is told of one as git tells it, and its code is the check's.
_THEN_HOOK = """\
/bin/sh -c "$0" || exit
hook=$(git config --local --type=path core.hooksPath || echo .git/hooks)/pre-push
test -x "$hook" || exit 0
echo "and the project's pre-push hook:"
printf 'HEAD %s refs/heads/checked %040d\\n' "$(git rev-parse HEAD)" 0 | "$hook" origin .
"""


async def start(action: a.StartCheck, ports: Ports, effect: Effect) -> None:
    paths = ports.paths
    plan = ports.policy.fast if action.part == "fast" else ports.policy.full
    if plan is None or plan.suite != action.suite:
        raise Moved("the check's settings changed")
    where = paths.checkout(action.run)
    effect("check.make")
    await worktrees.check_out(paths.hub, where, await commit_of(action, ports))
    spec = Spec(
        id=action.run,
        task="checks",
        purpose="check",
        kind="check",
        slot=action.bay,
        reason=action.part,
        began=ports.clock(),
        about={"tree": action.tree, "suite": action.suite, "for": str(action.issue or ports.policy.trunk)},
        prompt=redact(plan.command),
    )
    effect("check.reserve")
    try:
        folder = reserve(paths.runs, spec)
    except Conflict as conflict:
        raise Moved(str(conflict)) from conflict
    if look_at(folder).state != "reserved":
        raise Moved(f"check {action.run} has begun already")
    given = {name: value for name in ports.check_env if (value := ports.getenv(name)) is not None}
    effect("check.start")
    argv = setup.before(["/bin/sh", "-c", *([_THEN_HOOK] if plan.hooks else []), plan.command], ports.policy.setup, folder)
    await ports.host.start(folder, action.bay, argv, where, worker_env(ports.identity, given), Limits(wall_s=plan.wall_s))
    effect("check.end")


async def commit_of(action: a.StartCheck, ports: Ports) -> Oid:
    """A commit with the tree to be checked: a parent that has it, else one made on the parents, always the same."""
    for parent in action.parents:
        if (await agit(ports.paths.hub, "rev-parse", f"{parent}^{{tree}}")).out.strip() == action.tree:
            return parent
    at = (await agit(ports.paths.hub, "log", "-1", "--format=%ct +0000", action.parents[-1])).out.strip()
    dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
    parents = [word for parent in action.parents for word in ("-p", parent)]
    made = await agit(ports.paths.hub, "commit-tree", action.tree, *parents, "-m", "To be checked", env=dates)
    return Oid(made.out.strip())


async def record(action: a.Record, ports: Ports, effect: Effect) -> None:
    """A pass is a pass only if the tracked files are still the tree afterwards; where they are gone, nothing is proven."""
    folder = folder_of(action.run, ports)
    ended = look_at(folder).ended
    if ended is None:
        raise Moved(f"check {action.run} has not ended")
    if ledger.judged(folder):
        return  # the first word stays: the check-out may be gone since
    where = ports.paths.checkout(action.run)
    passed = ended.why == "ended" and ended.code == 0
    said = clean(output(folder), one_line=False)[-SAID:]
    if ended.why != "ended":
        said += f"\n[{ended.why}] {ended.detail}"
    elif passed and not where.is_dir():
        passed = False
        said += "\nIts check-out was taken away, so nobody knows what was tested."
    elif passed and not await worktrees.still(ports.paths.hub, where, action.tree):
        passed = False
        said += "\nThe check changed files that are tracked, so it did not test the tree that would land."
    effect("verdict.write")
    await asyncio.to_thread(scrub, folder)
    ledger.judge(folder, passed, said, ended.at)
    effect("verdict.end")
