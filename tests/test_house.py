"""The rules of the house, read off the syntax trees: who may import whom, and what nobody may write.

Each rule returns what it has against a module, and each is shown a module it must object to.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("console", "panes", "prompts")
MOST_LINES = 400

# Room → what it may import of ours, the longest name first that fits. A module may always import its own room's package file.
ROOMS: Mapping[str, tuple[str, ...]] = {
    "prompts": (),
    "panes.seen": (),
    "panes.git": (),
    "panes.shim": (),
    "panes": ("panes",),
    "console.core": ("console.core", "panes.seen"),
    "console.localforge": ("console.localforge", "panes.git"),
    "console.forge": ("console.forge", "console.core"),
    "console.tui": (
        *("console.tui", "console.core", "console.config", "console.engine.board", "console.engine.inbox"),
        *("panes.seen", "panes.session", "panes.control", "panes.git"),
    ),
    "console.sprint": ("console.sprint", "console.forge", "console.core", "panes", "prompts"),
    "console": ("console", "panes", "prompts"),
}
NEVER = {"helper", "helpers", "util", "utils", "manager", "handler", "workspace", "job"}
WRITERS = ("console.engine", "console.cli", "console.tui")  # what is written here came from outside, or may have
WRITES = {"write_text", "write_bytes", "fdopen", "NamedTemporaryFile"}
WITHOUT_SECRETS = {"console.cli.engine", "console.cli.demo", "console.tui.leaving"}  # a process id, settings of ours, one word
DRAWN = {"Static", "Label", "notify"}  # what of Textual's reads markup in what it is given


@dataclass(frozen=True)
class Module:
    """One file of ours: its dotted name, and what it says."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@cache
def house() -> Mapping[str, Module]:
    """Every module of the product, by name. The demo's project is material, not ours."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[:3] != ("console", "demo", "project"):
                name = ".".join(parts).removesuffix(".__init__")
                found[name] = Module(name, path.read_text(encoding="utf-8"))
    return found


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def imports(module: Module, known: Mapping[str, Module]) -> Iterator[tuple[int, str]]:
    """Every import of ours, wherever it stands: its line, and the module it names (`from a import b` names a.b where that is one)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in whole]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] in PACKAGES)


# The rules


def leans_only_on_what_it_may(module: Module) -> Iterator[str]:
    room = max((room for room in ROOMS if within(module.name, room)), key=len)
    for line, name in imports(module, house()):
        if name != module.name and not any(within(name, may) for may in ROOMS[room]):
            yield f"{line}: {room} may not import {name}"


def hides_no_import(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and (node.level or any(alias.name == "*" for alias in node.names)):
            yield f"{node.lineno}: a relative or starred import"
    if "TYPE_CHECKING" in module.text:
        yield "TYPE_CHECKING: the type belongs in a lower room"


def is_one_sitting(module: Module) -> Iterator[str]:
    if len(module.lines) > MOST_LINES:
        yield f"{len(module.lines)} lines, at most {MOST_LINES}"


def gives_its_reason_for_catching_everything(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.ExceptHandler) or not catches_everything(node.type) or goes_on_raising(node):
            continue
        if "#" not in module.lines[node.lineno - 1]:
            yield f"{node.lineno}: everything is caught, and no comment says why"


def goes_on_raising(caught: ast.ExceptHandler) -> bool:
    last = caught.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def catches_everything(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names)


def draws_no_markup_from_outside(module: Module) -> Iterator[str]:
    if not within(module.name, "console.tui"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and called(node) in DRAWN and node.args and not is_safe(node):
            yield f"{node.lineno}: {called(node)} is given text that may hold markup: markup=False, or a Content"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""


def is_safe(node: ast.Call) -> bool:
    said = {word.arg: word.value for word in node.keywords}.get("markup")
    if isinstance(said, ast.Constant) and said.value is False:
        return True
    return isinstance(node.args[0], ast.Constant) or is_content(node.args[0])


def is_content(given: ast.expr) -> bool:
    """`Content(…)` or one of its makers, but for the one that reads markup."""
    if not isinstance(given, ast.Call):
        return False
    maker = given.func.value if isinstance(given.func, ast.Attribute) else given.func
    return isinstance(maker, ast.Name) and maker.id == "Content" and called(given) != "from_markup"


def writes_no_file_past_the_redactor(module: Module) -> Iterator[str]:
    if not any(within(module.name, room) for room in WRITERS) or module.name in WITHOUT_SECRETS:
        return
    if any(name == "console.redact" for _, name in imports(module, house())):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (called(node) in WRITES or (called(node) == "open" and is_for_writing(node))):
            yield f"{node.lineno}: {called(node)} writes what may hold a secret: engine.files.replace, or console.redact"


def is_for_writing(node: ast.Call) -> bool:
    modes = [it.value for it in (*node.args, *(word.value for word in node.keywords)) if isinstance(it, ast.Constant)]
    return any(isinstance(mode, str) and re.fullmatch(r"[rb]*[wax+][wab+x]*", mode) for mode in modes)


def says_what_it_is(module: Module) -> Iterator[str]:
    for line, name in names(module):
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
        if words & NEVER:
            yield f"{line}: the name {name}"


def names(module: Module) -> Iterator[tuple[int, str]]:
    """Every name the module makes up, itself included."""
    yield 0, module.name.rsplit(".", 1)[-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def circle(modules: Mapping[str, Module]) -> list[str]:
    """The names of a circle of imports; none: an empty list."""
    leads = {name: sorted({to for _, to in imports(module, modules) if to in modules and to != name}) for name, module in modules.items()}
    done: set[str] = set()
    way: list[str] = []

    def follow(name: str) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        way.append(name)
        found = next((found for to in leads[name] if (found := follow(to))), [])
        way.pop()
        done.add(name)
        return found

    return next((found for name in leads if (found := follow(name))), [])


Rule = Callable[[Module], Iterator[str]]
RULES: Mapping[str, Rule] = {
    "leans only on what it may": leans_only_on_what_it_may,
    "hides no import": hides_no_import,
    "is one sitting": is_one_sitting,
    "gives its reason for catching everything": gives_its_reason_for_catching_everything,
    "draws no markup from outside": draws_no_markup_from_outside,
    "writes no file past the redactor": writes_no_file_past_the_redactor,
    "says what it is": says_what_it_is,
}


@pytest.mark.parametrize("rule", RULES)
def test_every_module(rule: str) -> None:
    assert [f"{module.name}:{complaint}" for module in house().values() for complaint in RULES[rule](module)] == []


def test_no_import_goes_in_a_circle() -> None:
    assert circle(house()) == []


def test_every_room_is_there_or_is_still_to_be_built() -> None:
    later = {"console.sprint"}
    assert {room for room in ROOMS if not any(within(name, room) for name in house())} <= later


BAD: tuple[tuple[str, str, str], ...] = (
    ("leans only on what it may", "console.core.order", "import console.engine.loop"),
    ("leans only on what it may", "console.core.order", "def f():\n    from panes import session"),
    ("leans only on what it may", "console.core.order", "from panes.session import Session"),
    ("leans only on what it may", "panes.runs", "from console.core.facts import Issue"),
    ("leans only on what it may", "panes.shim", "from panes.seen import Ended"),
    ("leans only on what it may", "panes.hosts", "import prompts"),
    ("leans only on what it may", "prompts", "import panes.seen"),
    ("leans only on what it may", "console.localforge.app", "import console.core.facts"),
    ("leans only on what it may", "console.forge.gitea", "from console.localforge import app"),
    ("leans only on what it may", "console.tui.app", "from console.engine import loop"),
    ("leans only on what it may", "console.tui.app", "import console.forge.gitea"),
    ("hides no import", "console.wire", "from . import config"),
    ("hides no import", "console.wire", "from panes.seen import *"),
    ("hides no import", "console.wire", "from typing import TYPE_CHECKING"),
    ("is one sitting", "console.wire", "x = 1\n" * (MOST_LINES + 1)),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept Exception:\n    pass"),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept (OSError, BaseException):\n    pass"),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept:\n    pass"),
    ("draws no markup from outside", "console.tui.app", "Static(title)"),
    ("draws no markup from outside", "console.tui.app", "Label(f'{title}')"),
    ("draws no markup from outside", "console.tui.app", "self.notify(title, markup=True)"),
    ("draws no markup from outside", "console.tui.app", "Static(Content.from_markup(title))"),
    ("writes no file past the redactor", "console.engine.ledger", "path.write_text(said)"),
    ("writes no file past the redactor", "console.cli.look", "with path.open('ab') as file:\n    file.write(said)"),
    ("writes no file past the redactor", "console.tui.app", "open(path, mode='w')"),
    ("says what it is", "console.wire", "class RunManager: ..."),
    ("says what it is", "console.wire", "def git_helper(): ..."),
    ("says what it is", "console.wire", "def f(event_handler): ..."),
    ("says what it is", "console.wire", "WORKSPACE = 1"),
    ("says what it is", "console.utils", ""),
)
GOOD: tuple[tuple[str, str, str], ...] = (
    ("leans only on what it may", "console.core.order", "import json\nfrom panes.seen import Oid\nfrom console.core import facts"),
    ("leans only on what it may", "console.tui.app", "from console.engine import board, inbox"),
    ("leans only on what it may", "console.wire", "import panes.session, prompts, console.tui.app"),
    ("is one sitting", "console.wire", "x = 1\n" * MOST_LINES),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept Exception:  # a boundary\n    pass"),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept OSError:\n    pass"),
    ("gives its reason for catching everything", "console.wire", "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
    ("draws no markup from outside", "console.tui.app", "Static()\nStatic('fixed')\nStatic(x, markup=False)\nLabel(Content(x))"),
    ("draws no markup from outside", "console.engine.loop", "notify(x)"),
    ("writes no file past the redactor", "console.engine.ledger", "path.open()\nopen(path, 'rb')\nreplace(path, said)"),
    ("writes no file past the redactor", "console.engine.files", "from console.redact import redact\npath.write_text(redact(said))"),
    ("writes no file past the redactor", "console.config", "path.write_text(said)"),
    ("says what it is", "console.wire", "from contextlib import contextmanager\nloop.add_signal_handler(number, end)"),
)


@pytest.mark.parametrize(("rule", "name", "text"), BAD)
def test_each_rule_can_fail(rule: str, name: str, text: str) -> None:
    assert list(RULES[rule](Module(name, text)))


@pytest.mark.parametrize(("rule", "name", "text"), GOOD)
def test_no_rule_objects_to_what_is_right(rule: str, name: str, text: str) -> None:
    assert list(RULES[rule](Module(name, text))) == []


def test_a_circle_is_found_even_when_an_import_hides_in_a_function() -> None:
    texts = {"console.a": "from console import b", "console.b": "def f():\n    from console.c import x", "console.c": "import console.a"}
    assert circle({name: Module(name, text) for name, text in texts.items()}) == ["console.a", "console.b", "console.c", "console.a"]
