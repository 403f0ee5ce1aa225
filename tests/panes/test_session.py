"""Our tmux session, on a real server of each test's own."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from panes import session
from panes.seen import PanesError, RunId, Slot, SlotSeen, TmuxGone
from tests.panes.conftest import until

W01, W02 = Slot("w01"), Slot("w02")
LINGER = "sleep 0.3"  # as the shim does: without it tmux loses the last words of a third of those that end


def show(ours: session.Session, *command: str, slot: Slot = W01, run: str = "7-1") -> None:
    ours.start(slot, command, ours.folder, "7", RunId(run))


def seen(ours: session.Session, slot: Slot = W01) -> SlotSeen:
    return next(each for each in ours.slots() if each.slot == slot)


def test_opening_twice_is_fine_and_the_first_windows_stay(tmux: session.Session) -> None:
    show(tmux, "sleep", "60")
    before = (tmux.server(), tmux.slots())
    tmux.open()
    assert (tmux.server(), tmux.slots()) == before


def test_a_server_that_is_not_there_is_gone_and_not_without_slots(tmux: session.Session) -> None:
    tmux.kill()
    for ask in (tmux.slots, tmux.server, lambda: tmux.capture(W01), lambda: show(tmux, "true")):
        with pytest.raises(TmuxGone):
            ask()
    tmux.open()
    assert tmux.slots() == ()


def test_a_server_that_does_not_answer_is_gone_within_the_deadline(tmux: session.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    pid, _ = tmux.server()
    monkeypatch.setattr(session, "DEADLINE_S", 0.3)
    os.kill(pid, signal.SIGSTOP)
    try:
        before = time.monotonic()
        with pytest.raises(TmuxGone, match="did not answer"):
            tmux.slots()
        assert time.monotonic() - before < 5
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_killed_server_is_opened_again_and_is_another_one(tmux: session.Session) -> None:
    before = tmux.server()
    os.kill(before[0], signal.SIGKILL)
    until(lambda: not Path(f"/proc/{before[0]}").exists(), "the server's end")
    tmux.open()
    assert tmux.server() != before


def test_a_stuck_server_is_killed_all_the_same(tmux: session.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    pid, _ = tmux.server()
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(session, "DEADLINE_S", 0.3)
    tmux.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the server's end")


def test_what_is_captured_goes_through_what_shows_it(tmux: session.Session) -> None:
    shows = session.Session(tmux.name, tmux.folder, tmux.log_argv, lambda screen: screen.replace("hidden", "[…]"))
    show(tmux, "sh", "-c", f"echo a hidden word; {LINGER}")
    until(lambda: "a […] word" in shows.capture(W01), "the word")


def test_a_slot_shows_its_run_and_stays_dead_with_its_last_screen(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", f"printf '\\033[31mred\\033[0m end'; {LINGER}")
    until(lambda: seen(tmux).dead, "the end")
    assert (seen(tmux).slot, seen(tmux).run) == ("w01", "7-1")
    assert "\x1b[31mred" in tmux.capture(W01)
    assert "Pane is dead" not in tmux.capture(W01)


def test_a_slot_used_again_has_one_window_with_the_new_run(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", "echo first; sleep 60")
    until(lambda: "first" in tmux.capture(W01), "the first")
    show(tmux, "sh", "-c", "echo second; sleep 60", run="7-2")
    until(lambda: "second" in tmux.capture(W01), "the second")
    assert [(each.slot, each.run) for each in tmux.slots()] == [("w01", "7-2")]


def test_slots_are_addressed_exactly_and_not_by_what_their_name_begins_with(tmux: session.Session) -> None:
    show(tmux, "sleep", "60", slot=Slot("w011"))
    with pytest.raises(PanesError, match="w01 has no window"):
        tmux.capture(W01)
    tmux.close(W01)
    assert [each.slot for each in tmux.slots()] == ["w011"]


def test_words_arrive_as_they_are(tmux: session.Session) -> None:
    words = ["a b", "c;", ";", "$HOME", "-x", "é;", "{x}", "a\\;"]
    show(tmux, "sh", "-c", 'printf "%s|" "$@"; echo end; sleep 60', "sh", *words)
    until(lambda: "end" in tmux.capture(W01), "the words")
    assert tmux.capture(W01).startswith("a b|c;|;|$HOME|-x|é;|{x}|a\\;|")


def test_a_folder_that_is_gone_is_said_and_nothing_is_started(tmux: session.Session, tmp_path: Path) -> None:
    with pytest.raises(PanesError, match="does not exist"):
        tmux.start(W01, ["true"], tmp_path / "gone", "7", RunId("7-1"))
    assert tmux.slots() == ()


def test_a_name_that_is_no_slot_is_refused(tmux: session.Session) -> None:
    with pytest.raises(PanesError, match="is no slot"):
        show(tmux, "true", slot=Slot("log"))


def test_workers_get_next_to_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch, tmux: session.Session) -> None:
    tmux.kill()
    monkeypatch.setenv("OPS_FORGE_TOKEN", "very-secret")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    tmux.open()
    show(tmux, "sh", "-c", "env > env; sleep 60")
    until(lambda: (tmux.folder / "env").exists() and (tmux.folder / "env").read_text().count("PWD="), "the environment")
    names = {line.split("=", 1)[0] for line in (tmux.folder / "env").read_text().splitlines()}
    assert names <= {
        *session.KEPT,
        "LC_ALL",
        "TERM",
        "SHELL",
        "PWD",
        "TMUX",
        "TMUX_PANE",
        "_",
        "SHLVL",
        "TERM_PROGRAM",
        "TERM_PROGRAM_VERSION",
    }


def test_the_operators_own_tmux_settings_count_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmux: session.Session) -> None:
    tmux.kill()
    (tmp_path / ".tmux.conf").write_text(
        "set -g base-index 1\nset -g pane-base-index 1\nset -g default-command 'sleep 99'\nset -g prefix C-x\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    tmux.open()
    show(tmux, "sh", "-c", "echo here; sleep 60")
    until(lambda: "here" in tmux.capture(W01), "the worker")
    assert tmux._say("show-options", "-gv", "base-index") == ["0"]
    assert tmux._say("show-options", "-gv", "prefix") == ["C-g"]


def test_it_all_works_in_the_c_locale(tmux: session.Session) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom panes.session import Session\n"
        "ours = Session(sys.argv[1], Path(sys.argv[2]), ['sleep', '60'])\nours.open()\n"
        "ours.start('w01', ['sh', '-c', 'printf \"é \\\\033]2;tïtle\\\\007\"; sleep 60'], Path(sys.argv[2]), '7', '7-1')\n"
        "while 'é' not in ours.capture('w01') or 'tïtle' not in ours.slots()[0].title: pass\n"
    )
    env = {**os.environ, "LC_ALL": "C", "LANG": "C"}
    subprocess.run(
        [sys.executable, "-c", code, tmux.name, str(tmux.folder)], env=env, check=True, timeout=30, cwd=Path(session.__file__).parent.parent
    )


def test_a_title_with_separators_in_it_hides_no_slot(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", "printf '\\033]2;a\\tb ␞ | c\\007ready'; sleep 60")
    show(tmux, "sleep", "60", slot=W02)
    until(lambda: "ready" in tmux.capture(W01), "the title")
    assert [each.slot for each in tmux.slots()] == ["w01", "w02"]


def test_history_is_captured_when_it_is_asked_for(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", "seq 1 200; sleep 60")
    until(lambda: "200" in tmux.capture(W01), "the last line")
    assert "\n101\n" not in tmux.capture(W01)
    assert "\n101" in tmux.capture(W01, history=150)


def test_an_interrupt_reaches_the_worker_even_when_somebody_scrolled_back(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", f"trap 'echo caught; {LINGER}; exit' INT; echo ready; while :; do sleep 0.05; done")
    until(lambda: "ready" in tmux.capture(W01), "the worker")
    tmux._say("copy-mode", "-t", seen(tmux).pane)
    tmux.interrupt(W01)
    until(lambda: seen(tmux).dead, "the end")
    assert "caught" in tmux.capture(W01)


def test_a_text_arrives_once_with_its_line_ends_and_without_control_characters(tmux: session.Session) -> None:
    reader = "stty raw -echo; printf 'ready\\033[?2004h'; dd bs=1 count=28 of=got 2>/dev/null; sleep 60"
    show(tmux, "sh", "-c", reader)
    until(lambda: "ready" in tmux.capture(W01), "the reader")
    tmux.paste(W01, "one;\n\x1b[201~two\x07\té")
    until(lambda: (tmux.folder / "got").exists() and (tmux.folder / "got").stat().st_size >= 28, "the text")
    assert (tmux.folder / "got").read_bytes() == "\x1b[200~one;\n[201~two\té\x1b[201~\r".encode()[:28]
    assert not list(tmux.folder.glob("ops-*"))


def test_a_long_text_arrives_whole_into_a_pane_that_was_scrolled_back(tmux: session.Session) -> None:
    show(tmux, "sh", "-c", "stty raw -echo; printf ready; dd bs=1 count=100001 of=got 2>/dev/null; sleep 60")
    until(lambda: "ready" in tmux.capture(W01), "the reader")
    tmux._say("copy-mode", "-t", seen(tmux).pane)
    tmux.paste(W01, "x" * 100_000)
    until(lambda: (tmux.folder / "got").exists() and (tmux.folder / "got").stat().st_size == 100_001, "the text")
    assert (tmux.folder / "got").read_bytes()[-2:] == b"x\r"


def test_typing_into_a_dead_slot_is_refused_and_the_server_lives(tmux: session.Session) -> None:
    show(tmux, "true")
    until(lambda: seen(tmux).dead, "the end")
    before = tmux.server()
    with pytest.raises(PanesError, match="has ended"):
        tmux.paste(W01, "text")
    with pytest.raises(PanesError, match="has ended"):
        tmux.interrupt(W01)
    assert tmux.server() == before


def test_closing_a_slot_takes_its_window_and_nothing_else(tmux: session.Session) -> None:
    show(tmux, "sleep", "60")
    show(tmux, "sleep", "60", slot=W02)
    tmux.close(W01)
    tmux.close(W01)
    assert [each.slot for each in tmux.slots()] == ["w02"]


@contextlib.contextmanager
def attached(argv: list[str]) -> Iterator[tuple[int, int]]:
    """The command in a terminal of 100 columns and 30 rows; yields its process and the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, {**os.environ, "TERM": "xterm-256color"})
    try:
        yield pid, terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_view_shows_its_slot_and_vanishes_when_it_is_left(tmux: session.Session, read_only: bool) -> None:
    show(tmux, "sh", "-c", "echo the worker; cat > typed", slot=W02)
    show(tmux, "sleep", "60")
    with attached(tmux.attach_argv(W02, read_only)) as (_, terminal):
        shown = [f"w02 {session.COLUMNS}x{session.ROWS}"]
        until(lambda: tmux._say("list-clients", "-F", "#{window_name} #{window_width}x#{window_height}") == shown, "the view")
        os.write(terminal, b"\x1b[24~")  # F12
        until(lambda: tmux._say("list-sessions", "-F", "#{session_name}") == ["ops"], "the view to vanish")
    assert [each.slot for each in tmux.slots()] == ["w01", "w02"]


def test_views_that_are_left_while_we_look_take_nobody_down(tmux: session.Session) -> None:
    show(tmux, "sleep", "60")
    before = tmux.server()
    for leave in (lambda pid, terminal: os.write(terminal, b"\x1b[24~"), lambda pid, terminal: os.kill(pid, signal.SIGKILL)) * 4:
        with attached(tmux.attach_argv(W01, read_only=False)) as (pid, terminal):
            until(lambda: tmux._say("list-clients"), "the view")
            leave(pid, terminal)
            until(lambda: tmux.slots() and tmux._say("list-sessions", "-F", "#{session_name}") == ["ops"], "the view to vanish")
    assert tmux.server() == before
