"""The repository's settings and the rules that protect its branches: read and written inside a transaction that the caller holds."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from console.localforge.rows import Repository, Rule
from console.localforge.store import Settings, now

_OF_A_ROW = frozenset({"rule_name", "priority", "created", "updated"})
SAID = tuple(field.name for field in fields(Rule) if field.name not in _OF_A_ROW)


def repository(db: sqlite3.Connection, settings: Settings) -> Repository:
    said = {row["key"]: json.loads(row["value"]) for row in db.execute("SELECT key, value FROM feature")}
    return Repository(**{"name": settings.name, **said, "former": tuple(said.get("former", ()))})


def change(db: sqlite3.Connection, fields: Mapping[str, object]) -> None:
    db.executemany("INSERT OR REPLACE INTO feature (key, value) VALUES (?, ?)", [(key, json.dumps(value)) for key, value in fields.items()])


def rules(db: sqlite3.Connection) -> list[Rule]:
    """By priority."""
    return [_rule(row) for row in db.execute("SELECT * FROM rule ORDER BY priority")]


def rule(db: sqlite3.Connection, name: str) -> Rule | None:
    return next((it for it in rules(db) if it.rule_name == name), None)


def protecting(db: sqlite3.Connection, branch: str) -> Rule | None:
    """The rule that counts for a branch: the one of its name, else the first glob that fits."""
    fitting = [it for it in rules(db) if it.fits(branch)]
    return min(fitting, key=lambda it: (it.rule_name != branch, it.priority), default=None)


def write_rule(db: sqlite3.Connection, name: str, said: Mapping[str, Any]) -> Rule:
    """Makes a rule, or changes what is said of one; the rest stays."""
    at, there = now(), rule(db, name)
    was = {field: getattr(there, field) for field in SAID} if there else {}
    text = json.dumps(was | {field: value for field, value in said.items() if field in SAID})
    db.execute(
        """INSERT INTO rule (name, said, created, updated) VALUES (:name, :said, :at, :at)
           ON CONFLICT (name) DO UPDATE SET said = :said, updated = :at""",
        {"name": name, "said": text, "at": at},
    )
    return next(it for it in rules(db) if it.rule_name == name)


def drop_rule(db: sqlite3.Connection, name: str) -> None:
    db.execute("DELETE FROM rule WHERE name = ?", (name,))


def _rule(row: sqlite3.Row) -> Rule:
    said: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(row["said"]).items()}
    return Rule(rule_name=row["name"], priority=row["priority"], created=row["created"], updated=row["updated"], **said)
