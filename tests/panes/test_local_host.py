"""Workers started, stopped and told about on this machine, in real tmux."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from panes import runs
from panes.git import Identity
from panes.hosts import HOSTS, Host, worker_env
from panes.seen import Conflict, Limits, PanesError, Run, RunId, Slot
from panes.session import Session
from tests.panes.conftest import spec

W01 = Slot("w01")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def host(tmux: Session, root: Path) -> Host:
    return HOSTS["local"](root, tmux)


async def start(host: Host, root: Path, script: str, number: int = 1, where: Path | None = None, limits: Limits | None = None) -> Path:
    folder = runs.reserve(root, spec(number))
    env = worker_env(Identity(), {})
    await host.start(folder, W01, ["/bin/sh", "-c", script], where or root, env, limits or Limits())
    return folder


async def become(folder: Path, *states: str) -> Run:
    async with asyncio.timeout(30):
        while (run := runs.look_at(folder)).state not in states or not (run.started or run.ended):
            await asyncio.sleep(0.01)
        return run


@contextlib.asynccontextmanager
async def events(host: Host) -> AsyncIterator[AsyncIterator[RunId | None]]:
    """Those that come from now on."""
    seen = host.events()
    assert await anext(seen) is None
    try:
        yield seen
    finally:
        await seen.aclose()  # type: ignore[attr-defined]  # it is a generator; the protocol need not say so


async def test_a_worker_runs_in_its_slot_and_its_end_is_told(host: Host, root: Path) -> None:
    async with asyncio.timeout(30), events(host) as told:
        folder = await start(host, root, "echo working; exit 3")
        while (await anext(told), (folder / "exit.json").exists()) != ("7-1", True):
            pass
    (run,) = await host.runs()
    assert run.ended is not None
    assert (run.state, run.ended.code, run.ended.why) == ("exited", 3, "ended")
    (slot,) = await host.slots()
    assert (slot.slot, slot.run) == ("w01", "7-1")
    assert "working" in await host.capture(W01)


async def test_an_end_is_known_within_milliseconds(host: Host, root: Path) -> None:
    took = []
    async with asyncio.timeout(60), events(host) as told:
        for number in range(1, 6):
            folder = await start(host, root, "read line", number)
            await become(folder, "alive")
            (pid,) = [pid for pid, marked in runs.carriers().items() if marked == str(folder)]
            before = time.monotonic()
            os.kill(pid, signal.SIGKILL)
            while await anext(told) != f"7-{number}" or not (folder / "exit.json").exists():
                pass
            took.append(time.monotonic() - before)
    assert min(took) < 0.25


async def test_a_worker_gets_what_is_let_through_and_not_our_python(
    host: Host, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPS_FORGE_TOKEN", "ANTHROPIC_API_KEY", "PYTHONPATH", "GIT_DIR", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "secret")
    folder = await start(host, root, "env > env", where=tmp_path)
    await become(folder, "exited")
    seen = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert "secret" not in seen.values()
    assert "TMUX" not in seen
    assert str(Path(sys.prefix, "bin")) not in seen["PATH"].split(":")
    assert seen["HOME"]
    assert (seen["GIT_AUTHOR_NAME"], seen["OPS_RUN"], seen[runs.MARK]) == (Identity().name, "7-1", str(folder))


async def test_a_locale_that_is_not_utf_8_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert worker_env(Identity(), {})["LC_ALL"] == "C.UTF-8"
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert worker_env(Identity(), {"OPS_X": "1"})["LC_ALL"] == "de_DE.UTF-8"


async def test_a_workers_environment_lies_on_the_disk_until_it_starts_and_only_we_can_read_it(
    host: Host, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, dict[str, Any]]] = []
    begin = Session.start

    def starts(session: Session, slot: Slot, command: Sequence[str], where: Path, task: str, run: RunId) -> None:
        order = Path(command[4], "start.json")
        seen.append((order.stat().st_mode & 0o777, json.loads(order.read_text())))
        begin(session, slot, command, where, task, run)

    monkeypatch.setattr(Session, "start", starts)
    folder = await start(host, root, "sleep 60")
    await become(folder, "alive")
    assert not (folder / "start.json").exists()
    ((mode, order),) = seen
    assert (mode, order["wall_s"]) == (0o600, Limits().wall_s)


async def test_starting_a_run_again_does_nothing(host: Host, root: Path, tmp_path: Path) -> None:
    folder = await start(host, root, "echo ran >> ran", where=tmp_path)
    await become(folder, "exited")
    await start(host, root, "echo ran >> ran", where=tmp_path)
    assert (tmp_path / "ran").read_text() == "ran\n"


async def test_a_slot_with_a_living_run_is_not_given_to_another(host: Host, root: Path) -> None:
    folder = await start(host, root, "sleep 60")
    await become(folder, "alive")
    with pytest.raises(Conflict, match="w01 is busy with 7-1"):
        await start(host, root, "true", number=2)
    await host.stop(runs.look_at(folder), 5)
    await become(folder, "exited")
    await become(await start(host, root, "true", number=3), "exited")


async def test_a_folder_that_is_gone_is_said_before_anything_starts(host: Host, root: Path, tmp_path: Path) -> None:
    with pytest.raises(PanesError, match="does not exist"):
        await start(host, root, "true", where=tmp_path / "gone")
    assert await host.slots() == ()


async def test_a_stop_ends_the_tree_and_says_so(host: Host, root: Path) -> None:
    folder = await start(host, root, "setsid sleep 60 & sleep 60")
    run = await become(folder, "alive")
    await host.stop(run, 5)
    ended = (await become(folder, "exited")).ended
    assert ended is not None
    assert ended.why == "stopped"
    assert str(folder) not in runs.carriers().values()


async def test_a_run_knows_since_when_it_is_told_to_stop(host: Host, root: Path) -> None:
    folder = runs.reserve(root, spec())
    before = time.time()
    assert runs.look_at(folder).told is None
    await host.stop(runs.look_at(folder), grace_s=1)
    told = runs.look_at(folder).told
    assert told is not None
    assert told >= before - 1


async def test_a_stop_of_a_run_whose_shim_has_not_come_yet_is_not_lost(host: Host, root: Path, tmp_path: Path) -> None:
    folder = runs.reserve(root, spec())
    await host.stop(runs.look_at(folder), 5)
    await start(host, root, "touch ran", where=tmp_path)
    ended = (await become(folder, "exited")).ended
    assert ended is not None
    assert ended.why == "stopped"
    assert not (tmp_path / "ran").exists()


async def test_a_limit_is_kept(host: Host, root: Path) -> None:
    folder = await start(host, root, "sleep 60", limits=Limits(wall_s=0.2, grace_s=1))
    ended = (await become(folder, "exited")).ended
    assert ended is not None
    assert ended.why == "limit"


async def test_a_worker_whose_shim_was_killed_can_be_stopped_and_voided(host: Host, root: Path, tmux: Session) -> None:
    folder = await start(host, root, "trap '' HUP TERM; env -i setsid sh -c 'trap \"\" HUP; while :; do sleep 0.1; done' & sleep 600")
    run = await become(folder, "alive")
    pid = int(tmux._say("list-panes", "-s", "-t", "=ops", "-f", "#{==:#{window_name},w01}", "-F", "#{pane_pid}")[0])
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while runs.held(folder / "wrapper.lock"):
            await asyncio.sleep(0.01)
        assert (await host.void(folder)).state == "alive"
        await host.stop(run, 0.2)
    assert list(runs.openers(folder / "tree.lock")) == []
    assert (await host.void(folder)).state == "lost"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_dead_tmux_server_takes_its_workers_along_and_the_next_start_opens_another(
    host: Host, root: Path, tmux: Session, number: signal.Signals
) -> None:
    folder = await start(host, root, "trap '' HUP; sleep 600")
    await become(folder, "alive")
    os.kill(tmux.server()[0], number)
    assert (await become(folder, "lost")).started
    assert str(folder) not in runs.carriers().values()
    await become(await start(host, root, "true", number=2), "exited")


async def test_an_interrupt_ends_a_worker_that_heeds_it(host: Host, root: Path) -> None:
    folder = await start(host, root, "sleep 60")
    await become(folder, "alive")
    await host.interrupt(W01)
    ended = (await become(folder, "exited")).ended
    assert ended is not None
    assert (ended.why, ended.code) == ("ended", 130)


async def test_closing_a_slot_ends_its_worker_as_lost(host: Host, root: Path) -> None:
    folder = await start(host, root, "sleep 600")
    await become(folder, "alive")
    await host.close(W01)
    await become(folder, "lost")


async def test_text_typed_into_a_slot_reaches_its_worker(host: Host, root: Path) -> None:
    folder = await start(host, root, 'read a; read b; echo "$a-$b"; sleep 60')
    await become(folder, "alive")
    await host.paste(W01, "one\ntwo")
    async with asyncio.timeout(20):
        while "one-two" not in await host.capture(W01):
            await asyncio.sleep(0.02)


async def test_a_spoilt_folder_is_reported_beside_the_runs(host: Host, root: Path) -> None:
    runs.reserve(root, spec(1))
    (runs.reserve(root, spec(2)) / "run.json").write_text("")
    assert [run.id for run in await host.runs()] == ["7-1"]
    assert [spoilt.id for spoilt in host.spoilt] == ["7-2"]


async def test_ends_written_by_anybody_are_told_and_folders_that_vanish_disturb_nobody(host: Host, root: Path) -> None:
    async with asyncio.timeout(20), events(host) as told:
        for number in range(1, 4):
            folder = runs.reserve(root, spec(number, task=f"t{number}"))
            runs.void(folder)
            assert await anext(told) == f"t{number}-{number}"
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
