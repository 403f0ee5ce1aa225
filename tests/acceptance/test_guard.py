"""A change that touches how it is checked lands only after the operator has said so, about that very change."""

from tests.acceptance.conftest import Made
from tests.acceptance.world import settings


def test_a_guarded_change_waits_unpublished_until_it_is_let_by(make: Made) -> None:
    world = make(settings("true", "echo 'check: ; true' > Makefile"))
    world.ops("issue", "new", "Make the check easier", "--ready")
    code, said = world.run()
    assert code == 1, said
    assert world.task(1)["stage"] == "guarded"
    assert "Makefile (guarded)" in world.ops("why", "1")
    assert world.board()["pulls"] == []  # not even shown to anybody
    world.ops("pass", "1")
    code, said = world.run()
    assert code == 0, said
    assert world.subjects()[0] == "feat: Make the check easier (#1)"
