"""What an edit changed: a slip of the keys mended, a word of thanks added, or another question asked."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from difflib import SequenceMatcher
from typing import Final

from watchdaemon.domain.item import Item, Wording

_MOST_WORDS: Final = 400
"""Beyond this many words a text is compared by its beginning: nobody's question is longer."""

_WORD: Final = re.compile(r"[^\W_]+")
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]*")
_POLITE: Final = frozenset(
    {"hej", "hejsan", "tack", "tackar", "snälla", "vänligen", "please", "thanks", "thank", "hello", "hi", "mvh"}
    | {"hälsningar", "edit", "edited", "redigerad", "ändrat", "ju", "väl", "nu", "bara", "också", "just", "då"}
    | {"ni", "du", "ert", "er"}
)
_ONE_LETTER_APART: Final = frozenset({frozenset({"juni", "juli"}), frozenset({"june", "july"})})
"""Words that differ by one letter and are no slip for each other."""

_LEAST_SLIP: Final = 4
"""Shorter words differ by too little: "när" and "var"."""

_LEAST_DOUBLE_SLIP: Final = 9


def asked_anew_at(item: Item, wants_answer: Callable[[str], bool]) -> datetime | None:
    """Return the time of the last edit by which the item became another question, or None.

    What a person would call the same question stays one: a word mended, thanks or a greeting added, something left
    out. It is another when a sentence that wants an answer got words that it did not have. The result depends on the
    wordings alone, not on what was replied meanwhile.

    Args:
        item: With its earlier wordings. One that was edited before anybody here saw it has none: nobody can tell what
            was asked at first, so its edit counts as asking anew (rather a question that stays open than one lost).
        wants_answer: Tells of a text whether it does.
    """
    first = item.earlier[0] if item.earlier else Wording(text=item.text, since=item.edited_at)
    found = first.since if first.since is not None and wants_answer(first.text) else None
    for before, after in _edits(item):
        if before.until is not None and asks_anew(before.text, after, wants_answer):
            found = before.until
    return found


def asks_anew(before: str, after: str, wants_answer: Callable[[str], bool]) -> bool:
    """Tell whether `after` asks something that `before` did not. Pure."""
    new = _new_words(before, after)
    return any(new & set(_words(sentence)) and wants_answer(sentence) for sentence in _SENTENCE.findall(after))


def _edits(item: Item) -> Iterator[tuple[Wording, str]]:
    """Yield what it said before each edit whose earlier words are known, with what it said then."""
    texts = [*(w.text for w in item.earlier), item.text]
    yield from zip(item.earlier, texts[1:], strict=True)


def _new_words(before: str, after: str) -> set[str]:
    """Return the words of `after` that say something `before` did not."""
    old, new = _words(before), _words(after)
    known = set(old)
    found: set[str] = set()
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what in {"equal", "delete"}:
            continue
        replaced = old[i1:i2]
        found |= {w for w in new[j1:j2] if w not in known and not any(_is_slip(r, w) for r in replaced)}
    return {w for w in found if w not in _POLITE}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())[:_MOST_WORDS]


def _is_slip(one: str, other: str) -> bool:
    """Tell whether a word is another one mistyped. Numbers never are: 8 and 9 are different questions."""
    if not (one.isalpha() and other.isalpha()) or min(len(one), len(other)) < _LEAST_SLIP:
        return False
    if frozenset({one, other}) in _ONE_LETTER_APART:
        return False
    return _distance(one, other) <= (2 if min(len(one), len(other)) >= _LEAST_DOUBLE_SLIP else 1)


def _distance(one: str, other: str) -> int:
    """Return how many letters were put in, left out, changed or swapped with their neighbour."""
    older: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        newer = [i]
        for j, b in enumerate(other, 1):
            cost = min(row[j] + 1, newer[-1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            newer.append(cost)
        older, row = row, newer
    return row[-1]
