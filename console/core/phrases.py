"""Every name and sentence that leaves the console for a forge or a person, in one place."""

import re

from console.core.facts import Issue, Landing, Oid, Tree
from console.core.order import prefix
from console.core.sanitize import clean
from console.core.text import cut as cut
from console.core.text import short as short
from console.core.text import span as span

PARKED = "ops/needs-human"
RIDE = "ops/ride"
CONTEXT = "ops/verify"
MARKER = "ops-console"
TRUNK_BUG = f"<!-- {MARKER}:trunk-is-red -->"
PROGRAM = re.compile(r"'[^']*'|\"[^\"]*\"|\S+")
TITLE_MAX = 200  # Gitea cuts titles at 255


def command(said: str) -> str:
    """A command as it is shown: its program by name alone, and not too long."""
    # In quotes a program's path may hold spaces, and is one word all the same.
    path = PROGRAM.match(said)
    program = path[0] if path else ""
    return cut(program.strip("'\"").rsplit("/", 1)[-1] + said[len(program) :], 60)


def branch(issue: Issue, landed: int) -> str:
    """The branch of an issue's work; ``landed``: how often it has landed before (a reopened one gets -r2)."""
    name = f"{prefix(issue)}/issue-{issue.number}"
    return name if not landed else f"{name}-r{landed + 1}"


def title(template: str, issue: Issue, *, rides: bool = False) -> str:
    """The pull's title and the squash commit's subject: one clean line, for it goes into the trunk for ever. ``rides``: as it is called."""
    if rides:
        return f"{cut(clean(issue.title, one_line=True), TITLE_MAX)} (#{issue.number})"
    said = template.format(type=prefix(issue), title=cut(clean(issue.title, one_line=True), TITLE_MAX), issue=issue.number, cycle=0)
    return cut(said, TITLE_MAX + 40)


def pull_body(issue: Issue) -> str:
    return f"Closes #{issue.number}\n\nMade and checked by ops-console; it lands squashed, as exactly the tree that was tested.\n"


def squash_message(landing: Landing) -> str:
    """The trailers by which the trunk itself proves what landed."""
    closes = "" if landing.rides else f"Closes #{landing.issue}\n\n"
    return f"{closes}Ops-Issue: {landing.issue}\nOps-Pull: {landing.pull}\nTested-Tree: {landing.tree}\n"


def status_text(tree: Tree, run: str) -> str:
    return f"tree {short(tree, 12)} passed in {run}"


def leftover_message(issue: int) -> str:
    return f"Work on issue #{issue}\n\nLeft uncommitted by the worker; committed by ops-console.\n"


def proof(pull: int, commit: Oid, tree: Tree, attempts: int, seconds: float) -> str:
    runs = "1 run" if attempts == 1 else f"{attempts} runs"
    return (
        f"Landed as {commit} by pull #{pull}.\n\n"
        f"- tested tree: `{tree}`, which is the tree of that commit\n"
        f"- worked on in {runs}, {span(seconds)} of workers' time\n"
    )


def trunk_bug(trunk: str, head: Oid, command: str, said: str) -> tuple[str, str]:
    """Title and body of the one issue about a red trunk. ``said``: the check's last words, fenced."""
    body = (
        f"{TRUNK_BUG}\n`{command}` fails on {trunk} at {head}, twice. Nothing new is begun on it until it is green.\n\n"
        f"Its last words:\n\n{said}\n\n"
        "A worker takes this issue up once it is assigned (`ops-console assign N`) or marked ready; "
        f"or mend {trunk} by hand, and close it.\n"
    )
    return f"[loop-generated] [bug] {trunk} is red: {cut(command, 80)}", body


def is_trunk_bug(issue: Issue) -> bool:
    return issue.state == "open" and issue.body.startswith(TRUNK_BUG)


def told(why: str, text: str) -> str:
    """What the author of somebody else's pull is told. ``text`` stands indented, as code that nothing in it can end."""
    quoted = "\n".join(f"    {line}" for line in text.strip().splitlines())
    return f"ops-console cannot land this as it is: {why}.\n\n{quoted}\n\nA new commit on its branch is looked at again.\n"


def rode(commit: Oid, tree: Tree) -> str:
    return f"Landed as {commit}. Tested tree: `{tree}`, which is the tree of that commit.\n"


def parked(why: str, issue: int) -> str:
    return f"Left to a person: {why}\n\nWhen it can go on: `ops-console retry {issue}` (it takes `{PARKED}` off).\n"


def pull_closed(issue: int) -> str:
    return f"Closed by ops-console, because issue #{issue} was closed."
