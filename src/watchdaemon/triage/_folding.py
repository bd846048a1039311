"""Reading through disguises: capitals, look-alike letters, drawn-out words, letters apart, stars in place of letters.

What is folded keeps the place of each character in the original, so that a hit can be shown where it stands.
"""

import re
from functools import cache
from typing import Final

from watchdaemon.triage._text import Visible, visible, word_set

_ALIKE: Final = str.maketrans("0134579@$€!|аеорсхіукµ", "oieastgaseiiaeopcxiyku")
"""Figures, signs and Cyrillic letters that are written for Latin ones."""
_DISGUISED: Final = re.compile(
    r"[^\W\d_][0134579@$€!|*][^\W\d_]|\b[$@][^\W\d_]{2}|[аеорсхіук]|(\w)\1\1|  |\b\w[ ._*-]\w[ ._*-]\w\b"
)
_LATIN: Final = re.compile("[a-zåäö]")
_WORD: Final = re.compile(r"\S+")
_APART: Final = re.compile(r"(?<!\w)[^\W\d_](?:(?P<gap>[ ._*-])[^\W\d_])(?:(?P=gap)[^\W\d_]){1,20}(?!\w)")
_DRAWN: Final = re.compile(r"([^\W\d_])\1{2,}")
_SPACES: Final = re.compile(" {2,}")
_VOWELS: Final = frozenset("aeiouyåäö")


def lowered(text: str) -> Visible:
    """Return what people see, in lower case, with the places."""
    seen = visible(text)
    low = seen.text.lower()
    if len(low) != len(seen.text):  # a few capitals become two letters
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in seen.text)
    return Visible(low.replace("’", "'").replace("\n", " ").replace("\t", " "), seen.places)


def undisguised(seen: Visible) -> Visible | None:
    """Return a lowered text without its disguises; None when it wears none."""
    if not _DISGUISED.search(seen.text):
        return None
    text = _WORD.sub(_unmask, seen.text)
    kept = [True] * len(text)
    for found in _DRAWN.finditer(text):
        # "fiiin" has one vowel too many for each; "fitttta" two consonants, but one at the end of a word.
        is_last = found.end() == len(text) or not text[found.end()].isalpha()
        length = 1 if found[1] in _VOWELS or is_last else 2
        kept[found.start() + length : found.end()] = [False] * (found.end() - found.start() - length)
    for found in _SPACES.finditer(text):
        kept[found.start() + 1 : found.end()] = [False] * (found.end() - found.start() - 1)
    for found in _APART.finditer(text):
        for place in range(found.start() + 1, found.end(), 2):
            kept[place] = False
    places = seen.places if seen.places is not None else tuple(range(len(seen.text)))
    pairs = [(c, p) for c, p, k in zip(text, places, kept, strict=True) if k]
    return Visible("".join(c for c, _ in pairs), tuple(p for _, p in pairs))


def _unmask(found: re.Match[str]) -> str:
    word = found.group()
    if not _LATIN.search(word):
        return word  # a number, or another script
    return (_without_stars(word) if "*" in word else word).translate(_ALIKE)


def _without_stars(word: str) -> str:
    bare = word.strip(".,!?;:()\"'")
    for known in _often_starred(len(bare)):
        if all(a in {b, "*"} for a, b in zip(bare, known, strict=True)) and bare[0] == known[0]:
            return word.replace(bare, known)
    return word


@cache
def _often_starred(length: int) -> tuple[str, ...]:
    return tuple(w for w in _STARRED if len(w) == length)


_STARRED: Final = sorted(
    word_set(
        "fitta fittor fittan fittjävel hora horor horan horunge kuk kuken kukar jävla jävel jävlar jävlig neger "
        "negrer blatte blattar slyna subba knulla knullar fan helvete satan bög bögar idiot idioter rövhål döda mörda "
        "skjuta fuck fucking fucked fucker bitch bitches shit cunt cunts nigger nigga niggers whore whores dick pussy "
        "asshole faggot retard slut sluts porn bastard"
    )
)
