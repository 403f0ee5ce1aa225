"""Recipes: read from text, scaled, written out again."""

from dataclasses import dataclass, replace
from fractions import Fraction

from larder import amounts, units


class BadRecipe(ValueError):
    """The text is not a recipe; the message names the line."""


@dataclass(frozen=True)
class Ingredient:
    """``amount`` None: as much as you like. ``unit`` empty: it is counted."""

    name: str
    amount: Fraction | None = None
    unit: str = ""

    def __str__(self) -> str:
        if self.amount is None:
            return self.name
        return " ".join(word for word in (amounts.write(self.amount, self.unit), self.unit, self.name) if word)


@dataclass(frozen=True)
class Recipe:
    title: str
    serves: int
    ingredients: tuple[Ingredient, ...]
    steps: tuple[str, ...]

    def scaled(self, serves: int) -> "Recipe":
        """The same dish for another number at the table."""
        factor = Fraction(serves, self.serves)
        scaled = tuple(replace(i, amount=None if i.amount is None else i.amount * factor) for i in self.ingredients)
        return replace(self, serves=serves, ingredients=scaled)

    def __str__(self) -> str:
        listed = [f"- {ingredient}" for ingredient in self.ingredients]
        return "\n".join([self.title, f"Serves: {self.serves}", "", *listed, "", *self.steps])


def parse_ingredient(line: str) -> Ingredient:
    """Reads ``250 g flour``, ``2 eggs``, ``1 1/2 cups milk`` and ``salt``."""
    words = line.split()
    count = 0
    while count < len(words) and words[count][0].isdigit():
        count += 1
    if count == 0:
        return Ingredient(" ".join(words))
    amount = amounts.parse(" ".join(words[:count]))
    rest = words[count:]
    unit = units.find(rest[0]) if len(rest) > 1 else None
    if unit is None:
        return Ingredient(" ".join(rest), amount)
    return Ingredient(" ".join(rest[1:]), amount, unit.name)


def parse(text: str) -> Recipe:
    """Reads a whole recipe. Raises BadRecipe."""
    lines = [line.strip() for line in text.splitlines()]
    title, serves, ingredients, steps = "", 0, [], []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        if not title:
            title = line
        elif line.lower().startswith("serves:"):
            serves = _serves(line, number)
        elif line.startswith("- "):
            ingredients.append(parse_ingredient(line[2:]))
        else:
            steps.append(line)
    if not serves:
        raise BadRecipe(f"{title or 'the recipe'} does not say how many it serves")
    return Recipe(title, serves, tuple(ingredients), tuple(steps))


def _serves(line: str, number: int) -> int:
    said = line.partition(":")[2].strip()
    if not said.isdigit() or int(said) == 0:
        raise BadRecipe(f"line {number}: {said!r} is not a number of people")
    return int(said)
