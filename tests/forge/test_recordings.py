"""Every exchange recorded of Gitea and Forgejo: played to the client, or listed as one that it never asks.

A good answer becomes the facts that stand in it, a refusal its typed error with a sentence that says what to do.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from console.forge.errors import ForgeError, ForgeGone, Missing, Refused
from panes.git import git
from tests.forge.asks import ASKS, ELSEWHERE, NEVER, Ask, line
from tests.forge.replay import FORGES, Record, exchanges, whole
from tests.recorded import records

FORBIDDEN = "|".join(
    [
        *(r"lacks the scope \w+:\w+: make one", "make it a collaborator with write", "it takes an administrator"),
        *("waits for the account's owner", "refuses it to our account"),
    ]
)
# Status → what a refusal becomes, and what its sentence says beside the forge's own words.
REFUSALS: dict[int, tuple[type[ForgeError], str]] = {
    400: (Refused, "did not understand"),
    401: (Refused, "`ops-console login` takes another token"),
    403: (Refused, FORBIDDEN),
    404: (Missing, "or does not show it to our account"),
    412: (Refused, "still has open dependencies"),
    422: (Refused, "did not understand"),
    423: (Refused, "archived, and nothing is written to it .*: unarchive it"),
    500: (ForgeGone, "the forge answered 500: without a reason"),
}
# What is no refusal by its status, and none of the kind its status says.
OTHERWISE: dict[tuple[str, int], tuple[type[ForgeError], str] | None] = {
    **{("labels", step): (Refused, "did not take .* as labels of #1") for step in (10, 11, 14, 16)},  # unknown ones are dropped silently
    ("repo-archived", 7): (Refused, "did not take x as labels"),
    ("version", 7): None,  # Gitea has no such path, and that is how it is known
    ("repo-empty", 6): None,  # no list of pulls before the first push
    **{("pulls-create", step): None for step in (2, 3, 8, 15, 19, 20)},  # 409: the one that is there is adopted
    ("dependencies", 1): (Refused, "the forge failed to merge it"),
    ("dependencies", 6): (Refused, "depends on #2, which is open"),
    ("dependencies", 10): (Refused, "the forge failed to merge it"),  # what it depends on is closed
    ("dependencies", 18): (Refused, "depends on #1, which is open"),
}


def asked(r: Record) -> Ask | None:
    return next((ask for ask in ASKS if re.fullmatch(ask.line, line(r))), None)


def in_list(r: Record, entries: tuple[tuple[str, str, str], ...]) -> tuple[str, str, str] | None:
    return next((it for it in entries if re.fullmatch(it[0], r["case"]) and re.fullmatch(it[1], line(r))), None)


def a_page_of_more(r: Record) -> bool:
    return isinstance(body := whole(r), list) and int(r["response"]["headers"].get("x-total-count", 0)) > len(body)


def expected(r: Record) -> tuple[type[ForgeError], str] | None:
    key, status = (r["case"], r["step"]), r["response"]["status"]
    if key in OTHERWISE:
        return OTHERWISE[key]
    if line(r).startswith("GET /branches/") and status == 404:
        return None  # a trunk that is not there is told as that
    if a_page_of_more(r):
        return ForgeGone, "was cut short"  # the tape has this page alone
    return REFUSALS[status] if status >= 300 else None


@pytest.mark.parametrize("forge", FORGES)
def test_every_exchange_is_played_or_listed_as_one_that_the_client_never_asks(forge: str) -> None:
    unknown = [line(r) for r in exchanges(forge) if not (in_list(r, NEVER) or in_list(r, ELSEWHERE) or asked(r))]
    assert unknown == []


@pytest.mark.parametrize("forge", FORGES)
def test_our_trailers_are_read_out_of_the_message_that_the_forge_made_of_them(forge: str, tmp_path: Path) -> None:
    """Forgejo glues its own lines to our last one, whatever that is; so ours is always a trailer."""
    facts = {(r["case"], r["step"]): r["fact"] for r in records(forge) if "fact" in r}
    assert set(facts) == {("update", 9), ("update", 11), ("merge-success", 5)}  # the first two: what an update does, which we never ask for
    landed = facts["merge-success", 5]
    assert landed["tree_equals_head_tree"]
    read = git(tmp_path, "interpret-trailers", "--parse", stdin=landed["message"]).out.splitlines()
    assert [line.partition(":")[0] for line in read] == ["Ops-Issue", "Ops-Pull", "Tested-Tree", "Co-authored-by", "Co-committed-by"]


def test_no_entry_of_the_lists_is_there_for_nothing() -> None:
    every: list[Any] = [r for forge in FORGES for r in exchanges(forge)]
    for entry in (*NEVER, *ELSEWHERE):
        assert any(in_list(r, (entry,)) for r in every), entry
    for ask in ASKS:
        assert any(asked(r) is ask for r in every), ask.line


@pytest.mark.parametrize("case", sorted({r["case"] for r in exchanges("gitea")}))
@pytest.mark.parametrize("forge", FORGES)
async def test_every_answer_becomes_its_facts_or_its_error(forge: str, case: str) -> None:
    for r in exchanges(forge):
        ask = asked(r)
        if not ask or r["case"] != case or in_list(r, NEVER) or in_list(r, ELSEWHERE):
            continue
        if not (refusal := expected(r)):
            await ask.play(forge, r)
            continue
        with pytest.raises(ForgeError, match=refusal[1]) as error:
            await ask.play(forge, r)
        assert type(error.value) is refusal[0], (r["step"], line(r))
