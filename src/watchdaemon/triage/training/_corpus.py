"""The labelled texts, and which of them may not be told apart by a split."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("sv", "en", "fi", "no", "da", "ar", "se")

OWN: Final = "own"
CORRECTED: Final = "corrected"

_BLOCK: Final = 20
"""So many neighbouring rows of a source that names no document make a group, as in the corpus's own halves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One text to learn from. Examples of one group are never on both sides of a split."""

    text: str
    label: bool
    language: str
    source: str
    group: str


def read(file: Path) -> list[Example]:
    """Return the rows of one file, ``{"text", "label", "lang", "source"}`` in JSON lines."""
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return list(_grouped(rows))


def _grouped(rows: list[dict[str, str]]) -> Iterator[Example]:
    """Put together what belongs together: one text in two spellings, and neighbours in one document."""
    groups: dict[str, str] = {}
    seen: dict[str, int] = {}
    for row in rows:
        source = row["source"].split("#")[0].split(":")[0].strip()
        document = row["source"].split(" (")[0]
        seen[document] = seen.get(document, -1) + 1
        bare = re.sub(r"[\W\d_]+", " ", row["text"].casefold()).strip()
        group = groups.setdefault(bare, f"{document}/{seen[document] // _BLOCK}")
        yield Example(
            text=row["text"], label=bool(row["label"]), language=row.get("lang", ""), source=source, group=group
        )


def own_texts() -> list[Example]:
    """Return the texts invented for this program: what people write under a municipality's posts."""
    lines = (files("watchdaemon.triage.training") / "own_texts.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [
        Example(text=text, label=label == "1", language=language, source=OWN, group=f"own/{n}")
        for n, (label, language, text) in enumerate(rows)
    ]


def corrections(file: Path) -> list[Example]:
    """Return what owners said of questions, as ``watchdaemon corrections`` prints it; other tasks are passed over.

    Raises:
        ValueError: A line is no such record; says which.
    """
    found = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            row = json.loads(line) if line.strip() else {"task": ""}
            if not isinstance(row, dict) or not {"task"} <= row.keys():
                raise ValueError(f"{file.name}:{number}: is no correction")
            if row["task"] == "question":
                group = f"{CORRECTED}/{row['id']}"
                found.append(
                    Example(text=row["text"], label=row["label"] == 1, language="", source=CORRECTED, group=group)
                )
    return found
