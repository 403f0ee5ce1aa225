"""Units, what they measure, and how they relate."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """``size``: how many of its kind's base unit (g, ml) it holds. ``metric``: written with decimals in every cookery book."""

    name: str
    kind: str
    size: Fraction
    metric: bool


UNITS = {
    unit.name: unit
    for unit in (
        Unit("g", "weight", Fraction(1), True),
        Unit("kg", "weight", Fraction(1000), True),
        Unit("ml", "volume", Fraction(1), True),
        Unit("l", "volume", Fraction(1000), True),
        Unit("tsp", "volume", Fraction(5), False),
        Unit("tbsp", "volume", Fraction(15), False),
        Unit("cup", "volume", Fraction(240), False),
    )
}

ALIASES = {
    "gram": "g",
    "grams": "g",
    "kilo": "kg",
    "kilos": "kg",
    "litre": "l",
    "litres": "l",
    "teaspoon": "tsp",
    "teaspoons": "tsp",
    "tablespoon": "tbsp",
    "tablespoons": "tbsp",
    "cups": "cup",
}


def find(word: str) -> Unit | None:
    """The unit of that name or alias; None when the word is no unit (and so begins the ingredient's name)."""
    return UNITS.get(ALIASES.get(word, word))


def is_metric(name: str) -> bool:
    """Things that are merely counted (``""``) are not."""
    unit = find(name)
    return unit is not None and unit.metric
