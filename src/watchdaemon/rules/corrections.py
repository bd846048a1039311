"""Which of people's words say that triage was wrong, or right: labels to learn from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from watchdaemon.domain.item import BLANKED, Item
from watchdaemon.domain.question import Decision, DecisionKind
from watchdaemon.rules.word import DECIDED

QUESTION: Final = "question"
ABUSE: Final = "abuse"


@dataclass(frozen=True, slots=True)
class Correction:
    """A text with what a person says of it; the fields as ``watchdaemon classify`` names them."""

    id: str
    text: str
    task: str
    label: int


def corrections_in(decided: Iterable[tuple[Decision, Item]]) -> Iterator[Correction]:
    """Yield the labels that are in people's words, one for each text and task: the newest word about it counts.

    "Not a question" and what was reopened with nothing to take back are labels of questions; "may stay" and "must be
    removed" of what has no place. A word that was taken back is none. "No reply needed" is none either: it says nothing
    of whether the text asks. A word is about the text as it was then: one that was edited later teaches nothing.

    Args:
        decided: Every decision with its item, oldest first.
    """
    said: dict[tuple[str, str], list[Decision]] = {}
    items: dict[tuple[str, str], Item] = {}
    for decision, item in decided:
        said.setdefault(item.key, []).append(decision)
        items[item.key] = item
    for key, decisions in said.items():
        item = items[key]
        if not item.text.strip() or BLANKED in item.extra:
            continue
        edited_at = max((w.until for w in item.earlier if w.until is not None), default=item.edited_at)
        current = [d for d in decisions if edited_at is None or d.at > edited_at]
        for task, label in labels(current).items():
            yield Correction(id="/".join(key), text=item.text, task=task, label=label)


def labels(decisions: Iterable[Decision]) -> dict[str, int]:
    """Return the labels that the words about one text leave, by task; the words oldest first."""
    found: dict[str, int] = {}
    standing: list[DecisionKind] = []  # what REOPENED would take back, the last first
    for decision in decisions:
        kind = decision.kind
        if kind is DecisionKind.SEEN:
            continue
        if kind is DecisionKind.REOPENED:
            if standing:
                found.pop(_TASKS.get(standing.pop(), ("", 0))[0], None)
            else:
                found[QUESTION] = 1
            continue
        if kind in DECIDED or kind in _TASKS:
            standing.append(kind)
        if kind in _TASKS:
            task, label = _TASKS[kind]
            found[task] = label
    return found


_TASKS: Final = {
    DecisionKind.NOT_A_QUESTION: (QUESTION, 0),
    DecisionKind.MAY_STAY: (ABUSE, 0),
    DecisionKind.MUST_BE_REMOVED: (ABUSE, 1),
}
