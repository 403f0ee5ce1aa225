"""What agents say of their runs, read off recordings of real ones (tests/data/agents/oneshot.jsonl) and off what they are known to say."""

import json
from pathlib import Path
from typing import Any

import pytest

from panes import kinds
from panes.results import read
from panes.seen import Reading, Result

RECORDED = [
    json.loads(line) for line in (Path(__file__).parent.parent / "data/agents/oneshot.jsonl").read_text("utf-8").split("\n") if line
]
ERRORS = ("s429", "s402", "s401", "s500", "drop", "s400ctx", "hang")


def said(run: dict[str, Any]) -> Result:
    """What is read off a recorded run, as a terminal would have been given it: both streams in one, lines ending with CR LF."""
    text = "\x1b[?25l" + run["out"].replace("\n", "\r\n") + "\x1b]0;title\x07" + run["err"].replace("\n", "\r\n")
    found = read(kinds.load(run["agent"]).result, text, run["rc"])
    assert found
    return found


def recorded(agent: str, scene: str) -> Result:
    (run,) = (run for run in RECORDED if (run["agent"], run["sc"]) == (agent, scene))
    return said(run)


def good(run: dict[str, Any]) -> bool:
    """As the stage table has it: the exit code, and no word against it."""
    return run["rc"] == 0 and said(run).ok is not False


def test_every_recorded_agent_has_all_its_scenes() -> None:
    assert {run["agent"] for run in RECORDED} == {"claude", "codex", "kimi", "hermes"}
    assert len(RECORDED) == 4 * (len(ERRORS) + 2)


@pytest.mark.parametrize("run", RECORDED, ids=lambda run: f"{run['agent']}-{run['sc']}")
def test_no_run_that_met_an_error_is_called_good_and_every_one_that_ended_well_is(run: dict[str, Any]) -> None:
    # A spoilt and an unknown call were told to the model, which then said that it was done: only hermes gave up on the spoilt one.
    assert good(run) == (run["sc"] not in ERRORS and (run["agent"], run["sc"]) != ("hermes", "badjson"))
    assert said(run).ok is not True or run["rc"] == 0


@pytest.mark.parametrize(
    ("agent", "scene", "provider", "why"),
    [
        ("claude", "s402", "credit", "Credit balance is too low (402)"),
        ("claude", "s400ctx", None, "Prompt is too long"),
        ("codex", "s429", "limit", "exceeded retry limit, last status: 429 Too Many Requests"),
        ("codex", "s402", "credit", "unexpected status 402 Payment Required"),
        ("codex", "s401", "login", "unexpected status 401 Unauthorized"),
        ("codex", "s500", None, "experiencing high demand"),
        ("codex", "drop", None, "stream disconnected before completion"),
        ("codex", "s400ctx", None, "ran out of room"),
        ("kimi", "s429", "limit", "429 Rate limit reached for requests"),
        ("kimi", "s402", "credit", "failed to run prompt: provider.api_error: 402 Insufficient credits"),
        ("kimi", "s401", "login", "failed to run prompt: provider.auth_error: 401 Incorrect API key provided"),
        ("kimi", "s500", None, "500 The server had an error"),
        ("kimi", "drop", None, "terminated"),
        ("kimi", "s400ctx", None, "compaction.failed"),
        ("hermes", "s429", "limit", "API call failed after 3 retries: HTTP 429: Rate limit reached for requests"),
        ("hermes", "s402", "credit", "HTTP 402: Insufficient credits"),
        ("hermes", "s401", "login", "HTTP 401: Incorrect API key provided"),
        ("hermes", "s500", None, "HTTP 500"),
        ("hermes", "s400ctx", None, "Context length exceeded"),
        ("hermes", "badjson", None, "Response truncated"),
    ],
)
def test_what_went_wrong_is_told_in_the_agents_words_and_the_providers_part_in_it_is_known(
    agent: str, scene: str, provider: str | None, why: str
) -> None:
    found = recorded(agent, scene)
    assert (found.ok, found.provider) == (False, provider)
    assert why in found.why


def test_what_a_run_used_is_counted_where_the_agent_says_it() -> None:
    assert recorded("codex", "unknown") == Result(ok=True, tokens_in=200, tokens_out=40)
    refused = recorded("claude", "s402")
    assert (refused.tokens_in, refused.tokens_out, refused.usd) == (0, 0, 0)
    assert recorded("kimi", "unknown") == Result(ok=True)


def claude(**over: Any) -> str:
    """The end of a run of claude's."""
    usage = {"input_tokens": 20, "cache_creation_input_tokens": 300, "cache_read_input_tokens": 4000, "output_tokens": 5}
    began = {"duration_api_ms": 3, "total_cost_usd": 0.25, "usage": usage, "permission_denials": []}
    ended = {"is_error": False, "subtype": "success", "result": "Done.\u2028All of it.", "type": "result"}
    return json.dumps(began | ended | over, ensure_ascii=False, separators=(",", ":")) + "\r\n"


STARTED = '{"type":"system","subtype":"init"}\r\n'
RETRY = (
    '{"type":"system","subtype":"api_retry","attempt":7,"max_retries":10,"retry_delay_ms":9000,"error_status":429,"error":"rate_limit"}\r\n'
)
DENIED = [{"tool_name": "Write", "tool_input": {"is_error": False}}, {"tool_name": "Bash", "tool_input": {}}]
KIMI_LOOKS = '{"role":"assistant","content":"I look.","tool_calls":[{}]}'
KIMI_OLD = "LLM provider error: Error code: 401"
HERMES_402 = "❌ Non-retryable error (HTTP 402)"
NEVER_SAID = Result(ok=False, why="it ended without saying that it was done")
COMPLETED = '{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":1}}\n'
FAILED = '{"type":"turn.failed","error":{"message":"it broke"}}\n'


@pytest.mark.parametrize(
    ("reading", "text", "code", "result"),
    [
        ("claude-json", STARTED + claude(), 0, Result(ok=True, tokens_in=4320, tokens_out=5, usd=0.25)),
        ("claude-json", claude()[5:], 0, Result(ok=True, tokens_in=4320, tokens_out=5, usd=0.25)),
        (
            "claude-json",
            claude(permission_denials=DENIED),
            0,
            Result(ok=False, why="2 of its calls were not permitted: Bash, Write", tokens_in=4320, tokens_out=5, usd=0.25, denied=2),
        ),
        (
            "claude-json",
            claude(subtype="error_max_turns", result=None, usage=None, total_cost_usd=None),
            1,
            Result(ok=False, why="error_max_turns"),
        ),
        ("claude-json", STARTED + RETRY, 143, Result(ok=False, why="429 rate_limit, try 7", provider="limit")),
        ("claude-json", STARTED, 0, NEVER_SAID),
        ("claude-json", "sh: 1: claude: not found", 127, Result(ok=None)),
        ("codex-jsonl", FAILED + COMPLETED, 0, Result(ok=True, tokens_in=7, tokens_out=1)),
        ("codex-jsonl", COMPLETED + FAILED, 0, Result(ok=False, why="it broke")),
        ("codex-jsonl", "{}\n[1]\n{broken", 0, NEVER_SAID),
        ("kimi-jsonl", '{"role":"assistant","content":[{"type":"text","text":"Done."}]}', 0, Result(ok=True)),
        ("kimi-jsonl", '{"role":"assistant","content":"Done."}', 1, Result(ok=None)),
        ("kimi-jsonl", KIMI_LOOKS, 0, NEVER_SAID),
        ("kimi-jsonl", KIMI_OLD, 1, Result(ok=False, why=KIMI_OLD, provider="login")),
        ("hermes-text", "Done.\nsession_id: 1", 0, Result(ok=None)),
        ("hermes-text", f"\x1b[31m{HERMES_402}\x1b[0m\n\nsession_id: 1", 0, Result(ok=False, why=HERMES_402, provider="credit")),
        ("hermes-text", "It now answers HTTP 402: that was the issue.", 0, Result(ok=None)),
        ("hermes-text", " \n", 0, NEVER_SAID),
        ("exit-code", "done", 0, None),
    ],
)
def test_a_run_is_good_only_when_its_agent_says_so_last(reading: Reading, text: str, code: int, result: Result | None) -> None:
    assert read(reading, text, code) == result
