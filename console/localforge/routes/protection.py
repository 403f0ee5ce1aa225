"""The rules that protect branches; for the repository's owner alone."""

import sqlite3

from console.localforge import accounts, features, protect, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_user, not_admin, not_found
from console.localforge.routes import Route
from console.localforge.rows import Rule
from console.localforge.store import transaction


def listed(ask: Ask) -> Reply:
    ask.admin(not_admin())
    with transaction(ask.place) as db:
        return Reply(body=[shapes.rule(it) for it in features.rules(db)])


def get(ask: Ask) -> Reply:
    ask.admin(not_admin())
    with transaction(ask.place) as db:
        return Reply(body=shapes.rule(_there(db, ask)))


def create(ask: Ask) -> Reply:
    ask.admin(not_admin())
    ask.not_archived()
    if not (name := ask.text("rule_name") or ask.text("branch_name")):
        raise Refusal(400, "both rule_name and branch_name are empty")
    with transaction(ask.place) as db:
        if features.rule(db, name):
            raise Refusal(403, "Branch protection already exist")
        return Reply(status=201, body=shapes.rule(_written(db, ask, name)))


def edit(ask: Ask) -> Reply:
    ask.admin(not_admin())
    with transaction(ask.place) as db:
        return Reply(body=shapes.rule(_written(db, ask, _there(db, ask).rule_name)))


def drop(ask: Ask) -> Reply:
    ask.admin(not_admin())
    with transaction(ask.place) as db:
        features.drop_rule(db, _there(db, ask).rule_name)
        protect.write_protected(ask.place, features.rules(db))
    return Reply(status=204)


def _written(db: sqlite3.Connection, ask: Ask, name: str) -> Rule:
    said: dict[str, object] = {}
    for field in features.SAID:
        value = ask.body.get(field)
        if value is None:
            continue
        if field.endswith(("_usernames", "_contexts")):
            value = list(ask.texts(field) or ())
        elif field == "required_approvals":
            value = value if isinstance(value, int) else 0
        else:
            value = ask.flag(field)
        said[field] = value
    for login in [*(ask.texts("merge_whitelist_usernames") or ()), *(ask.texts("push_whitelist_usernames") or ())]:
        if accounts.known(db, login) is None:
            raise Refusal(422, no_user(login))
    rule = features.write_rule(db, name, said)
    protect.write_protected(ask.place, features.rules(db))
    return rule


def _there(db: sqlite3.Connection, ask: Ask) -> Rule:
    if (rule := features.rule(db, ask.path["name"])) is None:
        raise not_found()
    return rule


ROUTES: tuple[Route, ...] = (
    ("GET", "/branch_protections", listed),
    ("POST", "/branch_protections", create),
    ("GET", "/branch_protections/{name:path}", get),
    ("PATCH", "/branch_protections/{name:path}", edit),
    ("DELETE", "/branch_protections/{name:path}", drop),
)
