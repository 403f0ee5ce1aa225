"""What workers are told: Jinja2 templates, strict; text from issues, checks, people and code is data in them, fenced and cut."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

# Characters of what came from outside: of an issue's text, of anything else that is long, of what is shown in one line.
ISSUE_MAX = 20_000
TEXT_MAX = 8_000
LINE_MAX = 300


class Subject(Protocol):
    """The issue as a prompt needs it."""

    @property
    def number(self) -> int: ...

    @property
    def title(self) -> str: ...

    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a prompt is made of. ``checks`` and ``guarded`` are settings of the operator's; all else but the branches is from outside."""

    issue: Subject
    branch: str | None
    trunk: str
    checks: tuple[str, ...] = ()  # the project's own test commands
    guarded: tuple[str, ...] = ()  # globs of what waits for a person when it is changed
    text: str = ""  # what the prompt is about: a check's last words, a hook's, files in conflict, a reviewer's comments
    name: str = ""  # ci: the status that is red; review: who asks for changes
    url: str = ""  # of the page where a person can read more


class PromptError(Exception):
    """A template of the operator's that cannot be used: which one, and why."""


def render(reason: str, brief: Brief, own: Path | None = None) -> str:
    """The prompt for a run: ``reason`` names the template (implement, again, checks, conflict, ci, hook, review, dispatch).

    A template of that name in the folder ``own`` takes the place of ours, as does one that ours include. Raises PromptError.
    """
    import jinja2

    try:
        return _rendered(reason, brief, own)
    except jinja2.TemplateError as bad:
        line = f", line {bad.lineno}" if isinstance(bad, jinja2.TemplateSyntaxError) else ""
        raise PromptError(f"the prompt {reason}.md of {own} cannot be made{line}: {bad.message}") from bad
    except (OSError, UnicodeDecodeError) as bad:
        raise PromptError(f"a prompt in {own} cannot be read: {bad}") from bad


def _rendered(reason: str, brief: Brief, own: Path | None) -> str:
    issue, title = brief.issue, one_line(brief.issue.title)
    shown = {
        "issue": {
            "number": issue.number,
            "title": title,
            "body": fenced(issue.body, ISSUE_MAX),
            "text": fenced(f"{title}\n\n{issue.body}", ISSUE_MAX),
        },
        "branch": brief.branch,
        "trunk": brief.trunk,
        "checks": tuple(it for it in brief.checks if it.isprintable() and "`" not in it),  # a script of many lines says nothing here
        "guarded": brief.guarded,
        "text": fenced(brief.text, TEXT_MAX) if brief.text else "",
        "name": one_line(brief.name),
        "url": one_line(brief.url),
    }
    return f"{_templates(own).get_template(f'{reason}.md').render(shown).rstrip()}\n"


def fenced(text: str, most: int) -> str:
    """``text`` as data: without control characters, in a fence longer than any in it, the middle left out when it is too long."""
    text = _visible(text)
    if len(text) > most:
        text = f"{text[: most // 2]}\n[… {len(text) - most} characters left out …]\n{text[-most // 2 :]}"
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def one_line(text: str) -> str:
    """``text`` as a few words that can stand in a sentence, and between backticks."""
    return " ".join(_visible(text).replace("`", "'").split())[:LINE_MAX]


def _visible(text: str) -> str:
    """Without what a person does not see and a model may read: control and format characters, and lone surrogates."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


@lru_cache(maxsize=2)
def _templates(own: Path | None) -> Any:
    import jinja2

    loader = jinja2.FileSystemLoader([*([own] if own else []), Path(__file__).parent])
    # Prompts are Markdown for a model, not HTML for a browser.
    return jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
