"""Text from outside, made harmless to show: no control characters, no escape sequences, nothing that turns the reading direction."""

MARK = "\ufffd"

_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)}  # C0, DEL, C1
_BIDI = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_SURROGATES = range(0xD800, 0xE000)  # JSON can carry lone ones, and no file or terminal takes them
_BREAKS = {0x0A: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}

# Replaced, never removed: a name with something hidden in it must not come out equal to one of ours.
_MANY_LINES = dict.fromkeys({*_CONTROLS, *_BIDI, *_SURROGATES}, MARK) | _BREAKS | {0x09: "\t"}
_ONE_LINE = _MANY_LINES | dict.fromkeys((0x09, *_BREAKS), " ")


def clean(text: str, *, one_line: bool) -> str:
    """``text`` with everything dangerous replaced by U+FFFD. One line: breaks and tabs become spaces; else they stay, as LF and tab.

    May be done twice. It does not escape markup: whoever draws it knows its own.
    """
    return text.replace("\r\n", "\n").translate(_ONE_LINE if one_line else _MANY_LINES)
