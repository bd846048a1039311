"""``classify``: triage on standard input and output, one JSON object a line."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from watchdaemon.cli._output import note
from watchdaemon.cli._session import Config, opened


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("classify", rich_help_panel="Checking")(classify)
    program.command("corrections", rich_help_panel="Checking")(corrections)


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


def corrections(ctx: typer.Context, *, config: Config = None) -> None:
    """Print what people said against triage, for the training script: JSON lines {"id", "text", "task", "label"}.

    Only of texts that are still kept; the newest word about a text counts. They are citizens' words: keep the file
    where the database is kept, and no longer.

    \b
    watchdaemon corrections > corrections.jsonl
    """
    from watchdaemon.rules.corrections import corrections_in

    with opened(ctx, config) as session:
        for correction in corrections_in(session.store.decided()):
            sys.stdout.write(f"{json.dumps(asdict(correction), ensure_ascii=False)}\n")


def _record(line: str) -> Mapping[str, object]:
    record: object = json.loads(line)
    if not isinstance(record, dict) or "id" not in record or not isinstance(record.get("text"), str):
        raise ValueError('is not an object with "id" and "text"')
    return record
