"""What real forges said to git, through the function that decides: won, lost, refused, or no answer at all."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from console.engine.push import Ref, classified, push, record, spoken
from console.forge.errors import ForgeGone, Moved, Refused
from panes.git import GitFailed, Remote, git
from tests.recorded import records

FORGES = ("gitea", "forgejo")
WON, LOST, REFUSED = None, Moved, Refused
COLLABORATOR, LOGIN = "our account may only read: it must be a collaborator with write", "`ops-console login` takes another token"

# (case, step) → what it is, and what is said of it. Both forges, and every push of theirs.
PUSHES: dict[tuple[str, int], tuple[type[Exception] | None, str]] = {
    ("claims", 1): (WON, ""),
    ("claims", 2): (LOST, "came too late"),
    ("claims", 3): (LOST, "came too late"),
    ("claims", 4): (WON, ""),  # `[up to date]`: our own commit, which nobody else makes
    ("claims", 5): (LOST, "came too late"),
    ("claims", 7): (WON, ""),
    ("claims", 8): (LOST, "came too late"),
    ("claims", 9): (WON, ""),
    ("claims", 10): (LOST, "came too late"),
    ("claims", 11): (LOST, "came too late"),
    ("claims", 12): (WON, ""),
    ("claims", 13): (LOST, "came too late"),
    ("claims", 14): (WON, ""),
    ("claims", 15): (REFUSED, COLLABORATOR),
    ("claims", 16): (REFUSED, LOGIN),
    ("claims", 19): (WON, ""),
    ("claims", 20): (LOST, "came too late"),
    ("claims", 22): (REFUSED, "hook declined to update refs/pull/9/head"),
    ("claims", 23): (WON, ""),
    ("claims", 24): (WON, ""),
    ("claims", 25): (REFUSED, "another ref is where its folder would be"),
    ("claim-protected", 1): (REFUSED, "Not allowed to push to protected branch main"),
    ("claim-protected", 2): (REFUSED, "Not allowed to push to protected branch main"),
    **{("protection", step): (REFUSED, "Not allowed to push to protected branch main") for step in (22, 23, 24, 25, 29, 30)},
    ("protection", 26): (REFUSED, "branch main is protected from force push"),
    ("protection", 27): (REFUSED, "branch main is the default branch and cannot be deleted"),
    ("protection", 28): (REFUSED, "Not allowed to push to protected branch release/1"),
    ("reader-rights", 13): (REFUSED, COLLABORATOR),
    ("reader-rights", 14): (REFUSED, COLLABORATOR),
    ("scopes", 15): (WON, ""),
    ("scopes", 17): (REFUSED, "the token lacks the scope write:repository"),
    ("scopes", 18): (WON, ""),
    ("scopes", 19): (REFUSED, LOGIN),
    ("scopes", 21): (REFUSED, LOGIN),
    ("repo-archived", 14): (REFUSED, "the repository is archived"),
    ("repo-archived", 15): (REFUSED, "the repository is archived"),
    ("repo-renamed", 8): (WON, ""),
    ("repo-empty", 16): (WON, ""),
    ("landing-cycle", 4): (WON, ""),
}
# What is no push, and nothing that the console decides anything by.
DRY = {("protection", 31), ("claims", 17), ("claims", 18)}


def gits(forge: str, verb: str) -> list[Any]:
    return [r for r in records(forge) if "git" in r and r["git"].split()[0] == verb]


def failed(r: Any) -> GitFailed:
    """As `panes.git` makes it of a push: what git wrote to stdout, then what it wrote to stderr."""
    return GitFailed(r["git"].split(), r["rc"], f"{r['stdout']}\n{r['stderr']}")


@pytest.mark.parametrize("forge", FORGES)
def test_every_recorded_push_is_won_lost_or_refused_and_a_refusal_says_what_to_do(forge: str) -> None:
    asked = {(r["case"], r["step"]): r for r in gits(forge, "push")}
    assert {at for at in asked if at not in DRY} == set(PUSHES)
    for at, (kind, says) in PUSHES.items():
        r = asked[at]
        assert (r["rc"] == 0) == (kind is WON), at
        if kind is not WON:
            error = classified(failed(r), "the push")
            assert type(error) is kind, at
            assert says in str(error), at
            assert "remote:" not in str(error), at
            assert "error:" not in str(error), at


@pytest.mark.parametrize("forge", FORGES)
def test_every_other_git_command_that_was_recorded_looks_at_refs_and_changes_none(forge: str) -> None:
    others = [r for r in records(forge) if "git" in r and not r["git"].startswith("push ")]
    assert {r["git"].split()[0] for r in others} == {"ls-remote", "fetch"}
    assert {(r["case"], r["step"]) for r in others if r["rc"]} == {("repo-get", 14), ("repo-get", 15)}  # below


@pytest.mark.parametrize("forge", FORGES)
def test_a_dry_run_proves_nothing_so_nothing_here_asks_for_one(forge: str) -> None:
    dry = {(r["case"], r["step"]): r["rc"] for r in gits(forge, "push") if "--dry-run" in r["git"]}
    assert dry == dict.fromkeys(DRY, 0)  # a reader's claim, and the protected branch: both would be refused
    assert "--dry-run" not in inspect.getsource(push)


@pytest.mark.parametrize("forge", FORGES)
def test_a_repository_that_git_may_not_see_is_said_to_be_that_and_not_a_forge_that_is_away(forge: str) -> None:
    refused = [r for r in gits(forge, "ls-remote") if r["rc"]]
    assert [(r["case"], r["step"]) for r in refused] == [("repo-get", 14), ("repo-get", 15)]  # private, and not there at all
    for r in refused:
        error = classified(GitFailed(["ls-remote"], r["rc"], r["stderr"]), "the look at refs/heads/main", sent=False)
        assert isinstance(error, Refused)
        assert "there is no such repository, or it is not shown to our account (Repository not found)" in str(error)


@pytest.mark.parametrize("forge", FORGES)
def test_one_ref_that_is_refused_by_the_forge_refuses_them_all_without_atomic_too(forge: str) -> None:
    for at in (("claim-protected", 1), ("claim-protected", 2), ("protection", 29), ("protection", 30)):
        r = next(r for r in gits(forge, "push") if (r["case"], r["step"]) == at)
        assert (r["stdout"] + r["stderr"]).count("(pre-receive hook declined)") == 2, at


@pytest.mark.parametrize("forge", FORGES)
def test_what_a_push_that_worked_prints_is_no_sign_of_anything(forge: str) -> None:
    """Gitea writes to stderr whenever a push works, Forgejo when a branch is new: the code alone counts."""
    won = [r for r in gits(forge, "push") if r["rc"] == 0 and "--dry-run" not in r["git"]]
    assert any(r["stderr"] for r in won)
    assert ("Processed" in "".join(r["stderr"] for r in won)) == (forge == "gitea")


async def test_the_words_of_a_refused_push_come_from_stdout_and_from_stderr(tmp_path: Path) -> None:
    """git says on stdout which ref was refused and how, and on stderr what the forge's hook said about it: both decide."""
    git(tmp_path, "init", "--quiet", "--bare", "--template=", str(tmp_path / "forge.git"))
    git(tmp_path, "init", "--quiet", "--bare", "--template=", str(tmp_path / "hub.git"))
    hook = tmp_path / "forge.git" / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nprintf 'error: \\nerror: Not allowed to push to protected branch main\\nerror: \\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    git(tmp_path / "forge.git", "config", "core.hooksPath", "hooks")
    mine = await record(tmp_path / "hub.git", "mine")
    with pytest.raises(Refused) as no:
        await push(tmp_path / "hub.git", Remote(str(tmp_path / "forge.git")), [Ref(name="refs/heads/main", was=None, now=mine)])
    assert isinstance(cause := no.value.__cause__, GitFailed)
    assert "[remote rejected] (pre-receive hook declined)" in cause.said  # stdout
    assert "remote: error: Not allowed to push" in cause.said  # stderr
    assert str(no.value) == "the push of refs/heads/main was refused: Not allowed to push to protected branch main"


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("fatal: unable to access 'http://h/a.git/': Failed to connect to h port 80: Connection refused", "Connection refused"),
        ("error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: the remote end hung up unexpectedly", "hung up"),
        ("no answer within 120 s", "no answer within 120 s"),
    ],
)
def test_a_push_without_an_answer_is_neither_lost_nor_refused(said: str, says: str) -> None:
    error = classified(GitFailed(["push"], 128, said), "the push of refs/heads/x")
    assert isinstance(error, ForgeGone)
    assert error.sent
    assert says in str(error)
    assert says in spoken(GitFailed(["push"], 128, said))
