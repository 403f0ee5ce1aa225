"""perform: one action, done as a compare-and-swap. It may be done twice; `Moved` says the world is not as it was seen."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from console.core import actions as a
from console.engine.acts import check, claim, land, publish, tidy, work
from console.engine.ports import Ports
from panes.seen import Effect

Act = Callable[[Any, Ports, Effect], Awaitable[None]]

ACTS: Mapping[type, Act] = {
    a.TakeClaim: claim.take,
    a.Note: claim.note,
    a.Provision: work.provision,
    a.FastForward: work.follow,
    a.Launch: work.launch,
    a.Void: work.void,
    a.Stop: work.stop,
    a.Commit: work.commit,
    a.Rescue: work.rescue,
    a.KeepSafe: work.keep_safe,
    a.Book: work.book,
    a.StartCheck: check.start,
    a.Record: check.record,
    a.Publish: publish.publish,
    a.Propose: publish.propose,
    a.Move: land.move,
    a.Bless: land.bless,
    a.Merge: land.merge,
    a.Report: tidy.report,
    a.Prove: tidy.prove,
    a.Tell: tidy.tell,
    a.ClosePull: tidy.close_pull,
    a.RemoveWork: tidy.remove_work,
    a.DropRefs: tidy.drop_refs,
    a.Park: tidy.park,
    a.Interrupt: tidy.interrupt,
    a.Sweep: tidy.sweep,
    a.DropLander: land.drop_lander,
    a.Freeze: land.freeze,
}


async def perform(action: a.Action, ports: Ports, effect: Effect) -> None:
    """Does one action. Raises the forge's errors, PanesError or GitFailed when it could not."""
    await ACTS[type(action)](action, ports, effect)
