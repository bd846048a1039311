"""Making a text readable to the rules without moving a single character that is kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
"""Soft hyphens, zero-width and direction marks: nobody sees them, and a word or a number with one inside is "
"still one."""

_FOREIGN: Final = re.compile("[\0\u00a0\u2007\u202f\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\uff10-\uff19\u061f\uff1f]")
_PLAIN: Final = {zero + n: str(n) for zero in (0x0660, 0x06F0, 0x0966, 0xFF10) for n in range(10)} | {
    0x061F: "?",
    0xFF1F: "?",
    0x00A0: " ",
    0x202F: " ",
    0x2007: " ",
    0x0000: " ",
}

_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"]{1,2000}", re.IGNORECASE)
_QUOTED: Final = re.compile(r"\"[^\"\n]{1,400}\"|”[^”\n]{1,400}”|“[^”\n]{1,400}”|«[^»\n]{1,400}»|»[^»\n]{1,400}»")
_CITED_LINE: Final = re.compile(r"(?m)^[ \t]*>.*$")
_MENTION: Final = re.compile(r"(?<!\w)[@#][\w.\-]{1,60}")
_SENTENCE: Final = re.compile(r"[^.!?…\n]+[.!?…]*|[.!?…]+")
_SHORT: Final = re.compile(
    r"\b(t\.? ?ex|bl\.? ?a|d\.? ?v\.? ?s|m\.? ?m|o\.? ?s\.? ?v|f\.? ?d|[ef]\. ?kr|kl|nr|tel|ca|st|mr|mrs|dr|e\.g"
    r"|i\.e)\.",
    re.IGNORECASE,
)
"""Abbreviations, whose full stop ends no sentence."""

_WORD: Final = re.compile(r"[^\W_]+(?:['’:\-][^\W_]+)*|[,;:()–—-]+|[^\w\s]")

_HEAD, _TAIL = 10_000, 4_000
"""So much of a very long text is read for a question: nobody hides one in the middle of 100 kB."""


@dataclass(frozen=True, slots=True)
class Visible:
    """A text as people see it, and where each of its characters stands in the original."""

    text: str
    places: tuple[int, ...] | None  # None: nothing was left out

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where [start, end) lies in the original text."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def visible(text: str) -> Visible:
    """Leave out what is invisible, and read every script's digits, spaces and question marks as the plain ones."""
    plain = _plain(text)
    if not _INVISIBLE.search(plain):
        return Visible(plain, None)
    kept = [(n, c) for n, c in enumerate(plain) if not _INVISIBLE.match(c)]
    return Visible("".join(c for _, c in kept), tuple(n for n, _ in kept))


def readable(text: str) -> str:
    """Return the text as people see it, when places do not matter."""
    return _INVISIBLE.sub("", _plain(text))


def _plain(text: str) -> str:
    return text.translate(_PLAIN) if _FOREIGN.search(text) else text


def prose(text: str) -> str:
    """Return what the author says in their own words: no addresses, no mentions, no quoted and no cited text."""
    seen = readable(text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}")
    plain = _MENTION.sub(" ", _URL.sub(" ", _CITED_LINE.sub(" ", seen)))
    unquoted = _QUOTED.sub(" ", plain)
    # A text that is nothing but a quotation is meant as it stands.
    return unquoted if len(unquoted.split()) >= 2 else plain


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, each with its final marks."""
    for found in _SENTENCE.finditer(_SHORT.sub(r"\1", text)):
        sentence = found.group().strip()
        if sentence:
            yield sentence


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(text.split())


def words(sentence: str) -> list[str]:
    """Return a sentence's words and punctuation, in lower case, with one kind of apostrophe."""
    return [w.replace("’", "'") for w in _WORD.findall(sentence.casefold())]
