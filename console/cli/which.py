"""Which repository a command is about."""

from pathlib import Path
from typing import Any

import click


def place(ctx: click.Context) -> Any:
    """The `console.place.Place` that the command line's options and the folder one stands in name."""
    from console.place import Options, locate

    return locate(Options(where=Path.cwd(), **ctx.find_root().obj))
