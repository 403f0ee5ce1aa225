"""One shopping list out of many recipes."""

from collections.abc import Iterable
from fractions import Fraction

from larder.recipe import Ingredient, Recipe


def gather(recipes: Iterable[Recipe]) -> tuple[Ingredient, ...]:
    """Everything the recipes need, the same thing added up, in the order in which it is first asked for."""
    totals: dict[tuple[str, str], Fraction | None] = {}
    for recipe in recipes:
        for item in recipe.ingredients:
            key = (item.name, item.unit)
            totals[key] = _add(totals.get(key), item.amount)
    return tuple(Ingredient(name, amount, unit) for (name, unit), amount in totals.items())


def _add(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    """As much as you like, and two more, is two."""
    if one is None or other is None:
        return one if other is None else other
    return one + other


# --- how the list is written --------------------------------------------------------------------


def as_text(items: Iterable[Ingredient]) -> str:
    """A line an item, with a box to tick."""
    return "\n".join(f"[ ] {item}" for item in items)


def headline(recipes: Iterable[Recipe]) -> str:
    """What the list is for."""
    titles = [recipe.title for recipe in recipes]
    return f"Shopping for {len(titles)} recipes: {', '.join(titles)}"
