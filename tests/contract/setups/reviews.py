"""Reviews, asked for, given and dismissed."""

from tests.contract.setups.registry import before, case
from tests.contract.world import World


@case("reviews")
def reviews(w: World) -> None:
    text = "".join(f"line {n}\n" for n in range(1, 10))
    head = w.branch("w1", {"src/x.py": "x = 2\ny = 3\n", "a.txt": text})
    w.pull("w1")
    w.protect(enable_status_check=False, required_approvals=1, dismiss_stale_approvals=True, block_on_rejected_reviews=True)
    w.bind(4, head)
    w.settle()


@before("reviews", 23, 27)
def pushed(w: World) -> None:
    n = len(w.known.oids)
    w.branch("w1", {f"more-{n}.txt": "more\n"}, on="w1")
    w.settle()


@before("reviews", 29)
def the_last_head(w: World) -> None:
    w.bind(29, w.tip("refs/heads/w1"))


@case("review-dismiss")
def dismiss(w: World) -> None:
    w.branch("w1")
    w.pull("w1")
    w.settle()
