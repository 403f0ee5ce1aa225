from larder.units import find, is_metric


def test_units_are_found_by_name_and_by_alias():
    assert find("g") == find("grams")
    assert find("tablespoons").name == "tbsp"


def test_a_word_that_is_no_unit_is_none():
    assert find("eggs") is None


def test_spoons_and_counted_things_are_not_metric():
    assert is_metric("kg")
    assert not is_metric("tsp")
    assert not is_metric("")
