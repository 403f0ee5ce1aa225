"""Run folders: reserving one, seeing whether its worker lives and how it ended, writing "lost" where nobody saw the end.

``<root>/<task>/<run-id>/`` holds ``prompt.md`` and ``run.json`` (ours, before the start), ``start.json`` (until the shim has read it),
``wrapper.lock``, ``tree.lock``, ``events.jsonl``, ``output.log`` (the shim's, while it runs) and ``exit.json`` (the end, final).
"""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from panes import results, setup
from panes.seen import Conflict, Ended, Reading, Run, RunId, Slot, fact

MARK = "OPS_RUN_DIR"
"""The variable that every process of a run carries, with the run's folder. Ids repeat from repository to repository; folders do not."""


@fact
class Spec:
    """What a run is to be, as it is reserved. ``prompt`` goes to ``prompt.md``, the rest to ``run.json``."""

    id: RunId
    task: str
    purpose: Literal["work", "check"]
    kind: str
    slot: Slot
    reason: str
    began: float  # seconds since the epoch
    result: Reading = "exit-code"  # how its output is read when it has ended; kept, for a kind's file may say otherwise by then
    about: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""


@fact
class Spoilt:
    """A run folder whose ``run.json`` cannot be read. What runs there is unknown: its task must not be given another worker."""

    task: str
    id: RunId
    folder: Path
    why: str


def reserve(root: Path, spec: Spec) -> Path:
    """Makes the run's folder (0700) and returns it. ``run.json`` comes last: without it there is no run.

    The same spec again is fine (the first ``began`` stays). Conflict: another run is filed under this id.
    """
    folder = root / spec.task / spec.id
    for part in (root, folder.parent, folder):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / "run.json").exists():
        _must_be(folder, spec)
        return folder
    write_whole(folder / "prompt.md", spec.prompt.encode("utf-8", "replace"))
    write_whole(folder / "run.json", json.dumps(_kept(spec), indent=1).encode())
    return folder


def _kept(spec: Spec) -> dict[str, Any]:
    kept: dict[str, Any] = msgspec.to_builtins(spec)
    del kept["prompt"]
    return kept


def _must_be(folder: Path, spec: Spec) -> None:
    try:
        there = _kept(_spec(folder))
    except (OSError, msgspec.MsgspecError) as bad:
        raise Conflict(f"{folder} holds a run that cannot be read: {bad}") from bad
    other = [key for key, value in _kept(spec).items() if key != "began" and there[key] != value]
    if other:
        raise Conflict(f"another run is filed as {spec.id}: it differs in {', '.join(other)}")


def _spec(folder: Path) -> Spec:
    return msgspec.json.decode((folder / "run.json").read_bytes(), type=Spec)


def write_whole(path: Path, data: bytes) -> None:
    """The file is there with all of ``data``, mode 0600, or as it was."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class RunFolders:
    """All run folders under one root. Ended runs are remembered (``exit.json`` is final); the others are looked at each time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spoilt: tuple[Spoilt, ...] = ()  # as of the last look
        self._ended: dict[Path, Run] = {}

    def look(self) -> tuple[Run, ...]:
        """Every run, by folder. Folders without ``run.json`` are no runs yet; those that cannot be read are in ``spoilt`` afterwards."""
        root = self.root.resolve()
        marks = _Marks()
        runs: dict[Path, Run] = {}
        spoilt: list[Spoilt] = []
        for folder in sorted(_folders(root)):
            try:
                runs[folder] = self._ended.get(folder) or look_at(folder, marks)
            except FileNotFoundError:
                continue  # not reserved yet, or tidied up while we looked
            except (OSError, msgspec.MsgspecError) as bad:
                spoilt.append(Spoilt(task=folder.parent.name, id=RunId(folder.name), folder=folder, why=str(bad)))
        self._ended = {folder: run for folder, run in runs.items() if run.ended}
        self.spoilt = tuple(spoilt)
        return tuple(runs.values())


def _folders(root: Path) -> Iterator[Path]:
    """``<root>/<task>/<run-id>`` for all of them; nothing when there is no root."""
    for task in _children(root):
        yield from _children(task)


def _children(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


class _Marks:
    """The run folders that living processes carry in their environment: one pass over /proc, made when first asked."""

    def __init__(self) -> None:
        self._seen: frozenset[str] | None = None

    def __contains__(self, folder: Path) -> bool:
        if self._seen is None:
            self._seen = frozenset(carriers().values())
        return str(folder) in self._seen


def carriers() -> dict[int, str]:
    """Process id → run folder, of every process of ours that carries MARK. Empty where there is no /proc: there the locks must do."""
    found = {}
    for pid in _process_ids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue  # gone, or another user's
        for pair in environment.split(b"\0"):
            if pair.startswith(MARK.encode() + b"="):
                found[pid] = os.fsdecode(pair.partition(b"=")[2])
    return found


def openers(file: Path) -> Iterator[int]:
    """The processes of ours that have ``file`` open. Nothing where there is no /proc."""
    for pid in _process_ids():
        with suppress(OSError):
            if any(file.samefile(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir() if descriptor.exists()):
                yield pid


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if entry.name.isdigit()]


def look_at(folder: Path, marks: _Marks | None = None) -> Run:
    """One run as it is now. FileNotFoundError: there is none; msgspec.MsgspecError: it cannot be read."""
    return _look_at(folder, marks or _Marks(), lambda: held(folder / "wrapper.lock"))


def _look_at(folder: Path, marks: _Marks, wrapped: Callable[[], bool]) -> Run:
    """The order is the proof. The tree's signs come first: whatever else is written, it lives. ``exit.json`` comes before
    ``wrapper.lock``, which the shim still holds while it lingers after the end.
    """
    spec = _spec(folder)
    if held(folder / "tree.lock") or folder in marks:
        return _run(folder, spec, "alive", None)
    ended = _end(folder)
    if ended is None and wrapped():
        return _run(folder, spec, "alive", None)
    ended = ended or _end(folder)  # the shim may have written its end and left between the two looks
    if ended is None:
        return _run(folder, spec, "reserved", None)
    if ended.why in ("ended", "limit"):
        ended = replace(ended, result=results.read(spec.result, output(folder, results.LAST_BYTES), ended.code))
    return _run(folder, spec, "lost" if ended.why == "lost" else "exited", ended)


def _run(folder: Path, spec: Spec, state: Literal["reserved", "alive", "exited", "lost"], ended: Ended | None) -> Run:
    return Run(
        id=spec.id,
        task=spec.task,
        purpose=spec.purpose,
        kind=spec.kind,
        slot=spec.slot,
        reason=spec.reason,
        state=state,
        began=spec.began,
        started=started_at(folder) is not None,
        ended=ended,
        folder=folder,
        told=_told(folder),
        about=spec.about,
    )


def _told(folder: Path) -> float | None:
    try:
        return (folder / "stop").stat().st_mtime
    except FileNotFoundError:
        return None


def _end(folder: Path) -> Ended | None:
    try:
        data = (folder / "exit.json").read_bytes()
    except FileNotFoundError:
        return None
    try:
        ended = msgspec.json.decode(data, type=Ended)
    except msgspec.MsgspecError as bad:
        # It is renamed into place whole, so this is the disk's doing, and looking again will not mend it.
        return Ended(code=None, why="lost", at=(folder / "exit.json").stat().st_mtime, seconds=0.0, detail=f"exit.json is spoilt: {bad}")
    if ended.why != "ended" or not ended.code:
        return ended
    if (folder / setup.FAILED).exists():
        return replace(ended, why="setup", detail=last_words(folder, lines=5))
    return ended if ended.detail else replace(ended, detail=last_words(folder))


def last_words(folder: Path, lines: int = 1) -> str:
    """The last lines a run wrote that are not empty, in one, without control characters; at most 300 characters of each."""
    said = "".join(c if c.isprintable() or c == "\n" else " " for c in output(folder, 2_000)).split("\n")
    return " | ".join([line.strip()[-300:] for line in said if line.strip()][-lines:])


def started_at(folder: Path) -> float | None:
    """When the shim started the child, in seconds since the epoch; None: it never did, so the run cost nothing."""
    try:
        with (folder / "events.jsonl").open("rb") as events:
            first = json.loads(events.readline())
    except (FileNotFoundError, ValueError):
        return None
    return float(first["at"]) if first.get("event") == "started" else None


def held(lock: Path) -> bool:
    """Somebody holds this lock exclusively. Asked with a shared, passing lock: exclusive probes would find each other."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def void(folder: Path) -> Run:
    """Writes "lost" where no end was written and nobody lives; a shim that arrives later finds it and ends.

    Returns the run as it is afterwards. One that is not ended lives (or was just being looked at): ask again later.
    """
    folder = folder.resolve()
    with _wrapper_lock(folder) as ours:
        run = _look_at(folder, _Marks(), lambda: not ours)
        if run.state != "reserved":
            return run
        now = time.time()
        began = started_at(folder)
        # Nobody saw the end: the time until now is what it may have cost at most.
        lost = Ended(code=None, why="lost", at=now, seconds=0.0 if began is None else now - began, detail="nobody saw it end")
        write_whole(folder / "exit.json", msgspec.json.encode(lost))
        (folder / "start.json").unlink(missing_ok=True)  # nobody reads it any more, and a provider's key may be in it
    return look_at(folder)


@contextmanager
def _wrapper_lock(folder: Path) -> Iterator[bool]:
    """``wrapper.lock`` while inside; False: somebody else has it."""
    descriptor = os.open(folder / "wrapper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def output(folder: Path, last: int = 64_000) -> str:
    """The last ``last`` bytes of what the run wrote, undecodable ones replaced, escapes as they came; "" when it wrote nothing."""
    data = b""
    for name in ("output.log", "output.log.1"):
        if len(data) < last:
            data = _tail(folder / name, last - len(data)) + data
    return data.decode("utf-8", "replace")


def _tail(path: Path, last: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - last))
            return file.read()
    except FileNotFoundError:
        return b""
