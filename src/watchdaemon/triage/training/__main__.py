"""``python -m watchdaemon.triage.training report|train DIR``."""

import argparse
import sys
from pathlib import Path

from watchdaemon.triage._model import dump
from watchdaemon.triage.training import _questions
from watchdaemon.triage.training._report import lines

WEIGHTS = Path(__file__).parents[1] / "weights"


def main(arguments: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m watchdaemon.triage.training", description=__doc__)
    parser.add_argument("command", choices=("report", "train"))
    parser.add_argument("folder", type=Path, metavar="DIR", help="the labelled texts")
    chosen = parser.parse_args(arguments)
    known = _questions.texts(chosen.folder)
    if chosen.command == "train":
        written = (WEIGHTS / "question.tsv").write_text(dump(_questions.train(known)), encoding="utf-8")
        sys.stdout.write(f"question.tsv: {written} characters, from {len(known)} texts\n")
        return 0
    for line in lines(known):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
