"""Branches, custom refs, claims."""

from tests.contract.setups.registry import before, case
from tests.contract.world import World


@case("branches")
def branches(w: World) -> None:
    main = w.tip()
    w.push(*(f"{main}:refs/heads/b/{n:02}" for n in range(60)))
    w.bind(18, main)


@before("branches", 19)
def head_of_a_pull(w: World) -> None:
    w.branch("w1")
    w.pull("w1")
    w.settle()


@case("refs")
def refs(w: World) -> None:
    names = ("claims/issue-1", "claims/issue-10", "claims/issue-2", "lander/main", "rescue/issue-1/r1")
    claims = [w.claim(f'{{"v": 1, "name": "{name}"}}') for name in names]
    w.push(*(f"{claim}:refs/ops/{name}" for claim, name in zip(claims, names, strict=True)))
    main = w.tip()
    w.bind(13, main)
    w.bind(15, w.tree(main))
    w.bind(11, claims[0])


@case("claims")
def claims(w: World) -> None:
    """Commits for all of it, by who they descend from."""
    mine = w.claim("worker1")
    theirs = w.claim("ops-lander")
    renewed = w.claim("renewed", mine)
    stolen = w.claim("stolen")
    published = w.claim("published", stolen)
    work, other = (w.commit({"work.txt": f"{who}\n"}) for who in ("worker1", "ops-lander"))
    w.bind(1, mine)
    w.bind(2, theirs)
    w.known.bind(w.ids(7)[-1], renewed)
    w.known.bind(w.ids(8)[-1], w.claim("late", mine))
    w.known.bind(w.ids(9)[-1], stolen)
    w.known.bind(w.ids(10)[-1], w.claim("robbed", renewed))
    w.known.bind(w.ids(11)[-1], work)
    w.bind(12, stolen, published, other)
    w.known.bind(w.ids(13)[1], w.claim("again", published))


@case("claim-protected")
def claim_protected(w: World) -> None:
    w.protect()
    w.bind(1, w.claim("worker1"), w.commit({"past.txt": "past\n"}))
