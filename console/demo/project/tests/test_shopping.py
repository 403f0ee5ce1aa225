from larder.recipe import parse
from larder.shopping import as_text, gather, headline

PANCAKES = parse("Pancakes\nServes: 4\n- 250 g flour\n- 2 eggs\n- salt\n")
CAKE = parse("Cake\nServes: 8\n- 300 g flour\n- 4 eggs\n- 1 tsp salt\n")


def test_the_same_thing_is_added_up():
    assert as_text(gather([PANCAKES, PANCAKES])).splitlines() == ["[ ] 500 g flour", "[ ] 4 eggs", "[ ] salt"]


def test_things_stand_in_the_order_in_which_they_are_first_asked_for():
    assert [item.name for item in gather([CAKE, PANCAKES])][:2] == ["flour", "eggs"]


def test_the_headline_names_every_recipe():
    assert headline([PANCAKES, CAKE]) == "Shopping for 2 recipes: Pancakes, Cake"
