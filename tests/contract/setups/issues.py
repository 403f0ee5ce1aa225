"""Issues, labels, comments, dependencies."""

from tests.contract.setups.registry import before, case
from tests.contract.world import World


@case("version", "user", "token-create", "issues", "repo-settings", "repo-empty")
def nothing(w: World) -> None:
    """These begin with an empty list of issues."""


@case("labels")
def labels(w: World) -> None:
    w.issue("one")


@before("labels", 2)
def labels_by_hand(w: World) -> None:
    names = ("bug", "epic", "state/ready", "state/doing")
    for recorded, name in enumerate(names, start=3):
        w.known.bind_id("label", recorded, w.label(name, exclusive="/" in name))


@before("issues", 23)
def a_pull_among_them(w: World) -> None:
    w.branch("w1")
    w.pull("w1", body="pr body")


@case("issues-pages")
def pages(w: World) -> None:
    ready, bug = w.label("ops/ready"), w.label("bug")
    for n in range(1, 121):
        w.issue(f"issue {n}", labels=[label for label, every in ((ready, 3), (bug, 5)) if n % every == 0])


@case("comments")
def comments(w: World) -> None:
    w.issue("one")


@before("comments", 7)
def sixty_comments(w: World) -> None:
    for n in range(58):
        w.api("writer", "POST", "/issues/1/comments", {"body": f"c{n}"})


@case("dependencies")
def dependencies(w: World) -> None:
    for title in ("blocked", "blocker", "third"):
        w.issue(title)


@case("scopes")
def scopes(w: World) -> None:
    w.issue("one")
    w.bind(15, w.commit({"w2.txt": "w2\n"}))


@before("scopes", 17)
def a_reading_token_as_password(w: World) -> None:
    w.basic = ("lander", ["read:repository", "read:issue", "read:user"])


@before("scopes", 18)
def a_writing_token_as_password(w: World) -> None:
    w.basic = ("lander", [])


@case("reader-rights")
def rights(w: World) -> None:
    w.known.bind_id("label", 1, w.label("bug"))
    head = w.branch("w1")
    w.pull("w1")
    w.issue("one")
    w.bind(5, head)
    w.bind(13, w.claim("by a reader"))
    w.settle()
