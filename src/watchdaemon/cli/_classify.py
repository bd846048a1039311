"""``classify``: triage on standard input and output, one JSON object a line."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from watchdaemon.cli._output import note


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("classify", rich_help_panel="Checking")(classify)


def classify(
    file: Annotated[
        typer.FileText | None, typer.Argument(metavar="FILE", help="JSON lines; standard input when left out.")
    ] = None,
) -> None:
    """Judge texts: JSON lines in, JSON lines out, in the same order.

    A line is {"id", "text"} and perhaps "task": question (the default), pii, abuse or spam. The answer has id, label,
    grade, reason and spans.

    \b
    echo '{"id": 1, "text": "När öppnar badet?"}' | watchdaemon classify
    """
    from watchdaemon.triage import answer

    bad = 0
    source = file if file is not None else sys.stdin
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            sys.stdout.write(f"{json.dumps(answer(_record(line)), ensure_ascii=False)}\n")
        except (ValueError, KeyError, TypeError) as error:
            bad += 1
            note(f"line {number}: {error}")
    if bad:
        raise typer.Exit(1)


def _record(line: str) -> Mapping[str, object]:
    record: object = json.loads(line)
    if not isinstance(record, dict) or "id" not in record or not isinstance(record.get("text"), str):
        raise ValueError('is not an object with "id" and "text"')
    return record
