"""The command line: show, scale and shop."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from larder import recipe, shopping
from larder.amounts import BadAmount


def main(argv: Sequence[str] | None = None) -> int:
    """0 when done; 1 with one sentence on stderr when a recipe could not be read."""
    args = _parser().parse_args(argv)
    try:
        print(args.run(args))
    except (BadAmount, recipe.BadRecipe, OSError) as wrong:
        print(f"larder: {wrong}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="larder", description="Recipes as plain text, and one shopping list.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    show = commands.add_parser("show", help="print a recipe")
    show.add_argument("file", type=Path)
    show.set_defaults(run=_show)

    scale = commands.add_parser("scale", help="print a recipe for another number at the table")
    scale.add_argument("file", type=Path)
    scale.add_argument("--serves", type=int, required=True)
    scale.set_defaults(run=_scale)

    shop = commands.add_parser("shop", help="one shopping list for several recipes")
    shop.add_argument("files", type=Path, nargs="+")
    shop.set_defaults(run=_shop)
    return parser


def _read(file: Path) -> recipe.Recipe:
    return recipe.parse(file.read_text(encoding="utf-8"))


def _show(args: argparse.Namespace) -> str:
    return str(_read(args.file))


def _scale(args: argparse.Namespace) -> str:
    return str(_read(args.file).scaled(args.serves))


def _shop(args: argparse.Namespace) -> str:
    recipes = [_read(file) for file in args.files]
    return f"{shopping.headline(recipes)}\n{shopping.as_text(shopping.gather(recipes))}"
