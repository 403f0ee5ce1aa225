"""Asking: each leaves a command for the engine, as the key of the same name does."""

import getpass
import time
from pathlib import Path

import click

from console.cli.failure import STALE, Failure
from console.cli.which import place
from console.engine import files, inbox

WAIT_S = 3600.0
wait_option = click.option("--wait", is_flag=True, help="Wait for the outcome.")


def leave(ctx: click.Context, do: str, target: str, wait: bool, args: dict[str, str] | None = None, pinned: str | None = None) -> None:
    """Leaves the command and says "queued", or waits and says what became of it (1 when it was refused)."""
    where = place(ctx).state
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    by = f"you ({getpass.getuser()})"
    said = inbox.leave(where, do, target, by, args=args, pinned=pinned)
    if not wait:
        click.echo(f"queued {said}: {do} {target}")
        if not fresh(where):
            click.echo("no engine runs: it is done when one does (`ops-console engine`)", err=True)
        return
    deadline = time.monotonic() + WAIT_S
    while (answer := inbox.answered(where, said)) is None:
        if not fresh(where):
            raise Failure(STALE, f"no engine answers; the command waits as {said}", "`ops-console engine` runs it")
        if time.monotonic() > deadline:
            raise Failure(1, f"no outcome within {WAIT_S:.0f} s; the command waits as {said}")
        time.sleep(0.1)
    click.echo(f"{answer.outcome}: {answer.why}")
    if answer.outcome != "granted":
        raise SystemExit(1)


def fresh(where: Path) -> bool:
    """Whether an engine keeps the board up to date."""
    try:
        return files.age(files.raw(where)["at"]) <= files.STALE_S
    except files.NoBoard:
        return False


def issue_address(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value.lstrip("#").isdigit():
        raise click.BadParameter(f"{value!r} is no issue's number")
    return value.lstrip("#")


def slot_address(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value[:1] == "w" and value[1:].isdigit()):
        raise click.BadParameter(f"{value!r} is no slot: they are called w01, w02 …")
    return value


def either_address(ctx: click.Context, param: click.Parameter, value: str) -> str:
    return slot_address(ctx, param, value) or value if value.startswith("w") else issue_address(ctx, param, value)


@click.command()
@click.argument("number", metavar="N", callback=issue_address)
@click.argument("slot", metavar="[wNN]", required=False, callback=slot_address)
@click.option("--kind", help="Any free slot of this kind.")
@wait_option
@click.pass_context
def assign(ctx: click.Context, number: str, slot: str | None, kind: str | None, wait: bool) -> None:
    """Give issue N to a worker."""
    args = {k: v for k, v in (("slot", slot), ("kind", kind)) if v}
    leave(ctx, "assign", number, wait, args)


@click.command()
@click.argument("slot", metavar="[wNN]", required=False, callback=slot_address)
@click.argument("text", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every idle worker.")
@wait_option
@click.pass_context
def wake(ctx: click.Context, slot: str | None, text: str | None, everyone: bool, wait: bool) -> None:
    """Let an idle worker take what is next."""
    if bool(slot) == everyone:
        raise click.UsageError("name one slot, or say --all")
    slots = [slot] if slot else [s["slot"] for s in files.raw(place(ctx).state)["slots"] if s["state"] not in ("run", "boot")]
    if not slots:
        raise Failure(1, "nobody is idle")
    for each in slots:
        leave(ctx, "wake", str(each), wait, {"text": text} if text else {})


@click.command()
@click.argument("number", metavar="pN|N")
@click.option("--first", is_flag=True, help="Before the others; still checked.")
@wait_option
@click.pass_context
def merge(ctx: click.Context, number: str, first: bool, wait: bool) -> None:
    """Land pull pN, or the pull of issue N, pinned to its head as it is now. Nothing lands unchecked."""
    n = number.removeprefix("p")
    if not n.isdigit():
        raise click.BadParameter(f"{number!r} is no pull's number")
    # A forge numbers issues and pulls in one row, so a bare number means one of them and never both.
    keys = ("pull",) if number.startswith("p") else ("pull", "issue")
    shown = files.raw(place(ctx).state)
    pull = next((p for p in shown["pulls"] if int(n) in [p[key] for key in keys]), None)
    if not pull:
        raise Failure(1, f"there is no pull p{n} in hand", "`ops-console status` lists them")
    leave(ctx, "merge", f"p{pull['pull']}", wait, {"first": "yes"} if first else {}, pinned=pull["head"])


@click.command()
@click.argument("target", metavar="N|wNN", callback=either_address)
@wait_option
@click.pass_context
def stop(ctx: click.Context, target: str, wait: bool) -> None:
    """End the worker on issue N or in slot wNN; its work is kept, and `retry` takes it up again."""
    leave(ctx, "stop", target, wait)


@click.command()
@click.argument("slot", metavar="wNN", callback=slot_address)
@wait_option
@click.pass_context
def interrupt(ctx: click.Context, slot: str, wait: bool) -> None:
    """Type C-c into a worker's pane, once."""
    leave(ctx, "interrupt", slot, wait)


@click.command()
@click.argument("number", metavar="N", callback=issue_address)
@wait_option
@click.pass_context
def retry(ctx: click.Context, number: str, wait: bool) -> None:
    """A new start for issue N: caps and clocks count from now, and it is no longer parked."""
    leave(ctx, "retry", number, wait)


@click.command("pass")
@click.argument("number", metavar="N", callback=issue_address)
@wait_option
@click.pass_context
def pass_(ctx: click.Context, number: str, wait: bool) -> None:
    """Let the guarded change of issue N by, pinned to its head as it is now."""
    shown = files.raw(place(ctx).state)
    task = next((t for t in shown["tasks"] if t["issue"] == int(number)), None)
    if not task or not task["head"]:
        raise Failure(1, f"there is no change for issue {number} in hand", "`ops-console status` lists what there is")
    leave(ctx, "pass", number, wait, pinned=task["head"])
