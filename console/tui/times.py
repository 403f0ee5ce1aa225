"""Times as an operator reads them: short ages, and the clock on the wall."""

import time

from console.engine.board import seconds

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def short(s: float) -> str:
    """A length of time, rounded down, in at most three characters up to 99 days: 41s, 9m, 2h, 14d."""
    for unit, name in _UNITS:
        if s >= unit:
            return f"{int(s // unit)}{name}"
    return f"{int(max(0.0, s))}s"


def since(at: str | None, now: float) -> str:
    """How long ago ``at`` (ISO) was; empty when nobody knows, or when it is no time at all."""
    try:
        return short(now - seconds(at)) if at else ""
    except ValueError:
        return ""


def clock(at: str | float, form: str = "%H:%M") -> str:
    """The wall clock's time of ``at`` (ISO, or seconds since the epoch), in the operator's own time zone."""
    try:
        return time.strftime(form, time.localtime(seconds(at) if isinstance(at, str) else at))
    except ValueError:
        return "--:--"
