"""Writes the command reference from the program itself: ``python -m watchdaemon.cli.reference docs/commands.md``.

What a file has above the marker is a person's text and stays.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import typer
from typer.core import TyperGroup

from watchdaemon.cli._program import program

MARKER: Final = "<!-- Below: written by `python -m watchdaemon.cli.reference docs/commands.md`. -->"
_WIDTH: Final = 100


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command's name (``watchdaemon accounts import``) and its help, groups before their commands."""
    yield from _walk("watchdaemon", cast("TyperGroup", typer.main.get_command(program)), None)


def _walk(name: str, command: TyperGroup, parent: typer.Context | None) -> Iterator[tuple[str, str]]:
    last = name.rpartition(" ")[2]
    ctx = typer.Context(command, info_name=last, parent=parent, terminal_width=_WIDTH, **command.context_settings)
    yield name, command.get_help(ctx)
    for sub, found in getattr(command, "commands", {}).items():
        yield from _walk(f"{name} {sub}", found, ctx)


def reference() -> str:
    """Return the reference as Markdown, marker first."""
    parts = [f"## {name}\n\n```\n{text.rstrip()}\n```\n" for name, text in commands()]
    return "\n".join([f"{MARKER}\n", *parts])


def renew(text: str) -> str:
    """Return a page with its reference written anew."""
    return text.partition(MARKER)[0] + reference()


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renew(page.read_text(encoding="utf-8")), encoding="utf-8")
