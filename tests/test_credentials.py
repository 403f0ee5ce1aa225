"""Where the forge's token is found, and where it is not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console import credentials, keyring, redact
from console.errors import SettingsError
from console.settings import ForgeSettings, TokenSettings
from panes.git import Remote, git

URL = "https://git.example.org:3000"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(credentials.VARIABLE, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for forget in (credentials.TAKEN.clear, keyring.get.cache_clear):
        forget()
    yield
    for forget in (credentials.TAKEN.clear, keyring.get.cache_clear):
        forget()


def forge(**where: Any) -> ForgeSettings:
    return ForgeSettings(kind="gitea", url=URL, token=TokenSettings(**where))


def secret_file(path: Path, text: str = "s3cret\n", mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_file_that_the_settings_name_comes_before_the_environment_and_before_what_login_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials.keep(credentials.kept_for(URL), "kept")
    assert credentials.token(forge()) == "kept"
    monkeypatch.setenv(credentials.VARIABLE, "common")
    assert credentials.token(forge()) == "common"
    monkeypatch.setenv("MINE", "own")
    assert credentials.token(forge(env="MINE")) == "own"
    assert credentials.token(forge(file=str(secret_file(tmp_path / "token")))) == "s3cret"


RING = """\
import time
from keyring.backend import KeyringBackend
from keyring.errors import PasswordSetError

class Ring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        time.sleep({sleeps})
        return {{"ops-console/git.example.org:3000": "in-the-ring"}}.get(service)

    def set_password(self, service, username, password):
        raise PasswordSetError("it is only looked into")
"""


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Puts a keyring in place that takes so many seconds to answer."""
    pytest.importorskip("keyring")

    def made(sleeps: float) -> None:
        (tmp_path / "ring.py").write_text(RING.format(sleeps=sleeps))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "ring.Ring")

    return made


def test_the_keyring_comes_after_the_environment_and_before_what_login_kept(
    ring: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(0)
    credentials.keep(credentials.kept_for(URL), "kept")
    assert credentials.token(forge()) == "in-the-ring"
    monkeypatch.setenv(credentials.VARIABLE, "common")
    assert credentials.token(forge()) == "common"
    assert credentials.token(forge(keyring=True)) == "in-the-ring"


def test_a_keyring_that_waits_for_a_person_is_passed_by(
    ring: Callable[[float], None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ring(60)
    monkeypatch.setattr(keyring, "GET_S", 0.2)
    credentials.keep(credentials.kept_for(URL), "kept")
    assert credentials.token(forge()) == "kept"
    assert capfd.readouterr() == ("", "")
    with pytest.raises(SettingsError, match=r"the system keyring gave no token for git\.example\.org:3000"):
        credentials.token(forge(keyring=True))


def test_a_machine_without_a_keyring_is_no_trouble_until_something_shall_be_put_there(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("keyring")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    credentials.keep(credentials.kept_for(URL), "kept")
    assert credentials.token(forge()) == "kept"
    assert capfd.readouterr() == ("", "")
    with pytest.raises(SettingsError, match=r"did not take it: .*No recommended backend"):
        keyring.put("git.example.org", "s3cret")


def test_a_token_is_taken_out_of_the_environment_and_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(credentials.VARIABLE, "common")
    assert [credentials.token(forge()) for _ in range(2)] == ["common", "common"]
    assert credentials.VARIABLE not in os.environ


def test_what_login_keeps_is_for_this_user_alone() -> None:
    path = credentials.kept_for(URL)
    for secret in ("first", "second"):
        credentials.keep(path, secret)
    assert (path.read_text(), path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == ("second\n", 0o600, 0o700)


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [("s3cret", 0o644, "chmod 600"), ("", 0o600, "no token"), ("two words", 0o600, "no token"), ("a\nb", 0o600, "no token")],
)
def test_a_file_that_is_no_private_token_is_refused_without_showing_it(tmp_path: Path, text: str, mode: int, says: str) -> None:
    path = secret_file(tmp_path / "token", text, mode)
    with pytest.raises(SettingsError, match=says) as refused:
        credentials.token(forge(file=str(path)))
    assert not text or text not in str(refused.value)


def test_a_process_that_only_shows_screens_learns_the_token_and_takes_it_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redact, "_known", [])
    monkeypatch.setenv("MINE", "of-the-variable")
    for settings in (forge(file=str(secret_file(tmp_path / "token", "of-the-file"))), forge(env="MINE"), forge(file="/none")):
        credentials.learn(settings)
    assert redact.redact("of-the-file, of-the-variable") == "[secret], [secret]"
    assert os.environ["MINE"] == "of-the-variable"


def test_no_token_anywhere_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ops-console login"):
        credentials.token(forge())
    with pytest.raises(SettingsError, match="cannot be read"):
        credentials.token(forge(file=str(tmp_path / "none")))
    with pytest.raises(SettingsError, match="no such environment variable"):
        credentials.token(forge(env="NOT_THERE"))


def test_git_is_given_the_token_for_that_host_alone(tmp_path: Path) -> None:
    there = Remote(f"{URL}/a/b.git", "s3cret")

    def filled(host: str) -> str:
        asked = f"protocol=https\nhost={host}\n\n"
        return git(tmp_path, "credential", "fill", env=there.env() | {"GIT_ASKPASS": "false"}, stdin=asked, ok=(0, 128)).out

    assert "password=s3cret" in filled("git.example.org:3000")
    assert "s3cret" not in filled("elsewhere.example.org") + filled("git.example.org")
    assert "s3cret" not in repr(there)
