"""A server's rules against ours: what differs in what Gitea and Forgejo really answered, and the calls that would mend it."""

from dataclasses import replace

import httpx
import msgspec
import pytest

from console.forge import probe, rules
from console.forge.probe import Found
from console.forge.rest import Rest
from console.forge.rules import Call
from tests.forge.recorded_repository import ADMIN, Recorded, of

LABELS = rules.labels_of("ops/ready")
BOTH = pytest.mark.parametrize("forge", ["gitea", "forgejo"])
BINDING = {"gitea": "block_admin_merge_override", "forgejo": "apply_to_admins"}


async def found(answers: dict[str, httpx.Response]) -> Found:
    async with Recorded(answers).client as client:
        return await probe.found(client, "root1", "it", "main")


def says(it: Found, lander: str = "ops-lander") -> list[str]:
    return [wrong.says for wrong in rules.wrongs(it, lander, LABELS)]


def bodies(it: Found) -> list[tuple[str, str, object]]:
    return [(call.method, call.path, call.body) for call in rules.calls(it, "ops-lander", LABELS)]


def but(it: Found, **over: object) -> Found:
    """The same, its rule otherwise."""
    assert it.rule is not None
    return replace(it, rule=msgspec.structs.replace(it.rule, **over))


@BOTH
async def test_what_is_as_it_must_be_needs_no_call(forge: str) -> None:
    for answers in (of(forge), of(forge, **ADMIN)):
        it = replace(await found(answers), labels=frozenset(LABELS))
        assert says(it) == []
        assert rules.calls(it, "ops-lander", LABELS) == ()
        assert says(it, "OPS-Lander") == []


@BOTH
async def test_a_new_repository_is_set_up_in_two_calls_and_a_label_each(forge: str) -> None:
    fresh = {"repository": ("repo-settings", 1), "branch": ("protection", 1)}
    it = replace(await found(of(forge, **fresh)), labels=frozenset())
    assert "main is not protected by a rule of its own" in says(it)
    squash, protect, *labels = rules.calls(it, "ops-lander", LABELS)
    assert (squash.method, squash.path, squash.body["has_pull_requests"]) == ("PATCH", "", True)
    assert {key for key, value in squash.body.items() if key.startswith("allow_") and value} == set()
    assert (squash.body["default_merge_style"], squash.body["default_delete_branch_after_merge"]) == ("squash", True)
    assert (protect.method, protect.path, protect.body["rule_name"]) == ("POST", "/branch_protections", "main")
    assert (protect.body["enable_push"], protect.body["merge_whitelist_usernames"]) == (False, ["ops-lander"])
    assert protect.body["status_check_contexts"] == ["ops/verify"]
    # The server knows one of these, and ignores the other: it is not asked which it is.
    assert protect.body["block_admin_merge_override"] is protect.body["apply_to_admins"] is True
    assert [label.body["name"] for label in labels] == ["ops/ready", "ops/hold", "ops/needs-human"]
    assert [call.admin for call in (squash, protect, *labels)] == [True, True, False, False, False]


@BOTH
async def test_only_what_differs_is_sent_and_under_the_servers_own_name(forge: str) -> None:
    it = replace(await found(of(forge, **ADMIN)), labels=frozenset(LABELS))
    at = ("PATCH", "/branch_protections/main")
    assert bodies(but(it, **{BINDING[forge]: False})) == [(*at, {BINDING[forge]: True})]
    assert says(but(it, **{BINDING[forge]: False})) == ["administrators may merge past the rules"]
    assert bodies(but(it, enable_push=True)) == [(*at, {"enable_push": False})]
    assert bodies(but(it, unprotected_file_patterns="*.md")) == [(*at, {"unprotected_file_patterns": ""})]
    assert bodies(but(it, merge_whitelist_usernames=["ops-lander", "worker1"])) == [(*at, {"merge_whitelist_usernames": ["ops-lander"]})]
    assert bodies(but(it, merge_whitelist_teams=None, merge_whitelist_usernames=None)) == [
        (*at, {"merge_whitelist_usernames": ["ops-lander"]})
    ]


async def test_statuses_that_are_required_already_stay_required() -> None:
    it = replace(await found(of("gitea", **ADMIN)), labels=frozenset(LABELS))
    at = ("PATCH", "/branch_protections/main")
    assert bodies(but(it, status_check_contexts=["ci/*"])) == [(*at, {"status_check_contexts": ["ci/*", "ops/verify"]})]
    assert bodies(but(it, status_check_contexts=["ops/*"])) == []
    # What stands in a list that was not in force does not come into force.
    off = but(it, enable_status_check=False, status_check_contexts=["old/ci"])
    assert bodies(off) == [(*at, {"enable_status_check": True, "status_check_contexts": ["ops/verify"]})]


async def test_a_rule_that_stands_before_ours_is_left_to_a_person() -> None:
    it = replace(await found(of("gitea", **ADMIN)), labels=frozenset(LABELS))
    assert it.rights.branch is not None
    branch = msgspec.structs.replace(it.rights.branch, effective_branch_protection_name="*")
    it = replace(it, rights=replace(it.rights, branch=branch))
    assert says(it) == ["the rule * stands before that of main, and counts"]
    assert rules.calls(it, "ops-lander", LABELS) == ()


@BOTH
async def test_without_admin_rights_the_calls_for_one_are_complete(forge: str) -> None:
    """The rule is not shown, so all of it that matters is in the call."""
    it = await found(of(forge, branch=("protection", 19), user=("user", 3)))
    assert "worker1 may not merge" in says(it)
    (protect, *_) = rules.calls(it, "worker1", LABELS)
    assert (protect.method, protect.path, protect.admin) == ("PATCH", "/branch_protections/main", True)
    assert protect.body["merge_whitelist_usernames"] == ["worker1"]
    assert (protect.body["enable_push"], protect.body["status_check_contexts"]) == (False, ["ops/verify"])


async def test_a_call_is_sent_as_it_was_shown() -> None:
    forge = Recorded({})
    call = Call(method="POST", path="/labels", body={"name": "ops/hold"}, says="", why=())
    async with forge.client as client:
        await rules.do(Rest(client, "root1", "it"), call)
    assert forge.writes == [("POST", "/labels", {"name": "ops/hold"})]
