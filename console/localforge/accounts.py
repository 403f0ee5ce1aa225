"""Accounts and their access tokens, with Gitea's scopes and Gitea's words: who is asking, and whether this token may."""

import base64
import binascii
import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from console.localforge.refusals import Refusal, no_scope, no_user
from console.localforge.rows import NOBODY, YOU, Account, Role
from console.localforge.shapes import number
from console.localforge.store import Place, transaction

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
GROUPS = ("activitypub", "admin", "misc", "notification", "organization", "package", "issue", "repository", "user")  # in Gitea's order
ALL = "all"
SCOPES = (ALL, *(f"{level}:{group}" for group in GROUPS for level in ("write", "read")))
USUAL = ("write:issue", "write:repository", "read:user")  # what the console needs

_OAUTH = ("", "x-oauth-basic")  # passwords beside which the login is the token


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    account: Account
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Who may write may read."""
        return not self.scopes.isdisjoint({ALL, scope, scope.replace("read:", "write:")})

    @property
    def said(self) -> str:
        return tidied(self.scopes)


def tidied(scopes: Iterable[str]) -> str:
    """Scopes the way Gitea writes them: in its order, and no reading where there is writing."""
    given = set(scopes)
    kept = [scope for scope in SCOPES if scope in given and not (scope.startswith("read:") and scope.replace("read:", "write:") in given)]
    return ALL if ALL in given else ",".join(kept)


def new_token(place: Place, login: str, role: Role | None, scopes: Iterable[str]) -> tuple[str, Grant]:
    """A new token of an account, which is made if there is none, and what it stands for. It is kept as a hash: nobody can read it again.

    ``role`` None leaves an account as it is, and makes a new one a writer. ``login`` fits LOGIN; ``scopes`` are of SCOPES.
    """
    token = secrets.token_hex(20)
    with transaction(place) as db:
        db.execute("INSERT OR IGNORE INTO account (login, role) VALUES (?, 'write')", (login,))
        if role:
            db.execute("UPDATE account SET role = ? WHERE login = ?", (role, login))
        db.execute("INSERT INTO token (sha256, login, scopes) VALUES (?, ?, ?)", (_hash(token), login, tidied(scopes)))
    return token, _grant(place, "", token)


def let_in(place: Place, header: str | None, scope: str | None) -> Account:
    """Who is asking with this ``Authorization`` header, for something that needs ``scope`` (None: any token will do).

    Whoever shows no token is NOBODY, who may read what is public. Raises Refusal: 401 for a wrong token, 403 for one that may not.
    """
    if (given := _given(header or "")) is None:
        return NOBODY
    grant = _grant(place, *given)
    if scope and not grant.allows(scope):
        raise no_scope(scope, grant.said)
    return grant.account


def _given(header: str) -> tuple[str, str] | None:
    """The login and the token in a header, the login empty where it does not say one; None for no header, or one of another kind."""
    scheme, _, rest = header.strip().partition(" ")
    match scheme.lower():
        case "token" | "bearer":
            return "", rest.strip()
        case "basic":
            try:
                login, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return "", ""
            return ("", login) if password in _OAUTH else (login, password)
        case _:
            return None


def _grant(place: Place, login: str, token: str) -> Grant:
    """What the token stands for. The login beside it need not be the account's, as on Gitea; it is named when the token is wrong."""
    with transaction(place) as db:
        asked = "SELECT account.login, role, scopes FROM token JOIN account ON account.login = token.login WHERE sha256 = ?"
        row = db.execute(asked, (_hash(token),)).fetchone()
        known = db.execute("SELECT login FROM account WHERE login = ?", (login,)).fetchone()
    if row:
        return Grant(Account(login=row["login"], role=row["role"]), frozenset(row["scopes"].split(",")))
    if known:
        raise Refusal(401, f"user's password is invalid [uid: {number(known['login'])}, name: {known['login']}]")
    raise Refusal(401, no_user(login))


def known(db: sqlite3.Connection, login: str) -> Account | None:
    """The account of a login."""
    if login == YOU.login:
        return YOU
    row = db.execute("SELECT login, role FROM account WHERE login = ?", (login,)).fetchone()
    return Account(login=row["login"], role=row["role"]) if row else None


def _hash(token: str) -> str:
    """Plain, because a token is 160 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()
