"""The repository itself: settings, protection, archived, renamed, empty."""

from tests.contract.setups.registry import before, case
from tests.contract.world import World


@case("repo-get")
def get(w: World) -> None:
    """Read as it is."""


@before("repo-get", 14)
def secret(w: World) -> None:
    w.elsewhere = "secret"


@before("repo-get", 15)
def unknown(w: World) -> None:
    w.elsewhere = "nosuch"


@case("repo-archived")
def archived(w: World) -> None:
    head = w.branch("w1")
    w.pull("w1")
    w.issue("one")
    w.bind(12, head)
    w.settle()


@case("repo-renamed")
def renamed(w: World) -> None:
    w.bind(8, w.branch("w1"))


@before("repo-empty", 16)
def a_claim(w: World) -> None:
    w.bind(16, w.claim("worker1"))


@case("protection")
def protection(w: World) -> None:
    w.bind(22, w.commit({"past.txt": "past\n"}))
    w.bind(26, w.claim("unrelated"))
