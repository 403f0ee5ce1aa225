"""How often the same thing was seen in a row: what a look remembers, so that absent and unseen stay apart."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from console.core.facts import Blind, Known, Look

T = TypeVar("T")
SOON_S = 1.0  # what a forge shows late, it shows within a second or two


class Memory:
    """The last look of each sense in this process; losing it only delays."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last: dict[Hashable, Look[object]] = {}

    def known(self, key: Hashable, value: T, at: float | None = None) -> Known[T]:
        """A sense answered: ``times`` counts equal answers in a row. ``at``: when it was asked, if that is some time ago."""
        before = self._last.get(key)
        times = before.times + 1 if isinstance(before, Known) and before.value == value else 1
        look = Known(value=value, at=self._clock() if at is None else at, times=times)
        self._last[key] = look
        return look

    def blind(self, key: Hashable, why: str) -> Blind:
        """A sense did not answer: since when counts from the first silence."""
        before = self._last.get(key)
        look = Blind(why=why, since=before.since if isinstance(before, Blind) else self._clock())
        self._last[key] = look
        return look
