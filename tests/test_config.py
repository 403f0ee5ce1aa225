"""Where things are and what is asked for: options, checkout, `ops.yaml` and environment become a place and its config."""

import os
import re
import shutil
from pathlib import Path

import pytest

from console.config import guess_check, instance, load, trunk_of
from console.errors import NotNamed, SettingsError
from console.place import Options, Place, locate, remember_checkout
from panes.git import git
from panes.seen import Own


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable, part in (("HOME", "h"), ("XDG_STATE_HOME", "s"), ("XDG_DATA_HOME", "d"), ("XDG_CONFIG_HOME", "c")):
        monkeypatch.setenv(variable, str(tmp_path / part))
    return tmp_path


def project(folder: Path, files: dict[str, str] | None = None, branch: str = "main") -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--template=", f"--initial-branch={branch}")
    for name, text in (files or {"README": "a project\n"}).items():
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", f"first of {folder}")
    return folder


def settings(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ops.yaml").write_text(text)
    return folder / "ops.yaml"


def at(where: Path, **options: Path | str) -> Place:
    return locate(Options(where=where, **options))  # type: ignore[arg-type]  # a test's own short hand


def forge_of(place: Place) -> None:
    """As if a local forge had been made of the place's checkout."""
    assert place.checkout
    place.forge.mkdir(parents=True)
    remember_checkout(place.forge, place.checkout)


# Where


def test_without_settings_a_checkout_is_a_repository_of_its_folders_name(home: Path) -> None:
    place = at(project(home / "My project, v1.0"))
    assert (place.repo, place.slug, place.settings) == ("local/My-project-v1.0", "my-project-v1-0", None)
    assert place.state.parent == home / "s" / "ops-console"
    assert place.forge == home / "d" / "ops-console" / "forge" / "local" / "My-project-v1.0"
    assert re.fullmatch(r"ops-my-project-v1-0-[0-9a-f]{8}", place.server)


def test_one_stands_anywhere_in_a_checkout(home: Path) -> None:
    checkout = project(home / "proj")
    (checkout / "deep" / "down").mkdir(parents=True)
    assert at(checkout / "deep" / "down") == at(checkout)


def test_places_that_differ_in_anything_have_servers_and_folders_of_their_own(home: Path) -> None:
    checkout = project(home / "proj")
    places = [at(checkout), at(checkout, repo="a/proj"), at(checkout, state=home / "elsewhere")]
    assert len({place.server for place in places}) == 3
    assert len({place.state for place in places}) == 3


def test_the_only_repository_of_the_checkouts_own_settings_is_meant(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {acme/api: {}}")
    assert at(checkout).repo == "acme/api"
    assert at(checkout, repo="acme/web").repo == "acme/web"


@pytest.mark.parametrize("where", ["c/ops-console", "proj"])
def test_of_several_the_one_that_the_remote_names_is_meant(home: Path, where: str) -> None:
    checkout = project(home / "proj")
    settings(home / where, "repos: {acme/api: {}, acme/web: {}}")
    git(checkout, "remote", "add", "origin", "https://forge.invalid/acme/web.git")
    assert at(checkout).repo == "acme/web"


def test_of_several_and_none_named_all_are_told(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {acme/api: {}, acme/web: {}}")
    with pytest.raises(NotNamed, match=r"name one with --repo: acme/api, acme/web"):
        at(checkout)


def test_a_second_checkout_of_one_name_has_a_forge_of_its_own_and_a_moved_one_keeps_its_own(home: Path) -> None:
    first = at(project(home / "a" / "proj"))
    forge_of(first)
    second = at(project(home / "b" / "proj"))
    assert (first.repo, second.repo) == ("local/proj", "local/proj-2")
    (home / "c2").mkdir()
    shutil.move(home / "a" / "proj", home / "c2" / "proj")
    assert at(home / "c2" / "proj").repo == "local/proj"


def test_a_relative_base_folder_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert at(project(home / "proj")).state.is_relative_to(home / "h" / ".local" / "state")


def test_a_bare_repository_is_no_checkout(home: Path) -> None:
    git(home, "init", "--quiet", "--bare", "bare.git")
    with pytest.raises(SettingsError, match="is a bare repository: stand in a checkout of it"):
        at(home / "bare.git")


def test_variables_of_a_git_hook_do_not_name_another_repository(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, other = project(home / "proj"), project(home / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert at(checkout).checkout == checkout


# The trunk


@pytest.mark.parametrize("branch", ["main", "master", "develop"])
def test_the_trunk_is_main_or_master_or_what_is_checked_out(home: Path, branch: str) -> None:
    checkout = project(home / "proj", branch=branch)
    git(checkout, "branch", "feature")
    assert trunk_of(checkout, None) == branch
    assert load(at(checkout)).trunk == branch


def test_a_trunk_that_cannot_be_told_is_asked_for(home: Path) -> None:
    checkout = project(home / "proj", branch="develop")
    git(checkout, "switch", "--quiet", "--detach")
    with pytest.raises(SettingsError, match=r"Name it with `trunk:` in ops.yaml; there are: develop"):
        trunk_of(checkout, None)
    assert trunk_of(checkout, "develop") == "develop"


# The check

GUESSES: dict[str, dict[str, str]] = {
    "make test": {"Makefile": "all:\n\ttrue\ntest: all\n\ttrue\n", "tox.ini": ""},
    "tox": {"tox.ini": "", "pytest.ini": ""},
    "python3 -m pytest -q": {"pyproject.toml": "[tool.pytest.ini_options]\n"},
    "npm test": {"package.json": '{"scripts": {"test": "jest"}}'},
    "cargo test": {"Cargo.toml": "[package]\n"},
    "go test ./...": {"go.mod": "module x\n"},
}


@pytest.mark.parametrize(("command", "files"), GUESSES.items(), ids=GUESSES.keys())
def test_the_check_is_guessed_from_what_the_trunk_has(home: Path, command: str, files: dict[str, str]) -> None:
    checkout = project(home / "proj", files)
    git(checkout, "rm", "--quiet", "--cached", "-r", ".")  # what is not committed does not count
    config = load(at(checkout))
    assert (config.guessed, config.policy.full and config.policy.full.command) == (command, command)


def test_nothing_is_guessed_where_nothing_tells(home: Path) -> None:
    checkout = project(home / "proj", {"Makefile": "testing:\n\ttrue\n", "package.json": "{}"})
    assert guess_check(at(checkout), "main") is None
    assert load(at(checkout)).policy.full is None


def test_a_check_that_is_set_is_not_guessed_and_its_variables_are_part_of_what_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = project(home / "proj", {"tox.ini": ""})
    settings(checkout, "repos: {a/b: {check: {full: make, env: [DEEP]}}}")
    before = load(at(checkout))
    assert before.guessed is None
    assert before.policy.fast == before.policy.full
    monkeypatch.setenv("DEEP", "1")
    assert load(at(checkout)).policy.full != before.policy.full


def test_the_setup_is_part_of_what_a_check_means(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {a/b: {check: make}}")
    before = load(at(checkout)).policy
    settings(checkout, 'repos: {a/b: {check: make, setup: "npm ci\\n"}}')
    after = load(at(checkout)).policy
    assert (before.setup, after.setup, after.commands) == (None, "npm ci", ("make", "make", "npm ci"))
    assert after.full != before.full
    settings(checkout, "repos: {a/b: {check: make, setup: ''}}")
    assert load(at(checkout)).policy == before


def test_the_projects_own_hook_belongs_to_what_lands_and_is_part_of_what_the_check_means(home: Path) -> None:
    checkout = project(home / "proj")
    plans = []
    for check in ("make", "{full: make, hooks: false}", "{full: make, fast: lint}"):
        settings(checkout, f"repos: {{a/b: {{check: {check}}}}}")
        policy = load(at(checkout)).policy
        assert policy.fast
        assert policy.full
        plans.append((policy.fast.hooks, policy.full.hooks, policy.full.suite == policy.fast.suite, policy.full.suite))
    assert [plan[:3] for plan in plans] == [(True, True, True), (False, False, True), (False, True, False)]
    assert plans[0][3] == plans[2][3] != plans[1][3]


# What else is asked for


def test_slots_are_numbered_through_all_kinds(home: Path) -> None:
    checkout = project(home / "proj")
    kinds = "kinds: {script: {command: 'a {prompt}'}, mine: {script: b}}"
    settings(checkout, f"repos: {{a/b: {{workers: {{script: 2, mine: 1}}, {kinds}}}}}")
    config = load(at(checkout))
    assert [(plan.slot, plan.kind) for plan in config.policy.slots] == [("w01", "script"), ("w02", "script"), ("w03", "mine")]
    assert config.kinds == {"script": Own(command="a {prompt}"), "mine": Own(command="b")}


def test_workers_without_a_command_are_told_what_to_set(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {a/b: {workers: {mine: 1}}}")
    with pytest.raises(
        SettingsError,
        match=r'workers asks for mine.*claude, codex.*need no command.*set kinds: \{mine: \{script: "./agent.sh \{prompt\}"\}\}',
    ):
        load(at(checkout))


def test_a_known_agent_needs_no_command_and_may_be_given_one(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {a/b: {workers: {claude: 1, codex: 1}, kinds: {codex: {script: my-codex}}}}")
    assert load(at(checkout)).kinds == {"codex": Own(command="my-codex")}


def test_an_address_for_a_kind_that_asks_no_server_is_refused(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {a/b: {kinds: {claude: {url: 'http://127.0.0.1:1'}}}}")
    with pytest.raises(SettingsError, match="claude asks no server: url is for gateway"):
        load(at(checkout))
    settings(checkout, "repos: {a/b: {kinds: {gateway: {url: 'http://me:secret@127.0.0.1:1'}}}}")
    with pytest.raises(SettingsError, match=r"kinds\.gateway\.url is the address of a server; no account or key in it"):
        load(at(checkout))


def test_this_console_keeps_its_name_and_another_state_folder_is_another_console(home: Path) -> None:
    checkout = project(home / "proj")
    here, there = at(checkout), at(checkout, state=home / "elsewhere")
    assert instance(here) == instance(here) != instance(there)
    assert instance(here).split("-")[0] == instance(there).split("-")[0]
    assert os.listdir(here.instance.parent) == ["console.json"]  # noqa: PTH208


def test_a_repository_on_a_server_has_its_address_and_a_state_of_its_own(home: Path) -> None:
    checkout = project(home / "proj")
    settings(checkout, "repos: {acme/api: {}}")
    local = at(checkout)
    settings(checkout, 'forge: {kind: forgejo, url: "https://git.example.org/"}\nrepos: {acme/api: {}}')
    there = at(checkout)
    assert (there.kind, there.url, there.repo) == ("forgejo", "https://git.example.org", "acme/api")
    assert there.state != local.state
    assert there.server != local.server


@pytest.mark.parametrize(
    "url", ["", "url: git.example.org", 'url: "https://me:secret@git.example.org"', 'url: "https://git.example.org?token=x"']
)
def test_a_server_without_a_sound_address_is_refused_without_showing_it(home: Path, url: str) -> None:
    checkout = project(home / "proj")
    settings(checkout, f"forge: {{kind: gitea, {url}}}\nrepos: {{acme/api: {{}}}}")
    with pytest.raises(SettingsError, match=r"forge\.url is the address") as refused:
        load(at(checkout))
    assert "secret" not in str(refused.value)
