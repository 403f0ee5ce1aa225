"""Explanations: why a row says what it says, where that comes from, and how to check it; what a verb is about to do; the help."""

from collections.abc import Iterator

from console.core.shown import EventShown, SlotShown, TaskShown
from console.tui.keymap import KEYMAP, Key
from console.tui.lines import EMPTY, Bit, Line, line, paragraph
from console.tui.lines.issue import CHECKS, fact, text
from console.tui.scene import Chosen, Scene
from console.tui.times import clock, short, since
from console.tui.verbs import REASONS, Asked, why_not

GROUPS = (("verb", "Verbs"), ("look", "Looking"), ("move", "Moving"), ("leave", "Leaving"))


def subject(chosen: Chosen) -> tuple[Bit, ...]:
    """The title of an explanation."""
    task, slot = chosen.task, chosen.slot
    named: list[Bit] = [(f" {slot.slot}", "b text")] if slot and chosen.panel == "slots" else []
    named += [(f" {task.issue} ", "b text"), (task.title, "text")] if task and chosen.panel != "events" else []
    return (("Why", "dim"), *named)


def why(scene: Scene, chosen: Chosen, width: int) -> list[Line]:
    """The explanation of what is chosen, for a dialog ``width`` wide."""
    if chosen.panel == "events" and chosen.event:
        return [*_event(chosen.event, width), EMPTY, *_source(scene, width, "ops-console log -f")]
    lines: list[Line] = []
    if chosen.panel == "slots" and chosen.slot:
        lines += [*_slot(chosen.slot, scene, width), EMPTY]
    if chosen.task:
        task = chosen.task
        stage = f"{task.stage.replace('_', ' ')}, row {task.row} of the stage table, for {since(task.since, scene.now)}"
        lines += [*fact("stage", stage, width), *text(task, scene, width), EMPTY]
        return [*lines, *_source(scene, width, f"ops-console why {task.issue}")]
    return [*lines, *_source(scene, width, "ops-console status")]


def _slot(slot: SlotShown, scene: Scene, width: int) -> Iterator[Line]:
    guess = " (a guess)" if slot.guess else ""
    yield from fact("slot", f"{slot.slot}, {slot.kind}: {slot.state}{guess} for {since(slot.since, scene.now)}", width)
    yield from fact("seen by", f"{slot.source}, {short(slot.age_s)} ago", width)
    if slot.why:
        yield from fact("why", slot.why, width)
    if slot.last:
        yield from fact("last line", slot.last, width, "dim")


def _event(event: EventShown, width: int) -> Iterator[Line]:
    yield from fact("what", f"{event.what} ({event.result})", width, "b text")
    yield from fact("when", f"{clock(event.t, '%H:%M:%S')}, by {event.by}", width)
    if event.why:
        yield from fact("why", event.why, width)
    if event.exact:
        yield from fact("exactly", event.exact, width, "dim")


def _source(scene: Scene, width: int, command: str) -> Iterator[Line]:
    yield from fact("source", f"observed.json, written {short(scene.age)} ago", width, "dim")
    if scene.trouble:
        yield from fact("trouble", scene.trouble, width, "err")
    yield from fact("check it", command, width, "b text")


def merge(scene: Scene, chosen: Chosen, asked: Asked, width: int) -> list[Line]:
    """What the operator is told before a pull lands. ``chosen`` has a pull."""
    pull, board = chosen.pull, scene.board
    if pull is None or board is None:
        return []
    size: list[Bit] = [(f"{pull.files} files ", "dim")] if pull.files is not None else []
    size += [(f"+{pull.added} ", "ok")] if pull.added is not None else []
    size += [(f"−{pull.deleted}", "err")] if pull.deleted is not None else []
    lines = [line((pull.title, "b text"), right=size), EMPTY]
    for check in pull.checks:
        glyph, ink = CHECKS.get(check.state, ("?", "lost"))
        lines.append(line((f"{glyph} ", ink), (check.name, "text"), (f"  {check.state}", "dim")))
    # The verdict is posted when the pull lands; until then it is known here.
    if not pull.checks and chosen.task:
        lines += [line(("○ ", "idle"), (said, "text")) for said in chosen.task.evidence]
    for conflict in pull.conflicts:
        lines += paragraph(f"conflicts with p{conflict.get('with')}", width, before=("✗ ", "b err"))
    if pull.why:
        lines += paragraph(pull.why, width, before=("◆ ", "b ask"))
    lines += [
        EMPTY,
        *fact("lands", f"{pull.head[:12]} on {board.trunk.branch}, squashed, checked there first", width),
        *fact("runs", f"POST /repos/{board.repo}/pulls/{pull.pull}/merge  squash, this head", width),
        *fact("shell", f"ops-console {asked.do} {pull.pull}", width, "dim"),
        *fact("undo", "none: a commit that undoes it is a new issue", width, "dim"),
    ]
    return lines


def let_by(task: TaskShown, asked: Asked, width: int) -> list[Line]:
    """What the operator is told before a guarded change goes on."""
    return [
        line((f"{task.issue} ", "b text"), (task.title, "text")),
        EMPTY,
        *paragraph(task.why, width, before=("◆ ", "b ask")),
        *(line(("  ", "dim"), (said, "text")) for said in task.evidence),
        EMPTY,
        *fact("lets by", f"{(asked.pinned or '')[:12]}, and what the engine makes of it; another commit asks again", width),
        *fact("then", "it is checked, proposed and landed like any other", width),
        *fact("shell", f"ops-console pass {asked.target}", width, "dim"),
    ]


def stop(chosen: Chosen, asked: Asked, width: int) -> list[Line]:
    """What the operator is told before a worker is ended."""
    slot = chosen.slot
    about = f"{slot.kind} in {slot.slot}" if slot else f"the worker of {asked.target}"
    issue = f", on {slot.issue} {slot.title or ''}" if slot and slot.issue is not None else ""
    return [
        *paragraph(f"{about}{issue}", width, "b text"),
        EMPTY,
        *paragraph("the worker gets TERM, and KILL if it does not end; what it does now is cut short", width, before=("✗ ", "b err")),
        *paragraph("commits and uncommitted work in its worktree are kept, the tip is kept safe on the forge", width, before=("✓ ", "ok")),
        *paragraph("the issue is then held: only `b` (retry) takes it up again", width, before=("‖ ", "nap")),
        EMPTY,
        *fact("shell", f"ops-console stop {asked.target}", width, "dim"),
    ]


def help_page(scene: Scene, chosen: Chosen, width: int, *, read_only: bool) -> list[Line]:
    """Every key, by group; one that cannot be used now is grey, with its reason."""
    lines: list[Line] = []
    for group, name in GROUPS:
        keys = [key for key in KEYMAP if key.group == group and not (read_only and group == "verb")]
        if keys:
            lines += [*([EMPTY] if lines else []), line((name, "b text"))]
        for key in keys:
            lines += _key(key, scene, chosen, width)
    return [
        *lines,
        EMPTY,
        *paragraph("capital letters are the bigger or sharper version · every key has a command: ops-console --help", width, "dim"),
    ]


def _key(key: Key, scene: Scene, chosen: Chosen, width: int) -> list[Line]:
    reason = why_not(key.id, scene, chosen) if key.id in REASONS else None
    before: Bit = (f"  {key.face:<5} ", "b stale" if reason else "b text")
    if reason:
        return paragraph(f"{key.label}: {reason}", width, "stale", before=before)
    return paragraph(key.does, width, "dim", before=before)
