"""scripts/setup and the Makefile, in a checkout of their own with a package of no dependencies: nothing is fetched.

PATH holds what a bare system has, and stand-ins for what differs from machine to machine: tmux, git, uv, the package manager, sudo.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = ("sh", "chmod", "env", "sed", "sort", "head", "cat", "cksum", "rm", "mv", "dirname", "flock", "make", "sleep", "true")
NOBODY = 65534

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# The least that pip and uv take for an editable install; it leaves the one command that setup looks for.
BACKEND = """\
import pathlib, zipfile

NAME = "ops_console-1-py3-none-any.whl"
FILES = {
    "ops_console-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: ops-console\\nVersion: 1\\nProvides-Extra: dev\\n",
    "ops_console-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "ops_console-1.dist-info/entry_points.txt": "[console_scripts]\\nops-console = this:main\\n",
    "ops_console-1.dist-info/RECORD": "",
}

def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(pathlib.Path(folder) / NAME, "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return NAME
"""

# Makes .venv as uv does, without pip, and leaves a line in calls for each thing it is asked.
UV = f"""\
echo "$1" >>"$CALLS"
case "$1" in
venv) for folder; do :; done; exec "{sys.executable}" -m venv --without-pip "$folder" ;;
pip)
    while [ -n "${{UNTIL-}}" ] && [ ! -e "$UNTIL" ]; do sleep 0.05; done
    printf '#!/bin/sh\\n' >.venv/bin/ops-console
    chmod +x .venv/bin/ops-console ;;
esac
"""


@dataclass
class Machine:
    """A checkout in a folder with a space, and a PATH made for the test."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    user: int | None = None

    @property
    def checkout(self) -> Path:
        return self.folder / "a checkout"

    @property
    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def program(self, name: str, text: str) -> None:
        file = self.folder / "bin" / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)

    def python(self, *, ensurepip: bool = True) -> None:
        """The interpreter these tests run by, under the name of its release."""
        missing = "" if ensurepip else 'case "$*" in *ensurepip*) exit 1 ;; esac\n'
        release = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.program(release, f'{missing}exec "{sys.executable}" "$@"')

    def start(self, *command: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command or ["sh", "scripts/setup"],
            cwd=self.checkout,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )

    def setup(self, *command: str, **env: str) -> tuple[int, str]:
        """Exit code, and what was printed."""
        with self.start(*command, **env) as process:
            said, _ = process.communicate(timeout=120)
        return process.returncode, said


@pytest.fixture
def machine() -> Iterator[Machine]:
    # Not in tmp_path: one test is another user, who may not look there.
    with TemporaryDirectory(prefix="ops-setup-") as folder:
        made = Machine(Path(folder))
        made.folder.chmod(0o755)
        (made.folder / "bin").mkdir()
        for name in PLAIN:
            if found := shutil.which(name):
                (made.folder / "bin" / name).symlink_to(found)
        (made.checkout / "scripts").mkdir(parents=True)
        for name in ("scripts/setup", "Makefile"):
            shutil.copy(ROOT / name, made.checkout / name)
        (made.checkout / "pyproject.toml").write_text(PYPROJECT)
        (made.checkout / "backend.py").write_text(BACKEND)
        made.env = {"PATH": f"{folder}/bin", "HOME": folder, "LC_ALL": "C", "CALLS": f"{folder}/calls", "PIP_NO_INDEX": "1"}
        made.program("tmux", "echo tmux 3.3a")
        made.program("git", "echo git version 2.39.5")
        made.program("id", 'case "$1" in -un) echo somebody ;; *) echo 1000 ;; esac')
        made.python()
        yield made


@pytest.fixture
def with_uv(machine: Machine) -> Machine:
    machine.program("uv", UV)
    return machine


def test_a_second_time_there_is_nothing_to_do_and_it_is_quick(with_uv: Machine) -> None:
    assert with_uv.setup()[0] == 0
    began = time.monotonic()
    assert with_uv.setup() == (0, "")
    # 0.03 s on an idle machine; the bound leaves room for a busy one and none for an installation.
    assert time.monotonic() - began < 2
    assert with_uv.calls == ["venv", "pip"]


def test_make_needs_no_terminal_and_manages_a_path_with_a_space(with_uv: Machine) -> None:
    assert with_uv.setup("make", "setup")[0] == 0
    assert with_uv.setup("make", "demo") == (0, "")


def test_a_changed_pyproject_is_installed_into_the_same_venv(with_uv: Machine) -> None:
    with_uv.setup()
    (with_uv.checkout / "pyproject.toml").write_text(f"{PYPROJECT}# one more dependency\n")
    assert with_uv.setup()[0] == 0
    assert with_uv.calls == ["venv", "pip", "pip"]


def test_a_moved_checkout_gets_a_venv_of_its_own(with_uv: Machine) -> None:
    with_uv.setup()
    with_uv.checkout.rename(with_uv.folder / "moved")
    with_uv.checkout.symlink_to("moved")
    assert with_uv.setup()[0] == 0
    assert with_uv.calls == ["venv", "pip", "venv", "pip"]


def test_a_setup_that_was_cut_short_is_made_anew(with_uv: Machine) -> None:
    with_uv.setup()
    (with_uv.checkout / ".venv/setup-stamp").unlink()
    assert with_uv.setup()[0] == 0
    assert with_uv.calls == ["venv", "pip", "venv", "pip"]


def test_of_two_makes_at_once_one_installs_and_the_other_waits(with_uv: Machine) -> None:
    finish = with_uv.folder / "finish"
    with with_uv.start(UNTIL=str(finish)) as one:
        try:
            until = time.monotonic() + 60
            while not with_uv.calls and time.monotonic() < until:
                time.sleep(0.02)
            with with_uv.start() as other:
                assert other.stdout is not None
                assert other.stdout.readline() == "setup: another make is at it in this folder; waiting for it\n"
                finish.touch()
        finally:
            finish.touch()
    assert (one.returncode, other.returncode) == (0, 0)
    assert with_uv.calls == ["venv", "pip"]


def test_pip_installs_where_there_is_no_uv(machine: Machine) -> None:
    code, said = machine.setup(PYTHONPATH="/nowhere", VIRTUAL_ENV="/nowhere", PIP_USER="1", GIT_DIR="/nowhere")
    assert code == 0, said
    assert machine.setup() == (0, "")


def test_a_uv_that_fails_is_followed_by_pip(machine: Machine) -> None:
    machine.program("uv", "echo 'invalid peer certificate' >&2; exit 2")
    code, said = machine.setup()
    assert code == 0, said
    assert "invalid peer certificate\nsetup: uv failed, as said above; trying with venv and pip" in said


def test_packages_that_cannot_be_installed_end_it_with_1_and_are_not_taken_for_installed(machine: Machine) -> None:
    (machine.checkout / "pyproject.toml").write_text(PYPROJECT.replace("[]", '["not-to-be-had"]', 1))
    code, said = machine.setup()
    assert code == 1
    assert said.rstrip().endswith("The packages could not be installed, as said above. Is the package index reachable?")
    assert not (machine.checkout / ".venv/setup-stamp").exists()


@pytest.mark.parametrize(
    ("program", "printed", "package"),
    [("tmux", "tmux 3.2", "tmux"), ("tmux", "tmux 2.9a", "tmux"), ("git", "git version 2.37.9", "git"), ("git", "", "git")],
)
@pytest.mark.parametrize("manager", ["apt-get install -y", "dnf install -y", "apk add"])
def test_an_old_program_is_named_with_the_command_that_brings_a_new_one(
    machine: Machine, program: str, printed: str, package: str, manager: str
) -> None:
    machine.program(program, f"echo {printed}")
    machine.program(manager.split()[0], "exit 99")
    machine.program("sudo", "exit 1")
    code, said = machine.setup()
    assert code == 3
    assert said.rstrip().endswith(f"Run: sudo {manager} {package}")


@pytest.mark.parametrize("printed", ["tmux 3.2a", "tmux 3.3", "tmux 3.10", "tmux next-3.6", "tmux openbsd-7.4"])
def test_programs_that_are_new_enough_are_recognised(with_uv: Machine, printed: str) -> None:
    with_uv.program("tmux", f"echo {printed}")
    assert with_uv.setup()[0] == 0


def test_without_a_package_manager_it_says_what_to_install(machine: Machine) -> None:
    machine.program("tmux", "exit 127")
    code, said = machine.setup()
    assert code == 3
    assert said.rstrip().endswith("No package manager that I know is here: install tmux, then run this again.")


@pytest.mark.parametrize("root", [True, False])
def test_where_no_password_is_needed_it_installs_what_is_missing(with_uv: Machine, root: bool) -> None:
    """As root; and as a user for whom sudo asks nothing."""
    with_uv.program("tmux", "exit 127")
    brings = f"printf '#!/bin/sh\\necho tmux 3.4\\n' >'{with_uv.folder}/bin/tmux'"
    with_uv.program("apt-get", f'echo "apt-get $*" >>"$CALLS"; case "$*" in *install*) {brings} ;; esac')
    with_uv.program("id", f"echo {0 if root else 1000}")
    if not root:
        with_uv.program("sudo", 'echo sudo >>"$CALLS"; shift; exec "$@"')
    assert with_uv.setup()[0] == 0
    asked = [call for call in with_uv.calls if call.startswith("apt-get")]
    assert [call.split()[-1] for call in asked] == ["update", "tmux"]
    assert ("sudo" in with_uv.calls) is not root


def test_a_package_that_is_too_old_itself_ends_it_with_3(machine: Machine) -> None:
    machine.program("tmux", "echo tmux 3.1c")
    machine.program("apt-get", "exit 0")
    machine.program("id", "echo 0")
    code, said = machine.setup()
    assert code == 3
    assert "The system's packages are too old: tmux 3.1c, git 2.39.5." in said


def test_a_missing_ensurepip_is_told_from_an_unwritable_folder(machine: Machine) -> None:
    machine.python(ensurepip=False)
    machine.program("apt-get", "exit 99")
    code, said = machine.setup()
    assert code == 3
    assert "lacks the ensurepip module" in said
    assert said.rstrip().endswith(f"Run: sudo apt-get install -y python3.{sys.version_info.minor}-venv")


def test_a_missing_ensurepip_does_not_matter_to_uv(with_uv: Machine) -> None:
    with_uv.python(ensurepip=False)
    assert with_uv.setup()[0] == 0


def test_without_a_python_that_is_new_enough_it_says_so(machine: Machine) -> None:
    machine.program(f"python3.{sys.version_info.minor}", "exit 1")
    machine.program("apt-get", "exit 99")
    code, said = machine.setup()
    assert code == 3
    assert said.rstrip().endswith("there is none on PATH. Run: sudo apt-get install -y python3 python3-venv")


@pytest.mark.parametrize("unwritable", [".", ".venv"])
def test_a_folder_that_cannot_be_written_to_is_named(machine: Machine, unwritable: str) -> None:
    (machine.checkout / ".venv").mkdir()
    for folder in (machine.checkout, machine.checkout / ".venv"):
        folder.chmod(0o777)
    (machine.checkout / unwritable).chmod(0o555)
    machine.user = NOBODY if os.getuid() == 0 else None  # nothing is unwritable to root
    code, said = machine.setup()
    assert code == 3
    assert f"{(machine.checkout / unwritable).resolve()} cannot be written to by somebody" in said
