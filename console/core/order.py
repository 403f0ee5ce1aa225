"""Who is next, and why: priority, then bugs before the rest, then the oldest."""

from console.core.facts import Issue

PRIORITIES = {"priority/critical": 2, "priority/high": 1, "priority/low": -1}
PREFIXES = {
    "bug": "fix",
    "feature": "feat",
    "refactor": "refactor",
    "policy": "policy",
    "docs": "policy",
    "perf": "perf",
    "test": "test",
    "chore": "chore",
}


def priority(issue: Issue) -> int:
    """2 critical, 1 high, 0 none said, −1 low."""
    return max((PRIORITIES[x] for x in issue.labels if x in PRIORITIES), default=0)


def prefix(issue: Issue) -> str:
    """The branch's prefix and the commit's type, by the first label that says one."""
    return next((PREFIXES[x] for x in issue.labels if x in PREFIXES), "feat")


def rank(issue: Issue) -> tuple[int, int, int]:
    """Sorts issues: the smallest is next."""
    return (-priority(issue), 0 if "bug" in issue.labels else 1, issue.number)
