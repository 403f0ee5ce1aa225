"""Bad input, one table: each case has its one clear sentence and its exit code, no traceback, and loses nothing."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bench.status import board_of
from console.engine import board
from console.place import Place
from panes.git import git
from tests.cli.world import WAITS, World, project, settings, world

KEPT = "An issue that stays"
NASTY = ("\x1b[31mred\x1b[0m [bold]loud[/bold] $(touch pwned) `touch pwned`\n\r\t; rm -rf \"x\" 'y' \u202e\x9b1m " * 200)[:10_000]


@dataclass(frozen=True)
class Ask:
    """A command, its exit code, and what it says: in ``err`` on stderr, in ``out`` on stdout."""

    words: str
    code: int
    err: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


def nothing(world: World) -> None:
    """The world as it is."""


def elsewhere(world: World) -> None:
    world.where = world.folder / "elsewhere"
    world.where.mkdir()


def nothing_committed(world: World) -> None:
    elsewhere(world)
    git(world.where, "init", "--quiet", "--template=", "--initial-branch=main")


def fresh_with(text: str) -> Callable[[World], None]:
    """Another checkout, which no forge was made of yet."""

    def arrange(world: World) -> None:
        world.where = project(world.folder / "fresh")
        (world.where / "ops.yaml").write_text(text)

    return arrange


def with_settings(text: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        (world.where / "ops.yaml").write_text(text)

    return arrange


def another_users(world: World) -> None:
    """As root the checkout is given away; anybody else has git believe so, for only root can."""
    if os.getuid() == 0:
        for path in (world.where, *world.where.rglob("*")):
            os.chown(path, 65534, 65534)
        return
    real = shutil.which("git")
    (world.folder / "bin").mkdir()
    (world.folder / "bin" / "git").write_text(f'#!/bin/sh\nexport GIT_TEST_ASSUME_DIFFERENT_OWNER=1\nexec {real} "$@"\n')
    (world.folder / "bin" / "git").chmod(0o755)
    world.environment["PATH"] = f"{world.folder / 'bin'}:{world.environment['PATH']}"


def branch_taken(world: World) -> None:
    world.well("issue", "ready", "1")
    git(world.bare, "branch", "feat/issue-1", "main")


def ready(world: World) -> None:
    world.well("issue", "ready", "1")


def no_such_worker(world: World) -> None:
    with_settings(settings(worker="no-such-agent {prompt}", mode="auto", more="limits: {attempts: 1}"))(world)
    world.well("issue", "ready", "1")


def running(world: World) -> None:
    world.engine()


def stale(world: World) -> None:
    """What an engine left behind a minute ago."""
    world.well("assign", "1")  # makes the state folder
    here = Place(
        repo="acme/proj",
        url="",
        kind="local",
        checkout=None,
        settings=None,
        state=world.state,
        forge=world.folder,
        standing=world.folder,
        instance=world.folder,
    )
    board.write(world.state, board_of(here, time.time() - 60))


def spoilt_board(world: World) -> None:
    world.well("assign", "1")
    (world.state / "observed.json").write_text('{"schema": 1, "at"')


def two_repositories(world: World) -> None:
    elsewhere(world)
    path = world.folder / "c" / "ops-console" / "ops.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text("repos:\n  acme/api: {}\n  acme/web: {}\n")


def git_is_broken(world: World) -> None:
    (world.where / ".git" / "config").write_text("[core\n")


CASES: dict[str, tuple[Callable[[World], None], tuple[Ask, ...]]] = {
    "no git repository": (
        elsewhere,
        (
            Ask("status", 3, ("this is no git checkout, and no settings name a repository", "`ops-console demo`")),
            Ask("issue list", 3, ("this is no git checkout",)),
        ),
    ),
    "a git repository that git cannot read": (git_is_broken, (Ask("status", 3, ("git cannot read the checkout at", "bad config line 1")),)),
    "no commits yet": (nothing_committed, (Ask("issue new Hello", 3, ("has no commits yet: make the first one",)),)),
    "a trunk that does not exist": (
        fresh_with("repos: {acme/fresh: {trunk: prod}}"),
        (Ask("issue list", 3, ("there is no branch prod in", "which the settings name as trunk; there are: main")),),
    ),
    "a trunk that is not the one the forge was made with": (
        with_settings("repos: {acme/proj: {trunk: prod}}"),
        (Ask("issue list", 4, ("is the forge of acme/proj (trunk main)", "trunk prod")),),
    ),
    "a checkout owned by another user": (
        another_users,
        (Ask("status", 3, ("belongs to another user, so git does not read it", "`git config --global --add safe.directory")),),
    ),
    "a branch name taken": (
        branch_taken,
        (
            Ask("mode auto", 0),
            Ask("engine --until-idle", 1, ("left to you: 1 (`ops-console why N`)",)),
            Ask("why 1", 0, (), ("parked", "the branch feat/issue-1 is there already on the forge", "is not ours: rename or delete it")),
        ),
    ),
    "a worker's command that does not exist": (
        no_such_worker,
        (
            Ask("engine --until-idle", 1, ("left to you: 1",)),
            Ask("why 1", 0, (), ("parked", "no-such-agent: not found", "`retry 1` takes it up again")),
        ),
    ),
    "an unknown key": (
        with_settings("mode: assist\nrepos:\n  acme/proj:\n    chekc: make\n"),
        (Ask("status", 3, ("ops.yaml:4: unknown key `chekc` in repos.acme/proj; did you mean `check`?",)),),
    ),
    "a wrong type": (
        with_settings("repos:\n  acme/proj:\n    workers: {script: two}\n"),
        (Ask("issue list", 3, ("ops.yaml:3: repos.acme/proj.workers.script is a whole number; not 'two'",)),),
    ),
    "no YAML": (with_settings("mode: [\n"), (Ask("engine", 3, ("ops.yaml:2: this is not YAML",)),)),
    "workers without a command": (
        with_settings("repos:\n  acme/proj:\n    workers: {script: 1}\n"),
        (Ask("engine --once", 3, ("workers asks for script, but nothing says what that runs", "set kinds:")),),
    ),
    "a settings file that is not there": (nothing, (Ask("--config none.yaml status", 3, ("there is no settings file none.yaml",)),)),
    "a name that is no repository's": (nothing, (Ask("--repo proj status", 3, ("a repository is OWNER/NAME", "not: 'proj'")),)),
    "a repository the settings do not name": (
        nothing,
        (Ask("--repo acme/other issue list", 3, ("does not name acme/other; it names acme/proj",)),),
    ),
    "several repositories and none named": (
        two_repositories,
        (
            Ask("status", 2, ("has several repositories, name one with --repo: acme/api, acme/web",)),
            Ask("issue list", 2, ("acme/api, acme/web",)),
        ),
    ),
    "a second engine": (
        running,
        (Ask("engine", 1, ("an engine runs here already (process", "`ops-console engine stop` ends it")), Ask("status", 0)),
    ),
    "no engine to stop": (nothing, (Ask("engine stop", 5, ("no engine runs here",)),)),
    "no engine ever": (
        nothing,
        (
            Ask("status", 5, ("no engine has run here yet", "`ops-console engine` runs it alone")),
            Ask("why 1", 5, ("no engine has run here yet",)),
            Ask("merge 2", 5, ("no engine has run here yet",)),
            Ask("attach", 5, ("there is nothing to attach to",)),
        ),
    ),
    "no engine since": (
        stale,
        (
            Ask("status", 5, ("this is 1 m old: no engine keeps it up to date", "`ops-console engine` runs it alone"), ("acme/proj",)),
            Ask("assign 1 --wait", 5, ("no engine answers; the command waits as",)),
        ),
    ),
    "a board cut short": (spoilt_board, (Ask("status", 5, ("observed.json cannot be read",)),)),
    "bad addresses": (
        running,
        (
            Ask("why x", 2, ("'x' is no address: 12 is an issue, p31 a pull",)),
            Ask("why 99", 1, ("issue 99 is not in hand",)),
            Ask("why p99", 1, ("pull 99 is not in hand",)),
            Ask("assign one", 2, ("'one' is no issue's number", "`ops-console assign --help`")),
            Ask("assign 1 slot", 2, ("'slot' is no slot: they are called w01, w02",)),
            Ask("stop w", 2, ("'w' is no slot",)),
            Ask("wake 1", 2, ("'1' is no slot",)),
            Ask("merge pull", 2, ("'pull' is no pull's number",)),
            Ask("merge 99", 1, ("there is no pull p99 in hand",)),
            Ask("issue show 99", 1, ("there is no issue 99", "`ops-console issue list --all`")),
            Ask("issue close 99", 1, ("there is no issue 99",)),
            Ask("attach w09", 1, ("w09 has no window yet",)),
        ),
    ),
    "an unknown command": (
        nothing,
        (
            Ask("staus", 2, ("there is no command 'staus'; did you mean `status`?",)),
            Ask("zzzz", 2, ("there is no command 'zzzz'; see `ops-console --help`",)),
            Ask("status --jsn", 2, ("No such option",)),
            Ask("mode slow", 2, ("'slow' is not one of",)),
        ),
    ),
    "no terminal for the console": (nothing, (Ask("", 2, ("the console needs a terminal", "`ops-console status`")),)),
    "an empty title": (nothing, (Ask("issue new ", 2, ("an issue needs a title",)),)),
}


def words_of(ask: Ask) -> list[str]:
    return ask.words.split(" ") if ask.words else []


@pytest.mark.parametrize(("arrange", "asks"), CASES.values(), ids=CASES.keys())
def test_bad_input_has_its_sentence_and_its_code_and_loses_nothing(arrange: Callable[[World], None], asks: tuple[Ask, ...]) -> None:
    with world(settings(mode="auto")) as here:
        here.well("issue", "new", KEPT)
        arrange(here)
        for ask in asks:
            said = here.ops(*words_of(ask))
            assert said.code == ask.code, (ask.words, said)
            assert "Traceback" not in said.out + said.err
            assert all(part in said.err for part in ask.err), (ask.words, said.err)
            assert all(part in said.out for part in ask.out), (ask.words, said.out)
            if said.code and "left to you" not in said.err:
                sentence, *remedy = said.err.splitlines()
                assert sentence.startswith("ops-console: "), said.err
                assert len(remedy) <= 1, said.err
        assert here.issues() == [KEPT]


ERRORS = {
    "status --json": (elsewhere, 3),
    "staus --json": (nothing, 2),
    "status --json --no-such-option": (nothing, 2),
    "why 1 --json": (nothing, 5),
    "issue list --json": (with_settings("mode: never"), 3),
}


@pytest.mark.parametrize(("words", "arrange", "code"), [(words, *case) for words, case in ERRORS.items()], ids=ERRORS.keys())
def test_errors_with_json_are_one_object_on_stdout(words: str, arrange: Callable[[World], None], code: int) -> None:
    with world(settings()) as here:
        arrange(here)
        said = here.ops(*words.split())
        assert said.code == code
        error = said.json()["error"]
        assert said.json()["schema"] == 1
        assert error.keys() == {"code", "message", "remedy"}
        assert (error["code"], bool(error["message"]), said.err) == (code, True, "")


def test_a_stale_board_as_json_is_one_object_and_its_age_is_told_beside_it() -> None:
    with world(settings()) as here:
        here.well("issue", "new", KEPT)
        stale(here)
        said = here.ops("status", "--json")
        assert (said.code, said.json()["repo"]) == (5, "acme/proj")
        assert "no engine keeps it up to date" in said.err


def test_a_title_of_ten_thousand_odd_characters_lands_short_and_clean() -> None:
    with world(settings(mode="auto", worker=WAITS)) as here:
        here.well("issue", "new", NASTY, "--ready")
        listed = here.well("issue", "list")
        engine = here.engine()
        here.until(lambda: here.stage(1) == "working", "the worker")
        shown = here.well("status")
        why = here.well("why", "1")
        here.go()
        pull = here.until(lambda: [event for event in here.board()["events"] if event["what"] == "propose"], "its pull")
        here.until(lambda: not here.board()["tasks"] and len(here.subjects()) == 2, "the landing")
        here.well("engine", "stop")
        assert engine.wait(20) == 0
        subject = here.subjects()[0]
        assert subject.startswith("feat: \ufffd[31mred\ufffd[0m [bold]loud[/bold] $(touch pwned) `touch pwned`")
        assert subject.endswith("(#1)")
        assert len(subject) < 256
        for text in (listed, shown, why, subject):
            assert not {c for c in text if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u202e"}
        assert all(len(line) < 600 for line in (listed + shown).splitlines())
        assert pull
        assert "branch    feat/issue-1" in why
        assert not list(here.folder.rglob("pwned"))


def test_a_folder_with_dots_and_spaces_is_a_repository_like_any_other() -> None:
    name = ". my proj.v1 (x)"
    with world(settings(mode="auto", repo="local/my-proj.v1-x"), name) as here:
        here.well("issue", "new", "Hello", "--ready")
        said = here.ops("engine", "--until-idle")
        assert said.code == 0, said
        assert here.subjects() == ["feat: Hello (#1)", "first"]
        here.well("forge", "pull")
        assert (here.where / "done").read_text() == "done\n"
        (here.where / "ops.yaml").unlink()
        assert "no open issues" in here.well("issue", "list")  # the same forge, by the folder's name alone
        assert "local/my-proj.v1-x" in here.ops("doctor").out
