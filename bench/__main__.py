"""`python -m bench [NAME…]`: one JSON line a measurement; ends with 1 when one misses its target or could not be taken."""

import sys
from collections.abc import Callable, Mapping, Sequence

from bench import landing, panes, status
from bench.measurement import CannotMeasure, Measurement

BENCHES: Mapping[str, Callable[[], Measurement]] = {
    "status": status.measure,
    "exit-known": panes.exit_known,
    "slot-opened": panes.slot_opened,
    "issue-to-trunk": landing.measure,
}


def main(names: Sequence[str]) -> int:
    """2 for a name that is no measurement's."""
    if unknown := [name for name in names if name not in BENCHES]:
        print(f"bench: there is no {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    code = 0
    for name in names or BENCHES:
        try:
            taken = BENCHES[name]()
        except CannotMeasure as why:
            print(f"bench: {name}: {why}", file=sys.stderr)
            code = 1
            continue
        print(taken.as_json(), flush=True)
        if taken.meets is False:
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
