"""What of a recording is called otherwise today: names, commit ids, and ids by kind."""

import re
from typing import Any

HEX = re.compile(r"\b[0-9a-f]{7,40}\b")
OID = re.compile(r"[0-9a-f]{40}")
KINDS = (("label", "color"), ("comment", "issue_url"), ("review", "official"))  # an object with this key has an id of this kind
IN_PATHS = {"labels": "label", "comments": "comment", "reviews": "review"}


class Known:
    """The table from recorded words to today's. Commit ids and ids that only a set-up can know are bound, the rest is learned."""

    def __init__(self, repos: frozenset[str], suffix: str, logins: dict[str, str]) -> None:
        self.suffix = suffix
        self.logins = logins
        self.repos = repos
        self.oids: dict[str, str] = {}
        self.ids: dict[tuple[str, int], int] = {}

    def bind(self, recorded: str, today: str) -> None:
        """A commit or tree id; ``recorded`` may be abbreviated."""
        self.oids[recorded] = today

    def bind_id(self, kind: str, recorded: int, today: int) -> None:
        self.ids[kind, recorded] = today

    def learn(self, recorded: Any, today: Any) -> None:
        """Walks two answers side by side."""
        match recorded, today:
            case str(), str() if OID.fullmatch(recorded) and OID.fullmatch(today):
                self.oids.setdefault(recorded, today)
            case list(), list():
                for was, now in zip(recorded, today, strict=False):
                    self.learn(was, now)
            case dict(), dict():
                for kind, key in KINDS:
                    if key in recorded and "id" in recorded and "id" in today:
                        self.ids.setdefault((kind, recorded["id"]), today["id"])
                for key in recorded.keys() & today.keys():
                    self.learn(recorded[key], today[key])

    def text(self, words: str) -> str:
        """With today's commit ids."""
        return HEX.sub(lambda found: self._oid(found[0]), words)

    def _oid(self, word: str) -> str:
        return next((today[: len(word)] for recorded, today in self.oids.items() if recorded.startswith(word)), word)

    def path(self, path: str) -> str:
        """A path below the API: repository, owner, ids by what they stand behind, commits."""
        parts = path.split("/")
        if parts[1:2] == ["repos"] and len(parts) > 3:
            parts[2] = self.logins.get(parts[2], parts[2])
            parts[3] += self.suffix
        for i in range(4, len(parts)):
            kind = IN_PATHS.get(parts[i - 1])
            if kind and parts[i].isdecimal():
                parts[i] = str(self.ids.get((kind, int(parts[i])), parts[i]))
        return self.text("/".join(parts))

    def query(self, path: str, query: dict[str, str]) -> dict[str, str]:
        """Of pulls labels are asked for by id, of issues by name."""
        today = {name: str(self.body(value, name)) for name, value in query.items()}
        if path.endswith("/pulls") and "labels" in query:
            today["labels"] = str(self.ids.get(("label", int(query["labels"])), query["labels"]))
        return today

    def body(self, value: Any, key: str = "") -> Any:
        """A JSON body, or a value in one."""
        match value:
            case dict():
                return {name: self.body(item, name) for name, item in value.items()}
            case list():
                return [self.body(item, key) for item in value]
            case str() if value in self.logins:
                return self.logins[value]
            case str() if key in ("repo", "name") and value in self.repos:
                return value + self.suffix
            case str():
                return self.text(value)
            case int() if key == "labels":
                return self.ids.get(("label", value), value)
            case _:
                return value
