"""What an issue has cost and what was said about it, kept as files beside its runs; verdicts beside the checks' runs.

`runs/<issue>/<run>/end.json` is an end, `runs/<issue>/word-<command>.json` a word of the operator's, `noted-<key>` what was told on the
forge, `parked.json` why it was parked; `runs/checks/<run>/verdict.json` is what one check gave.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from console.core.facts import End, Ledger, Oid, Run, RunId, Suite, Tree, Verdict
from console.engine.board import replace


def book(folder: Path, end: End) -> None:
    """Writes a run's end into its folder; the first one written stays."""
    path = folder / "end.json"
    if not path.exists():
        replace(path, json.dumps({"outcome": end.outcome, "tip": end.tip, "tree": end.tree, "at": end.at, "said": end.said}))


def word(folder: Path, command: str, what: str, at: float, about: Oid | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / f"word-{command}.json", json.dumps({"word": what, "at": at, "about": about}))


def note(folder: Path, key: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / f"noted-{key}", "")


def park(folder: Path, why: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / "parked.json", json.dumps({"why": why}))


def refuse(folder: Path, why: str) -> None:
    """The project's commit hook said no to what the run left."""
    replace(folder / "refused.txt", why)


def read(folder: Path, runs: Iterable[Run]) -> Ledger:
    """An issue's ledger from its folder and its runs (oldest first). Files that cannot be read raise OSError or ValueError."""
    runs = tuple(runs)
    words = {p.name[5:-5]: json.loads(p.read_text()) for p in folder.glob("word-*.json")}
    refused = {r.id: p.read_text() for r in runs if (p := r.folder / "refused.txt").exists()}
    parked = folder / "parked.json"
    return Ledger(
        starts=len(runs),
        ends=tuple(_end(r) for r in runs if (r.folder / "end.json").exists()),
        baseline=_said_at(words.values(), "retry"),
        passed=frozenset(Oid(w["about"]) for w in words.values() if w["word"] == "pass"),
        held=_said_at(words.values(), "stop") > _said_at(words.values(), "retry"),
        words=frozenset(words),
        noted=frozenset(p.name[6:] for p in folder.glob("noted-*")),
        refused=refused,
        parked=json.loads(parked.read_text())["why"] if parked.exists() else None,
        seconds=sum(r.ended.seconds for r in runs if r.ended),
    )


def _said_at(words: Iterable[dict[str, Any]], what: str) -> float:
    """When the operator said it last, in seconds since the epoch; 0 for never."""
    return max((float(w["at"]) for w in words if w["word"] == what), default=0.0)


def _end(run: Run) -> End:
    said = json.loads((run.folder / "end.json").read_text())
    return End(
        run=run.id,
        started=run.started,
        outcome=said["outcome"],
        tip=Oid(said["tip"]),
        tree=Tree(said["tree"]),
        at=said["at"],
        said=said["said"],
    )


def judge(folder: Path, passed: bool, said: str, at: float) -> None:
    """Writes what one check gave."""
    replace(folder / "verdict.json", json.dumps({"passed": passed, "said": said, "at": at}))


def judged(folder: Path) -> bool:
    return (folder / "verdict.json").exists()


def verdicts(checks: Iterable[Run]) -> Mapping[tuple[Tree, Suite], Verdict]:
    """What all recorded checks (oldest first) say together: fail, then pass on the same tree is a flake.

    One that was lost before it started says nothing: no test has run.
    """
    found: dict[tuple[Tree, Suite], Verdict] = {}
    for run in checks:
        if not judged(run.folder) or (run.state == "lost" and not run.started):
            continue
        said = json.loads((run.folder / "verdict.json").read_text())
        tree, suite = Tree(run.about["tree"]), Suite(run.about["suite"])
        before = found.get((tree, suite))
        failed_before = before is not None and before.outcome != "pass"
        outcome = ("flaky" if failed_before else "pass") if said["passed"] else "fail"
        if before and before.green:
            continue
        found[tree, suite] = Verdict(
            tree=tree,
            suite=suite,
            outcome=outcome,  # type: ignore[arg-type]  # one of the three words above
            tries=(before.tries if before else 0) + 1,
            run=RunId(run.id),
            at=said["at"],
            said=said["said"],
        )
    return found
