"""The footer: the verbs that can be used, in the order of the keymap; whole verbs give way from the right, help never does."""

from console.tui.keymap import FOOTER
from console.tui.lines import Bit, Line, line, width_of
from console.tui.scene import Chosen, Scene
from console.tui.verbs import REASONS, why_not


def footer(scene: Scene, chosen: Chosen, width: int, *, read_only: bool) -> Line:
    """One line ``width`` wide. A verb that cannot be used now is grey: pressed, it says why."""
    right: tuple[Bit, ...] = (("?", "b text"), (" help", "dim"))
    left: list[Bit] = []
    for key in FOOTER:
        if read_only and key.group == "verb":
            continue
        off = key.id in REASONS and why_not(key.id, scene, chosen) is not None
        more: list[Bit] = [
            ("  " if left else "", "dim"),
            (key.face, "stale" if off else "b text"),
            (f" {key.label}", "stale" if off else "dim"),
        ]
        if width_of([*left, *more]) + width_of(right) + 4 > width:
            break
        left += more
    return line(*left, right=right)
