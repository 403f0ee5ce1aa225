"""What a forge answered: its words, cleaned, and what an answer means that is not the one asked for."""

import json
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from console.core.facts import fact
from console.core.sanitize import clean
from console.forge.errors import ForgeError, ForgeGone, Missing, NotYet, Refused

T = TypeVar("T")

HTML = "a page of HTML"
LOGIN = "`ops-console login` takes another token"
# Gitea says `required=[write:issue], token scope=…`, Forgejo `required scope(s): [write:issue]`.
SCOPE = re.compile(r"required scope\(s\)\W+(?:required=\[)?([\w:]+(?:[, ]+[\w:]+)*)")


@fact
class Answer:
    """An HTTP answer that arrived whole. ``asked``: method and path, for people; ``headers``: names in lower case."""

    asked: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        return self.content.lstrip()[:1] == b"<"

    @property
    def own(self) -> bool:
        """The forge itself wrote it, and not something that stands before it."""
        return isinstance(body := self._json(), dict) and "message" in body

    @property
    def words(self) -> str:
        """What it says, in one line and without secrets; "" when it says nothing."""
        if self.is_html:
            return HTML
        body = self._json()
        if body is None:
            return words(self.content.decode("utf-8", "replace"))
        if not isinstance(body, dict):
            return words(str(body))
        if "message" not in body and "StdErr" in body:  # a conflict of Do: merge or rebase
            return "conflict"
        return words(str(body.get("message") or ""))

    @property
    def wait_s(self) -> float:
        """Seconds it asked us to wait; 0 when it did not say."""
        word = self.headers.get("retry-after", "")
        return float(word) if word.isdecimal() else 0.0

    @property
    def total(self) -> int:
        """How long the list is that this is a page of. Raises ForgeGone when it does not say."""
        word = self.headers.get("x-total-count", "")
        if not word.isdecimal():
            raise ForgeGone("the forge sent a list without saying how long it is", sent=True)
        return int(word)

    def _json(self) -> object:
        """The body; None when it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


def words(text: str) -> str:
    """At most a few lines' worth, in one line, with no account in an address."""
    return re.sub(r"//[^/@\s]+@", "//", clean(text, one_line=True))[:500].strip()


def decoded(answer: Answer, shape: type[T]) -> T:
    """The body as ``shape``. Raises ForgeGone for anything else: HTML, half a body, a wrong type."""
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as odd:
        if answer.is_html:
            what = f"{HTML}: is there a login page or a proxy before it, and is this its address?"
        else:
            what = f"something that is no answer to it ({words(str(odd))})" if answer.content else "nothing at all"
        raise ForgeGone(f"the forge sent for {answer.asked} {what}", sent=True) from odd


def error(answer: Answer) -> ForgeError:
    """What an answer that is not 2xx means, in a sentence that says what to do about it; the forge's own words are kept."""
    status, said, asked = answer.status, answer.words, answer.asked
    if status >= 500:
        return ForgeGone(f"the forge answered {status}: {said or 'without a reason'}", sent=True)
    if status == 429:
        return NotYet(said or "the forge is busy")
    if status == 401:
        return Refused(f"the forge does not take the token ({said})", status, LOGIN)
    if status == 403:
        return _forbidden(said)
    if status == 404:
        return Missing(f"the forge has no {asked}, or does not show it to our account ({said or 'it gives no reason'})", status)
    if status == 405:
        why = f"the forge does not do {asked} ({said or 'it gives no reason'})"
        return Refused(why, status, "is it a Gitea or Forgejo that is new enough?")
    if status == 423:
        return Refused(f"the repository is archived, and nothing is written to it ({said})", status, "unarchive it on the forge")
    if status in (400, 422):
        return Refused(f"the forge did not understand {asked}: {said or status}", status)
    return Refused(said or f"the forge refused {asked} without a reason ({status})", status)


def _forbidden(said: str) -> Refused:
    if scope := SCOPE.search(said):
        return Refused(f"the token lacks the scope {scope[1]}", 403, f"make one on the forge that has it; {LOGIN}")
    if "signed in" in said:
        return Refused(f"the forge does not take the token ({said})", 403, LOGIN)
    if "change your password" in said:
        return Refused(f"the forge waits for the account's owner ({said})", 403)
    if "admin" in said:
        return Refused(f"our account may not do this ({said})", 403, "it takes an administrator of the repository")
    if not said or said == HTML or "permission" in said or "collaborator" in said:
        why = f"our account may not do this ({said or 'the forge gives no reason'})"
        return Refused(why, 403, "make it a collaborator with write")
    return Refused(f"the forge refuses it to our account: {said}", 403)
