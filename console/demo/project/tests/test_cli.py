import pytest
from larder.cli import main


@pytest.fixture
def pancakes(tmp_path):
    file = tmp_path / "pancakes.txt"
    file.write_text("Pancakes\nServes: 4\n\n- 250 g flour\n- 2 eggs\n\nWhisk. Fry.\n")
    return str(file)


def test_show_prints_the_recipe(pancakes, capsys):
    assert main(["show", pancakes]) == 0
    assert "- 250 g flour" in capsys.readouterr().out


def test_grams_stay_decimal_when_a_recipe_is_scaled(pancakes, capsys):
    assert main(["scale", pancakes, "--serves", "3"]) == 0
    assert "- 187.5 g flour" in capsys.readouterr().out


def test_shop_prints_a_list_to_tick(pancakes, capsys):
    assert main(["shop", pancakes, pancakes]) == 0
    assert "[ ] 500 g flour" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(["show", str(tmp_path / "none.txt")]) == 1
    assert capsys.readouterr().err.startswith("larder: ")
