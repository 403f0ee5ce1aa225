"""What workers are told: Jinja2 templates, strict; text from issues, checks and code is data in them, fenced and cut."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

ISSUE_MAX = 20_000  # characters of an issue's text; TEXT_MAX of anything else that came from outside
TEXT_MAX = 8_000


class Subject(Protocol):
    """The issue as a prompt needs it."""

    @property
    def number(self) -> int: ...

    @property
    def title(self) -> str: ...

    @property
    def body(self) -> str: ...


class PromptError(Exception):
    """A template of the operator's that cannot be used: which one, and why."""


def render(reason: str, *, issue: Subject, branch: str | None, trunk: str, text: str, own: Path | None = None) -> str:
    """The prompt for a run: ``reason`` names the template (implement, again, checks, conflict, dispatch).

    A template of that name in the folder ``own`` takes the place of ours, as does one that ours include. Raises PromptError.
    """
    import jinja2

    try:
        return _rendered(reason, issue, branch, trunk, text, own)
    except jinja2.TemplateError as bad:
        line = f", line {bad.lineno}" if isinstance(bad, jinja2.TemplateSyntaxError) else ""
        raise PromptError(f"the prompt {reason}.md of {own} cannot be made{line}: {bad.message}") from bad
    except (OSError, UnicodeDecodeError) as bad:
        raise PromptError(f"a prompt in {own} cannot be read: {bad}") from bad


def _rendered(reason: str, issue: Subject, branch: str | None, trunk: str, text: str, own: Path | None) -> str:
    template = _templates(own).get_template(f"{reason}.md")
    shown = {"number": issue.number, "title": issue.title, "body": fenced(issue.body, ISSUE_MAX)}
    return str(template.render(issue=shown, branch=branch, trunk=trunk, text=fenced(text, TEXT_MAX) if text else ""))


def fenced(text: str, most: int) -> str:
    """``text`` as data: in a fence longer than any in it, the middle left out when it is too long."""
    if len(text) > most:
        text = f"{text[: most // 2]}\n[… {len(text) - most} characters left out …]\n{text[-most // 2 :]}"
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text.rstrip()}\n{fence}"


@lru_cache(maxsize=2)
def _templates(own: Path | None) -> Any:
    import jinja2

    loader = jinja2.FileSystemLoader([*([own] if own else []), Path(__file__).parent])
    # Prompts are Markdown for a model, not HTML for a browser.
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
