"""The doors: `ops-console` and its commands, each imported only when it is called."""

import importlib
import os
import sys
from collections.abc import Mapping
from keyword import iskeyword
from pathlib import Path

import click

from console.cli.failure import FORGE, INTERRUPTED, SETTINGS, STALE, USAGE, Failure, show
from console.redact import know_environment, redact, streams

# command → the module of console.cli it lives in, and what it does in a line
COMMANDS: Mapping[str, tuple[str, str]] = {
    "status": ("look", "the present, once"),
    "watch": ("look", "the present as it changes, a line an event"),
    "why": ("look", "where an issue or pull stands, and why"),
    "log": ("look", "what was done, by whom"),
    "assign": ("ask", "give an issue to a worker"),
    "wake": ("ask", "let an idle worker take what is next"),
    "merge": ("ask", "land a pull, still checked"),
    "stop": ("ask", "end a worker; its work is kept"),
    "interrupt": ("ask", "type C-c into a worker's pane, once"),
    "retry": ("ask", "a new start for an issue"),
    "pass": ("ask", "let a guarded change by, as it is now"),
    "mode": ("stand", "what the engine may do by itself: watch, assist, auto"),
    "pause": ("stand", "start nothing new"),
    "resume": ("stand", "end a pause"),
    "freeze": ("stand", "land nothing"),
    "unfreeze": ("stand", "end a freeze, after looking"),
    "engine": ("engine", "the loop without a window"),
    "attach": ("engine", "look at a worker in its own tmux"),
    "issue": ("issue", "issues on the forge: new, list, show, close, label, ready"),
    "forge": ("forge", "the local forge: pull and push commits, serve it, make tokens"),
    "init": ("init", "four questions, the settings, and the landing rules of a server"),
    "doctor": ("doctor", "check every precondition, each with its remedy"),
    "dispatch": ("dispatch", "a prompt for an agent elsewhere"),
    "kinds": ("kinds", "the agents that can work here: installed, too old, missing"),
    "login": ("login", "ask for the forge's token, check and keep it"),
    "logout": ("login", "forget the token that login kept"),
    "demo": ("demo", "the whole story on a small real project"),
}


class Doors(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"console.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "see `ops-console --help`"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx) from error


@click.group(cls=Doors, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--repo", metavar="OWNER/NAME", help="Which repository; default: the checkout you stand in.")
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings; default: ops.yaml here, else in the config folder."
)
@click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="Where state is kept; default: the XDG state folder.")
@click.option("--read-only", is_flag=True, help="The console without its verbs.")
@click.option("--no-engine", is_flag=True, help="The console without starting an engine.")
@click.version_option(package_name="ops-console", prog_name="ops-console")
@click.pass_context
def cli(ctx: click.Context, repo: str | None, config: Path | None, state: Path | None, read_only: bool, no_engine: bool) -> None:
    """Turns open issues into squashed, tested commits on a protected trunk.

    Without a command it opens the console and starts the engine. Addresses: 12 is an issue, p31 a pull, w07 a slot.
    """
    ctx.obj = {"repo": repo, "config": config, "state": state}
    if ctx.invoked_subcommand is None:
        from console.cli.engine import open_console

        open_console(ctx, read_only=read_only, no_engine=no_engine)


def main(arguments: list[str] | None = None) -> None:
    """The program: runs the command and ends with its code (7-shell.md)."""
    given = sys.argv[1:] if arguments is None else arguments
    know_environment(os.environ)
    streams()
    as_json = "--json" in given
    try:
        code = cli.main(args=given, prog_name="ops-console", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        asked = getattr(error, "ctx", None)
        show(Failure(USAGE, error.format_message(), f"`{asked.command_path} --help` shows how" if asked else ""), as_json)
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; there is nobody to tell
        sys.exit(1)
    except Failure as failure:
        show(failure, as_json)
        sys.exit(failure.code)
    except Exception as error:  # the program's boundary: what has a sentence gets it, a bug is a bug
        told = explained(error)
        show(told, as_json)
        sys.exit(told.code)


def explained(error: Exception) -> Failure:
    """The sentence and code for an error of any room."""
    from console.engine.files import NoBoard
    from console.errors import NotNamed, SettingsError
    from console.forge.errors import ForgeError
    from console.localforge.errors import LocalForgeError
    from panes.seen import PanesError
    from prompts import PromptError

    if isinstance(error, NotNamed):
        return Failure(USAGE, str(error))
    if isinstance(error, SettingsError | PromptError):
        return Failure(SETTINGS, str(error))
    if isinstance(error, NoBoard):
        return Failure(STALE, str(error), "`ops-console` opens the console and starts the engine; `ops-console engine` runs it alone")
    if isinstance(error, ForgeError):
        return Failure(FORGE, error.why, error.remedy)
    if isinstance(error, LocalForgeError):
        return Failure(FORGE, str(error))
    if isinstance(error, PanesError):
        return Failure(SETTINGS, str(error), "`ops-console doctor` says what is missing")
    if isinstance(error, OSError):
        return Failure(SETTINGS, f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return bug(error)


def bug(error: Exception) -> Failure:
    """A bug of ours: the traceback goes to a file, its name to the operator."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="ops-console-", suffix=".txt", delete=False) as file:
        file.write(redact("".join(traceback.format_exception(error))))
    return Failure(1, f"this is a bug of ops-console: {type(error).__name__}: {error}", f"please report it with {file.name}")


if __name__ == "__main__":
    main()
