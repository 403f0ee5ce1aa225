"""The forge's own CI: what it requires is awaited on the very head that lands, and a red one is mended by a worker."""

from typing import Any

from tests.acceptance.conftest import Made
from tests.acceptance.server import serving
from tests.acceptance.world import settings

WORKER = 'if grep -q "a check of the forge" {prompt}; then echo mended > mended.txt; else echo x > x.txt; fi'
SETTINGS = settings("true", WORKER)


def test_a_red_check_of_the_forge_is_mended_and_only_a_green_one_lands(make: Made) -> None:
    host = make(SETTINGS)
    with serving(host) as server:
        boss, ci = server.token("boss", "--role", "owner"), server.token("ci")
        server.ask(boss, "PATCH", "/branch_protections/main", {"status_check_contexts": ["ops/verify", "ci/*"]})
        host.ops("issue", "new", "Make it", "--ready")
        world = server.world(server.token("ops"), SETTINGS)

        def posts(pull: dict[str, Any], state: str) -> None:
            sent = {"state": state, "context": "ci/test", "description": "3 failed", "target_url": "http://ci/7"}
            server.ask(ci, "POST", f"/statuses/{pull['head']}", sent)

        def shown() -> dict[str, Any] | None:
            return next((p for p in world.board()["pulls"] if "is awaited" in p["why"]), None)

        try:
            engine = world.engine("--until-idle")
            first = world.until(shown, "the forge's check is awaited")
            posts(first, "failure")
            world.until(lambda: any(e["what"] == "launch" and "ci/test failed" in e["why"] for e in world.journal()), "a worker mends it")
            mended = world.until(lambda: (now := shown()) and now["head"] != first["head"] and now, "the next head is awaited")
            assert world.subjects() == ["first"]
            posts(mended, "success")
            said, _ = engine.communicate(timeout=120)
            assert engine.returncode == 0, said
            assert world.subjects() == ["feat: Make it (#1)", "first"]
            prompt = next(world.place.state.glob("runs/1/1-2/prompt.md")).read_text()
            assert "ci/test: failure. 3 failed http://ci/7" in prompt
        finally:
            world.end()
