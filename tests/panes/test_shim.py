"""The shim, outside tmux: what it gives the worker, when it ends it, and what it writes."""

import json
import os
import pty
import resource
import signal
import subprocess
import termios
from pathlib import Path
from typing import Any

import pytest

from panes import runs
from tests.panes.conftest import ENV, SHIM, Shims, until


def ended(folder: Path) -> dict[str, Any]:
    end: dict[str, Any] = json.loads((folder / "exit.json").read_text())
    return end


def stop(folder: Path, grace: float) -> None:
    runs.write_whole(folder / "stop", str(grace).encode())
    with (folder / "bell").open("wb") as bell:
        bell.write(b"!")


@pytest.mark.parametrize("code", [0, 1, 77])
def test_the_exit_code_is_exact(shims: Shims, code: int) -> None:
    folder = shims.folder()
    assert shims.run(folder, "sh", "-c", f"exit {code}").returncode == code
    assert (ended(folder)["code"], ended(folder)["why"]) == (code, "ended")
    run = runs.look_at(folder)
    assert (run.state, run.started) == ("exited", True)


def test_a_worker_that_dies_by_a_signal_has_128_and_the_signals_name(shims: Shims) -> None:
    folder = shims.folder()
    shims.run(folder, "sh", "-c", "kill -9 $$")
    assert ended(folder)["code"] == 137
    assert "SIGKILL" in ended(folder)["detail"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["no-such-command-here"], "no-such-command-here cannot be started: not found"),
        (["/etc/passwd"], "/etc/passwd cannot be started: Permission denied"),
        (["/"], "cannot be started: Permission denied"),
    ],
)
def test_a_command_that_cannot_be_started_is_refused_and_says_why(shims: Shims, command: list[str], says: str) -> None:
    folder = shims.folder()
    assert shims.run(folder, *command).returncode == 127
    assert (ended(folder)["code"], ended(folder)["why"]) == (None, "refused")
    assert says in ended(folder)["detail"]
    assert not runs.look_at(folder).started


def test_a_folder_that_is_gone_is_refused_and_the_command_runs_nowhere_else(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder(where=tmp_path / "gone")
    shims.run(folder, "touch", str(tmp_path / "ran"))
    assert ended(folder)["why"] == "refused"
    assert "gone cannot be entered" in ended(folder)["detail"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("over", ["", "exit.json", "stop"])
def test_the_orders_are_taken_away_whatever_becomes_of_the_run(shims: Shims, over: str) -> None:
    folder = shims.folder()
    if over:
        (folder / over).write_text("{}")
    shims.run(folder, "true")
    assert not (folder / "start.json").exists()


def test_a_run_without_its_orders_is_refused(shims: Shims) -> None:
    folder = shims.folder()
    (folder / "start.json").write_text("{}")
    shims.run(folder, "true")
    assert ended(folder)["why"] == "refused"


def test_the_worker_gets_the_environment_it_was_given_and_its_runs_marks_and_nothing_of_ours(
    shims: Shims, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_FORGE_TOKEN", "secret")
    folder = shims.folder(where=tmp_path)
    shims.run(folder, "sh", "-c", "env > env; pwd > pwd")
    seen = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    expected = ENV | {"OPS_RUN": folder.name, runs.MARK: str(folder)}
    assert {k: v for k, v in seen.items() if k not in {"PWD", "OLDPWD", "SHLVL", "_"}} == expected
    assert (tmp_path / "pwd").read_text().strip() == str(tmp_path)


def test_the_worker_has_a_terminal_and_default_signals(shims: Shims) -> None:
    folder = shims.folder()
    shims.run(folder, "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo terminal; (yes; echo $? >&2) | head -1")
    assert "terminal" in runs.output(folder)
    assert "141" in runs.output(folder)  # 128 + SIGPIPE: ignored, yes would have complained


def test_what_the_worker_says_passes_through_and_is_kept_whole(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "seq 1 50000; printf last")
    out, _ = process.communicate(timeout=30)
    assert out.endswith(b"50000\r\nlast")
    assert out.count(b"\n") == 50000
    assert (folder / "output.log").read_bytes() == out


def test_the_log_keeps_the_last_of_a_worker_that_says_too_much(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "head -c 22000000 /dev/zero | tr '\\0' x; printf last")
    process.communicate(timeout=60)
    sizes = [(folder / name).stat().st_size for name in ("output.log", "output.log.1")]
    assert sum(sizes) < 20_100_000
    assert runs.output(folder, 10_000_000).endswith("xxlast")


def test_a_worker_over_its_limit_is_ended(shims: Shims) -> None:
    folder = shims.folder(wall_s=0.3)
    shims.run(folder, "sleep", "60")
    assert ended(folder)["why"] == "limit"
    assert ended(folder)["detail"] == "over its limit of 0.3 s"
    assert ended(folder)["seconds"] >= 0.3


def test_a_worker_that_does_not_heed_term_is_killed_after_the_grace(shims: Shims) -> None:
    folder = shims.folder(wall_s=0.3, grace_s=0.3)
    shims.run(folder, "sh", "-c", "trap '' TERM HUP INT; while :; do sleep 0.05; done")
    assert (ended(folder)["why"], ended(folder)["code"]) == ("limit", 137)


def test_a_limit_is_kept_although_nobody_reads_what_the_worker_says(shims: Shims) -> None:
    folder = shims.folder(wall_s=0.5)
    shims.start(folder, "yes")
    until(lambda: (folder / "exit.json").exists(), "the limit")
    assert ended(folder)["why"] == "limit"


def test_a_stop_is_heeded_at_once_and_says_so(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sleep", "60")
    until(lambda: runs.look_at(folder).started, "the start")
    assert runs.look_at(folder).state == "alive"
    stop(folder, 5)
    assert process.wait(30) == 143
    assert ended(folder)["why"] == "stopped"


def test_a_second_stop_with_less_grace_counts(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done")
    until(lambda: "deaf" in runs.output(folder), "the worker to be deaf")
    stop(folder, 600)
    until(lambda: "ending" in (folder / "events.jsonl").read_text(), "the first stop to be heeded")
    stop(folder, 0)
    assert process.wait(30) == 137
    assert ended(folder)["why"] == "stopped"


def test_a_stop_before_the_start_means_that_nothing_starts(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder()
    (folder / "stop").write_text("5")
    shims.run(folder, "touch", str(tmp_path / "ran"))
    assert (ended(folder)["why"], runs.look_at(folder).started) == ("stopped", False)
    assert not (tmp_path / "ran").exists()


def test_term_to_the_shim_stops_the_worker(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sleep", "60")
    until(lambda: runs.look_at(folder).started, "the start")
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert ended(folder)["why"] == "stopped"


def test_a_hang_up_ends_the_worker_and_the_run_is_lost(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "trap '' HUP; sleep 60")
    until(lambda: runs.look_at(folder).started, "the start")
    process.send_signal(signal.SIGHUP)
    process.wait(30)
    run = runs.look_at(folder)
    assert run.state == "lost"
    assert run.ended is not None
    assert run.ended.detail == "its terminal went away"
    assert str(folder) not in runs.carriers().values()


def test_a_stopped_process_is_woken_to_be_ended(shims: Shims) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "echo here; kill -STOP $$; sleep 60")
    until(lambda: "here" in runs.output(folder), "the worker")
    stop(folder, 60)
    process.wait(20)
    assert ended(folder)["why"] == "stopped"


DAEMONS = {
    "in the background": "sleep 61 & echo $! > pid",
    "in a session of its own": "setsid sleep 61 & echo $! > pid",
    "without environment": "env -i setsid sh -c 'echo $$ > pid; exec sleep 61' & while [ ! -s pid ]; do sleep 0.01; done",
    "twice removed": "(setsid sh -c 'echo $$ > pid; exec sleep 61' &); while [ ! -s pid ]; do sleep 0.01; done",
}


@pytest.mark.parametrize("daemon", DAEMONS.values(), ids=DAEMONS)
def test_nothing_that_a_worker_leaves_behind_outlives_its_run(shims: Shims, tmp_path: Path, daemon: str) -> None:
    folder = shims.folder(where=tmp_path)
    process = shims.run(folder, "sh", "-c", f"{daemon}; exit 3")
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()
    assert (process.returncode, ended(folder)["why"]) == (3, "ended")


def test_the_end_is_written_only_when_the_whole_tree_has_ended(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder(where=tmp_path, grace_s=0.5)
    shims.start(folder, "sh", "-c", "(trap '' TERM HUP; echo deaf; while :; do sleep 0.05; done) & sleep 0.2; exit 0")
    until(lambda: "ending" in (folder / "events.jsonl").read_text() if (folder / "events.jsonl").exists() else False, "the ending")
    assert not (folder / "exit.json").exists()
    assert runs.look_at(folder).state == "alive"
    until(lambda: (folder / "exit.json").exists(), "the end")
    assert (ended(folder)["why"], ended(folder)["code"]) == ("ended", 0)


def test_a_worker_whose_shim_was_killed_is_alive_and_no_second_one_starts_beside_it(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder()
    process = shims.start(folder, "sh", "-c", "trap '' HUP; sleep 60")
    until(lambda: runs.look_at(folder).started, "the start")
    process.kill()
    process.wait(10)
    assert runs.look_at(folder).state == "alive"
    assert runs.void(folder).state == "alive"
    second = shims.run(folder, "touch", str(tmp_path / "ran"))
    assert second.returncode == 0
    assert not (tmp_path / "ran").exists()
    for pid, marked in runs.carriers().items():
        if marked == str(folder):
            os.kill(pid, signal.SIGKILL)
    until(lambda: runs.look_at(folder).state == "reserved", "the worker's end")
    voided = runs.void(folder)
    assert (voided.state, voided.started) == ("lost", True)


def test_two_shims_on_one_run_start_one_worker(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder(where=tmp_path)
    both = [shims.start(folder, "sh", "-c", "echo ran >> ran; sleep 0.2") for _ in range(2)]
    for process in both:
        process.wait(30)
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_keys_reach_the_worker_and_its_window_follows(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder(where=tmp_path)
    outer, inner = pty.openpty()
    termios.tcsetwinsize(outer, (31, 97))
    script = "stty size; trap 'stty size; exit 5' WINCH; read line; echo \"got $line\"; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [*SHIM, str(folder), "--", "sh", "-c", script], stdin=inner, stdout=inner, stderr=inner, start_new_session=True
    )
    shims.started.append(process)
    os.close(inner)
    until(lambda: "31 97" in runs.output(folder), "the first size")
    os.write(outer, b"hello\r")
    until(lambda: "got hello" in runs.output(folder), "the line")
    termios.tcsetwinsize(outer, (40, 120))
    process.send_signal(signal.SIGWINCH)  # a terminal that is nobody's controlling one sends none
    until(lambda: (folder / "exit.json").exists(), "the end")
    assert "40 120" in runs.output(folder)
    assert ended(folder)["code"] == 5
    process.wait(30)
    os.close(outer)


def test_control_c_interrupts_the_worker_and_not_the_shim(shims: Shims) -> None:
    folder = shims.folder()
    outer, inner = pty.openpty()
    # exec: between the two, before it has forked, dash takes an interrupt itself and goes on waiting.
    command = ["sh", "-c", "echo ready; exec sleep 60"]
    process = subprocess.Popen([*SHIM, str(folder), "--", *command], stdin=inner, stdout=inner, stderr=inner)
    shims.started.append(process)
    os.close(inner)
    until(lambda: "ready" in runs.output(folder), "the worker")
    os.write(outer, b"\x03")
    process.wait(30)
    assert (ended(folder)["code"], ended(folder)["why"]) == (130, "ended")
    os.close(outer)


def test_the_shim_runs_without_anything_of_ours_and_costs_next_to_nothing_to_start(shims: Shims) -> None:
    spent = []
    for number in range(1, 6):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert shims.run(shims.folder(number=number), "true").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.06  # seconds of processor time, from its start to its end: a clock would measure its neighbours
