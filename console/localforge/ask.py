"""A request and its answer as the routes see them: parsed, checked, and with Gitea's words when it is refused."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from urllib.parse import urlencode

from console.localforge.refusals import Refusal, archived, not_of_type, required
from console.localforge.rows import Account, Repository
from console.localforge.store import Place, Settings

MOST, USUAL = 50, 30  # items on a page, as on Gitea: more than MOST is silently cut

NULL = object()  # a body that is the word null

_SURROGATES = re.compile("[\ud800-\udfff]")  # JSON can carry lone ones; no file takes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status and JSON body, None for an empty one; or ``text``."""

    status: int = 200
    body: object = None
    text: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request. ``root``: where it was asked, for links; ``site``: what web addresses begin with; ``path``: the route's parameters;
    ``labels``: of the query, which may say it more than once; ``body``: the JSON object sent.
    """

    place: Place
    settings: Settings
    repository: Repository
    account: Account
    root: str
    site: str
    address: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    labels: Sequence[str]
    body: Mapping[str, object]

    @property
    def number(self) -> int:
        return int(self.path["number"])

    @property
    def here(self) -> str:
        """The repository's web address."""
        return f"{self.site}/{self.settings.owner}/{self.repository.name}"

    @property
    def api(self) -> str:
        """The repository's address below the API."""
        return f"{self.site}/api/v1/repos/{self.settings.owner}/{self.repository.name}"

    def of(self, repository: Repository) -> "Ask":
        """The same, of the repository as it is now."""
        return replace(self, repository=repository)

    def text(self, name: str) -> str | None:
        """A field that must be text; None when it is not there."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise not_of_type(type(value).__name__, name, "string")
        return _SURROGATES.sub("\ufffd", value)

    def needed(self, name: str) -> str:
        """A text that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise required(name[0].upper() + name[1:])
        return value

    def flag(self, name: str) -> bool | None:
        """A field that must be true or false; None when it is not there."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, bool):
            raise not_of_type(type(value).__name__, name, "bool")
        return value

    def texts(self, name: str) -> Sequence[str] | None:
        """A list of texts; None when it is not there."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise not_of_type("number", name, "string")
        return value

    def ids(self, name: str, of: str) -> Sequence[int] | None:
        """A list of numbers; None when it is not there. ``of``: what Gitea calls the body."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise not_of_type('number "', f"{of}.{name.capitalize()}", "int64")
        return value

    def writer(self, refusal: Refusal) -> None:
        """Raises ``refusal`` when the account may only read."""
        if not self.account.writes:
            raise refusal

    def admin(self, refusal: Refusal) -> None:
        if not self.account.administers:
            raise refusal

    def not_archived(self) -> None:
        if self.repository.archived:
            raise archived(self.settings.owner, self.repository.name)

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

    def moment(self, name: str) -> int | None:
        """A time of the query, in seconds since the epoch."""
        word = self.query.get(name)
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
        here = min(self.page, last)
        pages = [("next", here + 1), ("last", last)] if here < last else []
        pages += [("first", 1), ("prev", here - 1)] if here > 1 else []
        links = ",".join(f'<{self.root}{self.address}?{self._query(page)}>; rel="{rel}"' for rel, page in pages)
        return Reply(body=items, headers={"X-Total-Count": str(total)} | ({"Link": links} if links else {}))

    def counted(self, items: Sequence[object], total: int) -> Reply:
        """The same for the lists of which Gitea gives only the number."""
        return Reply(body=items, headers={"X-Total-Count": str(total)})

    def _query(self, page: int) -> str:
        return urlencode(sorted({**self.query, "page": str(page)}.items()))

    def _whole(self, name: str, usual: int) -> int:
        word = self.query.get(name, "")
        return int(word) if re.fullmatch(r"-?\d{1,9}", word) else usual
