"""What becomes of each command, and the sentence the operator reads."""

from typing import Any

import pytest

from console.core import actions as a
from console.core.facts import Answer, Command, Known, Look, Standing
from console.core.policy import Caps
from console.core.task import Task
from tests.core import seen as s

ASSIGN, WAKE, STOP, MERGE = s.command("assign", "12"), s.command("wake", "w01"), s.command("stop", "12"), s.command("merge", "p112")
INTERRUPT, RETRY, LEAVE = s.command("interrupt", "w01"), s.command("retry", "12"), s.command("leave", "all")
WORKS = s.claimed(runs=(s.run(state="alive", began=s.NOW - 5),), work=s.DARK)
WORKED = s.claimed(runs=(s.run(state="alive", began=s.NOW - 500),), work=s.DARK)
STOPPED = s.worked(runs=(s.run(ended=s.ended(why="stopped")),), ledger=s.ledger(words=frozenset({STOP.id}), held=True))
PARKED = s.proposed(issue=s.issue(labels=("ops/needs-human",)))
CLOSED = s.issue(state="closed")
LANDED = s.trunk(s.M1, s.landed())
UNREADY = s.task(issue=s.issue(labels=()))
TORN = s.proposed(merge=s.merges(tree=None, conflicts=("api.py",)))
WATCH, FROZEN, PAUSED = Standing(mode="watch"), Standing(mode="auto", freeze=s.YOU), Standing(mode="auto", pause=s.YOU)


def answer(command: Command, *tasks: Task, **over: Any) -> Answer:
    (said,) = s.decide(*tasks, commands=(command,), **over).answers
    return said


@pytest.mark.parametrize(
    ("command", "task", "outcome", "words"),
    [
        (ASSIGN, s.task(), "waiting", "it is next, and w01 is free"),
        (ASSIGN, s.claimed(), "waiting", "its worktree is being made"),
        (ASSIGN, WORKS, "granted", "script works on it in w01"),
        (ASSIGN, WORKED, "granted", "script is at it already, in w01"),
        (ASSIGN, s.proposed(), "granted", "it is taken already"),
        (ASSIGN, PARKED, "refused", "`retry 12` takes it up again"),
        (ASSIGN, s.task(issue=CLOSED), "refused", "there is no open issue 12"),
        (ASSIGN, s.task(claim=s.claim(ours=False)), "refused", "another console (another) has it"),
        (s.command("assign", "99"), s.task(), "refused", "there is no open issue 99"),
        (s.command("assign", "w01"), s.task(), "refused", "there is no open issue w01"),
        (s.command("assign", "²"), s.task(), "refused", "there is no open issue ²"),
        (s.command("assign", "12", args={"slot": "w09"}), s.task(), "refused", "there is no slot w09; there are w01, w02"),
        (s.command("assign", "12", args={"kind": "none"}), s.task(), "refused", "no slot has kind none"),
        (s.command("assign", "12", args={"slot": "w01", "kind": "other"}), s.task(), "refused", "w01 is script, not other"),
        (s.command("assign", "12", args={"slot": "w02"}), s.task(), "waiting", "w02 is free"),
        (WAKE, s.task(), "waiting", "it is next, and w01 is free"),
        (WAKE, WORKS, "granted", "script works on 12 in w01"),
        (WAKE, WORKED, "refused", "script works on 12 in w01"),
        (WAKE, UNREADY, "refused", "nothing is ready for a worker"),
        (s.command("wake", "w09"), s.task(), "refused", "there is no slot w09"),
        (s.command("wake", "w01", args={"text": "hello"}), s.task(), "refused", "cannot be told anything"),
        (INTERRUPT, WORKS, "waiting", "C-c is being typed"),
        (INTERRUPT, s.task(), "refused", "nobody works in w01"),
        (STOP, WORKED, "waiting", "is being written down"),
        (s.command("stop", "w01"), WORKED, "waiting", "is being written down"),
        (STOP, s.on(WORKED, ledger=s.ledger(words=frozenset({STOP.id}), held=True)), "waiting", "is being stopped"),
        (STOP, STOPPED, "granted", "on hold and its work is kept"),
        (STOP, s.worked(), "waiting", "is being written down"),
        (STOP, s.task(), "refused", "nothing runs for 12"),
        (s.command("stop", "w02"), WORKED, "refused", "nothing runs for w02"),
        (MERGE, s.proposed(), "waiting", "is checked"),
        (MERGE, PARKED, "refused", "left to you"),
        (MERGE, s.proposed(pull=s.pull(state="closed")), "refused", "p112 was closed"),
        (s.command("merge", "p112", pinned=s.H2), s.proposed(), "refused", "p112 has another head now (h1h1h1h)"),
        (s.command("merge", "p112", pinned=s.H1), s.proposed(), "waiting", "is checked"),
        (s.command("merge", "p9"), s.proposed(), "refused", "there is no pull p9 of ours"),
        (RETRY, s.proposed(), "waiting", "it is being written down"),
        (RETRY, s.proposed(ledger=s.ledger(s.end(), words=frozenset({RETRY.id}))), "granted", "a new start"),
        (RETRY, s.task(issue=CLOSED), "refused", "there is no open issue 12"),
        (LEAVE, WORKED, "waiting", "w01 being stopped"),
        (LEAVE, s.proposed(), "granted", "the engine ends"),
        (s.command("dance", "12"), s.task(), "refused", "this engine does not know the command dance"),
        (ASSIGN, s.task(runs=s.DARK), "waiting", "cannot be seen: runs"),
        (STOP, s.task(runs=s.DARK), "waiting", "cannot be seen: runs"),
        (INTERRUPT, s.task(runs=s.DARK), "waiting", "cannot be seen: runs"),
        (LEAVE, s.task(runs=s.DARK), "waiting", "cannot be seen: runs"),
    ],
)
def test_every_command_has_its_answer(command: Command, task: Task, outcome: str, words: str) -> None:
    said = answer(command, task)
    assert (said.command, said.outcome) == (command.id, outcome), said.why
    assert words in said.why


def test_merge_is_granted_when_the_trunk_has_it_and_refused_when_it_cannot_be() -> None:
    assert answer(MERGE, s.merged(), trunk=LANDED).outcome == "granted"
    assert answer(MERGE, s.merged()).outcome == "waiting"
    said = answer(MERGE, TORN, verdicts=s.GREEN)
    assert (said.outcome, "conflicts with main in api.py" in said.why) == ("refused", True)
    said = answer(MERGE, trunk=LANDED)
    assert (said.outcome, said.why) == ("granted", f"landed as {s.M1[:7]}")


@pytest.mark.parametrize("command", [ASSIGN, WAKE, MERGE])
def test_in_watch_nothing_is_started_or_landed_for_a_command_either(command: Command) -> None:
    task = s.proposed() if command is MERGE else s.task()
    said = answer(command, task, standing=WATCH)
    assert (said.outcome, "the mode is watch" in said.why) == ("refused", True)


def test_a_wake_under_pause_waits_for_resume_and_a_merge_under_a_freeze_says_who_froze_it() -> None:
    assert answer(WAKE, s.task(), standing=PAUSED).why == "paused: it starts when you say `resume`"
    said = answer(ASSIGN, s.claimed(), standing=PAUSED)
    assert (said.outcome, "paused by you" in said.why) == ("waiting", True)
    said = answer(MERGE, s.proposed(), standing=FROZEN, verdicts=s.GREEN)
    assert (said.outcome, "landing is frozen by you" in said.why) == ("waiting", True)


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"verdicts": {}}, "the trunk is being checked"),
        ({"verdicts": s.verdicts(s.verdict(s.TREES[s.M0], "fail", tries=2))}, "the trunk itself is red"),
        ({"by": s.policy(caps=Caps(in_flight=0))}, "which is the cap"),
        ({"by": s.policy(full=None)}, "no check is known"),
    ],
)
def test_a_wake_waits_with_the_reason_while_something_is_ready(over: dict[str, Any], words: str) -> None:
    said = answer(WAKE, s.task(), **over)
    assert (said.outcome, words in said.why) == ("waiting", True), said.why


def test_leaving_waits_for_a_worker_that_is_being_started() -> None:
    launch = s.step(s.claimed(work=s.work(tip=s.M0))).action
    assert isinstance(launch, a.Launch)
    assert answer(LEAVE, s.claimed(), busy={12: (launch,)}).outcome == "waiting"


def test_a_command_that_was_begun_by_an_engine_that_is_gone_is_reported_and_not_repeated() -> None:
    plan = s.decide(taken=("id-1",))
    assert plan.answers == (Answer(command="id-1", outcome="maybe_delivered", why="the engine ended while it was being done"),)
    assert plan.fleet == ()


@pytest.mark.parametrize("forge", [s.DARK, Known(value="forge", at=s.NOW - 20, times=1)])
def test_nothing_is_refused_before_the_forge_was_heard_after_it_was_asked(forge: Look[str]) -> None:
    for command in (s.command("assign", "99"), WAKE, s.command("merge", "p99"), s.command("retry", "99")):
        said = answer(command, UNREADY, forge=forge)
        assert (said.outcome, said.why.startswith("the forge is asked once more: ")) == ("waiting", True)
    assert answer(INTERRUPT, UNREADY, forge=forge).outcome == "refused"
