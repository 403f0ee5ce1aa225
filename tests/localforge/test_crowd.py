"""Several processes on one folder, and processes that die in the middle of a merge."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from console.localforge.store import Place, transaction
from panes.git import git
from tests.localforge.parts import ROOT, Local, commit_of

EACH = 2

# One of eight: files issues, comments on and labels a shared one, and lands a pull for each of its own, on top of whatever is there.
WORKER = """
import asyncio, sys
from pathlib import Path
from tests.localforge.parts import Local, client
from panes.git import git

async def main(folder, checkout, me, each):
    async with client(folder) as http:
        forge = Local(folder, checkout, http)
        for n in range(each):
            issue = (await forge.ask("POST", "/issues", {"title": f"{me} {n}"})).json()["number"]
            assert (await forge.ask("POST", "/issues/1/comments", {"body": f"{me} {n}"})).status_code == 201
            label = (await forge.ask("POST", "/labels", {"name": f"l-{me}-{n}", "color": "00aabb"})).json()["id"]
            assert (await forge.ask("POST", "/issues/1/labels", {"labels": [label]})).status_code == 200
            assert (await forge.ask("PATCH", f"/issues/{issue}", {"body": "edited"})).status_code == 201
            await land(forge, me, n, issue)

async def land(forge, me, n, issue):
    number = None
    while True:
        head = forge.commit(f"b-{me}-{n}", f"{me}-{n}.txt", "x")
        number = number or await forge.propose(f"b-{me}-{n}", body=f"Closes #{issue}")
        await forge.bless(head)
        answer = await forge.ask("POST", f"/pulls/{number}/merge", {"Do": "squash", "head_commit_id": head})
        if answer.status_code == 200:
            return
        assert answer.status_code in (405, 409), answer.text

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
"""


async def test_eight_processes_file_edit_and_merge_and_nothing_is_lost(forge: Local, tmp_path: Path) -> None:
    await forge.ask("POST", "/issues", {"title": "shared"})
    checkouts = [tmp_path / f"clone{i}" for i in range(8)]
    for checkout in checkouts:
        git(tmp_path, "clone", "--quiet", str(forge.checkout), str(checkout))
    commands = [[sys.executable, "-c", WORKER, str(forge.folder), str(c), c.name, str(EACH)] for c in checkouts]
    started = [await asyncio.to_thread(subprocess.Popen, command, cwd=ROOT) for command in commands]
    assert [await asyncio.to_thread(process.wait, 150) for process in started] == [0] * 8

    wanted = {f"{c.name} {n}" for c in checkouts for n in range(EACH)}
    shared = (await forge.ask("GET", "/issues/1")).json()
    assert (shared["comments"], len(shared["labels"])) == (len(wanted), len(wanted))
    closed = (await forge.ask("GET", "/issues", state="closed", type="issues", limit=50)).json()
    assert {issue["title"] for issue in closed} == wanted
    assert all(issue["body"] == "edited" for issue in closed)
    pulls = (await forge.ask("GET", "/pulls", state="all", limit=50)).json()
    landed = git(forge.repo, "rev-list", "--first-parent", "main").out.split()[:-1]
    assert sorted(pull["merge_commit_sha"] for pull in pulls) == sorted(landed)
    assert git(forge.repo, "rev-list", "--merges", "main").out == ""
    assert git(forge.repo, "for-each-ref", "--format=%(refname)", "refs/heads").out.split() == ["refs/heads/main"]
    assert git(forge.repo, "ls-tree", "--name-only", "main").out.split() == sorted(
        ["seed.txt", *(f"{c.name}-{n}.txt" for c in checkouts for n in range(EACH))]
    )


# Dies by SIGKILL at the named step of its merge, just before it or just after it.
DYING = """
import asyncio, os, signal, sys
from pathlib import Path
import console.localforge.merge as merging
from tests.localforge.parts import HERE, client

def dying(step, when):
    def die(*args):
        if when == "after":
            step(*args)
        os.kill(os.getpid(), signal.SIGKILL)
    return die

setattr(merging, sys.argv[2], dying(getattr(merging, sys.argv[2]), sys.argv[3]))

async def main():
    async with client(Path(sys.argv[1])) as http:
        await http.post(f"{HERE}/pulls/{sys.argv[4]}/merge", json={"Do": "squash"})

asyncio.run(main())
"""


async def dies(forge: Local, step: str, when: str, number: int) -> None:
    command = [sys.executable, "-c", DYING, str(forge.folder), step, when, str(number)]
    assert (await asyncio.to_thread(subprocess.run, command, cwd=ROOT, timeout=60)).returncode == -9


@pytest.mark.parametrize(
    ("step", "when", "landed"),
    [("advance", "before", False), ("advance", "after", True), ("finish", "after", True)],
)
async def test_a_merge_that_dies_ends_right_at_the_next_look(forge: Local, step: str, when: str, landed: bool) -> None:
    await forge.ask("POST", "/issues", {"title": "broken"})
    number, head = await forge.ready("fix/it", body="Closes #1")
    before = forge.trunk
    await dies(forge, step, when, number)

    # The issue is asked for first: whatever is looked at, the merge is finished before the answer.
    assert (await forge.ask("GET", "/issues/1")).json()["state"] == ("closed" if landed else "open")
    pull = (await forge.ask("GET", f"/pulls/{number}")).json()
    assert (pull["merged"], pull["state"], pull["head"]["sha"]) == (landed, "closed" if landed else "open", head)
    assert ((await forge.ask("GET", "/branches/fix/it")).status_code == 404) is landed
    assert (forge.trunk != before) is landed
    if not landed:
        assert (await forge.ask("POST", f"/pulls/{number}/merge", {"Do": "squash"})).status_code == 200
    assert (await forge.ask("GET", f"/pulls/{number}")).json()["merge_commit_sha"] == forge.trunk
    assert git(forge.repo, "rev-list", "--count", f"{before}..main").out.strip() == "1"


async def test_the_branch_gone_before_the_row_says_merged_is_still_a_merge(forge: Local) -> None:
    number, _ = await forge.ready("w")
    await dies(forge, "advance", "after", number)
    git(forge.repo, "update-ref", "-d", "refs/heads/w")
    assert (await forge.ask("GET", f"/pulls/{number}")).json()["merged"]


async def test_a_request_that_is_cancelled_in_mid_merge_leaves_nothing_half_done(forge: Local) -> None:
    number, _ = await forge.ready("w")
    asked = asyncio.create_task(forge.ask("POST", f"/pulls/{number}/merge", {"Do": "squash"}))
    async with asyncio.timeout(30):
        while not begun(forge):
            await asyncio.sleep(0.001)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    with FileLock(Place(forge.folder).merge_lock, timeout=30):  # the merge that nobody waits for has ended
        assert git(forge.repo, "rev-list", "--count", "main").out.strip() == "2"
    pull = (await forge.ask("GET", f"/pulls/{number}")).json()
    assert (pull["merged"], pull["merge_commit_sha"]) == (True, commit_of(forge.repo, "main"))


def begun(forge: Local) -> bool:
    """Whether a merge has written its squash commit into the row."""
    with transaction(Place(forge.folder)) as db:
        return bool(db.execute("SELECT 1 FROM pull WHERE landing IS NOT NULL").fetchone())
