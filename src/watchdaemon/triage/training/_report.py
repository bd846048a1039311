"""The table of figures: each language by texts learned from, by cross-validation, and by sources never seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from watchdaemon.triage._model import load
from watchdaemon.triage._spam import MAY_BE
from watchdaemon.triage.training import _spam
from watchdaemon.triage.training._corpus import LANGUAGES, OWN, Example
from watchdaemon.triage.training._questions import (
    Judged,
    Text,
    cross_validated,
    judge,
    with_sources_held_out,
)

TARGETS: Final = {"sv": 0.94, "se": 0.74}
TARGET: Final = 0.88


@dataclass(frozen=True, slots=True)
class Figures:
    """How often "question" was right, and how many questions were found."""

    count: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __str__(self) -> str:
        """The three as a table has them."""
        return f"{self.f1:.3f} {self.precision:.3f} {self.recall:.3f}"


def measure(judged: Judged) -> Figures:
    """Count what was right."""
    right = sum(e.label and said for e, said in judged)
    said_yes, questions = sum(said for _, said in judged), sum(e.label for e, _ in judged)
    return Figures(len(judged), right / said_yes if said_yes else 0.0, right / questions if questions else 0.0)


def question_lines(known: Sequence[Text]) -> Iterator[str]:
    """Yield the table of questions, line by line; F1, precision and recall each time."""
    held, whole = cross_validated(known), judge(load("question"), known)
    yield "texts without marks      n   target  cross-validated    alone, cross-val.  as released"
    for language in LANGUAGES:
        fits = _of(language)
        alone = cross_validated([t for t in known if fits(t.example)])
        parts = [measure([j for j in judged if fits(j[0])]) for judged in (held, alone, whole)]
        target = TARGETS.get(language, TARGET)
        yield f"{language:20} {parts[0].count:5}   {target:.2f}    {'  '.join(map(str, parts))}"
    own = [measure([j for j in judged if j[0].source == OWN]) for judged in (held, whole)]
    yield f"{OWN:20} {own[0].count:5}           {own[0]}                      {own[1]}"
    yield ""
    yield "sources held out        n   questions  F1 precision recall"
    unseen = with_sources_held_out(known)
    for language, source in sorted({(e.language, e.source) for e, _ in unseen}):
        judged = [j for j in unseen if (j[0].language, j[0].source) == (language, source)]
        yield f"{language} {source:42} {len(judged):5} {sum(e.label for e, _ in judged):5}  {measure(judged)}"


def spam_lines(known: Sequence[Example]) -> Iterator[str]:
    """Yield the table of spam: the model alone, at the probability from which a text is rather spam than not."""
    yield ""
    yield "spam, the model alone   n   F1 precision recall"
    for name, scored in (("cross-validated", _spam.cross_validated(known)), ("source held out", _spam.held_out(known))):
        judged = [(e, p >= MAY_BE) for e, p in scored]
        messages = [j for j in judged if j[0].source in _spam.sources(known)]
        others = [said for e, said in judged if e.source not in _spam.sources(known)]
        yield f"{name:20} {len(messages):5}   {measure(messages)}   of {len(others)} other texts {sum(others)} wrongly"


def _of(language: str) -> Callable[[Example], bool]:
    return lambda example: example.language == language and example.source != OWN
