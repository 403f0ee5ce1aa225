"""The shell contract of looking: the JSON of `status`, and `watch`, `why`, `log` beside an engine."""

import json
import re
from pathlib import Path
from typing import Any

from tests.cli.world import BY_TITLE, World, settings, world

CONTRACT = json.loads((Path(__file__).parent / "data" / "status.json").read_text())
FILLED = ("tasks", "pulls", "train", "bays", "slots", "findings", "commands", "events")
GATED = 'until [ -e "$HOME/checked" ]; do sleep 0.05; done'


def missing(promised: Any, shown: Any, where: str) -> list[str]:
    """What the contract promises and is not there. Null is there; a list may be empty, and each row of it is looked at."""
    if isinstance(promised, dict) and isinstance(shown, dict):
        return [
            fault
            for key, inner in promised.items()
            for fault in ([f"{where}.{key}"] if key not in shown else missing(inner, shown[key], f"{where}.{key}"))
        ]
    if isinstance(promised, list) and isinstance(shown, list) and promised and isinstance(promised[0], dict):
        return [fault for row in shown for fault in missing(promised[0], row, f"{where}[]")]
    if isinstance(promised, list) and not isinstance(shown, list):
        return [f"{where} is no list"]
    return []


def status(world: World) -> Any:
    said = world.ops("status", "--json")
    assert said.code == 0, said
    assert missing(CONTRACT, said.json(), "status") == []
    return said.json()


def test_the_json_of_status_has_every_promised_key() -> None:
    """At every moment of a story in which all that this engine can fill is filled once."""
    filled = {}

    def seen(here: World, what: str) -> Any:
        shown = status(here)
        filled.update({name: shown[name] for name in FILLED if shown[name]})
        return shown.get(what)

    with world(settings(worker=BY_TITLE, check=GATED, more="limits: {attempts: 1}")) as here:
        for title in ("One that waits", "One that fails", "Quick", "Last"):
            here.well("issue", "new", title, "--ready")
        here.engine()
        here.well("assign", "1")
        here.until(lambda: seen(here, "bays"), "the trunk's check")
        (here.folder / "h" / "checked").touch()
        for number in ("1", "2"):
            here.well("assign", number, "--wait")
        here.until(lambda: seen(here, "findings"), "the parked one")
        here.well("assign", "3", "--wait")
        here.well("assign", "4", "w01")
        pull = here.until(lambda: here.task(3).get("stage") == "waiting" and here.task(3)["pull"], "the pull that waits")
        here.well("freeze", "--why", "first look")
        here.well("merge", str(pull))
        here.until(lambda: seen(here, "train") and seen(here, "commands"), "the pull that would land")
        shown = status(here)
        assert shown["engine"]["freeze"]["why"] == "first look"
        assert shown["engine"]["tmux"]["server"].startswith("ops-proj-")
        run = next(task["run"] for task in shown["tasks"] if task["issue"] == 1)
        assert (run["slot"], run["alive"]) == ("w01", True)
        assert sorted(filled) == sorted(FILLED)


def test_what_happens_is_told_a_line_an_event_and_why_it_stands_there() -> None:
    with world(settings(worker=BY_TITLE)) as here:
        here.well("issue", "new", "One that waits", "--ready")
        here.engine()
        watch = here.begin("watch", "--plain")
        assert watch.stdout
        here.well("assign", "1", "--wait")
        while "launch" not in (line := watch.stdout.readline()):
            assert line, "watch ended"
        assert re.fullmatch(r"\d\d:\d\d:\d\d engine launch +#1 w01 +it is claimed; script starts in w01 +ok \(\d+\.\d s\)\n", line)
        here.until(lambda: "works on it" in here.task(1).get("why", ""), "the worker")
        why = here.well("why", "1")
        assert why.startswith("1 One that waits\n  stage     working (row 1), since ")
        assert "\n  why       script works on it in w01" in why
        told = json.loads(here.well("why", "1", "--json"))
        assert (told["schema"], told["task"]["stage"], missing(CONTRACT["tasks"][0], told["task"], "task")) == (1, "working", [])
        here.well("issue", "new", "Another", "--ready")
        here.well("assign", "2", "--wait")
        pull = here.until(lambda: here.task(2).get("pull"), "its pull")
        assert "\n  pull      p3" in here.well("why", f"p{pull}")
        assert all("#1" in line for line in here.well("log", "1").splitlines())
        assert "propose" in here.well("log", "2")
        assert "propose" not in here.well("log", "1")
        for said in (here.ops("status").out, here.well("log"), line):
            assert "\x1b" not in said  # no terminal, no colour


def test_status_is_most_urgent_first_and_short() -> None:
    with world(settings(worker=BY_TITLE, more="limits: {attempts: 1}")) as here:
        here.well("issue", "new", "One that fails", "--ready")
        here.engine()
        here.well("assign", "1", "--wait")
        here.until(lambda: here.stage(1) == "parked", "the parked one")
        here.well("pause")
        here.until(lambda: here.board()["engine"]["pause"], "the pause")
        first, second, *_ = here.well("status").splitlines()
        assert re.fullmatch(r"acme/proj  assist paused  main [0-9a-f]{7} green  engine \d+ s ago", first)
        assert second.startswith("  ! 1 left to you: ")
        assert second.endswith("→ ops-console why 1")


def test_status_of_all_repositories_shows_each_board_and_names_the_one_that_has_none() -> None:
    with world(settings() + "  acme/other: {}\n") as here:
        here.ops("--repo", "acme/proj", "engine", "--once")
        said = here.ops("status", "--all", "--json")
        assert said.code == 5
        assert [shown["repo"] for shown in said.json()["repos"]] == ["acme/proj"]
        assert "acme/other: no engine has run here yet" in said.err
        assert "acme/proj  assist" in here.ops("status", "--all").out
        assert here.ops("status").code == 2  # two are named by the settings, and none by the operator
