"""Text cut to what a person reads: ids, lines and lengths of time."""


def short(oid: str | None, n: int = 7) -> str:
    return (oid or "–")[:n]


def cut(text: str, most: int) -> str:
    """``text`` on one line, at most so many characters, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def span(s: float) -> str:
    """A length of time as an operator reads it: 8 s, 3 m, 2 h, 4 d."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if s >= unit:
            return f"{s / unit:.0f} {name}"
    return f"{max(0, s):.0f} s"
