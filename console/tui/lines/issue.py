"""An issue as text: what it asks for, where it stands, why, and what is known about it."""

from collections.abc import Iterator

from console.core.shown import PullShown, TaskShown
from console.tui.inks import state
from console.tui.lines import EMPTY, Bit, Line, cut, line, paragraph, width_of
from console.tui.scene import Scene
from console.tui.times import since
from console.tui.words import stage

CHECKS = {"pass": ("✓", "ok"), "flaky": ("✓", "ask"), "fail": ("✗", "b err"), "pending": ("●", "run"), "missing": ("?", "lost")}
LABEL = 10  # cells of a fact's name


def heading(task: TaskShown, scene: Scene, width: int) -> tuple[Bit, ...]:
    """The title of the panel that shows the issue's text."""
    now = stage(task, scene.pull(task.pull))
    look = state(now.state) if now.state else None
    word = now.word or task.stage.replace("_", " ")
    tail: Bit = (f"  {word} {since(task.since, scene.now)}", look.ink if look else "dim")
    front: list[Bit] = [(f"{look.glyph} " if look else "", look.ink if look else "dim"), (f"{task.issue} ", "b text"), (task.title, "text")]
    return tuple(cut([*cut(front, width - width_of([tail])), tail], width))


def fact(name: str, text: str, width: int, ink: str = "text") -> list[Line]:
    """A named fact, wrapped beside its name."""
    return paragraph(text, width, ink, before=(f"{name:<{LABEL}}", "dim"))


def text(task: TaskShown, scene: Scene, width: int) -> list[Line]:
    """All of it, for a panel ``width`` wide; the title only where the panel's own heading has no room for all of it."""
    long = width_of([(task.title, "")]) > width - 2 * LABEL
    title = paragraph(task.title, width, "b text") if long else []
    body = paragraph(task.body.strip(), width) if task.body.strip() else [line(("it has no text", "label"))]
    return [*title, *_facts(task, scene, width), EMPTY, *body]


def _facts(task: TaskShown, scene: Scene, width: int) -> Iterator[Line]:
    if task.why:
        yield from fact("why", task.why, width)
    yield from _asked(task, scene, width)
    if task.blocked_by:
        yield from fact("waits on", ", ".join(map(str, task.blocked_by)), width, "nap")
    if task.hold:
        yield from fact("held", f"by {task.hold.by}: {task.hold.why or 'no reason given'}", width, "nap")
    if task.due:
        yield from fact("next try", f"{task.due}", width)
    yield from pull_facts(scene.pull(task.pull), width)
    if task.attempts:
        yield from fact("attempts", f"{task.attempts} of {task.attempts_cap}", width)
    if task.labels:
        yield from fact("labels", " · ".join(task.labels), width)
    if task.wants:
        yield from fact("wants", task.wants, width)
    for n, seen in enumerate(task.evidence):
        yield from fact("evidence" if n == 0 else "", seen, width, "dim")


def _asked(task: TaskShown, scene: Scene, width: int) -> Iterator[Line]:
    """Commands about this issue that are not answered yet, each with what it waits for."""
    addresses = {str(task.issue), f"p{task.pull}"}
    for command in scene.board.commands if scene.board else ():
        if command.target in addresses:
            yield from fact("asked", f"{command.do} {command.target} by {command.by}: {command.outcome}, {command.why}", width, "nap")


def pull_facts(pull: PullShown | None, width: int) -> Iterator[Line]:
    if pull is None:
        return
    yield from fact("pull", f"p{pull.pull} {pull.state}{': ' + pull.why if pull.why else ''}", width)
    for check in pull.checks:
        glyph, ink = CHECKS.get(check.state, ("?", "lost"))
        yield line((" " * LABEL, "dim"), (f"{glyph} ", ink), (check.name, "text"), (f"  {check.state}", "dim"))
    for conflict in pull.conflicts:
        files = ", ".join(str(name) for name in conflict.get("files", ()))
        yield from fact("conflict", f"with {conflict.get('with')}: {files}", width, "err")
