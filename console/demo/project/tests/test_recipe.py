from fractions import Fraction

import pytest
from larder.recipe import BadRecipe, Ingredient, parse, parse_ingredient

PANCAKES = """Pancakes
Serves: 4

- 250 g flour
- 2 eggs
- salt

Whisk. Fry.
"""


@pytest.mark.parametrize(
    ("line", "ingredient"),
    [
        ("250 g flour", Ingredient("flour", Fraction(250), "g")),
        ("2 eggs", Ingredient("eggs", Fraction(2))),
        ("1 1/2 cups whole milk", Ingredient("whole milk", Fraction(3, 2), "cup")),
        ("salt", Ingredient("salt")),
    ],
)
def test_an_ingredient_is_an_amount_a_unit_and_a_name(line, ingredient):
    assert parse_ingredient(line) == ingredient


def test_a_recipe_is_written_as_it_was_read():
    assert str(parse(PANCAKES)) == PANCAKES.strip()


def test_scaling_multiplies_every_amount():
    assert [i.amount for i in parse(PANCAKES).scaled(6).ingredients] == [375, 3, None]


def test_a_recipe_that_serves_nobody_is_refused():
    with pytest.raises(BadRecipe, match="line 2"):
        parse("Air\nServes: none\n")
    with pytest.raises(BadRecipe, match="how many it serves"):
        parse("Air\n")
