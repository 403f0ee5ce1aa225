"""Kinds of worker from their files, and the command lines made from them."""

import subprocess
from pathlib import Path

import pytest

from panes import kinds
from panes.seen import PanesError

FILE = "name: mine\nwhat: a test\ncommand: [cat, '-']\nprompt: stdin\nresult: exit-code\n"


def test_every_kind_that_is_shipped_loads() -> None:
    assert "script" in kinds.names()
    assert [kinds.load(name).name for name in kinds.names()] == list(kinds.names())


def test_a_script_is_the_operators_command_with_the_prompts_path_in_it(tmp_path: Path) -> None:
    prompt = tmp_path / "it's a; prompt.md"
    prompt.write_text("Mend it.")
    argv = kinds.argv(kinds.load("script"), "x=$(cat {prompt}); echo ${x} {y} | awk '{print}'", prompt)
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "Mend it. {y}\n"


def test_a_kind_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(PanesError, match=r"no kind of worker called \.\./x; there is claude, codex, "):
        kinds.load("../x")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("result", "resolt"), "missing required field `result`"),
        (("prompt: stdin", "prompt: mind"), "Invalid enum value 'mind'"),
        (("what:", "extra: 1\nwhat:"), "extra is not a setting of a kind; there is command, env, install, keys, login, name"),
        (("command: [cat, '-']", "command: cat"), "Expected `array`"),
        (("name: mine", "name: other"), "it is called other, and its file must be too"),
        (("name: mine", "name: [mine"), "mine.yaml: while parsing"),
        ((FILE, "- 1"), "Expected `object`"),
        ((FILE, ""), "Expected `object`"),
    ],
)
def test_a_spoilt_file_says_what_is_wrong_with_it(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FILE.replace(*change))
    with pytest.raises(PanesError, match=r"mine\.yaml: ") as raised:
        kinds.read(file)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("way", "command"),
    [("stdin", "[cat, '-']"), ("argument", "[printf, '%s\\n']"), ("file", "[cat, '{prompt}']")],
)
def test_the_prompt_goes_in_the_way_the_kind_says(tmp_path: Path, way: str, command: str) -> None:
    (tmp_path / "mine.yaml").write_text(FILE.replace("[cat, '-']", command).replace("stdin", way))
    prompt = tmp_path / "the prompt.md"
    prompt.write_text('Mend "it"\n$now\n')
    argv = kinds.argv(kinds.read(tmp_path / "mine.yaml"), "", prompt)
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == 'Mend "it"\n$now\n'
