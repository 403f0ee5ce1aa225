"""The landing rules of a server, as `init` sets them: the calls shown, asked for, sent, and proven by looking again."""

import asyncio
import json
import shlex
from collections.abc import Sequence
from dataclasses import field, replace

import click

from console import wire
from console.cli.failure import FORGE, Failure
from console.cli.login import login
from console.config import load
from console.core.facts import fact
from console.credentials import sound, variable
from console.errors import SettingsError
from console.forge import probe, rules
from console.forge.errors import ForgeError, Missing
from console.forge.probe import Found
from console.forge.rest import Rest
from console.forge.rules import Call
from console.place import Place

ADMIN = "OPS_ADMIN_TOKEN"


@fact
class Plan:
    """What is as it must be, and what is to be sent, by whom: ``token`` is the one that looked."""

    place: Place
    found: Found
    lander: str
    labels: tuple[str, ...]
    token: str | None = field(repr=False)

    @property
    def calls(self) -> tuple[Call, ...]:
        return rules.calls(self.found, self.lander, self.labels)

    @property
    def sendable(self) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if self.found.admin or not call.admin)

    @property
    def for_an_admin(self) -> tuple[Call, ...]:
        return () if self.found.admin else tuple(call for call in self.calls if call.admin)

    @property
    def stuck(self) -> tuple[str, ...]:
        """What no call of ours mends."""
        return tuple(it.says for it in rules.wrongs(self.found, self.lander, self.labels) if it.part == "order")

    @property
    def done(self) -> list[str]:
        """What needs no call."""
        missing = [call.says for call in self.calls]
        wanted = [rules.SQUASH, rules.protected_for(self.found.trunk, self.lander), *(f"the label {name}" for name in self.labels)]
        return [says for says in wanted if says not in missing]


def server(ctx: click.Context, place: Place, lander: str | None, *, ask: bool, dry_run: bool) -> bool:
    """Sets the rules; whether all is as it must be afterwards. ``lander``: the account that merges, None: the kept token's."""
    kept, admin = kept_token(ctx, place, ask=ask), variable(ADMIN)
    if kept is None and admin is None:
        click.echo("The server's rules are as they were; call init again then.")
        return False
    plan = looked(place, kept, admin, lander)
    show(plan)
    if ask and plan.for_an_admin and (typed := administrators_token()):
        plan = looked(place, kept, typed, lander)
        show(plan)
    if dry_run or not plan.calls:
        show_stuck(plan)
        return not plan.calls and not plan.stuck
    sent = send(plan) if plan.sendable and agreed(plan.sendable, ask=ask) else False
    if plan.for_an_admin:
        print_for_an_admin(plan)
    return sent and not plan.for_an_admin


def kept_token(ctx: click.Context, place: Place, *, ask: bool) -> str | None:
    """The token the engine will use; where there is none, `login` asks for it if anybody is to be asked, else it is said why."""
    try:
        return wire.remote(place).token
    except SettingsError as error:
        if not ask:
            click.echo(str(error))
            return None
    ctx.invoke(login)
    return wire.remote(place).token


def administrators_token() -> str | None:
    """Typed, for these calls alone; None when nobody has one at hand."""
    says = "A token of an administrator, for these calls alone; it is not kept (nothing: they are printed for one)"
    typed: str = click.prompt(says, default="", show_default=False, hide_input=True, err=True)
    return sound(typed.strip(), "the answer") if typed.strip() else None


def looked(place: Place, kept: str | None, admin: str | None, lander: str | None) -> Plan:
    """Failure: the server shows us no such repository. Raises a ForgeError."""
    config = load(place)

    async def ask() -> Plan:
        found = await found_by(place, admin or kept)
        named = lander or (await wire.rights(place, kept) if admin and kept else found.rights).login
        return Plan(place=place, found=found, lander=named, labels=rules.labels_of(config.policy.pick_label), token=admin or kept)

    try:
        return asyncio.run(ask())
    except Missing as no:
        raise Failure(FORGE, f"{place.url} shows this account no repository {place.repo}", "it must be a collaborator with write") from no


async def found_by(place: Place, token: str | None) -> Found:
    owner, name = place.repo.split("/", 1)
    async with wire.client(place, token) as client:
        return await probe.found(client, owner, name, load(place).trunk)


# What is shown


def show(plan: Plan) -> None:
    """What is as it must be, and each call as it would be sent."""
    click.echo(f"\nThe rules of {plan.place.url}/{plan.place.repo}:")
    for says in plan.done:
        click.echo(f"{click.style('✓', fg='green')} {says}: already so")
    for call in plan.calls:
        click.echo(f"{click.style('◆', fg='yellow')} {call.says}\n    now: {'; '.join(call.why)}")
        click.echo(f"    {call.method} {address(plan.place, call)}\n{body(call)}")


def body(call: Call) -> str:
    """Its JSON: in one line where it fits, else a line a setting."""
    short = json.dumps(dict(call.body), ensure_ascii=False)
    if len(short) <= 120:
        return f"    {short}"
    rows = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in call.body.items()]
    return "    {\n      " + ",\n      ".join(rows) + "\n    }"


def show_stuck(plan: Plan) -> None:
    for says in plan.stuck:
        click.echo(f"{click.style('✗', fg='red')} {says}")
        click.echo(f"  → {rules.MOVE}")


def print_for_an_admin(plan: Plan) -> None:
    place = plan.place
    click.echo(
        f"\n{plan.found.rights.login} is no administrator of {place.repo}. Ask {place.repo.split('/')[0]}, or whoever administers it,"
    )
    click.echo(
        "to run this with a token of theirs (scope write:repository) in $TOKEN, or `ops-console init` with it in $OPS_ADMIN_TOKEN:\n"
    )
    for call in plan.for_an_admin:
        click.echo(curl(place, call))


def curl(place: Place, call: Call) -> str:
    """The call as a line for a shell, the token left to whoever has it."""
    sent = shlex.quote(json.dumps(dict(call.body), ensure_ascii=False))
    with_token = '--oauth2-bearer "$TOKEN" -H "Content-Type: application/json"'
    return f"curl -f -X {call.method} {with_token} -d {sent} {shlex.quote(address(place, call))}"


def address(place: Place, call: Call) -> str:
    return f"{place.url}/api/v1/repos/{place.repo}{call.path}"


# What is done


def agreed(calls: Sequence[Call], *, ask: bool) -> bool:
    return not ask or click.confirm(f"Send {'this call' if len(calls) == 1 else f'these {len(calls)} calls'}?", err=True)


def send(plan: Plan) -> bool:
    """Sends what may be sent, in order, and looks again; whether all of it was taken. Failure: the server refused one."""
    asyncio.run(sent(plan))
    after = replace(plan, found=asyncio.run(found_by(plan.place, plan.token)))
    left = {call.says: call for call in after.calls}
    for says in (call.says for call in plan.sendable):
        if says in left:
            click.echo(f"{click.style('✗', fg='red')} {says}: sent, and still {'; '.join(left[says].why)}")
            click.echo(f"  → is {plan.lander} a collaborator of {plan.place.repo} with write?")
        else:
            click.echo(f"{click.style('✓', fg='green')} {says}: done")
    show_stuck(after)
    return not left.keys() & {call.says for call in plan.sendable} and not after.stuck


async def sent(plan: Plan) -> None:
    owner, name = plan.place.repo.split("/", 1)
    async with wire.client(plan.place, plan.token) as client:
        for call in plan.sendable:
            try:
                await rules.do(Rest(client, owner, name), call)
            except ForgeError as error:
                raise Failure(FORGE, str(error), "what was done before stays; mend this and call init again") from error
