"""The ordered stage table: a function a row, first match wins. Read this first.

A row's docstring is its sentence. A row returns `Do`, or None when it does not apply; reading a blind sense raises, and the stage
is then unknown. Rows never speak of watch, pause or freeze: `reconcile` filters afterwards.
"""

from collections.abc import Callable

from console.core.rows import claims, pulls, rides, runs
from console.core.view import Do, View

Rows = tuple[tuple[int, Callable[[View], Do | None]], ...]

ROWS: Rows = (
    (0, runs.said),
    (1, runs.working),
    (2, runs.leftover),
    (3, claims.foreign),
    (4, pulls.merged),
    (5, claims.cancelled),
    (6, claims.parked),
    (7, claims.unclaimed),
    (12, runs.ended_badly),
    (25, runs.launch),
    (13, pulls.guarded),
    (14, pulls.unchecked),
    (15, pulls.unpublished),
    (16, pulls.no_pull),
    (9, pulls.emptied),
    (18, pulls.conflict),
    (19, pulls.ci_red),
    (20, pulls.waiting),
    (21, pulls.aboard),
)

# For somebody else's pull.
RIDES: Rows = (
    (0, runs.said),
    (4, pulls.merged),
    (6, claims.parked),
    (7, rides.shown),
    (9, rides.emptied),
    (13, pulls.guarded),
    (18, rides.conflict),
    (19, pulls.ci_red),
    (20, pulls.waiting),
    (21, pulls.aboard),
)
