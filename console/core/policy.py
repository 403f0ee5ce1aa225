"""What the settings ask for, as the pure part needs it."""

from console.core.facts import Mode, Slot, Suite, fact
from console.core.guard import Guard


@fact
class CheckPlan:
    """One suite: the command, the digest of all that it means, its limit in seconds, and whether the project's pre-push hook follows it."""

    command: str
    suite: Suite
    wall_s: float
    hooks: bool = False


@fact
class SlotPlan:
    """A numbered worker: its slot and the kind that works in it."""

    slot: Slot
    kind: str


@fact
class Caps:
    """Numbers that bound what is spent; each is a setting. Seconds where the name ends in _s."""

    run_s: float = 1800.0
    attempts: int = 3
    in_flight: int = 6
    landings: int = 5
    missing_s: float = 1800.0  # how long a required status may be posted by nobody
    lost: int = 3  # runs in a row
    unstarted: int = 10
    backoff_s: tuple[float, ...] = (60.0, 300.0, 1500.0)


@fact
class Policy:
    """How this repository is worked on."""

    repo: str
    trunk: str
    mode: Mode
    slots: tuple[SlotPlan, ...]
    bays: tuple[Slot, ...]
    fast: CheckPlan | None  # before publishing; None: no check is known, and nothing can land
    full: CheckPlan | None  # before landing
    setup: str | None = None  # before anything else in a fresh worktree, a worker's or a check's
    pick_label: str | None = "ops/ready"
    skip_labels: frozenset[str] = frozenset({"epic", "study", "ops/hold"})
    broken_first: bool = True  # nothing new is begun while a broken pull waits for a worker
    guard: Guard = Guard()
    land_when: str = "green"
    foreign_rides: bool = False  # somebody else's pulls land too, without a label or a word
    title: str = "{type}: {title} (#{issue})"
    caps: Caps = Caps()

    @property
    def commands(self) -> tuple[str, ...]:
        """What checks a change."""
        return (*(plan.command for plan in (self.fast, self.full) if plan), *([self.setup] if self.setup else []))

    def kind_of(self, slot: str) -> str | None:
        return next((plan.kind for plan in self.slots if plan.slot == slot), None)
