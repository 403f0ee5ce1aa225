"""What `init` guesses of a checkout and a machine, and how it understands an answer."""

from pathlib import Path

import click
import pytest

from console.cli.questions import Where, Workers, guess_of, installed, remote_of, trunk_in, where_of, workers_of
from panes.git import git
from tests.cli.world import project


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return project(tmp_path / "proj")


@pytest.mark.parametrize(
    ("remote", "guess"),
    [
        ("https://git.example.org/acme/api.git", "https://git.example.org/acme/api"),
        ("https://ann:secret@git.example.org:3000/acme/api", "https://git.example.org:3000/acme/api"),
        ("http://127.0.0.1:3000/forge/acme/api/", "http://127.0.0.1:3000/forge/acme/api"),
        ("git@git.example.org:acme/api.git", "https://git.example.org/acme/api"),
        ("ssh://git@git.example.org:2222/acme/api.git", "https://git.example.org/acme/api"),
        ("https://github.com/acme/api.git", "local"),
        ("git@github.com:acme/api.git", "local"),
        ("/srv/git/api.git", "local"),
        ("../api", "local"),
        ("file:///srv/git/acme/api.git", "local"),
        ("https://git.example.org/api", "local"),
    ],
)
def test_the_forge_is_guessed_from_where_the_checkout_came_from(checkout: Path, remote: str, guess: str) -> None:
    git(checkout, "remote", "add", "origin", remote)
    assert guess_of(remote_of(checkout)) == guess


def test_without_a_remote_issues_are_kept_here(checkout: Path) -> None:
    assert guess_of(remote_of(checkout)) == "local"


def test_the_trunk_is_what_the_remote_calls_its_own(checkout: Path) -> None:
    assert trunk_in(checkout) == "main"
    git(checkout, "update-ref", "refs/remotes/origin/release/2", "HEAD")
    git(checkout, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/2")
    assert trunk_in(checkout) == "main"  # there is no such branch here
    git(checkout, "branch", "release/2")
    assert trunk_in(checkout) == "release/2"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("https://git.example.org/acme/api.git", Where(url="https://git.example.org", repo="acme/api")),
        (" https://git.example.org/forge/acme/api/ ", Where(url="https://git.example.org/forge", repo="acme/api")),
        ("local", Where(url=None, repo="local/proj")),
    ],
)
def test_an_address_is_a_server_and_a_repository(text: str, where: Where) -> None:
    assert where_of(text, "local/proj", None) == where


@pytest.mark.parametrize(
    "text", ["git.example.org/acme/api", "https://ann:secret@git.example.org/acme/api", "https://git.example.org/api", ""]
)
def test_what_is_no_address_of_a_repository_is_asked_for_again(text: str) -> None:
    with pytest.raises(click.UsageError, match="the address of a repository is like"):
        where_of(text, "local/proj", None)


def test_the_repository_is_called_as_the_command_line_says_or_not_at_all() -> None:
    assert where_of("local", "local/proj", "me/mine").repo == "me/mine"
    with pytest.raises(click.UsageError, match="--repo says me/mine, and the address acme/api"):
        where_of("https://git.example.org/acme/api", "local/proj", "me/mine")


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("claude:2 codex", Workers(slots={"claude": 2, "codex": 1})),
        ("claude=1, claude:1", Workers(slots={"claude": 2})),
        ("./agent.sh {prompt}", Workers(slots={"script": 1}, command="./agent.sh {prompt}")),
        ("", Workers(slots={})),
    ],
)
def test_agents_are_said_with_their_number_or_as_a_command(text: str, workers: Workers) -> None:
    assert workers_of(text) == workers


def test_of_the_agents_that_are_here_each_gets_a_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed() == Workers(slots={})
    for name in ("codex", "kimi"):  # kimi is the program of two kinds
        (tmp_path / name).write_bytes(b"\x7fELF")
        (tmp_path / name).chmod(0o755)
    assert installed() == Workers(slots={"codex": 1, "kimi": 1})
