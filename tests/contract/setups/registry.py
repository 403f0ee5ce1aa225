"""The tables that the set-ups write themselves into."""

from collections.abc import Callable

from tests.contract.world import World

Do = Callable[[World], None]
Fact = Callable[[World], dict[str, object]]

SETUP: dict[str, Do] = {}
BEFORE: dict[tuple[str, int], Do] = {}
FACTS: dict[tuple[str, int], Fact] = {}


def case(*names: str) -> Callable[[Do], Do]:
    def put(do: Do) -> Do:
        SETUP.update(dict.fromkeys(names, do))
        return do

    return put


def before(name: str, *steps: int) -> Callable[[Do], Do]:
    def put(do: Do) -> Do:
        BEFORE.update({(name, step): do for step in steps})
        return do

    return put


def fact(name: str, step: int) -> Callable[[Fact], Fact]:
    def put(look: Fact) -> Fact:
        FACTS[name, step] = look
        return look

    return put


def settled(name: str, *steps: int) -> None:
    """The forge has looked at every pull again before these."""
    before(name, *steps)(World.settle)
