"""Merges: each way one can answer, and whole landings."""

from tests.contract.setups.registry import before, case, fact, settled
from tests.contract.world import World


def ready(w: World, *names: str) -> list[str]:
    """Branches with a pull and a green status each; their heads."""
    heads = [w.branch(name) for name in names]
    for name, head in zip(names, heads, strict=True):
        w.pull(name)
        w.bless(head)
    return heads


@case("merge-success")
def success(w: World) -> None:
    w.issue("the issue")
    head = w.branch("feat/issue-1")
    w.pull("feat/issue-1", "feat: a thing", "Closes #1")
    w.bless(head)
    w.protect()
    w.bind(1, head, w.tree(head))
    w.settle()


@fact("merge-success", 5)
def the_squash(w: World) -> dict[str, object]:
    head = next(today for recorded, today in w.known.oids.items() if recorded == w.ids(1)[0])
    w.fetch()
    who = w.run("log", "-1", "--format=%an <%ae>|%cn <%ce>|%P", "origin/main").out.strip().split("|")
    return {
        "message": w.run("log", "-1", "--format=%B", "origin/main").out.strip(),
        "author": who[0],
        "committer": who[1],
        "parents": who[2] == w.run("rev-parse", "origin/main~1").out.strip(),
        "tree_equals_head_tree": w.tree(head) == w.tree("origin/main"),
    }


@case("merge-refused")
def refused(w: World) -> None:
    heads = [w.branch(f"w{n}") for n in range(1, 6)]
    for n in range(1, 6):
        w.pull(f"w{n}")
    w.api("writer", "PATCH", "/pulls/5", {"state": "closed"})
    w.bless(heads[1])
    w.protect()
    w.bind(25, heads[0])
    w.bind(21, w.tip())
    w.settle()


@before("merge-refused", 3)
def pending(w: World) -> None:
    w.bless(w.tip("refs/heads/w1"), "pending")


@before("merge-refused", 4)
def failed(w: World) -> None:
    w.bless(w.tip("refs/heads/w1"), "failure")


@before("merge-refused", 5)
def green(w: World) -> None:
    w.bless(w.tip("refs/heads/w1"))


@before("merge-refused", 23)
def draft(w: World) -> None:
    w.settle()
    w.api("writer", "PATCH", "/pulls/1", {"title": "WIP: x"})


@before("merge-refused", 25)
def no_draft_and_pushed(w: World) -> None:
    w.settle()
    w.api("writer", "PATCH", "/pulls/1", {"title": "x"})
    w.bind(26, w.branch("w1", {"more.txt": "more\n"}, on="w1"))


@before("merge-refused", 27)
def new_head_is_green(w: World) -> None:
    w.settle()
    w.bless(w.tip("refs/heads/w1"))


@before("merge-refused", 32)
def two_that_exclude_each_other(w: World) -> None:
    for name in ("w3", "w4"):
        w.bless(w.branch(name, {"a.txt": f"{name}\n"}))
    w.settle()


settled("merge-refused", 13, 14, 20, 28, 30, 33)


@case("merge-conflict-no-protection")
def two_apart(w: World) -> None:
    for name in ("w1", "w2"):
        w.branch(name, {"a.txt": f"{name}\n"})
        w.pull(name)
    w.settle()


settled("merge-conflict-no-protection", 3)


@case("conflict-at-merge")
def conflict_at_merge(w: World) -> None:
    w.api("admin", "PATCH", "", {"has_pull_requests": True, "allow_merge_commits": True, "allow_rebase": True})
    for name in ("w1", "w2", "w3"):
        w.branch(name)
        w.pull(name)
    w.branch("main", {"a.txt": "moved\n"})
    w.settle()
    w.bind(2, w.branch("w1", {"a.txt": "other\n"}, on="w1"))


@before("conflict-at-merge", 5)
def second_conflicts(w: World) -> None:
    w.branch("w2", {"a.txt": "other\n"}, on="w2")


@before("conflict-at-merge", 6)
def third_conflicts(w: World) -> None:
    w.branch("w3", {"a.txt": "other\n"}, on="w3")


@case("merge-delete-branch")
def delete_branch(w: World) -> None:
    for name in ("w-1-None", "w-1-True", "w-1-False", "w-2-None", "w-2-True", "w-2-False", "stack1"):
        w.branch(name)
        w.pull(name)
    w.branch("stack2", on="stack1")
    w.pull("stack2", "stacked", base="stack1")
    w.settle()


settled("merge-delete-branch", 3, 5, 9, 11, 13)


@before("merge-delete-branch", 7)
def branches_stay(w: World) -> None:
    w.settle()
    w.api("admin", "PATCH", "", {"has_pull_requests": True, "default_delete_branch_after_merge": False})


@case("merge-closes-issue")
def closes(w: World) -> None:
    for n in range(4):
        w.issue(f"i{n}")
    for n, (title, body) in enumerate((("one", "Closes #1"), ("two", ""), ("three", ""), ("closes #4", ""))):
        w.bind(2 * n + 1, w.branch(f"k{n}"))
        w.pull(f"k{n}", title, body)
    w.settle()


settled("merge-closes-issue", 3, 5, 7)


@case("merge-odd")
def odd(w: World) -> None:
    w.issue("blocker")
    w.branch("w1")
    w.pull("w1")
    for title in ("closed by the pull but blocked", "its blocker"):
        w.issue(title)
    w.api("writer", "POST", "/issues/3/dependencies", {"owner": w.owner, "repo": w.repo, "index": 4})
    w.branch("w2")
    w.pull("w2", body="Closes #3")
    w.settle()


@before("merge-odd", 5)
def unblocked(w: World) -> None:
    w.api("writer", "PATCH", "/issues/1", {"state": "closed"})


settled("merge-odd", 6)


@before("merge-odd", 9)
def nothing_to_merge(w: World) -> None:
    w.branch("w3", {})
    w.pull("w3", "empty")
    w.branch("w4")
    w.pull("w4", "same commit")
    w.push("refs/remotes/origin/main:refs/heads/w4")
    w.branch("w5")
    w.pull("w5")
    w.settle()


@before("merge-odd", 16)
def landed_by_another_commit(w: World) -> None:
    w.branch("w6", {"six.txt": "six\n"})
    w.pull("w6")
    w.branch("main", {"six.txt": "six\n"}, message="the same by hand")
    w.settle()
    by_hand_is_allowed(w)


@before("merge-odd", 20)
def pushed_to_main(w: World) -> None:
    head = w.branch("w7")
    w.pull("w7")
    w.settle()
    w.push(f"{head}:refs/heads/main")
    w.api("lander", "GET", "/pulls/10")
    w.pace.advance(w.pace.settling / 2)


@case("half-landed-1")
def half_landed(w: World) -> None:
    w.issue("i0")
    head = w.branch("k0")
    w.pull("k0", body="Closes #1")
    w.settle()
    squash = half(w, head)
    w.bind(3, squash)
    w.bind(5, head)


def half(w: World, head: str) -> str:
    """What a merge leaves that was given up half-way: its commit in main, and the forge knows nothing of it."""
    w.fetch()
    squash = w.run("commit-tree", w.tree(head), "-p", "origin/main", "-m", "half").out.strip()
    w.push(f"{squash}:refs/heads/main")
    w.settle()
    return squash


@before("half-landed-1", 7)
def by_hand_is_allowed(w: World) -> None:
    w.api("admin", "PATCH", "", {"has_pull_requests": True, "allow_manual_merge": True})


@case("half-landed-2")
def half_landed_again(w: World) -> None:
    w.issue("i0")
    w.branch("k0")
    w.pull("k0", body="Closes #1")
    w.settle()
    w.merge(2)
    w.issue("i1")
    head = w.branch("k1")
    w.pull("k1", body="Closes #3")
    w.settle()
    w.bind(3, half(w, head))
    w.bind(5, head)


@before("half-landed-2", 6)
def main_went_on(w: World) -> None:
    w.branch("main", {"later.txt": "later\n"})
    w.settle()


@case("landing-cycle")
def cycle(w: World) -> None:
    first, second = ready(w, "w1", "w2")
    w.protect()
    w.bind(1, first)
    w.bind(2, second)
    w.settle()


settled("landing-cycle", 3)


@before("landing-cycle", 4)
def onto_main(w: World) -> None:
    second = w.tip("refs/heads/w2")
    w.known.bind(w.ids(4)[-1], w.commit({"w2.txt": "w2\n"}))
    assert w.known.text(w.ids(4)[0]) == second
