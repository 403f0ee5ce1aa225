"""Amounts as cooks write them: read into exact fractions, and written back."""

from fractions import Fraction


class BadAmount(ValueError):
    """The text is not an amount."""


def parse(text: str) -> Fraction:
    """Reads ``2``, ``0.5``, ``1/2`` and ``1 1/2``. Raises BadAmount for everything else, and for less than nothing."""
    try:
        total = sum((Fraction(part) for part in text.split()), Fraction(0))
    except (ValueError, ZeroDivisionError) as wrong:
        raise BadAmount(f"not an amount: {text!r}") from wrong
    if not text.split() or total < 0:
        raise BadAmount(f"not an amount: {text!r}")
    return total


def write(amount: Fraction, unit: str) -> str:
    """The amount as it stands in a list: at most two decimals, none where it is whole."""
    if amount.denominator == 1:
        return str(amount.numerator)
    return f"{float(amount):.2f}".rstrip("0").rstrip(".")
