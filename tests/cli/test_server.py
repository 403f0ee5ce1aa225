"""What `doctor` and `login` make of a server's rules: of what Gitea and Forgejo answered, and of the local forge over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from console.cli import login, server
from console.cli.failure import Failure
from console.config import load
from console.forge import probe, rules
from console.forge.probe import Found, Posted
from console.forge.shapes import Permissions
from console.localforge.rows import Role
from tests.acceptance.conftest import folder as folder  # a fixture
from tests.acceptance.world import settings, world
from tests.cli import world as shell
from tests.cli.world import World
from tests.forge.recorded_repository import ADMIN, Recorded, of
from tests.localforge.test_serve import REPO, Served
from tests.localforge.test_serve import forge as forge  # a fixture

BOTH = pytest.mark.parametrize("kind", ["gitea", "forgejo"])


@pytest.fixture
def place(folder: Path) -> Any:
    return world(folder, settings("true", "true"), {"README": "a project\n"}).place


async def found(answers: dict[str, httpx.Response]) -> Found:
    async with Recorded(answers).client as client:
        return replace(await probe.found(client, "root1", "it", "main"), labels=frozenset(rules.labels_of("ops/ready")))


def but(it: Found, part: str, **over: object) -> Found:
    """The same, one part of the rights otherwise."""
    return replace(it, rights=replace(it.rights, **{part: msgspec.structs.replace(getattr(it.rights, part), **over)}))


def told(it: Found, place: Any) -> list[tuple[str, str]]:
    return [(line.state, line.says) for line in server.rules(it, load(place))]


@BOTH
async def test_a_protected_trunk_with_the_required_status_and_squash_alone_is_as_it_should_be(kind: str, place: Any) -> None:
    as_writer, as_admin = await found(of(kind)), await found(of(kind, **ADMIN))
    assert server.reached(as_writer.rights, place).state == "ok"
    ((state, says),) = told(as_writer, place)
    assert (state, says.startswith("main is protected, squash only, ops/verify required, as far as")) == ("ok", True)
    line = server.reached(as_admin.rights, place)
    assert (line.state, "an administrator of it" in line.says) == ("note", True)


@BOTH
@pytest.mark.parametrize(
    ("part", "over", "says"),
    [
        ("repository", {"allow_rebase": True}, "rebase merges are allowed"),
        ("repository", {"allow_squash_merge": False}, "squash merges are not allowed"),
        ("repository", {"has_issues": False}, "issues are switched off"),
        ("branch", {"protected": False}, "main is not protected by a rule of its own"),
        ("branch", {"user_can_push": True}, "ops-lander may push to main directly"),
        ("branch", {"user_can_merge": False}, "ops-lander may not merge"),
        ("branch", {"status_check_contexts": ["ci/*"]}, "a merge does not need the status ops/verify"),
        ("branch", {"enable_status_check": False}, "a merge does not need the status ops/verify"),
        ("branch", {"status_check_contexts": None}, "a merge does not need the status ops/verify"),
    ],
)
async def test_each_rule_that_is_not_as_it_must_be_is_a_line_with_the_way_out(
    kind: str, part: str, over: dict[str, object], says: str, place: Any
) -> None:
    lines = list(server.rules(but(await found(of(kind)), part, **over), load(place)))
    assert [(line.state, line.says) for line in lines] == [("mend", says)]
    assert lines[0].remedy == "`ops-console init` mends it with an administrator's token, or prints the calls for one"


async def test_what_landing_does_not_depend_on_is_only_noted(place: Any) -> None:
    it = but(await found(of("gitea")), "repository", default_merge_style="merge")
    assert [state for state, _ in told(replace(it, labels=frozenset()), place)] == ["note"] * 4 + ["ok"]


async def test_an_account_that_may_not_write_is_told_what_to_ask_for(place: Any) -> None:
    it = (await found(of("gitea"))).rights
    reader = replace(it, repository=msgspec.structs.replace(it.repository, permissions=Permissions(push=False)))
    assert server.reached(reader, place).remedy == "make it a collaborator with write"
    assert "archived" in server.reached(replace(it, repository=msgspec.structs.replace(it.repository, archived=True)), place).says
    assert "not there" in server.reached(replace(it, branch=None), place).says


async def test_a_required_status_that_nobody_posts_and_a_crowd_of_pulls_are_named() -> None:
    it = but(await found(of("gitea")), "branch", status_check_contexts=["ops/verify", "ci/*", "lint"])
    lines = list(server.waits(it, Posted(contexts=frozenset({"ci/unit"}), pulls=31)))
    assert [(line.name, line.state) for line in lines] == [("rules", "mend"), ("pulls", "note")]
    assert lines[0].says == "a merge needs the status lint, which nobody posts on main or the last pulls"
    # Where no pull has ever been, nobody may have had the occasion.
    (early,) = server.waits(but(it, "branch", status_check_contexts=["lint"]), Posted(contexts=frozenset(), pulls=0))
    assert early.state == "note"


async def test_a_repository_that_was_renamed_is_found_and_its_new_name_told(place: Any) -> None:
    it = (await found(of("gitea"))).rights
    [line] = server.renamed(replace(it, repository=msgspec.structs.replace(it.repository, full_name="acme/engine")), place)
    assert (line.state, line.says, line.remedy) == ("note", "acme/proj is called acme/engine now", "call it so in ops.yaml")


async def test_a_token_for_another_repository_is_not_kept(place: Any) -> None:
    assert "may write to acme/proj" in await login.tried(place, "any")
    with pytest.raises(Failure, match="shows this account no repository acme/other"):
        await login.tried(replace(place, repo="acme/other", settings=None), "any")


@pytest.fixture
def here(forge: Served) -> Iterator[World]:
    """A checkout whose settings name the local forge behind a port."""
    text = shell.settings(repo="ada/engine", more="", worker="true")
    with shell.world(f"forge: {{kind: gitea, url: {forge.url}}}\n{text}") as made:
        yield made


def doctor(here: World, token: str, code: int) -> list[dict[str, str]]:
    said = here.ops("doctor", "--json", OPS_FORGE_TOKEN=token)
    assert said.code == code, said
    lines: list[dict[str, str]] = said.json()["lines"]
    return [line for line in lines if line["name"] in ("forge", "rules", "pulls")]


@pytest.mark.parametrize(("role", "code", "says"), [("write", 0, "as worker1, who may write"), ("read", 1, "worker1 may not write")])
def test_doctor_asks_the_server_over_http(forge: Served, here: World, role: Role, code: int, says: str) -> None:
    token = forge.token("worker1", role)
    for name in rules.labels_of("ops/ready"):
        forge.ask(forge.token("writer"), "POST", f"{REPO}/labels", {"name": name, "color": "#00aabb"})
    first, *_ = doctor(here, token, code)
    assert says in first["says"]


def test_a_server_that_is_away_and_a_token_that_is_nobodys_are_told_apart(forge: Served, here: World) -> None:
    (unknown,) = doctor(here, "0" * 40, 1)
    assert (unknown["state"], "`ops-console login`" in unknown["remedy"]) == ("mend", True)
    (here.where / "ops.yaml").write_text((here.where / "ops.yaml").read_text().replace(forge.url, "http://127.0.0.1:9"))
    (away,) = doctor(here, "0" * 40, 1)
    assert "is the server running" in away["remedy"]


@pytest.mark.parametrize(
    ("scopes", "says"),
    [
        (["write:repository", "read:user"], "lacks the scope read:issue"),
        (["write:repository", "read:issue", "read:user"], "the token of worker1 lacks write:issue"),
    ],
)
def test_a_scope_that_is_missing_is_named(forge: Served, here: World, scopes: list[str], says: str) -> None:
    first, *_ = doctor(here, forge.token("worker1", scopes=scopes), 1)
    assert says in first["says"]
