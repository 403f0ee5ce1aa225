"""What agents say of their own runs, as recorded from real ones (tests/data/agents) and as it comes cut."""

import json
from pathlib import Path

import pytest

from panes import kinds, results, runs
from panes.runs import Spec, reserve, write_whole
from panes.seen import Run, RunId, Slot

RECORDED = [json.loads(line) for line in (Path(__file__).parents[1] / "data/agents/oneshot.jsonl").read_text().splitlines()]
DONE = {"type": "result", "subtype": "success", "is_error": False, "result": "done", "permission_denials": []}


@pytest.mark.parametrize("run", RECORDED, ids=lambda run: f"{run['agent']}-{run['sc']}")
def test_a_recorded_run_that_its_provider_refused_has_a_complaint_and_one_that_came_through_has_none(run: dict[str, str | int]) -> None:
    said = results.complaint(kinds.load(str(run["agent"])).result, str(run["out"]))
    assert bool(said) == bool(run["rc"])


def test_the_complaint_is_in_the_agents_own_words() -> None:
    said = {f"{run['agent']} {run['sc']}": results.complaint(kinds.load(run["agent"]).result, run["out"]) for run in RECORDED}
    assert said["claude s402"] == "Credit balance is too low"
    assert said["codex s429"] == "exceeded retry limit, last status: 429 Too Many Requests"


def claude(**over: object) -> str | None:
    return results.complaint("claude-json", 'noise\n{"type":"system"}\n' + json.dumps(DONE | over) + "\n")


def test_success_in_the_subtype_alone_is_none() -> None:
    assert claude() is None
    assert claude(is_error=True, result="no credit") == "no credit"
    assert claude(permission_denials=[{"tool_name": "Bash"}, {"tool_name": "Edit"}]) == "it was not allowed to use Bash, Edit"


@pytest.mark.parametrize(
    ("form", "output", "says"),
    [
        ("claude-json", "", "without a result"),
        ("claude-json", json.dumps(DONE)[:-5], "without a result"),
        ("claude-json", '{"type":"assistant"}\n{"type"', "without a result"),
        ("codex-jsonl", '{"type":"turn.started"}\n', "in the middle"),
        ("codex-jsonl", '{"type":"turn.completed"}\n{"type":"turn.failed","error":"late"}\n', "late"),
    ],
)
def test_an_account_that_is_not_whole_is_no_success(form: str, output: str, says: str) -> None:
    assert says in (results.complaint(form, output) or "")


def ended(root: Path, kind: str, output: str, code: int = 0) -> Run:
    folder = reserve(root, Spec(id=RunId("1-1"), task="1", purpose="work", kind=kind, slot=Slot("w01"), reason="implement", began=1.0))
    (folder / "output.log").write_text(output.replace("\n", "\r\n"))  # as a terminal has it
    write_whole(folder / "exit.json", json.dumps({"code": code, "why": "ended", "at": 2.0, "seconds": 1.0}).encode())
    return runs.look_at(folder)


def test_a_run_that_ended_with_0_and_says_itself_that_it_failed_failed(tmp_path: Path) -> None:
    end = ended(tmp_path, "claude", json.dumps(DONE | {"is_error": True, "result": "no\x1b[31m credit"}) + "\n").ended
    assert end
    assert (end.failed, end.detail) == (True, "no [31m credit")


def test_a_run_that_says_it_is_done_is_done_and_a_script_says_nothing(tmp_path: Path) -> None:
    good, script = ended(tmp_path / "a", "claude", json.dumps(DONE) + "\n").ended, ended(tmp_path / "b", "mine", "whatever\n").ended
    assert good
    assert script
    assert not good.failed
    assert not script.failed


def test_a_kind_is_given_its_own_variables_and_no_other_kinds() -> None:
    has = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o", "OPS_FORGE_TOKEN": "t"}
    assert kinds.environment(kinds.load("claude"), has.get) == {
        "ANTHROPIC_API_KEY": "a",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    assert kinds.environment(kinds.load("codex"), has.get) == {"OPENAI_API_KEY": "o"}


def test_a_kind_of_ours_needs_no_command_and_a_prompt_goes_in_as_it_takes_it(tmp_path: Path) -> None:
    prompt = tmp_path / "prompt.md"
    assert kinds.own_command(kinds.load("script")) is None
    assert kinds.argv(kinds.load("claude"), "", prompt)[:4] == ["/bin/sh", "-c", 'exec "$@" < "$0"', str(prompt)]
    assert kinds.argv(kinds.load("kimi"), "", prompt)[-4:] == ["kimi", "--output-format", "stream-json", "-p"]
