"""Labels, of the repository and on its issues."""

import re
import sqlite3
from collections.abc import Sequence

from console.localforge import issues, shapes
from console.localforge.ask import Ask, Reply
from console.localforge.refusals import Refusal, no_labelling, not_found, read_only, required
from console.localforge.routes import Route
from console.localforge.routes.issues import there
from console.localforge.rows import Label
from console.localforge.store import transaction


def listed(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        known = issues.known_labels(db)
    return ask.counted(shapes.labels(ask, known[ask.offset : ask.offset + ask.limit]), len(known))


def get(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.label(ask, _there(db, ask.number)))


def create(ask: Ask) -> Reply:
    """A name that exists is taken again, as a second label: Gitea does, and a client has to list first."""
    ask.writer(read_only())
    ask.needed("name")
    ask.needed("color")
    return _written(ask, None, 201)


def edit(ask: Ask) -> Reply:
    ask.writer(read_only())
    return _written(ask, ask.number, 200)


def _written(ask: Ask, number: int | None, status: int) -> Reply:
    fields: dict[str, object] = {name: said for name in ("name", "description") if (said := ask.text(name)) is not None}
    if (color := ask.text("color")) is not None:
        if not re.fullmatch(r"#?(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})", color):
            raise Refusal(422, f"invalid color: #{color.removeprefix('#')}")
        fields["color"] = color.removeprefix("#").lower()
    if (exclusive := ask.flag("exclusive")) is not None:
        fields["exclusive"] = exclusive
    with transaction(ask.place) as db:
        if number is not None:
            _there(db, number)
        return Reply(status=status, body=shapes.label(ask, _there(db, issues.write_label(db, fields, number))))


def drop(ask: Ask) -> Reply:
    ask.writer(read_only())
    with transaction(ask.place) as db:
        issues.drop_label(db, ask.number)
    return Reply(status=204)


def of_issue(ask: Ask) -> Reply:
    with transaction(ask.place) as db:
        return Reply(body=shapes.labels(ask, there(db, ask.number).labels))


def add(ask: Ask) -> Reply:
    return _put(ask, instead=False)


def replace(ask: Ask) -> Reply:
    return _put(ask, instead=True)


def _put(ask: Ask, *, instead: bool) -> Reply:
    """By ids or by names, not mixed; unknown ones are ignored without a word."""
    ask.writer(no_labelling())
    wanted = ask.body.get("labels")
    if wanted is None:
        raise required("Labels")
    if not isinstance(wanted, list) or {type(item) for item in wanted} not in ({int}, {str}, set()):
        raise Refusal(400, "labels should be an array of strings or integers")
    with transaction(ask.place) as db:
        there(db, ask.number)
        if instead:
            issues.detach(db, ask.number, None)
        issues.attach(db, ask.number, _ids(issues.known_labels(db), wanted))
        return Reply(body=shapes.labels(ask, there(db, ask.number).labels))


def _ids(known: Sequence[Label], wanted: Sequence[int | str]) -> list[int]:
    return [label.id for one in wanted for label in known if one in (label.id, label.name)]


def take_off(ask: Ask) -> Reply:
    """By id alone; one that is not on the issue is fine."""
    ask.writer(no_labelling())
    word = ask.path["label"]
    with transaction(ask.place) as db:
        there(db, ask.number)
        if not word.isdecimal() or issues.label(db, int(word)) is None:
            raise Refusal(422, "label does not exist [label_id: 0]")
        issues.detach(db, ask.number, int(word))
    return Reply(status=204)


def clear(ask: Ask) -> Reply:
    ask.writer(no_labelling())
    with transaction(ask.place) as db:
        issues.detach(db, there(db, ask.number).number, None)
    return Reply(status=204)


def _there(db: sqlite3.Connection, number: int) -> Label:
    if (label := issues.label(db, number)) is None:
        raise not_found()
    return label


ROUTES: tuple[Route, ...] = (
    ("GET", "/labels", listed),
    ("POST", "/labels", create),
    ("GET", "/labels/{number:int}", get),
    ("PATCH", "/labels/{number:int}", edit),
    ("DELETE", "/labels/{number:int}", drop),
    ("GET", "/issues/{number:int}/labels", of_issue),
    ("POST", "/issues/{number:int}/labels", add),
    ("PUT", "/issues/{number:int}/labels", replace),
    ("DELETE", "/issues/{number:int}/labels", clear),
    ("DELETE", "/issues/{number:int}/labels/{label}", take_off),
)
