"""Which repository a command is about, or which ones."""

from pathlib import Path
from typing import Any

import click


def place(ctx: click.Context) -> Any:
    """The `console.place.Place` that the command line's options and the folder one stands in name."""
    from console.place import Options, locate

    return locate(Options(where=Path.cwd(), **ctx.find_root().obj))


def places(ctx: click.Context) -> Any:
    """The places of all repositories that the settings name."""
    from console.place import Options, everywhere

    return everywhere(Options(where=Path.cwd(), **ctx.find_root().obj))
