"""A clone that goes away again, where git merges and rebases for the forge."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from console.localforge.rows import YOU, Account
from console.localforge.store import Place
from panes.git import Answer, Identity, git


class Conflict(Exception):
    """git could not do it; what it said."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.out)
        self.answer = answer


def identity(account: Account) -> Identity:
    """Who commits for an account."""
    return Identity() if account == YOU else Identity(account.login, f"{account.login}@example.invalid")


def merged(place: Place, onto: str, other: str, message: str, account: Account) -> str:
    """A merge commit of two commits, which nothing refers to yet. Raises Conflict."""
    return _made(place, onto, ("merge", "--quiet", "--no-ff", "-m", message, other), account)


def rebased(place: Place, base: str, head: str, account: Account) -> str:
    """The commits of ``head`` that ``base`` lacks on top of it; their authors stay, the account is the committer. Raises Conflict."""
    return _made(place, head, ("rebase", "--quiet", base), account)


def _made(place: Place, on: str, words: tuple[str, ...], account: Account) -> str:
    with _clone(place) as clone:
        git(clone, "checkout", "--quiet", "--detach", on)
        answer = git(clone, *words, env=identity(account).env(), ok=range(256))
        if answer.code:
            raise Conflict(answer)
        git(place.repo, "fetch", "--quiet", "--no-write-fetch-head", str(clone), "HEAD")
        return git(clone, "rev-parse", "HEAD").out.strip()


@contextmanager
def _clone(place: Place) -> Iterator[Path]:
    with TemporaryDirectory(prefix="ops-console-") as folder:
        git(place.repo, "clone", "--quiet", "--shared", "--no-checkout", str(place.repo), folder)
        yield Path(folder)
