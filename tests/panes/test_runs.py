"""Run folders: reserved, alive, exited, lost; and what spoils them."""

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from panes import runs
from panes.seen import Conflict, Result
from tests.panes.conftest import Shims, spec, until


def test_a_reserved_run_is_seen_as_it_was_reserved_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path / "runs", spec())
    (run,) = runs.RunFolders(tmp_path / "runs").look()
    assert (run.id, run.task, run.state, run.started, run.ended) == ("7-1", "7", "reserved", False, None)
    assert (run.folder, run.about, run.reason) == (folder, {"claim": "abc"}, "implement")
    assert (folder / "prompt.md").read_text() == "Mend it.\n"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "prompt.md").stat().st_mode) == 0o600


def test_reserving_the_same_run_again_changes_nothing_and_another_one_is_a_conflict(tmp_path: Path) -> None:
    runs.reserve(tmp_path, spec())
    runs.reserve(tmp_path, spec(began=2000.0))
    (run,) = runs.RunFolders(tmp_path).look()
    assert run.began == 1000.0
    with pytest.raises(Conflict, match="differs in reason"):
        runs.reserve(tmp_path, spec(reason="again"))


def test_a_folder_without_its_run_json_is_no_run_yet_and_is_finished_by_the_next_reservation(tmp_path: Path) -> None:
    (tmp_path / "7" / "7-1").mkdir(parents=True)
    folders = runs.RunFolders(tmp_path)
    assert folders.look() == ()
    runs.reserve(tmp_path, spec())
    assert len(folders.look()) == 1


def test_no_root_at_all_means_no_runs(tmp_path: Path) -> None:
    assert runs.RunFolders(tmp_path / "nowhere").look() == ()


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": 3}', b"\xff\xfe"])
def test_a_spoilt_run_is_reported_and_hides_no_other(tmp_path: Path, content: bytes) -> None:
    runs.reserve(tmp_path, spec(1))
    spoilt = runs.reserve(tmp_path, spec(2))
    (spoilt / "run.json").write_bytes(content)
    folders = runs.RunFolders(tmp_path)
    assert [run.id for run in folders.look()] == ["7-1"]
    (found,) = folders.spoilt
    assert (found.task, found.id, found.folder) == ("7", "7-2", spoilt)
    assert found.why
    with pytest.raises(Conflict):
        runs.reserve(tmp_path, spec(2))


def test_a_held_tree_lock_means_alive_whatever_else_is_written(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    runs.void(folder)
    with (folder / "tree.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert runs.look_at(folder).state == "alive"
    assert runs.look_at(folder).state == "lost"


def test_a_process_that_carries_the_mark_means_alive_without_any_lock(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    with subprocess.Popen(["sleep", "60"], env={runs.MARK: str(folder)}) as process:
        until(lambda: runs.look_at(folder).state == "alive", "the sleeper to be seen")
        assert process.pid in runs.carriers()
        assert runs.void(folder).state == "alive"
        assert not (folder / "exit.json").exists()
        process.kill()
    assert runs.look_at(folder).state == "reserved"


def test_an_end_that_is_written_is_seen_although_the_shim_still_lingers(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    with (folder / "wrapper.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert runs.look_at(folder).state == "alive"
        (folder / "exit.json").write_text('{"code": 0, "why": "ended", "at": 5.0, "seconds": 2.0}')
        assert runs.look_at(folder).state == "exited"


def test_a_voided_runs_orders_are_taken_away_for_there_are_keys_in_them(shims: Shims) -> None:
    folder = shims.folder()
    runs.void(folder)
    assert not (folder / "start.json").exists()


def test_voiding_writes_lost_once_and_a_shim_that_comes_late_starts_nothing(shims: Shims, tmp_path: Path) -> None:
    folder = shims.folder()
    run = runs.void(folder)
    assert run.ended is not None
    assert (run.state, run.started, run.ended.why, run.ended.seconds) == ("lost", False, "lost", 0.0)
    assert runs.void(folder) == run
    late = shims.run(folder, "touch", str(tmp_path / "ran"))
    assert late.returncode == 0
    assert not (tmp_path / "ran").exists()


def test_voiding_leaves_a_living_shim_alone(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    with (folder / "wrapper.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert runs.void(folder).state == "alive"
    assert not (folder / "exit.json").exists()


def test_an_exit_that_cannot_be_read_is_lost_and_not_a_success(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    (folder / "exit.json").write_text("{")
    run = runs.look_at(folder)
    assert run.state == "lost"
    assert run.ended is not None
    assert "spoilt" in run.ended.detail


def test_a_command_that_its_shell_did_not_find_is_named(shims: Shims) -> None:
    folder = shims.folder()
    shims.run(folder, "/bin/sh", "-c", "no-such-agent; exit $?")
    ended = runs.look_at(folder).ended
    assert ended is not None
    assert (ended.code, ended.detail.endswith("no-such-agent: not found")) == (127, True)


def test_an_ended_run_is_read_once(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    runs.void(folder)
    folders = runs.RunFolders(tmp_path)
    (before,) = folders.look()
    (folder / "run.json").write_bytes(b"spoilt since")
    assert folders.look() == (before,)


def test_probes_side_by_side_never_call_the_living_dead(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    probe = (
        "import sys\nfrom pathlib import Path\nfrom panes.runs import held\nprint(sum(not held(Path(sys.argv[1])) for _ in range(20000)))"
    )
    with (folder / "tree.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        probes = [
            subprocess.Popen(
                [sys.executable, "-c", probe, str(folder / "tree.lock")], stdout=subprocess.PIPE, cwd=Path(runs.__file__).parent.parent
            )
            for _ in range(2)
        ]
        assert [process.communicate(timeout=60)[0] for process in probes] == [b"0\n", b"0\n"]


def test_the_tail_of_the_output_goes_on_into_the_older_file(tmp_path: Path) -> None:
    (tmp_path / "output.log.1").write_bytes(b"older ")
    (tmp_path / "output.log").write_bytes(b"newer")
    assert runs.output(tmp_path, 100) == "older newer"
    assert runs.output(tmp_path, 8) == "er newer"
    assert runs.output(tmp_path, 3) == "wer"
    assert runs.output(tmp_path / "nothing") == ""


def test_a_file_written_whole_leaves_nothing_beside_it(tmp_path: Path) -> None:
    runs.write_whole(tmp_path / "a.json", json.dumps({"a": 1}).encode())
    runs.write_whole(tmp_path / "a.json", b"{}")
    assert os.listdir(tmp_path) == ["a.json"]  # noqa: PTH208


CREDIT = '{"type":"turn.failed","error":{"message":"status 402: no credit"}}'


def test_an_ended_run_carries_what_its_agent_said_of_it(shims: Shims, tmp_path: Path) -> None:
    for number, kind in enumerate(("codex-jsonl", "exit-code"), 1):
        folder = shims.folder(number=number, result=kind)
        shims.run(folder, "echo", CREDIT)
    told, untold = (run.ended for run in runs.RunFolders(tmp_path / "runs").look())
    assert told
    assert untold
    assert told.result == Result(ok=False, why="status 402: no credit", provider="credit")
    assert (untold.code, untold.result) == (0, None)


def test_an_agents_word_is_read_at_its_end_and_at_its_limit_and_not_when_we_stopped_it(tmp_path: Path) -> None:
    for number, why in enumerate(("limit", "stopped", "lost", "refused"), 1):
        folder = runs.reserve(tmp_path, spec(number, result="codex-jsonl"))
        (folder / "output.log").write_text(CREDIT)
        (folder / "exit.json").write_text(json.dumps({"code": None, "why": why, "at": 5.0, "seconds": 2.0}))
    ends = [run.ended for run in runs.RunFolders(tmp_path).look()]
    assert [end.why for end in ends if end and end.result] == ["limit"]


def test_a_run_reserved_before_results_were_read_is_still_a_run(tmp_path: Path) -> None:
    folder = runs.reserve(tmp_path, spec())
    kept = json.loads((folder / "run.json").read_text())
    del kept["result"]
    (folder / "run.json").write_text(json.dumps(kept))
    assert runs.look_at(folder).state == "reserved"
