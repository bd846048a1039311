"""``python -m watchdaemon.triage.training report|train DIR [--corrections FILE]``."""

import argparse
import sys
from pathlib import Path

from watchdaemon.triage._model import LinearModel, dump
from watchdaemon.triage.training import _questions, _spam
from watchdaemon.triage.training._corpus import corrections
from watchdaemon.triage.training._report import question_lines, spam_lines

WEIGHTS = Path(__file__).parents[1] / "weights"


def main(arguments: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m watchdaemon.triage.training", description=__doc__)
    parser.add_argument("command", choices=("report", "train"))
    parser.add_argument("folder", type=Path, metavar="DIR", help="the labelled texts")
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE", help="what `watchdaemon corrections` printed, to learn from besides"
    )
    chosen = parser.parse_args(arguments)
    corrected = corrections(chosen.corrections) if chosen.corrections else []
    known, messages = _questions.texts(chosen.folder, corrected=corrected), _spam.texts(chosen.folder)
    if chosen.command == "train":
        _write("question", _questions.train(known))
        _write("spam", _spam.train(messages))
        return 0
    for line in (*question_lines(known), *spam_lines(messages)):
        sys.stdout.write(f"{line}\n")
    return 0


def _write(name: str, model: LinearModel) -> None:
    written = (WEIGHTS / f"{name}.tsv").write_text(dump(model), encoding="utf-8")
    sys.stdout.write(f"{name}.tsv: {len(model.weights)} weights, {written} characters\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
