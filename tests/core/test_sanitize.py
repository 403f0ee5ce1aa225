"""What outside text may still do to a terminal once it is cleaned: nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.core.sanitize import MARK, clean

anything = st.text(alphabet=st.characters(codec=None, exclude_categories=()))


@given(anything)
def test_a_line_holds_no_control_character_and_can_be_written_to_a_file(text: str) -> None:
    line = clean(text, one_line=True)
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in line)
    line.encode("utf-8")


@given(anything)
def test_a_body_keeps_its_lines_and_tabs_and_no_other_control_character(text: str) -> None:
    body = clean(text, one_line=False)
    assert {c for c in body if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}} <= {"\n", "\t"}
    assert not any(unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"} for c in body)


@given(anything, st.booleans())
def test_cleaning_twice_changes_nothing_more(text: str, one_line: bool) -> None:
    once = clean(text, one_line=one_line)
    assert clean(once, one_line=one_line) == once


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert clean(text, one_line=True) == clean(text, one_line=False) == text


@pytest.mark.parametrize(
    ("text", "line", "body"),
    [
        ("a\x1b[31mred\x1b[0m", f"a{MARK}[31mred{MARK}[0m", f"a{MARK}[31mred{MARK}[0m"),
        ("one\r\ntwo\tthree", "one two three", "one\ntwo\tthree"),
        ("over\rwritten", f"over{MARK}written", f"over{MARK}written"),
        ("\x9b31m", f"{MARK}31m", f"{MARK}31m"),
        ("gpj.\u202exe", f"gpj.{MARK}xe", f"gpj.{MARK}xe"),
        ("a\u2028b", "a b", "a\nb"),
        ("\ud800", MARK, MARK),
        ("naïve 日本 👩‍🚀 [b]x[/b]", "naïve 日本 👩‍🚀 [b]x[/b]", "naïve 日本 👩‍🚀 [b]x[/b]"),
    ],
)
def test_what_becomes_of(text: str, line: str, body: str) -> None:
    assert clean(text, one_line=True) == line
    assert clean(text, one_line=False) == body


def test_a_name_with_something_hidden_never_comes_out_as_the_plain_name() -> None:
    assert clean("ops/ready\u200f", one_line=True) != "ops/ready"
