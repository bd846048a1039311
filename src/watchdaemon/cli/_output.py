"""How results are shown: rich tables on a terminal, aligned plain text in a pipe, one JSON array on request."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import typer

LONGEST_TEXT = 120
_LEAST = 5  # letters of each other column that a table must have room for
_KEEP = 24  # a column on a terminal is not squeezed below this


def emit_json(rows: Iterable[object]) -> None:
    """Print one JSON array."""
    typer.echo(json.dumps(list(rows), ensure_ascii=False, indent=2))


def emit_table(heads: Sequence[str], rows: Sequence[Sequence[object]], *, styles: Callable[[str], str] = str) -> None:
    """Print a table. `styles` gives the rich style of a cell by its text ("" for none)."""
    texts = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(heads, texts, styles)
    else:
        _plain_table(heads, texts)


def _plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    every = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(heads: Sequence[str], rows: Sequence[Sequence[str]], styles: Callable[[str], str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        note("Nothing to show.")
        return
    console = Console()
    if _least_width(heads, rows) > console.width:  # rich would leave out columns, and not say so
        _listed(heads, rows)
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for position, head in enumerate(heads):
        widest = max(len(row[position]) for row in rows)
        table.add_column(head, overflow="fold", min_width=min(widest, _KEEP) if position == 0 else None)
    for row in rows:
        # Text, not markup: a citizen's "[bold]" is not to be obeyed.
        table.add_row(*(Text(cell, style=styles(cell)) for cell in row))
    console.print(table)


def _least_width(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return how many letters wide a terminal must be for every column to be there and legible."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return min(widths[0], _KEEP) + sum(min(width, _LEAST) for width in widths[1:]) + 2 * (len(widths) - 1)


def _listed(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print each row as lines of its own, one for each cell that holds something: for narrow terminals."""
    widest = max(map(len, heads))
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            if cell:
                typer.echo(f"{head.ljust(widest)}  {cell}")
        typer.echo("")


def clean(value: object, *, longest: int = LONGEST_TEXT) -> str:
    """Return one line of text that cannot steer a terminal: no control characters, no direction marks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(value)[: 8 * longest])
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def note(message: str) -> None:
    """Say something about the run itself, on standard error."""
    typer.echo(message, err=True)


def utc_text(instant: datetime | None) -> str | None:
    """Write an instant for other programs: ``2026-11-23T08:00:00Z``."""
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


def local_text(instant: datetime | None, zone: ZoneInfo) -> str:
    """Write an instant for people: ``Mon 2026-11-23 09:00``."""
    return "" if instant is None else instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def day_text(day: date) -> str:
    """Write a date for people: ``Mon 2026-11-23``."""
    return day.strftime("%a %Y-%m-%d")
