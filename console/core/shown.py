"""The board: what `observed.json` says, as types. The shell contract of the JSON is this file; field order is its order.

Times are ISO 8601 in UTC with milliseconds, durations in seconds. Absent is null, never a missing key; a list that no part
fills yet is empty. All text in it is sanitised.
"""

from collections.abc import Mapping
from typing import Any

from console.core.schema import SCHEMA
from panes.seen import fact


@fact
class Word:
    """Who said something, when and why (pause, drain, freeze, hold, asked)."""

    by: str
    since: str
    why: str | None = None


@fact
class TmuxShown:
    server: str
    pid: int | None
    started: str | None


@fact
class EngineShown:
    pid: int
    host: str
    since: str
    tick: int
    tick_ms: float
    mode: str
    pause: Word | None
    drain: Word | None
    freeze: Word | None
    sandbox: bool
    tmux: TmuxShown | None


@fact
class TrunkShown:
    branch: str
    head: str | None
    tree: str | None
    state: str  # green red checking unchecked
    since: str | None


@fact
class ClaimShown:
    holder: str
    mine: bool
    epoch: int


@fact
class Spent:
    tokens: int | None
    usd: float | None
    minutes: float


@fact
class Usage:
    input: int
    out: int
    usd: float | None


@fact
class RunShown:
    id: str
    kind: str
    model: str | None
    slot: str
    pane: str | None
    alive: bool
    state: str
    source: str
    guess: bool
    age_s: float
    ctx: float | None
    question: str | None
    usage: Usage | None


@fact
class VerdictShown:
    tree: str
    suite: str
    outcome: str
    at: str
    run: str


@fact
class TaskShown:
    issue: int
    title: str
    body: str
    url: str
    labels: tuple[str, ...]
    priority: int
    created: str
    wants: str | None
    blocked_by: tuple[int, ...]
    place: int | None  # 1 is next to be claimed; None: not in the queue
    stage: str
    row: int
    why: str
    evidence: tuple[str, ...]
    since: str
    due: str | None
    claim: ClaimShown | None
    hold: Word | None
    branch: str | None
    head: str | None
    pull: int | None
    attempts: int
    attempts_cap: int
    spent: Spent
    run: RunShown | None
    verdict: VerdictShown | None
    next: str | None


@fact
class CheckShown:
    name: str
    state: str
    required: bool
    since: str | None
    s: float | None
    eta_s: float | None
    url: str | None


@fact
class PullShown:
    pull: int
    issue: int | None
    title: str
    url: str
    by: str | None
    foreign: bool
    head: str
    created: str
    state: str
    why: str
    conflicts: tuple[Mapping[str, Any], ...]
    behind: bool
    approvals: int | None
    changes_asked: int | None
    checks: tuple[CheckShown, ...]
    files: int | None
    added: int | None
    deleted: int | None
    risk: str | None
    risk_why: tuple[str, ...]
    guarded: tuple[str, ...]
    passed: bool
    hold: Word | None
    asked: Word | None


@fact
class TrainShown:
    pull: int
    issue: int | None
    place: int
    tree: str | None
    state: str
    eta_s: float | None
    if_ahead_fails: Mapping[str, Any] | None


@fact
class BayShown:
    bay: str
    run: str
    for_: str
    tree: str
    part: str
    pane: str | None
    since: str
    eta_s: float | None


@fact
class SlotShown:
    slot: str
    kind: str
    state: str  # run ask err ok idle boot nap lost
    source: str
    guess: bool
    age_s: float
    issue: int | None
    title: str | None
    run: str | None
    pane: str | None
    since: str
    last: str
    ctx: float | None
    why: str
    snoozed_until: str | None


@fact
class FindingShown:
    id: str
    rule: str
    level: str
    target: str | None
    cause: str
    evidence: tuple[str, ...]
    advice: str
    first: str
    last: str
    count: int
    acked: bool
    snoozed_until: str | None


@fact
class CommandShown:
    id: str
    do: str
    target: str
    by: str
    at: str
    outcome: str
    why: str
    exact: str
    undo_until: str | None


@fact
class EventShown:
    """One line of the journal. ``id``: of the command it answers, null for what the engine did by itself."""

    t: str
    id: str | None = None
    by: str
    issue: int | None
    pull: int | None
    slot: str | None
    what: str
    why: str
    result: str
    s: float | None
    exact: str | None
    undo: str | None = None  # nothing can be undone yet


@fact
class BlindShown:
    sense: str
    why: str
    since: str


@fact
class Budget:
    day_usd: float | None
    cap_usd: float | None
    day_tokens: int
    cap_tokens: int | None
    day_minutes: float
    cap_minutes: float | None
    runs_cost_unknown: int


@fact
class Board:
    """The present, whole: what `status --json` prints and the console draws."""

    schema: int = SCHEMA
    at: str
    repo: str
    trunk: TrunkShown
    engine: EngineShown
    tasks: tuple[TaskShown, ...]
    pulls: tuple[PullShown, ...]
    train: tuple[TrainShown, ...]
    bays: tuple[BayShown, ...]
    needs_you: tuple[Mapping[str, Any], ...] = ()
    slots: tuple[SlotShown, ...]
    services: tuple[Mapping[str, Any], ...] = ()
    providers: tuple[Mapping[str, Any], ...] = ()
    budget: Budget
    findings: tuple[FindingShown, ...]
    commands: tuple[CommandShown, ...]
    proposals: tuple[Mapping[str, Any], ...] = ()
    events: tuple[EventShown, ...]
    blind: tuple[BlindShown, ...]
