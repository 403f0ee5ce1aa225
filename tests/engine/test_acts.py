"""Every action compares what it was decided on with the world as it is, and does nothing when that differs."""

from dataclasses import replace
from pathlib import Path

import pytest

from console import redact
from console.core import actions as a
from console.core.facts import Landing, Oid, RunId, Slot, Suite, Tree
from console.core.phrases import PARKED
from console.core.reconcile import reconcile
from console.engine import inbox, ledger
from console.engine.acts import check, land, tidy, work
from console.engine.claims import claim_ref, wip_ref
from console.engine.effect import none
from console.engine.loop import Loop
from console.engine.ports import Ports
from console.engine.push import Ref, exists, push, record
from console.forge.errors import Moved
from panes import worktrees
from panes.git import git
from panes.runs import Spec, look_at, reserve, write_whole
from tests.engine.conftest import claimed, trunk

SUITE = Suite("s")


async def found(ports: Ports) -> tuple[Oid, Tree]:
    seen = await work.seen(1, ports)
    return seen.tip, seen.snapshot


# Taking a worktree away


async def test_what_a_person_wrote_into_a_worktree_since_it_was_looked_at_is_not_thrown_away(ports: Ports) -> None:
    await claimed(ports)
    was = await found(ports)
    (ports.paths.work(1) / "precious").write_text("an hour's work\n")
    with pytest.raises(Moved):
        await tidy.remove_work(a.RemoveWork(issue=1, found=was), ports, none)
    assert (ports.paths.work(1) / "precious").exists()


async def test_a_worktree_that_cannot_be_read_any_more_is_put_into_quarantine_and_not_deleted(ports: Ports) -> None:
    await claimed(ports)
    (ports.paths.work(1) / "precious").write_text("an hour's work\n")
    (ports.paths.work(1) / ".git").unlink()
    await tidy.remove_work(a.RemoveWork(issue=1, found=None), ports, none)
    assert not ports.paths.work(1).exists()
    assert len(list(ports.paths.quarantine.rglob("precious"))) == 1


async def test_a_worktree_that_is_as_it_was_seen_is_taken_away_and_the_hub_forgets_the_task(ports: Ports) -> None:
    await claimed(ports)
    for seen in (await found(ports), None):  # done twice
        await tidy.remove_work(a.RemoveWork(issue=1, found=seen), ports, none)
        assert not ports.paths.work(1).exists()
        assert not ports.paths.repository(1).exists()
        assert git(ports.paths.hub, "for-each-ref", "refs/tasks").out == ""
    assert list(ports.paths.quarantine.iterdir()) == []


async def test_what_was_kept_safe_and_did_not_land_stays_in_the_hub_when_its_ref_is_dropped(ports: Ports) -> None:
    held = await claimed(ports)
    wip = await record(ports.paths.hub, "not landed")
    await push(ports.paths.hub, ports.remote, [Ref(name=wip_ref(1), was=None, now=wip)])
    drop = a.DropRefs(issue=1, claim=held, branch=None, wip=wip, keep=True)
    for _ in range(2):
        await tidy.drop_refs(drop, ports, none)
        assert await exists(ports.paths.hub, ports.remote, wip_ref(1)) is None
        assert await exists(ports.paths.hub, ports.remote, claim_ref(1)) is None
        assert git(ports.paths.hub, "for-each-ref", "--format=%(objectname)", "refs/ops/rescue/issue-1/").out.strip() == wip


async def test_the_pull_of_an_issue_that_was_opened_again_is_not_closed(ports: Ports) -> None:
    with pytest.raises(Moved):
        await tidy.close_pull(a.ClosePull(issue=1, pull=2), ports, none)


# Workers


async def test_a_secret_is_told_to_no_worker_and_kept_of_no_run(ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_known", [])
    issue = replace(await ports.forge.issue(1), title="Mind s3cret-of-ours")
    redact.know("s3cret-of-ours")
    launch = a.Launch(
        issue=1,
        claim=Oid("1"),
        run=RunId("1-1"),
        kind="script",
        slot=Slot("w01"),
        reason="checks",
        on=Oid("1"),
        text="s3cret-of-ours failed",
    )
    said = work.told(launch, issue, "fix/issue-1", ports)
    assert "Mind [secret]" in said
    assert "[secret] failed" in said

    (tmp_path / "output.log").write_bytes(b"\xff\x1b[31ms3cret-of-ours\r\n")
    work.scrub(tmp_path)
    assert (tmp_path / "output.log").read_bytes() == b"\xff\x1b[31m[secret]\r\n"


async def launched(ports: Ports, held: Oid) -> None:
    tip, _ = await found(ports)
    start = a.Launch(issue=1, claim=held, run=RunId("1-1"), kind="script", slot=Slot("w01"), reason="implement", on=tip, text="")
    await work.launch(start, ports, none)


async def test_no_worker_is_started_on_a_claim_that_is_gone(ports: Ports) -> None:
    held = await claimed(ports)
    await push(ports.paths.hub, ports.remote, [Ref(name=claim_ref(1), was=held, now=await record(ports.paths.hub, "another's"))])
    with pytest.raises(Moved):
        await launched(ports, held)
    assert not ports.paths.run("1", "1-1").exists()


async def test_no_worker_is_started_on_an_issue_that_was_just_parked_or_closed(ports: Ports) -> None:
    held = await claimed(ports)
    await ports.forge.label(1, (PARKED,), ())
    with pytest.raises(Moved):
        await launched(ports, held)
    await ports.forge.label(1, (), (PARKED,))
    await ports.forge.close(1)
    with pytest.raises(Moved):
        await launched(ports, held)
    assert not ports.paths.run("1", "1-1").exists()


async def test_what_is_committed_for_a_worker_is_what_was_seen(ports: Ports) -> None:
    await claimed(ports)
    (ports.paths.work(1) / "left").write_text("by the worker\n")
    tip, snapshot = await found(ports)
    (ports.paths.work(1) / "more").write_text("by somebody\n")
    with pytest.raises(Moved):
        await work.commit(a.Commit(issue=1, run=RunId("1-1"), tip=tip, snapshot=snapshot), ports, none)
    assert (await found(ports))[0] == tip


def over(ports: Ports, run: str, purpose: str = "work", about: dict[str, str] | None = None) -> Path:
    """A run that ended well."""
    task = "checks" if purpose == "check" else "1"
    folder = reserve(
        ports.paths.runs,
        Spec(
            id=RunId(run),
            task=task,
            purpose=purpose,  # type: ignore[arg-type]  # one of the two
            kind="script",
            slot=Slot("w01"),
            reason="implement",
            began=1.0,
            about=about or {},
        ),
    )
    write_whole(folder / "exit.json", b'{"code": 0, "why": "ended", "at": 2.0, "seconds": 1.0, "detail": ""}')
    assert look_at(folder).state == "exited"
    return folder


async def test_keys_are_not_typed_at_whoever_came_into_the_slot_after_the_one_that_was_meant(ports: Ports) -> None:
    over(ports, "1-1")
    said = inbox.leave(ports.paths.state, "interrupt", "w01", "you")
    with pytest.raises(Moved):
        await tidy.interrupt(a.Interrupt(command=said, slot=Slot("w01"), run=RunId("1-1")), ports, none)
    assert [c.id for c in inbox.waiting(ports.paths.state)] == [said]


# Checks and landing


async def checked(ports: Ports) -> a.Record:
    tree = Tree(git(ports.paths.hub, "rev-parse", f"{trunk(ports)}^{{tree}}").out.strip())
    over(ports, "c-1", "check", {"tree": tree, "suite": SUITE})
    return a.Record(run=RunId("c-1"), tree=tree)


async def verdict(ports: Ports, record: a.Record) -> str:
    run = look_at(work.folder_of(record.run, ports))
    return ledger.verdicts([run])[record.tree, SUITE].outcome


async def test_a_check_whose_check_out_was_deleted_before_it_was_compared_is_no_pass_and_holds_nothing_up(ports: Ports) -> None:
    record = await checked(ports)
    await check.record(record, ports, none)
    assert await verdict(ports, record) == "fail"


async def test_a_verdict_that_was_written_stays_when_it_is_recorded_again_after_the_sweep(ports: Ports) -> None:
    record = await checked(ports)
    await worktrees.check_out(ports.paths.hub, ports.paths.checkout("c-1"), trunk(ports))
    await check.record(record, ports, none)
    await tidy.sweep(a.Sweep(checkouts=("c-1",)), ports, none)
    await check.record(record, ports, none)
    assert await verdict(ports, record) == "pass"


async def test_what_an_engine_that_died_threw_away_is_taken_off_the_disk(loop: Loop, ports: Ports) -> None:
    (ports.paths.trash / "1-x" / "deep").mkdir(parents=True)
    seen = await loop.senses.look({}, {})
    assert a.Sweep(checkouts=()) in reconcile(seen, ports.policy).fleet
    await tidy.sweep(a.Sweep(checkouts=()), ports, none)
    assert not (await loop.senses.look({}, {})).trash


async def test_nothing_is_merged_for_a_landing_lease_that_another_took(ports: Ports) -> None:
    await claimed(ports)
    at = trunk(ports)
    landing = Landing(pull=2, issue=1, head=at, trunk=at, tree=Tree("t"))
    await push(ports.paths.hub, ports.remote, [Ref(name="refs/ops/lander/main", was=None, now=await record(ports.paths.hub, "another's"))])
    sent: list[str] = []
    with pytest.raises(Moved, match="lander"):
        await land.merge(a.Merge(landing=landing, lander=at), ports, sent.append)
    assert sent == []
