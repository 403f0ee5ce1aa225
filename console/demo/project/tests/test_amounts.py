from fractions import Fraction

import pytest
from larder.amounts import BadAmount, parse, write


@pytest.mark.parametrize(
    ("text", "amount"),
    [("2", Fraction(2)), ("0.5", Fraction(1, 2)), ("1/2", Fraction(1, 2)), ("1 1/2", Fraction(3, 2)), ("0", Fraction(0))],
)
def test_amounts_are_read_as_cooks_write_them(text, amount):
    assert parse(text) == amount


@pytest.mark.parametrize("text", ["", "some", "1/0", "1//2", "-1"])
def test_what_is_no_amount_is_refused_in_a_sentence(text):
    with pytest.raises(BadAmount, match="not an amount"):
        parse(text)


def test_whole_amounts_are_written_without_a_point():
    assert write(Fraction(3), "cup") == "3"
