"""What a repository on a server must be like so that landing is safe: what is otherwise, and the calls that make it so.

Pure but for ``do``. The server takes nonsense with 200 and drops what it does not know, so the proof of a call is to look again.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import quote

from console.core.facts import fact
from console.core.phrases import CONTEXT, PARKED
from console.forge.probe import Found, Rule
from console.forge.rest import Rest

Part = Literal["repository", "protection", "labels", "order"]

HOLD = "ops/hold"

# Label → colour and meaning; the one that makes an issue ready may have any name.
LABELS = {HOLD: ("#b58cff", "ops-console leaves it alone"), PARKED: ("#e69f00", "ops-console has tried, and leaves it to a person")}
READY = ("#49db95", "ops-console may take it up")

MOVE = "take that rule away, or move it behind, in the repository's settings under Branches"
SQUASH = "squash merges alone, and no branch left after them"

# Setting of the repository → what it must be, what is wrong when it is not, and whether landing depends on it.
MERGING: tuple[tuple[str, bool | str, str, bool], ...] = (
    ("has_issues", True, "issues are switched off", True),
    ("has_pull_requests", True, "pull requests are switched off", True),
    ("allow_squash_merge", True, "squash merges are not allowed", True),
    ("allow_merge_commits", False, "merge commits are allowed", True),
    ("allow_rebase", False, "rebase merges are allowed", True),
    ("allow_rebase_explicit", False, "rebase merges with a merge commit are allowed", True),
    ("allow_fast_forward_only_merge", False, "fast-forward merges are allowed", True),
    ("default_merge_style", "squash", "the merge that is offered first is not squash", False),
    ("default_delete_branch_after_merge", True, "branches stay after their merge", False),
)


@fact
class Wrong:
    """One thing that is otherwise than it must be. ``key`` and ``want``: the setting that mends it; ``vital``: landing depends on it."""

    part: Part
    key: str
    want: object
    says: str
    vital: bool = True


@fact
class Call:
    """A request that mends something; ``path`` is below the repository. ``says``: what it is for; ``why``: what is wrong without it."""

    method: Literal["POST", "PATCH"]
    path: str
    body: Mapping[str, object]
    says: str
    why: tuple[str, ...]
    admin: bool = True  # whether it takes an administrator


def labels_of(ready: str | None) -> tuple[str, ...]:
    """The labels there must be; ``ready``: the one that makes an issue ready, None when none is needed."""
    return (*([ready] if ready else []), *LABELS)


def wrongs(found: Found, lander: str, labels: Sequence[str]) -> tuple[Wrong, ...]:
    """All that is otherwise than it must be, as far as our account is shown it. ``lander``: the account that merges."""
    it = found.rights.repository
    merging = [Wrong(part="repository", key=k, want=want, says=s, vital=v) for k, want, s, v in MERGING if getattr(it, k) != want]
    missing = [name for name in labels if name not in found.labels]
    lacking = [Wrong(part="labels", key=name, want=name, says=f"there is no label {name}", vital=False) for name in missing]
    return (*merging, *(of_rule(found, lander) if found.admin else of_branch(found)), *lacking)


def of_branch(found: Found) -> list[Wrong]:
    """What is wrong with the protection, as it is shown to who is no administrator."""
    branch = found.rights.branch
    if branch is None:
        return []
    if not branch.protected:
        return [unprotected(found)]
    need = required(found.rights.contexts)
    login = found.rights.login
    looks = (
        (branch.user_can_push, "enable_push", False, f"{login} may push to {found.trunk} directly"),
        (not branch.user_can_merge, "merge_whitelist_usernames", [login], f"{login} may not merge"),
        (need is not None, "status_check_contexts", need, f"a merge does not need the status {CONTEXT}"),
    )
    return [Wrong(part="protection", key=key, want=want, says=says) for bad, key, want, says in looks if bad]


def of_rule(found: Found, lander: str) -> list[Wrong]:
    """What is wrong with the trunk's own rule, as it is shown to administrators."""
    rule, branch = found.rule, found.rights.branch
    if rule is None:
        return [unprotected(found)]
    looks = [(key, want, says) for key, want, says in protection(rule, found.trunk, lander) if getattr(rule, key) != want]
    wrong = [Wrong(part="protection", key=key, want=want, says=says) for key, want, says in looks]
    first = branch.effective_branch_protection_name if branch else ""
    if first and first != rule.rule_name:
        wrong.append(Wrong(part="order", key=first, want=None, says=f"the rule {first} stands before that of {found.trunk}, and counts"))
    return wrong


def unprotected(found: Found) -> Wrong:
    return Wrong(part="protection", key="rule_name", want=found.trunk, says=f"{found.trunk} is not protected by a rule of its own")


def protection(rule: Rule, trunk: str, lander: str) -> list[tuple[str, object, str]]:
    """Setting of the rule → what it must be, and what is wrong when it is not. What is there already and does no harm stays."""
    binding = "apply_to_admins" if rule.apply_to_admins is not None else "block_admin_merge_override"
    names, there = rule.merge_whitelist_usernames or [], rule.status_check_contexts or []
    alone = [name.lower() for name in names] == [lander.lower()]
    contexts = required(there if rule.enable_status_check else [])  # what was not in force does not come into force
    return [
        ("enable_push", False, f"some may push to {trunk} directly"),
        ("enable_force_push", False, f"some may push to {trunk} with force"),
        ("unprotected_file_patterns", "", f"some files may be pushed to {trunk} directly"),
        ("enable_merge_whitelist", True, "whoever may write may merge"),
        ("merge_whitelist_usernames", names if alone else [lander], f"others than {lander} may merge, or {lander} may not"),
        ("merge_whitelist_teams", [] if rule.merge_whitelist_teams else rule.merge_whitelist_teams, "whole teams may merge"),
        ("enable_status_check", True, "a merge needs no status"),
        ("status_check_contexts", there if contexts is None else contexts, f"a merge does not need the status {CONTEXT}"),
        ("block_on_outdated_branch", True, "a pull that is behind may be merged"),
        (binding, True, "administrators may merge past the rules"),
    ]


def required(contexts: Sequence[str]) -> list[str] | None:
    """The contexts with ours among them; None when one of them is it already, by name or as a pattern."""
    return None if any(fnmatchcase(CONTEXT, glob) for glob in contexts) else [*contexts, CONTEXT]


def calls(found: Found, lander: str, labels: Sequence[str]) -> tuple[Call, ...]:
    """The requests that mend what is wrong, in the order they are sent; none when all is as it must be."""
    wrong = wrongs(found, lander, labels)

    def of(part: Part) -> list[Wrong]:
        return [it for it in wrong if it.part == part]

    made = []
    if merging := of("repository"):
        # Without has_pull_requests Gitea takes the other settings with 200, and ignores them.
        body: dict[str, object] = {"has_pull_requests": True, **{it.key: it.want for it in merging}}
        made.append(Call(method="PATCH", path="", body=body, says=SQUASH, why=tuple(it.says for it in merging)))
    if rule := of("protection"):
        made.append(protecting(found, lander, rule))
    return (*made, *(labelling(it) for it in of("labels")))


def protecting(found: Found, lander: str, wrong: Sequence[Wrong]) -> Call:
    """Makes the trunk's rule, or changes of it what is wrong. Who is not shown the rule changes all of it that matters."""
    says, why = protected_for(found.trunk, lander), tuple(it.says for it in wrong)
    if any(it.key == "rule_name" for it in wrong):
        return Call(method="POST", path="/branch_protections", body={"rule_name": found.trunk, **whole(found, lander)}, says=says, why=why)
    body = {it.key: it.want for it in wrong} if found.admin else whole(found, lander)
    return Call(method="PATCH", path=f"/branch_protections/{quote(found.trunk, safe='')}", body=body, says=says, why=why)


def protected_for(trunk: str, lander: str) -> str:
    return f"{trunk} moves only by merges, by {lander} alone, with the status {CONTEXT}"


def whole(found: Found, lander: str) -> dict[str, object]:
    """All that matters of a rule. Each server ignores the other's word for binding administrators."""
    shown = Rule(rule_name=found.trunk, enable_status_check=True, status_check_contexts=list(found.rights.contexts))
    return {key: want for key, want, _ in protection(shown, found.trunk, lander)} | {"apply_to_admins": True}


def labelling(wrong: Wrong) -> Call:
    colour, meaning = LABELS.get(wrong.key, READY)
    body = {"name": wrong.key, "color": colour, "description": meaning}
    return Call(method="POST", path="/labels", body=body, says=f"the label {wrong.key}", why=("missing",), admin=False)


async def do(rest: Rest, call: Call) -> None:
    """Sends it, once. Raises a ForgeError."""
    await rest.write(call.method, call.path, dict(call.body))
