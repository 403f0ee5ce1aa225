"""`ops.yaml` as types, read with line numbers: every error names the file, the line and the nearest thing that would do."""

import difflib
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, NewType

from console.core.guard import PATHS
from console.errors import SettingsError

Seconds = NewType("Seconds", float)  # written 90, 90s, 20m, 2h, 1d
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ADDRESS = re.compile(r"https?://[^/@\s?#]+(/[^@\s?#]*)?")
_NAME = re.compile(r"(?!\.\.?/)[A-Za-z0-9._-]+/(?!\.\.?$)[A-Za-z0-9._-]+")


def setting(default: Any, says: str) -> Any:
    """A field with its default and what it means; `ops.example.yaml` is checked against these."""
    made = {"default_factory": (lambda: default.copy())} if isinstance(default, dict | list) else {"default": default}
    return field(metadata={"says": says}, **made)


@dataclass(frozen=True, slots=True)
class TokenSettings:
    file: str | None = setting(None, "a file with the token in it, mode 0600")
    env: str | None = setting(None, "or the name of an environment variable")
    keyring: bool = setting(False, "or true: the system's keyring alone. Default: OPS_FORGE_TOKEN, that keyring, what `login` kept")


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    kind: Literal["local", "gitea", "forgejo"] = setting("local", "the forge: `local` keeps issues in a folder on this machine")
    url: str | None = setting(None, "the server's address, for gitea and forgejo")
    token: TokenSettings = setting(TokenSettings(), "where the access token is")


@dataclass(frozen=True, slots=True)
class IdentitySettings:
    name: str = setting("Ops Console", "author and committer of what workers and engine commit")
    email: str = setting("ops@example.invalid", "their address")


@dataclass(frozen=True, slots=True)
class CheckSettings:
    fast: str | None = setting(None, "checks a change before it is published; default: the same as full")
    full: str | None = setting(None, "checks the tree that would land, before it lands")
    env: list[str] = setting([], "names of environment variables that a check is given")
    hooks: bool = setting(True, "the project's pre-push hook follows the full check, where its setup has put one")
    timeout: Seconds = setting(Seconds(1200), "after this a check is ended and counts as failed")
    bays: int = setting(1, "how many checks run at once")


@dataclass(frozen=True, slots=True)
class KindSettings:
    command: str | None = setting(None, "the command of kind `script`; {prompt} is the prompt's file")
    script: str | None = setting(None, "the same, for a kind of your own naming")
    url: str | None = setting(None, "where the server of kind `gateway` is; default: http://127.0.0.1:8642")
    key: str | None = setting(None, "an environment variable with a key, which it is given; default: for gateway API_SERVER_KEY")
    expected_model: str | None = setting(None, "the model it should run; you are told when it says that it was another")


@dataclass(frozen=True, slots=True)
class PickSettings:
    label: str | None = setting("ops/ready", "issues with this label may be taken up; null: every open issue")
    skip: list[str] = setting(["epic", "study"], "issues with one of these are left alone (and with ops/hold)")
    broken_first: Literal["strict", "off"] = setting("strict", "whether nothing new is begun while a broken pull waits for a worker")


@dataclass(frozen=True, slots=True)
class GuardSettings:
    paths: list[str] = setting(list(PATHS), "globs of files that no change touches without your `pass`")
    deleted_tests: Literal["ask", "allow"] = setting("ask", "whether a change that leaves fewer tests waits for your `pass`")


@dataclass(frozen=True, slots=True)
class LandSettings:
    when: Literal["green", "approved"] = setting("green", "in mode auto: land what is green, or only what you `merge`")
    foreign: Literal["show", "ride"] = setting("show", "pulls of others: shown, or landed like ours; the label ops/ride lands one")
    title: str = setting("{type}: {title} (#{issue})", "of pulls and squash commits")


@dataclass(frozen=True, slots=True)
class LimitSettings:
    run: Seconds = setting(Seconds(1800), "a worker's wall clock; then it is ended")
    attempts: int = setting(3, "runs an issue gets before it is left to you")
    in_flight: int = setting(6, "issues taken up at once")
    missing: Seconds = setting(Seconds(1800), "how long a status that the forge requires may be posted by nobody")
    backoff: list[Seconds] = setting([Seconds(60), Seconds(300), Seconds(1500)], "waits after one, two, three failures in a row")


@dataclass(frozen=True, slots=True)
class RepoSettings:
    trunk: str | None = setting(None, "the protected branch; default: the checkout's main, master or current branch")
    setup: str | None = setting(None, "runs once in each fresh worktree, before its worker and before a check")
    check: CheckSettings = setting(CheckSettings(), "how a change is checked; a string is fast and full alike; default: guessed")
    workers: dict[str, int] = setting({}, "how many slots of each kind")
    kinds: dict[str, KindSettings] = setting({}, "what the kinds run")
    pick: PickSettings = setting(PickSettings(), "which issues")
    guard: GuardSettings = setting(GuardSettings(), "what needs your word")
    land: LandSettings = setting(LandSettings(), "how it lands")
    limits: LimitSettings = setting(LimitSettings(), "caps")


@dataclass(frozen=True, slots=True)
class Settings:
    mode: Literal["watch", "assist", "auto"] = setting("assist", "what the engine may do by itself")
    forge: ForgeSettings = setting(ForgeSettings(), "where issues and pulls live")
    identity: IdentitySettings = setting(IdentitySettings(), "who commits")
    repos: dict[str, RepoSettings] = setting({}, "repositories by OWNER/NAME")


def read(path: Path) -> Settings:
    """The settings in a file. Raises SettingsError for anything that is not exactly understood."""
    import yaml

    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:  # a character that may not stand in one
        raise SettingsError(f"{path}: this is not YAML: {' '.join(str(error).split())}") from error
    if node is None:
        return Settings()
    settings: Settings = _Reader(path).value(node, Settings, "the settings")
    if settings.forge.kind != "local" and not _ADDRESS.fullmatch(settings.forge.url or ""):
        raise SettingsError(f'{path}: forge.url is the address of the server, such as "https://git.example.org"; no account or token in it')
    for name, repo in settings.repos.items():
        if not _NAME.fullmatch(name) or name.endswith(".git"):
            raise SettingsError(f"{path}: a repository is OWNER/NAME, of letters, digits and . _ -; this is not: {name!r}")
        try:
            repo.land.title.format(type="fix", title="x", issue=1, cycle=1)
        except (KeyError, IndexError, ValueError) as error:
            raise SettingsError(f"{path}: repos.{name}.land.title knows {{type}}, {{title}}, {{issue}} and {{cycle}}: {error}") from error
        for kind, own in repo.kinds.items():
            if own.url is not None and not _ADDRESS.fullmatch(own.url):
                raise SettingsError(f"{path}: repos.{name}.kinds.{kind}.url is the address of a server; no account or key in it")
    return settings


class _Reader:
    """Turns YAML nodes into the dataclasses above, with the line of whatever does not fit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, node: Any, text: str) -> SettingsError:
        return SettingsError(f"{self.path}:{node.start_mark.line + 1}: {text}")

    def value(self, node: Any, want: Any, where: str) -> Any:
        origin = typing.get_origin(want)
        if origin in (typing.Union, types.UnionType):
            inner = next(x for x in typing.get_args(want) if x is not type(None))
            return None if node.tag.endswith(":null") else self.value(node, inner, where)
        if (is_dataclass(want) or origin is dict) and node.tag.endswith(":null"):
            return (origin or want)()  # `check:` with nothing behind it
        if is_dataclass(want):
            return self.table(node, want, where)
        if origin is dict:
            return {str(k.value): self.value(v, typing.get_args(want)[1], f"{where}.{k.value}") for k, v in self.pairs(node, where)}
        if origin is list:
            if not hasattr(node, "value") or node.id != "sequence":
                raise self.fail(node, f"{where} takes a list")
            return [self.value(x, typing.get_args(want)[0], where) for x in node.value]
        return self.scalar(node, want, where)

    def pairs(self, node: Any, where: str) -> Iterator[tuple[Any, Any]]:
        if node.id != "mapping":
            raise self.fail(node, f"{where} takes keys with values, not {shown(node)}")
        seen = set()
        for key, value in node.value:
            if key.id != "scalar":
                raise self.fail(key, f"a key of {where} is a word, not {shown(key)}")
            if key.value in seen:
                raise self.fail(key, f"`{key.value}` stands twice in {where}")
            seen.add(key.value)
            yield key, value

    def table(self, node: Any, want: Any, where: str) -> Any:
        if want is CheckSettings and node.id == "scalar":
            command = self.scalar(node, str, where)
            return CheckSettings(fast=command, full=command)
        known: Mapping[str, Field[Any]] = {f.name: f for f in fields(want)}
        hints = typing.get_type_hints(want)
        got: dict[str, Any] = {}
        for key, value in self.pairs(node, where):
            if key.value not in known:
                near = difflib.get_close_matches(str(key.value), known, n=1, cutoff=0.4)
                hint = f"did you mean `{near[0]}`?" if near else f"it takes: {', '.join(known)}"
                raise self.fail(key, f"unknown key `{key.value}` in {where}; {hint}")
            got[key.value] = self.value(value, hints[key.value], f"{where}.{key.value}" if where != "the settings" else key.value)
        return want(**got)

    def scalar(self, node: Any, want: Any, where: str) -> Any:
        kind = node.tag.rsplit(":", 1)[-1]
        if node.id != "scalar":
            raise self.fail(node, f"{where} takes one value")
        text = node.value
        if typing.get_origin(want) is Literal:
            words = typing.get_args(want)
            if text not in words:
                raise self.fail(node, f"{where} is one of {', '.join(words)}; not {text!r}")
            return text
        if want is Seconds:
            found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text)
            if not found:
                raise self.fail(node, f"{where} is a length of time such as 90s, 20m or 2h; not {text!r}")
            return Seconds(float(found[1]) * _UNITS[found[2] or "s"])
        if want is bool:
            if kind != "bool" or text not in ("true", "false"):  # YAML has yes, On and TRUE besides
                raise self.fail(node, f"{where} is true or false; not {text!r}")
            return text == "true"
        if want is int:
            if kind != "int" or not re.fullmatch(r"\d+", text):  # YAML has 0x10, 1_000 and 1:30 besides
                raise self.fail(node, f"{where} is a whole number; not {text!r}")
            return int(text)
        if want is bool:
            if kind != "bool":
                raise self.fail(node, f"{where} is true or false; not {text!r}")
            return text.lower() in ("true", "yes", "on")
        if want is str and kind in ("str", "int", "float", "bool"):
            if kind != "str":
                raise self.fail(node, f"{where} is a text; put quotes around {text}")
            return text
        raise self.fail(node, f"{where} is a {want.__name__}; not {text!r}")


def shown(node: Any) -> str:
    """What stands there, as an error says it."""
    return repr(node.value) if node.id == "scalar" else f"a {node.id}"


def described(want: Any = Settings, where: str = "") -> Iterator[tuple[str, Any, str]]:
    """Every setting: its dotted name, default and meaning."""
    hints = typing.get_type_hints(want)
    for f in fields(want):
        name = f"{where}{f.name}"
        default = f.default if f.default is not MISSING else f.default_factory() if f.default_factory is not MISSING else None
        yield name, default, f.metadata["says"]
        inner = hints[f.name]
        if is_dataclass(inner):
            yield from described(inner, f"{name}.")
        elif typing.get_origin(inner) is dict and is_dataclass(typing.get_args(inner)[1]):
            yield from described(typing.get_args(inner)[1], f"{name}.*.")
