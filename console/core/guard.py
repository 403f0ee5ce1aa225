"""What a change may not touch unasked: guarded paths, the check's own files, and the project's tests."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from console.core.facts import Changes, fact

# What decides how a change is checked, in the projects we know.
PATHS = (
    *("ops.yaml", "Makefile", "tox.ini", "noxfile.py", "pyproject.toml", ".pre-commit-config.yaml"),
    *(".gitea/**", ".forgejo/**", ".github/**", ".githooks/**"),
)
# A test as its language declares one, in the regular expressions of `git grep -E`.
TEST = (
    r"^[[:space:]]*(async[[:space:]]+)?def[[:space:]]+test|^[[:space:]]*(it|test)(\.[a-z]+)*\(|^func[[:space:]]+(Test|Fuzz)"
    r"|^[[:space:]]*@(Parameterized)?Test|^[[:space:]]*#\[([a-z_]+::)*test"
)
_TESTS = re.compile(r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_[^/]*$|[._-](test|tests|spec)\.[^/]*$|Tests?\.[a-z]+$")
# What a command runs: the first word of each of its parts, or what stands behind an interpreter.
_PROGRAMS = re.compile(r"(?:^|[;&|(\n])\s*(?:(?:ba|da|z)?sh\s+|python[0-9.]*\s+|node\s+)?(?:-\S+\s+)*([^\s;&|)]+)")


@fact
class Guard:
    """``paths``: globs, as in .gitignore (``**`` any folders; without a slash at any depth). ``tests``: those may not get fewer."""

    paths: tuple[str, ...] = PATHS
    tests: bool = True


def is_test(path: str) -> bool:
    """Whether a file is one of the project's tests, by its name."""
    return bool(_TESTS.search(path))


def guarded(changes: Changes, guard: Guard, commands: Iterable[str]) -> tuple[str, ...]:
    """What of a change needs the operator's word, each as "path (why)". ``commands``: of the checks, whose own files count."""
    own = {word.strip("'\"").removeprefix("./") for said in commands for word in _PROGRAMS.findall(said)}
    return tuple(_guarded(changes, guard, own))


def _guarded(changes: Changes, guard: Guard, own: set[str]) -> Iterator[str]:
    for path in changes.files:
        if path in own:
            yield f"{path} (the check runs it)"
        elif any(_glob(pattern).search(path) for pattern in guard.paths):
            yield f"{path} (guarded)"
    if guard.tests:
        yield from (f"{path} (fewer tests)" for path in changes.lost_tests)


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", pattern.removeprefix("/"))
    meaning = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(meaning.get(part) or re.escape(part) for part in parts)
    return re.compile(("^" if "/" in pattern else "(^|/)") + body + "$")
