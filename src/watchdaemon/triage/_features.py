"""What the model of questions reads of a sentence: words and their places, kinds of words, what the rules found."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from watchdaemon.triage import _english as en
from watchdaemon.triage import _further as further
from watchdaemon.triage import _swedish as sv
from watchdaemon.triage._text import word_set
from watchdaemon.triage._word_order import Finding, signs_of_a_statement

_READ: Final = 40
"""So many words of one sentence are read: what asks shows early, and a longer sentence says little more."""

_LATER: Final = 4
"""So many clauses after the first are read."""

_SMALL_WORDS: Final = {
    "sv": word_set("och är jag det att inte som på för med har till vi ni av om kan men mycket bra också från efter"),
    "en": word_set("the and is i you to of it a that was for on are with have not this my be do at he she"),
    "no": word_set("og er jeg det at ikke som på for med har til vi av om kan men ikkje eg ein frå også etter mye"),
    "da": word_set("og er jeg det at ikke som på for med har til vi af om kan men også fra efter meget hvad blev"),
    "fi": word_set("ja on ei en että se hän minä sinä olen oli ovat mutta kun niin olet tämä joka myös tai voi"),
    "se": word_set("ja lea lei go ii mun don son leat dat dan ahte muhto mii eai ledje leai maid gii"),
}
_LETTERS: Final = {
    "ö": ("sv", "fi"),
    "ä": ("sv", "fi"),
    "ø": ("no", "da"),
    "æ": ("no", "da"),
    "č": ("se",),
    "š": ("se",),
    "đ": ("se",),
    "á": ("se",),
}


def guess_language(words: Sequence[str]) -> str:
    """Guess the language by small words and letters; a hint among many, and "xx" when nothing shows it."""
    if any("\u0600" <= w[0] <= "\u06ff" for w in words[:3]):
        return "ar"
    seen, joined = set(words[:_READ]), "".join(words[:_READ])
    votes = {language: 2 * len(small & seen) for language, small in _SMALL_WORDS.items()}
    for letter, languages in _LETTERS.items():
        if letter in joined:
            for language in languages:
                votes[language] += 2
    best = max(votes, key=votes.__getitem__)
    return best if votes[best] else "xx"


# ---- kinds of words --------------------------------------------------------------------------------------------


@lru_cache(maxsize=20_000)
def _kind(word: str) -> str:
    """Return the kinds a word may be of, over all languages, as one letter each."""
    kinds = [letter for letter, listed in _LISTS if word in listed]
    if not kinds:
        if word[0].isdigit():
            return "#"
        kinds = [letter for letter, pattern in _SHAPES if pattern.match(word)]
    return "".join(kinds[:2]) or "-"


_LISTS: Final = (
    ("q", sv.QUESTION_WORDS | en.QUESTION_WORDS | further.NORDIC_QUESTION_WORDS),
    ("q", further.FINNISH_QUESTION_WORDS | further.ARABIC_QUESTION_WORDS | further.SAMI_QUESTION_WORDS),
    ("a", sv.AUXILIARIES | en.AUXILIARIES | further.NORDIC_AUXILIARIES),
    ("s", sv.SUBJECT_PRONOUNS | en.SUBJECT_PRONOUNS | further.NORDIC_SUBJECTS),
    ("d", sv.SUBJECTS | en.SUBJECTS),
    ("x", sv.NOT_VERBS),
    ("p", sv.PREPOSITIONS),
    ("b", sv.SUBORDINATORS),
    ("e", sv.EXCLAIMED),
    ("n", sv.DROPPED_AFTER),
)
_SHAPES: Final = (("k", further.FINNISH_CLITIC), ("v", sv.VERB_ENDING), ("t", sv.THE_NOUN))


# ---- features --------------------------------------------------------------------------------------------------


def features(clauses: Sequence[Sequence[str]], finding: Finding | None) -> list[str]:
    """Return the names of what is present in a sentence, each once; `finding` is what the rules saw in it."""
    if not clauses:
        return []
    words = [w for clause in clauses for w in clause][:_READ]
    language = guess_language(words)
    seen = dict.fromkeys(_in_front(clauses[0], language))
    for clause in clauses[1 : 1 + _LATER]:
        seen.update(dict.fromkeys(_in_later_clause(clause)))
    seen.update(dict.fromkeys(_anywhere(words)))
    seen[f"l={language}"] = None
    seen[f"n={min(len(words), 3) if len(words) < 4 else 4 if len(words) < 8 else 8 if len(words) < 16 else 16}"] = None
    seen[f"r={finding.way}" if finding else "r="] = None
    if finding and finding.grade.value == "yes":
        seen["r+"] = None
    return list(seen)


def _in_front(clause: Sequence[str], language: str) -> Iterator[str]:
    first, second, third, fourth = [*clause[:4], "", "", "", ""][:4]
    yield f"0={first}"
    yield f"1={second}"
    yield f"2={third}"
    yield f"01={first} {second}"
    yield f"12={second} {third}"
    yield f"012={first} {second} {third}"
    yield f"s0={first[-2:]}"
    yield f"s0={first[-3:]}"
    yield f"s1={second[-2:]}"
    yield f"s1={second[-3:]}"
    yield f"p0={first[:2]}"
    yield f"p0={first[:3]}"
    yield f"s0s1={first[-2:]} {second[-2:]}"
    kinds = [_kind(w) if w else "." for w in (first, second, third, fourth)]
    yield f"k0={kinds[0]}"
    yield f"k01={kinds[0]} {kinds[1]}"
    yield f"k012={kinds[0]} {kinds[1]} {kinds[2]}"
    yield f"k0123={' '.join(kinds)}"
    yield f"lk={language} {kinds[0]} {kinds[1]}"
    yield f"0k={first} {kinds[1]}"
    yield f"k1={kinds[0]} {second}"
    for way in further.further_findings(clause):
        yield f"w={way}"
        yield f"w={language} {way}"
    for sign in signs_of_a_statement(clause):
        yield f"z={sign}"


def _in_later_clause(clause: Sequence[str]) -> Iterator[str]:
    first, second, third = [*clause[:3], "", "", ""][:3]
    yield f"c0={first}"
    yield f"c01={first} {second}"
    yield f"ck={' '.join(_kind(w) if w else '.' for w in (first, second, third))}"
    for way in further.further_findings(clause):
        yield f"cw={way}"


def _anywhere(words: Sequence[str]) -> Iterator[str]:
    previous = ""
    for word in words:
        yield f"b={word}"
        yield f"bb={previous} {word}"
        previous = word
    yield f"e={words[-1]}"
    yield f"ee={' '.join(words[-2:])}"
    yield f"se={words[-1][-3:]}"
