"""Question or not: the rules find what asks, a small linear model weighs it against everything else."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from watchdaemon.domain.question import Grade
from watchdaemon.triage._features import features
from watchdaemon.triage._further import WAYS
from watchdaemon.triage._model import LinearModel, load
from watchdaemon.triage._text import prose, sentences, words
from watchdaemon.triage._word_order import (
    A_CONDITION,
    ASKS_FOR_SOMETHING,
    MAY_ASK_FOR_SOMETHING,
    TELLS_OF_A_FAULT,
    Finding,
    cut_into_clauses,
    find_in_sentence,
)

DEFAULT_THRESHOLD: Final = 0.35
"""From this probability on a text may be a question. Chosen so that at least .95 of the Swedish ones are found."""

_SURE: Final = 0.6
"""From this probability on a text is a question."""

_STATED: Final = {".": 0.5, "!": 0.8}
"""What a final mark that is no question mark speaks against a question, in the logarithm of the odds: who writes final
marks at all writes the right one more often than not. Not learned: the texts to learn from have none left."""

_FIRST, _LAST = 200, 100
"""So many sentences are judged at each end of a text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with what was seen in it."""

    text: str
    names: Sequence[str]
    finding: Finding | None
    front: str  # its first words, without a greeting


def read_sentences(text: str) -> list[Sentence]:
    """Return the sentences of what the author says in their own words."""
    found = []
    said = list(sentences(prose(text)))
    for sentence in said if len(said) <= _FIRST + _LAST else said[:_FIRST] + said[-_LAST:]:
        tokens = words(sentence)
        clauses = list(cut_into_clauses(tokens))
        finding = find_in_sentence(sentence, tokens, clauses)
        if clauses or finding:
            front = " ".join(clauses[0][:2]) if clauses else ""
            found.append(Sentence(sentence, features(clauses, finding), finding, front))
    return found


def judge_question(text: str, threshold: float = DEFAULT_THRESHOLD) -> tuple[Grade, str]:
    """Grade whether a text asks for an answer or an action, with the reason in English.

    A question mark (outside quotations and addresses) and a phrase that asks ("någon som vet", "please fix") decide by
    themselves. All else is weighed by the model. MAYBE is what may be meant so: from `threshold` on by the model, a
    lone "Va?", a report of a fault. The best sentence counts.

    Args:
        text: What somebody wrote.
        threshold: The probability, between 0 and 0.6, from which on a text is at least MAYBE. Lower finds more.
    """
    if not text.strip():
        return Grade.NO, "no text"
    return judge_sentences(read_sentences(text), load("question"), threshold)


def judge_sentences(said: Iterable[Sentence], model: LinearModel, threshold: float) -> tuple[Grade, str]:
    """Grade a text by its best sentence."""
    best = (Grade.NO, -math.inf, "nothing asks for an answer")
    for sentence in said:
        grade, margin, reason = _judge(sentence, model, threshold)
        if grade is Grade.YES:
            return grade, reason
        if grade is Grade.MAYBE and (best[0] is Grade.NO or margin > best[1]):
            best = grade, margin, reason
    return best[0], best[2]


def _judge(sentence: Sentence, model: LinearModel, threshold: float) -> tuple[Grade, float, str]:
    finding = sentence.finding
    if finding and (finding.way in _DECIDES or finding.way.startswith("a question mark")):
        return finding.grade, math.inf, finding.reason
    margin = model.margin(sentence.names) - _STATED.get(sentence.text[-1], 0.0)
    if margin >= _log_odds(_SURE):
        return Grade.YES, margin, _reason(sentence, model)
    if margin >= _log_odds(threshold) or (finding and finding.way == MAY_ASK_FOR_SOMETHING):
        return Grade.MAYBE, margin, _reason(sentence, model)
    return Grade.NO, margin, ""


_DECIDES: Final = frozenset({ASKS_FOR_SOMETHING, TELLS_OF_A_FAULT, A_CONDITION})
"""What the rules decide alone: the texts to learn from hold few requests and faults, and no rule errs less there."""


def _log_odds(share: float) -> float:
    share = min(max(share, 0.001), 0.999)
    return math.log(share / (1 - share))


def _reason(sentence: Sentence, model: LinearModel) -> str:
    """Say in words what speaks most for it: what the rules saw, or else the words that weigh most."""
    if sentence.finding:
        return sentence.finding.reason
    ways = [n for n in sentence.names if n.startswith(("w=", "cw="))]
    way = model.strongest(ways)
    if way is not None:
        return f"{WAYS[way.rpartition(':')[2]]}: {sentence.front}"
    words_seen = [n for n in sentence.names if n.partition("=")[0] in _QUOTABLE]
    strongest = model.strongest(words_seen)
    return f"worded like a question: {strongest.partition('=')[2]}" if strongest else "worded like a question"


_QUOTABLE: Final = frozenset({"0", "01", "012", "12", "c0", "c01", "b", "bb", "ee"})
