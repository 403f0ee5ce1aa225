"""A request and its answer as the routes see them: parsed, checked, and with Gitea's words when it is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from urllib.parse import urlencode

from console.localforge.rows import Account
from console.localforge.store import Place, Settings

MOST, USUAL = 50, 30  # items on a page, as on Gitea: more than MOST is silently cut

_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON can carry lone ones; no file takes them


class Refusal(Exception):
    """The answer is no: HTTP status and message, None for an answer without a body."""

    def __init__(self, status: int, message: str | None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def not_found() -> Refusal:
    return Refusal(404, "not found")


def read_only() -> Refusal:
    return Refusal(403, "user should have a permission to write to a repo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status and JSON body; None: an empty body."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request. ``root``: the address of the API, for links; ``path``: the route's parameters; ``body``: the JSON object sent."""

    place: Place
    settings: Settings
    account: Account
    root: str
    address: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object]

    @property
    def number(self) -> int:
        return int(self.path["number"])

    def text(self, name: str) -> str | None:
        """A field that must be text; None when it is not there."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise Refusal(422, f"[]: json: cannot unmarshal {type(value).__name__} into Go struct field {name} of type string")
        return _SURROGATES.sub("\ufffd", value)

    def needed(self, name: str) -> str:
        """A text that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise Refusal(422, f"[{name.capitalize()}]: Required")
        return value

    def labels(self) -> Sequence[int]:
        """The ids of labels for what is made; of who may not write they are dropped without a word."""
        return self.ids("labels") if self.account.writes else ()

    def writer(self, refusal: Refusal) -> None:
        """Raises ``refusal`` when the account may only read."""
        if not self.account.writes:
            raise refusal

    def ids(self, name: str) -> Sequence[int]:
        """A list of numbers; none when it is not there."""
        value = self.body.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise Refusal(422, f"[]: json: cannot unmarshal string into Go struct field {name} of type int64")
        return value

    @property
    def page(self) -> int:
        return max(self._whole("page", 1), 1)

    @property
    def limit(self) -> int:
        wanted = self._whole("limit", USUAL)
        return min(wanted, MOST) if wanted > 0 else USUAL

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit

    def since(self) -> int | None:
        """Seconds since the epoch."""
        word = self.query.get("since")
        if not word:
            return None
        try:
            at = datetime.fromisoformat(word)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise Refusal(422, f'parsing time "{word}" as "2006-01-02T15:04:05Z07:00": cannot parse "{word}" as "2006"')
        return int(at.timestamp())

    def listing(self, items: Sequence[object], total: int) -> Reply:
        """A page of ``total`` items, with the headers that say which."""
        last = ceil(total / self.limit)
        pages = [("next", self.page + 1), ("last", last)] if self.page < last else []
        pages += [("first", 1), ("prev", min(self.page - 1, last))] if self.page > 1 and last else []
        links = ",".join(f'<{self.root}{self.address}?{self._query(page)}>; rel="{rel}"' for rel, page in pages)
        return Reply(body=items, headers={"X-Total-Count": str(total)} | ({"Link": links} if links else {}))

    def _query(self, page: int) -> str:
        return urlencode(sorted({**self.query, "page": str(page)}.items()))

    def _whole(self, name: str, usual: int) -> int:
        word = self.query.get(name, "")
        return int(word) if re.fullmatch(r"-?\d{1,9}", word) else usual
