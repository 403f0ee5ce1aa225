"""Looking: status, watch, why, log. They read the engine's files and import nothing more to do so."""

import json
import sys
import time
from typing import Any

import click

from console.cli.failure import STALE, Failure, show
from console.cli.which import place, places
from console.core.schema import SCHEMA
from console.core.text import cut, span
from console.engine import files

GLYPHS = {"run": "●", "ask": "◆", "err": "✗", "ok": "✓", "idle": "○", "boot": "◌", "nap": "‖", "lost": "?"}
COLOURS = {"run": "cyan", "ask": "yellow", "err": "red", "ok": "green", "boot": "cyan", "lost": "yellow"}
OTHERS = 20  # pulls of other people that `status` lists
OPS_RESTART = "`ops-console` opens the console and starts the engine; `ops-console engine` runs it alone"


@click.command()
@click.option("--all", "everywhere", is_flag=True, help="Every repository that the settings name.")
@click.option("--json", "as_json", is_flag=True, help="One object, as in observed.json.")
@click.pass_context
def status(ctx: click.Context, everywhere: bool, as_json: bool) -> None:
    """The present, once. Ends with 5 when no engine keeps it up to date."""
    if everywhere:
        status_of_all(ctx, as_json)
        return
    shown = files.raw(place(ctx).state)
    age = files.age(shown["at"])
    print(json.dumps(shown, ensure_ascii=False)) if as_json else click.echo("\n".join(lines(shown, age)))
    if age > files.STALE_S:
        stale = Failure(STALE, f"this is {span(age)} old: no engine keeps it up to date", OPS_RESTART)
        show(stale, as_json=False)  # stdout has its one object already
        raise SystemExit(stale.code)


def status_of_all(ctx: click.Context, as_json: bool) -> None:
    """Each repository's board; 5 when one has none, or an old one."""
    boards: list[dict[str, Any]] = []
    missing: list[str] = []
    for where in places(ctx):
        try:
            boards.append(files.raw(where.state))
        except files.NoBoard as none:
            missing.append(f"{where.repo}: {none}")
    if as_json:
        print(json.dumps({"schema": SCHEMA, "repos": boards}, ensure_ascii=False))
    else:
        click.echo("\n\n".join("\n".join(lines(shown, files.age(shown["at"]))) for shown in boards))
    missing += [f"{shown['repo']}: the board is old" for shown in boards if files.age(shown["at"]) > files.STALE_S]
    if missing:
        show(Failure(STALE, "; ".join(missing), OPS_RESTART), as_json=False)
        raise SystemExit(STALE)


def lines(shown: dict[str, Any], age: float) -> list[str]:
    """The board as text, most urgent first."""
    engine, trunk = shown["engine"], shown["trunk"]
    words = [engine["mode"]] + [name for name, word in (("paused", engine["pause"]), ("frozen", engine["freeze"])) if word]
    head = (trunk["head"] or "–")[:7]
    out = [f"{shown['repo']}  {' '.join(words)}  {trunk['branch']} {head} {trunk['state']}  engine {span(age)} ago"]
    out += [f"  ! {f['target'] or ''} {f['cause']}  → {f['advice']}" for f in shown["findings"]]
    out += [f"  ? {b['sense']} cannot be seen: {b['why']}" for b in shown["blind"]]
    if shown["slots"]:
        out.append("")
    for slot in shown["slots"]:
        glyph = click.style(f"{GLYPHS.get(slot['state'], '?')} {slot['slot']} {slot['state']:4}", fg=COLOURS.get(slot["state"]))
        work = f"{slot['issue']} {slot['title']}" if slot["issue"] else "–"
        out.append(f"  {glyph} {slot['kind']:8} {cut(work, 50)}")
    if shown["tasks"]:
        out.append("")
    for task in shown["tasks"]:
        pull = f"p{task['pull']}" if task["pull"] else ""
        out.append(f"  {task['issue']:>4} {task['stage']:12} {pull:5} {cut(task['title'], 44)}\n       {cut(task['why'], 110)}")
    others = [pull for pull in shown["pulls"] if pull["foreign"]]
    out += ["", f"  {len(others)} of others:"] if others else []
    out += [f"  p{pull['pull']:<3} {pull['state']:12} {cut(pull['title'], 44)}\n       {cut(pull['why'], 110)}" for pull in others[:OTHERS]]
    waiting = [f"  … {c['exact']}: {c['why']}" for c in shown["commands"]]
    return out + (["", *waiting] if waiting else [])


@click.command()
@click.option("--plain", is_flag=True, help="No colour, for logs and screen readers.")
@click.pass_context
def watch(ctx: click.Context, plain: bool) -> None:
    """The present as it changes, a line an event, until interrupted."""
    from console.engine import board

    where = place(ctx).state
    for event in board.events(where, 5):
        click.echo(event_line(event), color=False if plain else None)
    told_stale = False
    for new in board.follow(where):
        if new:
            click.echo(event_line(new), color=False if plain else None)
            sys.stdout.flush()
            continue
        stale = is_stale(where)
        if stale and not told_stale:
            click.echo("no engine keeps this up to date", err=True)
        told_stale = stale


def is_stale(where: Any) -> bool:
    try:
        return files.age(files.raw(where)["at"]) > files.STALE_S
    except files.NoBoard:
        return True


def event_line(event: Any) -> str:
    """One event as a line: time, what, about what, why, and how it went."""
    about = " ".join(x for x in (f"#{event.issue}" if event.issue else "", f"p{event.pull}" if event.pull else "", event.slot or "") if x)
    went = click.style("ok", fg="green") if event.result in ("ok", "granted") else click.style(event.result, fg="yellow")
    clock = time.strftime("%H:%M:%S", time.localtime(files.seconds(event.t)))
    took = f" ({event.s:.1f} s)" if event.s is not None else ""
    return f"{clock} {event.by:6} {event.what:11} {about:12} {event.why}  {went}{took}"


@click.command()
@click.argument("number", metavar="N")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def why(ctx: click.Context, number: str, as_json: bool) -> None:
    """Where issue N (or pull pN) stands: stage, reason, evidence."""
    shown = files.raw(place(ctx).state)
    key, n = ("pull", number[1:]) if number.startswith("p") else ("issue", number)
    if not n.isdigit():
        raise Failure(2, f"{number!r} is no address: 12 is an issue, p31 a pull")
    task = next((t for t in shown["tasks"] if t[key] == int(n)), None)
    pull = next((p for p in shown["pulls"] if p["pull"] == int(n) and p["foreign"]), None)
    if not task and pull:
        told_of(pull, files.age(shown["at"]), as_json)
        return
    if not task:
        raise Failure(
            1,
            f"{'pull' if key == 'pull' else 'issue'} {n} is not in hand: it is tidy, or there is none",
            "`ops-console log` tells what was done",
        )
    age = files.age(shown["at"])
    if as_json:
        print(json.dumps({"schema": 1, "task": task, "age_s": round(age, 1)}, ensure_ascii=False))
        return
    click.echo(f"{task['issue']} {task['title']}")
    click.echo(f"  stage     {task['stage']} (row {task['row']}), since {task['since']}")
    click.echo(f"  why       {task['why']}")
    for evidence in task["evidence"]:
        click.echo(f"  evidence  {evidence}")
    rows = {
        "branch": task["branch"] and f"{task['branch']} at {(task['head'] or '–')[:10]}",
        "pull": task["pull"] and f"p{task['pull']}",
        "attempts": f"{task['attempts']} of {task['attempts_cap']}",
        "verdict": task["verdict"] and f"{task['verdict']['outcome']} for tree {task['verdict']['tree'][:12]} ({task['verdict']['run']})",
        "next": task["next"],
        "seen": f"{span(age)} ago by engine {shown['engine']['pid']}",
    }
    for name, value in rows.items():
        if value:
            click.echo(f"  {name:9} {value}")


def told_of(pull: dict[str, Any], age: float, as_json: bool) -> None:
    """Where somebody else's pull stands."""
    if as_json:
        print(json.dumps({"schema": 1, "pull": pull, "age_s": round(age, 1)}, ensure_ascii=False))
        return
    click.echo(f"p{pull['pull']} {pull['title']}")
    for name, value in (("by", pull["by"]), ("state", pull["state"]), ("why", pull["why"]), ("head", pull["head"][:10])):
        click.echo(f"  {name:9} {value}")
    click.echo(f"  seen      {span(age)} ago")


@click.command()
@click.argument("number", metavar="[N]", required=False, type=int)
@click.option("-f", "--follow", is_flag=True, help="Go on as events come.")
@click.pass_context
def log(ctx: click.Context, number: int | None, follow: bool) -> None:
    """What was done, by whom: the journal, or what of it is about issue N."""
    from console.engine import board

    where = place(ctx).state
    for event in board.events(where):
        if number is None or event.issue == number:
            click.echo(event_line(event))
    if not follow:
        return
    sys.stdout.flush()
    for new in board.follow(where):
        if new and (number is None or new.issue == number):
            click.echo(event_line(new))
            sys.stdout.flush()
