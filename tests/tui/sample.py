"""A fleet that stands still: the board of the pictures in docs/, with fixed times, for frames, keys and screenshots."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from console.core.shown import (
    Board,
    Budget,
    CheckShown,
    CommandShown,
    EngineShown,
    EventShown,
    FindingShown,
    PullShown,
    SlotShown,
    Spent,
    TaskShown,
    TmuxShown,
    TrunkShown,
    Word,
)
from console.engine.board import iso, seconds, write

NOW = seconds("2026-11-20T16:22:07.000Z")
HEAD = "9f2c1ab" + "0" * 33
DATA = Path(__file__).parent / "data"


def ago(minutes: float) -> str:
    return iso(NOW - 60 * minutes)


def task(issue: int, title: str, **other: Any) -> TaskShown:
    """A task that is queued, but for what ``other`` says."""
    plain: dict[str, Any] = {
        **dict.fromkeys(field.name for field in fields(TaskShown)),
        "issue": issue,
        "title": title,
        "body": "",
        "url": f"http://forge/acme/api/issues/{issue}",
        "labels": (),
        "priority": 0,
        "created": ago(120),
        "blocked_by": (),
        "stage": "queued",
        "row": 27,
        "why": "it waits for a free slot",
        "evidence": (),
        "since": ago(9),
        "attempts": 0,
        "attempts_cap": 3,
        "spent": Spent(tokens=None, usd=None, minutes=0),
    }
    return TaskShown(**(plain | other))


def slot(name: str, state: str, issue: int | None, title: str | None, minutes: float, last: str = "", **other: Any) -> SlotShown:
    plain: dict[str, Any] = {
        **dict.fromkeys(field.name for field in fields(SlotShown)),
        "slot": name,
        "kind": "claude",
        "state": state,
        "source": "hook",
        "guess": False,
        "age_s": 3.0,
        "issue": issue,
        "title": title,
        "pane": f"%{int(name[1:])}",
        "since": ago(minutes),
        "last": last,
        "why": "ready for work" if issue is None else "",
    }
    return SlotShown(**(plain | other))


def pull(number: int, issue: int, title: str, **other: Any) -> PullShown:
    plain: dict[str, Any] = {
        **dict.fromkeys(field.name for field in fields(PullShown)),
        "pull": number,
        "issue": issue,
        "title": title,
        "url": f"http://forge/acme/api/pulls/{number}",
        "foreign": False,
        "head": "4e1d77a" + "0" * 33,
        "created": ago(20),
        "state": "waiting",
        "why": "waits for your word",
        "conflicts": (),
        "behind": False,
        "checks": (CheckShown(name="ops/verify", state="pass", required=True, since=ago(12), s=250, eta_s=None, url=None),),
        "files": 6,
        "added": 142,
        "deleted": 31,
        "risk": "low",
        "risk_why": (),
        "guarded": (),
        "passed": False,
    }
    return PullShown(**(plain | other))


def event(minutes: float, what: str, **other: Any) -> EventShown:
    plain: dict[str, Any] = {
        **dict.fromkeys(field.name for field in fields(EventShown)),
        "t": ago(minutes),
        "by": "engine",
        "what": what,
        "why": "",
        "result": "ok",
    }
    return EventShown(**(plain | other))


def board(**other: Any) -> Board:
    """An idle repository with an engine that has just looked, but for what ``other`` says."""
    tmux = TmuxShown(server="ops-api-1a2b3c4d", pid=77, started=ago(300))
    engine = EngineShown(
        pid=1, host="here", since=ago(300), tick=118, tick_ms=34, mode="auto", pause=None, drain=None, freeze=None, sandbox=True, tmux=tmux
    )
    plain: dict[str, Any] = {
        "at": iso(NOW - 2),
        "repo": "acme/api",
        "trunk": TrunkShown(branch="main", head=HEAD, tree="0" * 40, state="green", since=ago(14)),
        "engine": engine,
        "budget": Budget(day_usd=None, cap_usd=None, day_tokens=0, cap_tokens=None, day_minutes=412, cap_minutes=None, runs_cost_unknown=3),
        **dict.fromkeys(("tasks", "pulls", "train", "bays", "slots", "findings", "commands", "events", "blind"), ()),
    }
    return Board(**(plain | other))


BODY = """The provider retries its webhook after 10 s. When our first answer is slow both are handled and the customer pays twice.

Keep the delivery's id for a day and answer 200 at once when it is there already.

- `payments/webhook.py`: look before handling
- a test with two deliveries of one id"""

QUEUE = (
    task(1433, "payment webhook double-fires", priority=2, created=ago(9), place=1, labels=("bug", "priority/critical"), body=BODY),
    task(1432, "deadlock in scheduler on SIGHUP", priority=1, created=ago(31), place=2, wants="senior"),
    task(1428, "docs: describe retry budget", created=ago(120), place=3),
    task(1427, "speed up import of cli by 200 ms", created=ago(125), place=4),
    task(1426, "log lines lose the request id", created=ago(130), place=5, wants="kimi"),
    task(1425, "remove the legacy billing pages", created=ago(180), blocked_by=(1423,)),
    task(1424, "property tests for the money type", created=ago(185), place=6),
    task(1418, "webhooks: show the last response", created=ago(300), blocked_by=(1431,)),
    task(1396, "typo in retry docs", created=ago(400), stage="waiting", row=20, pull=512, why="p512 waits for your word: `m` lands it"),
    task(1398, "flaky merge-queue test", stage="backoff", row=22, created=ago(600), attempts=1, why="the next try is in 4 m"),
    task(1390, "batch importer reports progress", created=ago(500), stage="checking", row=14, why="its check has run 1 m in c01"),
)

SLOTS = (
    slot("w01", "run", 1431, "retry budget for webhooks", 31, "Editing src/hooks/retry.py", ctx=0.22),
    slot("w02", "run", 1430, "typed settings loader", 24, "pytest -q tests/unit  61%", ctx=0.34),
    slot("w03", "run", 1429, "OpenAPI 3.1 emitter", 19, "ruff check: all checks passed", ctx=0.47),
    slot("w07", "ask", 1423, "drop legacy billing column", 2, "Should I drop `legacy_total` now?  [1/2]", ctx=0.61),
    slot("w11", "idle", None, None, 14),
    slot("w12", "ask", 1411, "rate limit per tenant", 4, "Which store: redis or the database?", ctx=0.44, guess=True),
    slot("w16", "boot", 1405, "claude in a fresh worktree", 0.2, "starting"),
    slot("w19", "err", 1398, "flaky merge-queue test", 6, "FAILED test_queue.py::test_order", ctx=0.88),
    slot("w20", "ok", 1396, "typo in retry docs", 1, "done: 1 commit", ctx=0.12),
    slot("w24", "lost", 1371, "proxy timeouts", 5, "pane gave no sign", ctx=0.5, source="none"),
)

EVENTS = (
    event(2, "asked", why="a question", issue=1423, slot="w07", by="hook"),
    event(6, "check", why="same test failed 3 times", issue=1398, slot="w19", by="rule", result="failed"),
    event(10, "probe", why="llm-proxy: 429 twice a minute", by="probe", result="failed"),
    event(17, "landed", why="on main", issue=1409, pull=508, s=363.0),
    event(19, "publish", why="1 commit, 2 files", issue=1396, slot="w20"),
    event(33, "launch", why="claude in a fresh worktree", issue=1405, slot="w16"),
    event(58, "mode", why="assist → auto", by="you"),
)


def busy(**other: Any) -> Board:
    """The fleet of the pictures."""
    working = tuple(
        task(s.issue, s.title or "", stage="working", row=1, why="claude works") for s in SLOTS if s.issue not in (None, 1396, 1398)
    )
    waits = CommandShown(
        id="01A", do="assign", target="1433", by="you", at=ago(1), outcome="waiting", why="no slot is free", exact="", undo_until=None
    )
    shown: dict[str, Any] = {
        "tasks": (*QUEUE, *working),
        "pulls": (pull(512, 1396, "docs: typo in retry docs (#1396)"),),
        "slots": SLOTS,
        "events": EVENTS,
        "commands": (waits,),
    }
    return board(**(shown | other))


class Recorded:
    """Screens that were recorded: the same one for each slot."""

    def __init__(self, text: str | None = None) -> None:
        self.text = (DATA / "w07.ansi").read_text(encoding="utf-8") if text is None else text

    def capture(self, slot: str) -> str:
        return self.text

    def attach_argv(self, slot: str, read_only: bool) -> list[str]:
        return ["true", slot]


def publish(state: Path, shown: Board | None) -> Path:
    """Writes the board where an engine would; the state folder."""
    state.mkdir(parents=True, exist_ok=True)
    if shown:
        write(state, shown)
    return state


def journal() -> bytes:
    """The same events as the engine's journal, oldest first."""
    return b"".join(msgspec.json.encode(event) + b"\n" for event in reversed(EVENTS))


def word() -> Word:
    return Word(by="you", since=ago(3))


def finding(**other: Any) -> FindingShown:
    plain: dict[str, Any] = {
        **dict.fromkeys(field.name for field in fields(FindingShown)),
        "id": "f1",
        "rule": "trunk_red",
        "level": "error",
        "cause": "the trunk is red",
        "evidence": (),
        "advice": "mend it first",
        "first": ago(4),
        "last": ago(1),
        "count": 1,
        "acked": False,
    }
    return FindingShown(**(plain | other))
