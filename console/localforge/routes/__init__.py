"""Gitea's v1 routes: what each does, as plain functions from an Ask to a Reply that run in a thread."""

from collections.abc import Callable

from console.localforge.ask import Ask, Reply

Act = Callable[[Ask], Reply]
Route = tuple[str, str, Act]  # method, path below /api/v1, what it does
