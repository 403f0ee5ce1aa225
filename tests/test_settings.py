"""`ops.yaml`: what is understood, and what is said of the rest."""

from pathlib import Path
from typing import Any

import pytest

from console.errors import SettingsError
from console.settings import RepoSettings, Settings, described, read

EXAMPLE = Path(__file__).parent.parent / "ops.example.yaml"

# What the example shows by another value than the default, which is that there is none.
EXAMPLES = ("trunk", "setup", "check.fast", "check.full", "workers", "kinds.script.command", "kinds.mine.script")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ops.yaml"
    path.write_text(text)
    return path


def value(settings: Settings, name: str) -> Any:
    """A setting by its dotted name, with the example's repository for the first `*`."""
    found: Any = settings
    for part in name.replace("repos.*", "repos.acme/api").split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    return found


def test_the_example_has_every_setting_with_its_default_and_its_meaning() -> None:
    text, settings = EXAMPLE.read_text(), read(EXAMPLE)
    told = " ".join(line.partition("# ")[2] for line in text.splitlines())
    for name, default, says in described():
        assert says in told, name
        if "kinds.*" in name or name == "repos":
            continue
        short = name.removeprefix("repos.*.")
        if short in EXAMPLES:
            line = next(line for line in text.splitlines() if line.strip().startswith(f"{short.rsplit('.', 1)[-1]}:"))
            assert "; default: " in line, name
        elif not hasattr(default, "__dataclass_fields__") and short != "kinds":
            assert value(settings, name) == default, name
    assert value(settings, "repos.*.kinds")["mine"].script == "my-agent --file {prompt}"


def test_nothing_in_the_example_is_no_setting() -> None:
    known = {name for name, _, _ in described()}
    import yaml

    def names(table: dict[str, Any], where: str) -> list[str]:
        found = []
        for key, inner in table.items():
            name = f"{where}{'*' if where in ('repos.', 'repos.*.kinds.') else key}"
            found += [name, *(names(inner, f"{name}.") if isinstance(inner, dict) and name != "repos.*.workers" else [])]
        return found

    assert set(names(yaml.safe_load(EXAMPLE.read_text()), "")) - {"repos.*", "repos.*.kinds.*"} == known


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_all_defaults(tmp_path: Path, text: str) -> None:
    assert read(written(tmp_path, text)) == Settings()


def test_a_key_with_nothing_behind_it_is_all_defaults(tmp_path: Path) -> None:
    assert read(written(tmp_path, "repos:\n")) == Settings()
    assert read(written(tmp_path, "forge:\nrepos:\n  a/b:\n")).repos == {"a/b": RepoSettings()}
    assert read(written(tmp_path, "repos: {a/b: {check: , workers: }}")).repos == {"a/b": RepoSettings()}


@pytest.mark.parametrize(("word", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("20m", 1200), ("2h", 7200), ("1d", 86_400)])
def test_lengths_of_time_are_seconds_or_have_a_unit(tmp_path: Path, word: str, seconds: float) -> None:
    read_back = read(written(tmp_path, f"repos: {{a/b: {{limits: {{run: {word}}}}}}}"))
    assert read_back.repos["a/b"].limits.run == seconds


def test_a_check_of_one_string_is_fast_and_full_alike(tmp_path: Path) -> None:
    check = read(written(tmp_path, "repos: {a/b: {check: make test}}")).repos["a/b"].check
    assert (check.fast, check.full) == ("make test", "make test")


WRONG = {
    "an unknown key names the nearest": (
        "mode: auto\nrepos:\n  a/b:\n    chekc: x\n",
        ":4: unknown key `chekc` in repos.a/b; did you mean `check`?",
    ),
    "an unknown key that is near nothing": ("zzz: 1\n", ":1: unknown key `zzz` in the settings; it takes: mode, forge, identity, repos"),
    "a word that is none of those": ("mode: automatic\n", ":1: mode is one of watch, assist, auto; not 'automatic'"),
    "a text for a number": ("repos:\n  a/b:\n    workers: {script: two}\n", ":3: repos.a/b.workers.script is a whole number; not 'two'"),
    "a text for true or false": ("repos: {a/b: {check: {hooks: never}}}", ":1: repos.a/b.check.hooks is true or false; not 'never'"),
    "a negative number": ("repos: {a/b: {limits: {attempts: -1}}}", ":1: repos.a/b.limits.attempts is a whole number; not '-1'"),
    "a number of YAML's own making": (
        "repos: {a/b: {limits: {attempts: 1:30}}}",
        ":1: repos.a/b.limits.attempts is a whole number; not '1:30'",
    ),
    "a number for a text": ("identity:\n  name: 7\n", ":2: identity.name is a text; put quotes around 7"),
    "a bad length of time": (
        "repos: {a/b: {check: {timeout: soon}}}",
        ":1: repos.a/b.check.timeout is a length of time such as 90s, 20m or 2h; not 'soon'",
    ),
    "a list for keys": ("repos: [a/b]\n", ":1: repos takes keys with values, not a sequence"),
    "one value for keys": ("repos: a/b\n", ":1: repos takes keys with values, not 'a/b'"),
    "one value for a list": ("repos: {a/b: {pick: {skip: epic}}}", ":1: repos.a/b.pick.skip takes a list"),
    "keys for a value": ("mode: {a: 1}\n", ":1: mode takes one value"),
    "a key that is no word": ("? [a]\n: 1\n", ":1: a key of the settings is a word, not a sequence"),
    "a key twice": ("mode: auto\nmode: watch\n", ":2: `mode` stands twice in the settings"),
    "a repository twice": ("repos:\n  a/b: {}\n  a/b: {}\n", ":3: `a/b` stands twice in repos"),
    "no YAML": ("mode: [\n", ":2: this is not YAML: "),
    "a tab": ("repos:\n\ta/b: {}\n", ":2: this is not YAML: "),
    "a control character": ("mode: a\x01b\n", ": this is not YAML: "),
    "a path for a repository": ("repos: {../b: {}}", ": a repository is OWNER/NAME, of letters, digits and . _ -; this is not: '../b'"),
    "a title with a word it does not know": (
        "repos: {a/b: {land: {title: '{nummer}'}}}",
        "land.title knows {type}, {title}, {issue} and {cycle}: 'nummer'",
    ),
}


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_understood_is_said_with_file_line_and_the_way_out(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        read(path)
    assert str(error.value).startswith(str(path))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_text_or_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ops.yaml"
    path.write_bytes(b"mode: \xff\xfe\n")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        read(path)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        read(tmp_path)
