"""docs/first-pull.md: its commands are run, in their order, against a forge behind a port, by somebody who has only what it asks for."""

import os
import re
import subprocess
import sys
from pathlib import Path

from console import wire
from console.place import Options, locate
from panes.git import git
from tests.acceptance.conftest import Made
from tests.acceptance.server import serving
from tests.acceptance.world import settings

GUIDE = Path(__file__).parents[2] / "docs" / "first-pull.md"
WORKER = "test -s {prompt} && echo hello > hello.txt"  # in the place of claude, which is nobody's to call


def told(block: str, where: Path, environment: dict[str, str]) -> str:
    script = block.replace("claude:1", f"'{WORKER}'")
    ran = subprocess.run(["bash", "-ec", script], cwd=where, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, (script, ran.stdout, ran.stderr)
    return ran.stdout


def test_the_commands_of_the_guide_land_a_pull(make: Made) -> None:
    host = make(settings("true", "true"), {"Makefile": "test:\n\ttest -f Makefile\n"})
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 5
    assert host.place.checkout
    with serving(host) as server:
        here = {"OPS_FORGE_TOKEN": server.token("ops"), "OPS_ADMIN_TOKEN": server.token("boss", "--role", "owner")}
        environment = os.environ | here | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        try:
            said = [told(block.replace("https://git.example.org", server.url), host.place.checkout, environment) for block in blocks]
        finally:
            wire.session(locate(Options(where=host.place.checkout))).kill()
        assert "main moves only by merges, by ops alone, with the status ops/verify" in said[0]
        assert "main is protected, squash only, ops/verify required" in said[1]
        assert "p2 is being merged, squashed" in said[3]
        assert "closed" in said[4]
        assert git(host.bare, "log", "-1", "--format=%s", "main").out == "feat: Say hello (#1)\n"
