"""The model of spam: learned from English messages and comments, and from Swedish prose as what is none."""

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from watchdaemon.triage._folding import lowered
from watchdaemon.triage._model import LinearModel, probability
from watchdaemon.triage._spam import spam_features
from watchdaemon.triage.training._corpus import Example, own_texts, read
from watchdaemon.triage.training._regression import fit

STRENGTH: Final = 1.0
FEWEST: Final = 4
FOLDS: Final = 5

Scored = tuple[Example, float]


def texts(folder: Path) -> list[Example]:
    """Return messages with their labels, and texts in other languages that are no spam."""
    plain = [e for language in ("sv", "en") for e in read(folder / f"question.{language}.jsonl")]
    return [*read(folder / "spam.jsonl"), *(_harmless(e) for e in (*plain, *own_texts()))]


def _harmless(example: Example) -> Example:
    return Example(
        text=example.text, label=False, language=example.language, source=example.source, group=example.group
    )


def train(known: Iterable[Example]) -> LinearModel:
    """Return the model that the texts teach."""
    learned = list(known)
    rows = [spam_features(e.text, lowered(e.text).text) for e in learned]
    return fit(rows, [e.label for e in learned], strength=STRENGTH, fewest=FEWEST)


def sources(known: Iterable[Example]) -> frozenset[str]:
    """Return the sources that hold spam."""
    return frozenset(e.source for e in known if e.label)


def cross_validated(known: Sequence[Example]) -> list[Scored]:
    """Return every text's score by a model that saw nothing of its group."""
    scored: list[Scored] = []
    for fold in range(FOLDS):
        model = train(e for e in known if not _is_in_fold(e, fold))
        scored += score(model, [e for e in known if _is_in_fold(e, fold)])
    return scored


def _is_in_fold(example: Example, fold: int) -> bool:
    return zlib.crc32(example.group.encode()) % FOLDS == fold


def held_out(known: Sequence[Example]) -> list[Scored]:
    """Return the messages' scores by models that saw nothing of their source."""
    scored: list[Scored] = []
    for source in sorted(sources(known)):
        model = train(e for e in known if e.source != source)
        scored += score(model, [e for e in known if e.source == source])
    return scored


def score(model: LinearModel, unknown: Sequence[Example]) -> list[Scored]:
    """Return each text with the probability that it is spam."""
    return [(e, probability(model.margin(spam_features(e.text, lowered(e.text).text)))) for e in unknown]
