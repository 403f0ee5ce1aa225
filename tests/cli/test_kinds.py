"""`ops-console kinds`, on a machine that has one of them."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.kinds import kinds


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\nprintf '2.1.329 (Claude\\033 Code)\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")


def test_what_is_there_has_its_version_and_what_is_not_says_how_to_get_it() -> None:
    said = CliRunner().invoke(kinds).output.splitlines()
    claude = next(line for line in said if " claude " in line)
    assert claude.startswith("✓")
    assert claude.endswith("2.1.329 (Claude Code)")
    codex = next(i for i, line in enumerate(said) if " codex " in line)
    assert said[codex].startswith("·")
    assert "npm install -g @openai/codex" in said[codex + 1]


def test_as_json_it_is_one_object() -> None:
    shown = json.loads(CliRunner().invoke(kinds, ["--json"]).output)
    assert shown["schema"] == 1
    assert {it["kind"]: bool(it["path"]) for it in shown["kinds"]} == {
        "claude": True,
        "codex": False,
        "hermes": False,
        "kimi": False,
        "script": True,
    }
