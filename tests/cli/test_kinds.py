"""The agents that the console knows: started, believed or not, and listed."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from panes import programs
from tests.cli.world import World, world
from tests.panes.chat import chat, piece, streams

SETTINGS = """mode: auto
repos:
  acme/proj:
    check: "true"
    workers: {claude: 1}
    limits: {backoff: [0.01]}
"""
RESULT = 'printf \'{"type":"result","subtype":"success","is_error":false}\\n\'\n'
# Says at its first run that it was not permitted something, and at its second that all is well; both leave a change.
CLAUDE = """#!/bin/sh
echo "$*" >> "$HOME/asked"; env >> "$HOME/given"; cat >> "$HOME/prompts"
echo "done once more" >> done.txt
denials='[{"tool_name":"Bash"}]'; test -e "$HOME/once" && denials='[]'; touch "$HOME/once"
printf '{"type":"system","subtype":"init"}\n'
printf '{"type":"result","subtype":"success","is_error":false,"permission_denials":%s,"result":"Done."}\n' "$denials"
"""


def program(made: World, name: str, text: str) -> Path:
    """A program that is found first."""
    folder = made.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    made.environment["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return folder / name


def test_an_agent_that_was_not_permitted_something_is_not_believed_and_the_next_run_lands() -> None:
    with world(SETTINGS) as made:
        program(made, "claude", CLAUDE)
        made.environment |= {"ANTHROPIC_API_KEY": "sesame", "OPENAI_API_KEY": "another"}
        made.well("issue", "new", "Mend it", "--label", "ops/ready")
        made.engine()
        made.until(lambda: len(made.subjects()) == 2, "the second run's work on the trunk")
        said = [json.loads(line) for line in (made.state / "journal.jsonl").read_text().splitlines()]
        home = made.folder / "h"
        assert any("1 of its calls were not permitted: Bash" in event["why"] for event in said)
        assert (home / "asked").read_text() == "-p --output-format stream-json --verbose --dangerously-skip-permissions\n" * 2
        assert "Mend it" in (home / "prompts").read_text()
        given = (home / "given").read_text().splitlines()
        assert {"ANTHROPIC_API_KEY=sesame", "DISABLE_AUTOUPDATER=1"} <= set(given)
        assert not [line for line in given if line.startswith("OPENAI")]


def test_a_providers_key_is_in_its_workers_environment_and_lies_nowhere() -> None:
    canary = f"can4ry-{secrets.token_hex(20)}"
    with world(SETTINGS) as made:
        program(made, "claude", '#!/bin/sh\nuntil test -e "$HOME/go"; do sleep 0.05; done\n')
        made.environment["ANTHROPIC_API_KEY"] = canary
        made.well("issue", "new", "Mend it", "--label", "ops/ready")
        made.engine()
        made.until(lambda: made.task(1).get("run") and made.running(1)["alive"], "a worker at work")
        given, argued = carriers(canary.encode())
        assert [path for path in made.folder.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()] == []
        (socket,) = (made.folder / "t").glob("tmux-*/ops-*")
        shown = ["show-environment", "-g", ";", "show-environment", "-t", "ops", ";", "list-panes", "-a", "-F", "#{pane_start_command}"]
        asked = subprocess.run(["tmux", "-S", str(socket), *shown], capture_output=True, check=True)
        assert (canary.encode() in asked.stdout, argued) == (False, [])
        assert [b"OPS_RUN=1-1" in env for words, env in given if b"console.cli.main" not in words].count(False) == 0
        assert any(b"OPS_RUN=1-1" in env for _, env in given)
        made.go()


def carriers(value: bytes) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """Command line and environment of every process that has ``value`` in its environment; and the command lines that have it."""
    seen = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is somebody else's
            seen.append(((folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()))
    return [it for it in seen if value in it[1]], [words for words, _ in seen if value in words]


def test_an_agent_behind_a_server_works_in_the_worktree_and_what_it_ran_is_told() -> None:
    def works(to: BaseHTTPRequestHandler) -> None:
        (_, _, body) = server.asked[-1]
        folder = body["messages"][0]["content"].removeprefix("You work in the folder ").partition(", a git worktree")[0]
        (Path(folder) / "done.txt").write_text("done")
        streams(piece("Done."), piece(end="stop"))(to)

    with chat(works) as server:
        own = f"kinds: {{gateway: {{url: '{server.url}', key: MY_KEY, expected_model: huge}}}}"
        with world(SETTINGS.replace("workers: {claude: 1}", f"workers: {{gateway: 1}}\n    {own}")) as made:
            made.environment["MY_KEY"] = "sesame"
            made.well("issue", "new", "Mend it", "--label", "ops/ready")
            made.engine()
            made.until(lambda: len(made.subjects()) == 2, "its work on the trunk")
            told = made.well("log")
    assert server.asked[0][1] == "Bearer sesame"
    assert "it ended well, with a change; it ran big-1, and not huge" in told


def test_an_agent_whose_runtime_is_too_old_is_not_started_and_costs_no_attempt() -> None:
    with world(SETTINGS) as made:
        program(made, "claude", "#!/usr/bin/env node\n")
        program(made, "node", "#!/bin/sh\necho v20.1.0\n")
        made.well("issue", "new", "Mend it", "--label", "ops/ready")
        made.engine()
        made.until(lambda: "node 22 or newer is needed, and here is 20.1.0" in made.well("log"), "the reason")
        assert made.task(1)["attempts"] == 0
        program(made, "node", '#!/bin/sh\ntest "$1" = --version && echo v22.0.0 && exit\necho done > done.txt\n' + RESULT)
        made.until(lambda: len(made.subjects()) == 2, "what it does with a newer one")


@pytest.fixture
def bare() -> Iterator[World]:
    """A world where no agent is installed, nor anything that one runs on."""
    with world() as made:
        folder = made.folder / "bin"
        folder.mkdir()
        for name in ("git", "sh", "cat"):
            (folder / name).symlink_to(shutil.which(name) or "")
        made.environment["PATH"] = str(folder)
        yield made


def listed(made: World, *words: str) -> dict[str, dict[str, Any]]:
    """Name → line."""
    said = made.ops("kinds", "--json", *words)
    assert said.code == 0, said
    shown = said.json()
    assert shown["schema"] == 1
    return {line["name"]: line for line in shown["kinds"]}


def put(made: World, name: str, text: str) -> Path:
    file = made.folder / "bin" / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_kinds_that_are_missing_say_how_to_install_them(bare: World) -> None:
    said = bare.well("kinds").splitlines()
    assert [line.split()[1] for line in said] == ["claude", "codex", "gateway", "hermes", "kimi", "kimi-old", "script"]
    assert said[0] == "✗ claude     missing: npm install -g @anthropic-ai/claude-code (node 22 or newer is needed, and there is no node)"
    assert said[1] == "✗ codex      missing: npm install -g @openai/codex"
    assert said[6].startswith("◆ script     a command of your own")


def test_a_kind_that_is_installed_says_where_and_what_logs_it_in_and_its_version_only_when_asked(bare: World) -> None:
    codex = put(bare, "codex", '#!/bin/sh\ntouch "$HOME/asked"\necho "codex-cli 0.169.0"\n')
    line = listed(bare)["codex"]
    assert (line["state"], line["path"], line["version"]) == ("ready", str(codex), None)
    assert line["says"] == f"{codex} · to log in: codex login, or set CODEX_API_KEY"
    assert not (bare.folder / "h" / "asked").exists()
    line = listed(bare, "--versions")["codex"]
    assert line["version"] == "0.169.0"
    assert "version 0.169.0" in line["says"]


def test_a_runtime_that_is_too_old_is_told_of_a_script_of_it_and_not_of_a_program_that_brings_its_own(bare: World) -> None:
    put(bare, "node", "#!/bin/sh\necho v22.3.0\n")
    put(bare, "kimi", "#!/usr/bin/env node\n")
    line = listed(bare)["kimi"]
    assert (line["state"], "node 22.19 or newer is needed, and here is 22.3.0" in line["says"]) == ("old", True)
    put(bare, "claude", "#!/usr/bin/env node\n")
    assert listed(bare)["claude"]["state"] == "ready"
    put(bare, "kimi", "#!/bin/sh\n")
    assert listed(bare)["kimi"]["state"] == "ready"


def test_a_program_that_tells_no_version_is_still_listed(bare: World) -> None:
    put(bare, "hermes", "#!/bin/sh\nexit 1\n")
    put(bare, "codex", "#!/no/such/program\n")
    lines = listed(bare, "--versions")
    assert [("it tells no version" in lines[name]["says"], lines[name]["state"]) for name in ("hermes", "codex")] == [(True, "ready")] * 2


def test_a_program_that_never_answers_is_given_up_on_with_its_children(bare: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "DEADLINE_S", 0.2)
    put(bare, "stuck", "#!/bin/sh\ncat /dev/zero > /dev/null &\necho 1.0\nwait\n")
    began = time.monotonic()
    assert programs.printed(("stuck",), bare.environment) == ""
    assert time.monotonic() - began < 5


def test_a_kind_behind_a_server_is_looked_for_where_the_settings_say(bare: World) -> None:
    with chat(streams()) as server:
        (bare.where / "ops.yaml").write_text(f"repos: {{acme/proj: {{kinds: {{gateway: {{url: '{server.url}'}}}}}}}}\n")
        line = listed(bare)["gateway"]
        assert (line["state"], line["path"]) == ("ready", server.url)
    line = listed(bare)["gateway"]
    assert (line["state"], "nothing answers at" in line["says"], "hermes gateway" in line["says"]) == ("missing", True, True)


def test_doctor_names_an_agent_that_is_wanted_and_missing_with_what_installs_it(bare: World) -> None:
    (bare.where / "ops.yaml").write_text("repos: {acme/proj: {check: 'true', workers: {codex: 2}}}\n")
    said = bare.ops("doctor", "--json").json()
    (line,) = (line for line in said["lines"] if line["name"] == "workers")
    assert (line["state"], line["says"]) == ("mend", "2 × codex: there is no program codex")
    assert line["remedy"] == "npm install -g @openai/codex"
