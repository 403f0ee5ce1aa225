"""Kinds of worker from their files, and the command lines made from them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from panes import kinds
from panes.seen import Own, PanesError

FILE = "name: mine\nwhat: a test\ncommand: [cat, '-']\nprompt: stdin\nresult: exit-code\n"


def test_every_kind_that_is_shipped_loads() -> None:
    assert kinds.names() == ("claude", "codex", "gateway", "hermes", "kimi", "kimi-old", "script")
    assert [kinds.load(name).name for name in kinds.names()] == list(kinds.names())


def test_a_script_is_the_operators_command_with_the_prompts_path_in_it(tmp_path: Path) -> None:
    prompt = tmp_path / "it's a; prompt.md"
    prompt.write_text("Mend it.")
    argv = kinds.argv(kinds.load("script"), Own(command="x=$(cat {prompt}); echo ${x} {y} | awk '{print}'"), prompt)
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == "Mend it. {y}\n"


def test_a_kind_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(PanesError, match=r"no kind of worker called \.\./x; there is claude, codex"):
        kinds.load("../x")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("result", "resolt"), "missing required field `result`"),
        (("prompt: stdin", "prompt: mind"), "Invalid enum value 'mind'"),
        (("what:", "extra: 1\nwhat:"), "extra is not a setting of a kind; there is command, environment"),
        (("command: [cat, '-']", "command: cat"), "Expected `array`"),
        (("name: mine", "name: other"), "it is called other, and its file must be too"),
        (("name: mine", "name: [mine"), "mine.yaml: while parsing"),
        (("what:", "environment: {A: 1}\nwhat:"), "Expected `str`, got `int`"),
        (("exit-code", "guess"), "Invalid enum value 'guess'"),
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
    argv = kinds.argv(kinds.read(tmp_path / "mine.yaml"), Own(command=""), prompt)
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == 'Mend "it"\n$now\n'


def stand_in(folder: Path, program: str) -> str:
    """A PATH with a program in front that says which words it was given and what came by stdin."""
    file = folder / "bin" / program
    file.parent.mkdir()
    file.write_text('#!/bin/sh\nprintf "<%s>" "$@"\ntest -t 0 || cat\n')
    file.chmod(0o755)
    return f"{file.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("claude", "<-p><--output-format><stream-json><--verbose><--dangerously-skip-permissions>Mend it."),
        ("codex", "<exec><--json><--dangerously-bypass-approvals-and-sandbox><->Mend it."),
        ("kimi", "<--output-format><stream-json><-p><Mend it.>"),
        ("kimi-old", "<--print><--output-format><stream-json>Mend it."),
        ("hermes", "<chat><-Q><--yolo><-q><Mend it.>"),
    ],
)
def test_an_agent_is_started_for_one_prompt_and_asks_nobody(tmp_path: Path, name: str, given: str) -> None:
    kind = kinds.load(name)
    assert kind.program
    path = stand_in(tmp_path, kind.program)
    (tmp_path / "prompt.md").write_text("Mend it.")
    argv = kinds.argv(kind, Own(), tmp_path / "prompt.md")
    assert "Mend it." not in argv
    ran = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, check=True)
    assert ran.stdout == given


def test_a_prompt_too_long_for_a_command_line_is_pointed_to_and_not_cut(tmp_path: Path) -> None:
    path = stand_in(tmp_path, "kimi")
    prompt = tmp_path / "a prompt.md"
    for length, given in ((kinds.ARGUMENT_BYTES, "x" * kinds.ARGUMENT_BYTES), (200_000, f"Read {prompt} and do what it says.")):
        prompt.write_text("x" * length)
        argv = kinds.argv(kinds.load("kimi"), Own(), prompt)
        ran = subprocess.run(argv, env={"PATH": path}, capture_output=True, text=True, check=True)
        assert ran.stdout == f"<--output-format><stream-json><-p><{given}>"


def test_a_kind_is_given_the_variables_of_its_own_provider_and_nobody_elses() -> None:
    ours = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o", "DISABLE_AUTOUPDATER": "0", "ANTHROPIC_BASE_URL": ""}
    given = kinds.environment(kinds.load("claude"), Own(), ours.get)
    assert given == {"ANTHROPIC_API_KEY": "a", "DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    assert kinds.environment(kinds.load("codex"), Own(), ours.get) == {"OPENAI_API_KEY": "o"}
    assert kinds.environment(kinds.load("script"), Own(), ours.get) == {}


def test_no_two_providers_share_a_secret() -> None:
    secrets = [key for name in kinds.names() for key in kinds.load(name).keys if key.endswith(("KEY", "TOKEN"))]
    assert sorted(set(secrets)) == sorted(secrets)


def test_an_operators_command_is_run_instead_of_the_kinds_own() -> None:
    assert kinds.meant("claude", Own(model="opus")).name == "claude"
    assert kinds.meant("claude", Own(command="my-claude {prompt}")).name == "script"
    assert kinds.meant("mine", Own(command="./agent.sh")).name == "script"
    ours = {"ANTHROPIC_API_KEY": "a", "MY_KEY": "m"}
    claude, mine = Own(command="my-claude"), Own(command="my-agent", key="MY_KEY")
    assert kinds.environment(kinds.meant("claude", claude), claude, ours.get)["ANTHROPIC_API_KEY"] == "a"
    assert kinds.environment(kinds.meant("mine", mine), mine, ours.get) == {"MY_KEY": "m"}
    with pytest.raises(PanesError, match="no kind of worker called mine"):
        kinds.meant("mine", Own())
    assert [name for name in (*kinds.names(), "mine") if not kinds.whole(name)] == ["script", "mine"]


def test_a_server_is_asked_where_and_with_the_key_that_the_operator_says(tmp_path: Path) -> None:
    gateway, prompt = kinds.load("gateway"), tmp_path / "prompt.md"
    own = Own(url="http://127.0.0.1:9", key="MY_KEY", model="big")
    ours = {"MY_KEY": "m", "API_SERVER_KEY": "a"}
    assert kinds.argv(gateway, Own(), prompt)[-3:] == ["http://127.0.0.1:8642", "API_SERVER_KEY", ""]
    assert kinds.argv(gateway, own, prompt)[-3:] == ["http://127.0.0.1:9", "MY_KEY", "big"]
    assert kinds.environment(gateway, Own(), ours.get) == {"API_SERVER_KEY": "a"}
    assert kinds.environment(gateway, own, ours.get) == {"MY_KEY": "m"}


def test_what_an_agent_wants_to_find_at_its_first_start_is_made_and_never_written_over(tmp_path: Path) -> None:
    claude, home = kinds.load("claude"), tmp_path / "home"
    kinds.seed(claude, {"HOME": str(home), "CLAUDE_CONFIG_DIR": ""})
    assert json.loads((home / ".claude.json").read_text()) == {"hasCompletedOnboarding": True}
    (home / ".claude.json").write_text("mine")
    kinds.seed(claude, {"HOME": str(home)})
    assert (home / ".claude.json").read_text() == "mine"
    kinds.seed(claude, {"HOME": str(home), "CLAUDE_CONFIG_DIR": str(tmp_path / "other")})
    assert (tmp_path / "other" / ".claude.json").exists()
