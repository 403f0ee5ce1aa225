"""Pulls made, read, listed, edited, brought up to date; statuses."""

from tests.contract.setups.registry import before, case, fact, settled
from tests.contract.world import World


@case("pulls-create")
def create(w: World) -> None:
    w.known.bind_id("label", 10, w.label("bug"))
    for name in ("feat/issue-1", "w2", "w3"):
        w.branch(name)
    main = w.tip()
    w.push(f"{main}:refs/heads/same", f"{main}~1:refs/heads/older")


@case("pulls-get")
def get(w: World) -> None:
    w.branch("w1", {"n.txt": "n\n"})
    w.pull("w1", body="text")


@before("pulls-get", 3)
def pushed(w: World) -> None:
    w.settle()
    w.branch("w1", {"n.txt": "n\nm\n"}, on="w1")


@before("pulls-get", 15)
def main_moved_apart(w: World) -> None:
    w.branch("conf", {"a.txt": "other\n"})
    w.pull("conf", "conflict")
    w.branch("main", {"a.txt": "moved\n"})
    w.settle()


@case("pulls-list")
def five(w: World) -> None:
    bug = w.label("bug")
    w.known.bind_id("label", 11, bug)
    for n in range(1, 6):
        w.branch(f"w{n}")
        w.pull(f"w{n}", labels=[bug] if n == 3 else [])
    w.settle()
    w.api("writer", "PATCH", "/pulls/2", {"state": "closed"})


@case("pulls-edit")
def one(w: World) -> None:
    w.branch("w1")
    w.pull("w1")
    w.settle()


@case("statuses")
def statuses(w: World) -> None:
    w.bind(1, w.branch("w1"))


@before("statuses", 24)
def many_contexts(w: World) -> None:
    head = w.tip("refs/heads/w1")
    for n in range(35):
        w.bless(head, "success" if n else "failure", f"m/{n:02}")


@before("statuses", 26)
def a_claimed_commit(w: World) -> None:
    claim = w.claim("by somebody")
    w.push(f"{claim}:refs/ops/claims/issue-1")
    w.bind(26, claim)


@case("update")
def update(w: World) -> None:
    for n in range(1, 7):
        w.branch(f"w{n}", {"a.txt": "other\n"} if n == 4 else None)
        w.pull(f"w{n}")
    w.settle()


@before("update", 10)
def behind_again(w: World) -> None:
    w.settle()
    w.merge(3)


@before("update", 15)
def the_fourth_conflicts(w: World) -> None:
    w.branch("main", {"a.txt": "moved\n"})


@before("update", 17)
def the_fifth_lands(w: World) -> None:
    w.settle()
    w.merge(5)


settled("update", 18)


@before("update", 21)
def no_rebasing(w: World) -> None:
    w.api("admin", "PATCH", "", {"has_pull_requests": True, "allow_rebase_update": False})


def said(w: World, template: str) -> str:
    w.fetch()
    return w.run("log", "-1", f"--format={template}", "origin/w1").out.strip()


@fact("update", 9)
def rebased(w: World) -> dict[str, object]:
    parent = said(w, "%P")
    return {"commit": said(w, "%an <%ae> | %cn <%ce> | %s"), "parent_is_main": parent == w.tip()}


@fact("update", 11)
def merged(w: World) -> dict[str, object]:
    return {"commit": said(w, "%an <%ae> | %cn <%ce> | %s"), "parents": len(said(w, "%P").split())}
