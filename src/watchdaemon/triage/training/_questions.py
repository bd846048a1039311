"""The model of questions: what it learns from, and how well it does on texts it has not seen."""

import random
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from watchdaemon.domain.question import Grade
from watchdaemon.triage._model import LinearModel
from watchdaemon.triage._question import DEFAULT_THRESHOLD, Sentence, judge_sentences, read_sentences
from watchdaemon.triage.training._corpus import CORRECTED, LANGUAGES, OWN, Example, own_texts, read
from watchdaemon.triage.training._regression import fit

STRENGTH: Final = 0.3
"""Figures hardly change between 0.15 and 0.6."""
FEWEST: Final = 4
"""Rarer words teach little, and so nobody's sentence can be put together again from the weights."""
FOLDS: Final = 5
OWN_COUNT: Final = 3
"""So often an own text or a correction counts: few, and nearer to what is judged than any other."""

_JOINTS: Final = {
    "sv": (", ", ", ", " men ", " och ", ", men ", " ", " 🙂 "),
    "en": (", ", " but ", " and ", ", but "),
    "no": (", ", " men ", " og "),
    "da": (", ", " men ", " og "),
    "fi": (", ", " mutta ", " ja "),
    "ar": ("، ", " و", " لكن "),
    "se": (", ", " muhto ", " ja "),
}
_RUN_ON_PERCENT: Final = 25
_SHORT: Final = 7
_ASKED_FIRST: Final = 0.25


@dataclass(frozen=True, slots=True)
class Text:
    """An example and what is seen in its sentences."""

    example: Example
    said: Sequence[Sentence]


def texts(folder: Path, languages: Iterable[str] = LANGUAGES, corrected: Iterable[Example] = ()) -> list[Text]:
    """Return the unmarked questions and statements of some languages, the program's own examples, and corrections."""
    files = [folder / f"question.{language}.nomark.jsonl" for language in languages]
    examples = [example for file in files for example in read(file)]
    return [Text(e, read_sentences(e.text)) for e in (*examples, *own_texts(), *corrected)]


def train(known: Iterable[Text]) -> LinearModel:
    """Return the model that the texts teach.

    Of a statement every sentence is one; of a question only its last sentence is certain to ask, so the others teach
    nothing. Run-on texts made of two of them join what is learned from (see `_run_on`).
    """
    alone = list(known)
    rows: list[Sequence[str]] = []
    labels: list[bool] = []
    for text in (*alone, *_run_on(alone)):
        learned = [s.names for s in (text.said[-1:] if text.example.label else text.said)]
        times = OWN_COUNT if text.example.source in {OWN, CORRECTED} else 1
        rows += learned * times
        labels += [text.example.label] * len(learned) * times
    return fit(rows, labels, strength=STRENGTH, fewest=FEWEST)


def _run_on(known: Sequence[Text]) -> Iterator[Text]:
    """Yield texts in which a short statement and another text follow each other without a full stop.

    The labelled texts are mostly single sentences, and people write "tack för infon men när öppnar ni". Both halves
    come from the texts that are learned from, so that a split stays one; the choice is the same every time.
    """
    dice = random.Random(11)  # noqa: S311 - a choice, no secret
    for language, joints in _JOINTS.items():
        here = [t.example for t in known if t.example.language == language]
        short = [e for e in here if not e.label and e.text.count(" ") <= _SHORT and "." not in e.text]
        tails = [e for e in here if "." not in e.text]
        for tail in dice.sample(tails, len(tails) * _RUN_ON_PERCENT // 100) if short else ():
            head = dice.choice(short)
            # A question before a statement asks as well.
            first, second = (tail, head) if dice.random() < _ASKED_FIRST else (head, tail)
            example = replace(tail, text=f"{first.text}{dice.choice(joints)}{second.text}")
            yield Text(example, read_sentences(example.text))


Judged = list[tuple[Example, bool]]


def judge(model: LinearModel, unknown: Iterable[Text]) -> Judged:
    """Return each text with what the whole of triage, rules and model, says of it: whether it may be a question."""
    graded = ((t.example, judge_sentences(t.said, model, DEFAULT_THRESHOLD)[0]) for t in unknown)
    return [(example, grade is not Grade.NO) for example, grade in graded]


def cross_validated(known: Sequence[Text]) -> Judged:
    """Return every text's judgement by a model that saw nothing of its group."""
    judged: Judged = []
    for fold in range(FOLDS):
        model = train(t for t in known if not _is_in_fold(t.example, fold))
        judged += judge(model, (t for t in known if _is_in_fold(t.example, fold)))
    return judged


def _is_in_fold(example: Example, fold: int) -> bool:
    return zlib.crc32(f"{example.language} {example.group}".encode()) % FOLDS == fold


def with_sources_held_out(known: Sequence[Text]) -> Judged:
    """Return every text's judgement by a model that saw nothing of its source in its language."""
    judged: Judged = []
    for language, source in sorted({(t.example.language, t.example.source) for t in known}):
        held = [t for t in known if (t.example.language, t.example.source) == (language, source)]
        others = (t for t in known if (t.example.language, t.example.source) != (language, source))
        judged += judge(train(others), held)
    return judged
