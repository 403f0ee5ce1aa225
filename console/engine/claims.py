"""Who has the issue, and what is being landed: leases that are refs on the forge, each a unique commit with its words in JSON."""

import json
import secrets

from console.core.facts import Claim, Lander, Landing, Oid, Tree

LANDER = "refs/ops/lander/"


def claim_ref(issue: int) -> str:
    return f"refs/ops/claims/issue-{issue}"


def wip_ref(issue: int) -> str:
    return f"refs/ops/wip/issue-{issue}"


def lander_ref(trunk: str) -> str:
    return f"{LANDER}{trunk}"


def claim_words(issue: int, holder: str, branch: str, epoch: int, head: Oid | None) -> str:
    """A nonce makes it unique: the same commit pushed by several would have several winners."""
    return json.dumps({"issue": issue, "holder": holder, "branch": branch, "epoch": epoch, "head": head, "nonce": secrets.token_hex(8)})


def read_claim(oid: Oid, words: str, me: str) -> Claim | None:
    """A claim as its commit says; None when those are not our words."""
    try:
        said = json.loads(words)
        head = said["head"]
        return Claim(
            oid=oid,
            issue=int(said["issue"]),
            holder=str(said["holder"]),
            ours=said["holder"] == me,
            epoch=int(said["epoch"]),
            branch=str(said["branch"]),
            head=None if head is None else Oid(head),
        )
    except (ValueError, KeyError, TypeError):
        return None


def lander_words(landing: Landing, holder: str, process: str) -> str:
    said = {"pull": landing.pull, "issue": landing.issue, "head": landing.head, "trunk": landing.trunk, "tree": landing.tree}
    return json.dumps(said | {"holder": holder, "process": process, "nonce": secrets.token_hex(8)})


def read_lander(oid: Oid, words: str, me: str, process: str) -> Lander:
    """The landing lease as its commit says; without a landing when those are not our words."""
    try:
        said = json.loads(words)
        landing = Landing(
            pull=int(said["pull"]), issue=int(said["issue"]), head=Oid(said["head"]), trunk=Oid(said["trunk"]), tree=Tree(said["tree"])
        )
        return Lander(oid=oid, ours=said["holder"] == me, fresh=said["process"] == process, landing=landing)
    except (ValueError, KeyError, TypeError):
        return Lander(oid=oid, ours=False, fresh=False, landing=None)
