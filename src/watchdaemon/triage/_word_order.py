"""What the rules see in one sentence: marks, word order, and what people write when they want an answer."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from watchdaemon.domain.question import Grade
from watchdaemon.triage import _english as en
from watchdaemon.triage import _swedish as sv
from watchdaemon.triage._text import word_set

Words = Sequence[str]


ASKS_FOR_SOMETHING: Final = "asks for something"
MAY_ASK_FOR_SOMETHING: Final = "may ask for something"
TELLS_OF_A_FAULT: Final = "tells of something that does not work"
A_CONDITION: Final = "a condition"


class Finding(NamedTuple):
    """What a rule saw: how sure it is, which way of asking it is, and the words that show it."""

    grade: Grade
    way: str
    shown: str = ""

    @property
    def reason(self) -> str:
        """The finding as people read it."""
        return f"{self.way}: {self.shown}" if self.shown else self.way


_BREAKS: Final = word_set("och men fast eller and but so or")
"""Words that join two main clauses, as a comma does."""

_LONGEST: Final = 80
"""So many words of one clause are looked at: word order shows in the beginning."""


def find_in_sentence(sentence: str, tokens: Words, clauses: Sequence[Words]) -> Finding | None:
    """Return the strongest finding in a sentence with its `tokens` and `clauses`; None where no rule sees any."""
    plain = [t for t in tokens if t[0].isalnum()]
    if "?" in sentence:
        return _judge_marked(plain)
    if not plain:
        return None
    if _is_condition(clauses, tokens):
        return Finding(Grade.NO, A_CONDITION)
    tentative: Finding | None = None
    for place, clause in enumerate(clauses):
        found = _judge_clause(clause, clauses[place - 1] if place else None)
        if found is not None and found.grade is Grade.YES:
            return found
        tentative = tentative or found
    found = _judge_phrases(_without_greeting(tokens))
    return found if found is not None and found.grade is Grade.YES else tentative or found


def _judge_marked(plain: Words) -> Finding:
    if not plain:
        return Finding(Grade.MAYBE, "a question mark without words")
    if len(plain) <= 2 and all(w in sv.EXCLAMATIONS or w in en.EXCLAMATIONS for w in plain):
        return Finding(Grade.MAYBE, "a question mark after a mere exclamation")
    if sv.RHETORICAL.search(" ".join(plain)):
        return Finding(Grade.MAYBE, "a question mark after what hardly asks")
    return Finding(Grade.YES, "a question mark")


# ---- clauses ---------------------------------------------------------------------------------------------------


def cut_into_clauses(tokens: Words) -> Iterator[list[str]]:
    """Yield the sentence's clauses, cut at punctuation and at joining words, greetings and fillers left out."""
    clause: list[str] = []
    for token in [*tokens, ","]:
        if token[0].isalnum() and token not in _BREAKS:
            clause.append(token)
            continue
        said = _without_openers(clause)
        if said:
            yield said
        clause = []


def _without_openers(clause: list[str]) -> list[str]:
    start = 0
    while start < len(clause) - 1 and _is_opener(clause[start], clause[start + 1]):
        start += 1
    said = clause[start : start + _LONGEST]
    return [] if len(said) == 1 and (said[0] in sv.OPENERS or said[0] in en.OPENERS) else said


def _is_opener(word: str, following: str) -> bool:
    # "Så när öppnar ni" asks, "så öppnar ni" does not.
    return word in sv.OPENERS or word in en.OPENERS or (word in {"så", "då", "sen"} and following in sv.QUESTION_WORDS)


def _is_condition(clauses: Sequence[Words], tokens: Words) -> bool:
    """Tell whether the sentence begins with a verb only because that is one way to say "if"."""
    if (
        not clauses
        or len(clauses[0]) < 2
        or not _is_swedish_verb(clauses[0][0])
        or clauses[0][1] not in sv.SUBJECT_PRONOUNS
    ):
        return False
    joined = next((n for n, t in enumerate(tokens) if t in _BREAKS), len(tokens))
    text = " ".join(tokens[:joined]).replace(" ,", ",")
    start = text.find(clauses[0][1], text.find(clauses[0][0])) + len(clauses[0][1])
    return sv.CONDITION.search(text, start) is not None


def _judge_clause(clause: Words, before: Words | None) -> Finding | None:
    if len(clause) < 2:
        return None
    is_first = before is None
    by_word = _swedish_question_word(clause, is_first=is_first) or _english_question_word(clause, is_first=is_first)
    if by_word:
        return by_word
    if before and before[0] in sv.SUBORDINATORS:
        return None  # the clause before pulls this one's verb to the front
    return _swedish_verb_first(clause, is_first=is_first) or _english_verb_first(clause, is_first=is_first)


# ---- Swedish ---------------------------------------------------------------------------------------------------


def _is_swedish_verb(word: str) -> bool:
    if word in sv.AUXILIARIES or word in sv.PAST:
        return True
    return word not in sv.NOT_VERBS and word not in sv.SUBJECTS and sv.VERB_ENDING.search(word) is not None


def _swedish_question_word(clause: Words, *, is_first: bool) -> Finding | None:  # noqa: PLR0911 - one way to ask after the other
    start = 1 if clause[0] in sv.PREPOSITIONS and clause[1] in sv.QUESTION_WORDS else 0
    word, rest = clause[start], clause[start + 1 :]
    if word not in sv.QUESTION_WORDS or not rest or rest[0] == "som":
        return None
    asks = Finding(Grade.YES, "a question word in front", word)
    if word in {"vilken", "vilket", "vilka"}:
        return asks if is_first and _is_choice(rest) else None
    if word == "hur":
        return _judge_hur(rest, asks, is_first=is_first)
    if word in {"vem", "vems"} or (word == "varför" and is_first):
        return asks
    if word == "vad" and (rest[0] in sv.EXCLAIMED or rest[0] in sv.SUBJECT_PRONOUNS):
        return None
    if word == "vad" and rest[0] in {"för", "i", "exakt", "mer", "annars", "händer", "med"}:
        return asks
    if word == "var" and rest[0] in {"någonstans", "nånstans", "exakt"}:
        return asks
    if word == "var" and rest[0] not in sv.AUXILIARIES and (len(rest) < 2 or rest[1] not in sv.SUBJECTS):
        return None  # "was", or "be" as a command
    is_turned = len(rest) > 1 and rest[1] in sv.SUBJECT_PRONOUNS and rest[0] not in sv.SUBJECTS
    return asks if is_turned or _is_swedish_verb(rest[0]) else None


def _is_choice(rest: Words) -> bool:
    """Tell "vilken tid öppnar ni" from "vilken fin dag"."""
    if rest[0] in sv.EXCLAIMED:
        return False
    return any(_is_swedish_verb(w) for w in rest[:6])


def _judge_hur(rest: Words, asks: Finding, *, is_first: bool) -> Finding | None:
    if rest[0] in sv.MEASURES:
        return asks if len(rest) > 1 and rest[1] != "som" else None
    if rest[0] in sv.SUBJECT_PRONOUNS:
        return None  # "hur man gör": a heading, or a clause of a statement
    return asks if is_first or _is_swedish_verb(rest[0]) else None


def _swedish_verb_first(clause: Words, *, is_first: bool) -> Finding | None:
    verb, nxt = clause[0], clause[1]
    if nxt in {"inte", "inget", "då", "verkligen", "också"} and len(clause) > 2 and clause[2] in sv.SUBJECT_PRONOUNS:
        nxt = clause[2]  # "kan inte ni öppna"
    if not _is_swedish_verb(verb) or sv.COMMANDS.match(" ".join(clause[:3])):
        return None
    if verb in sv.SAYING and nxt not in {"du", "ni", "man"}:
        return None
    if _LEFT_OUT.intersection(signs_of_a_statement(clause)):
        return None
    turned = Finding(Grade.YES, "a verb before its subject", f"{verb} {nxt}")
    if verb not in sv.AUXILIARIES and nxt not in sv.CLEAR_SUBJECTS:
        return _verb_before_noun(verb, nxt, turned) if is_first else None  # "läste den på en natt"
    if is_first:
        return turned if nxt in sv.SUBJECTS else _verb_before_noun(verb, nxt, turned)
    return turned if nxt in sv.SUBJECT_PRONOUNS and _stands_alone(verb, nxt, clause[2:]) else None


def _stands_alone(verb: str, subject: str, rest: Words) -> bool:
    """Tell a later clause's question from "sa jag" and from "får den hjälp som behövs"."""
    if not rest:
        return verb in sv.AUXILIARIES and verb not in sv.REPORTING
    return subject not in {"den", "de", "alla"} or rest[0] in sv.ADVERBS


def _verb_before_noun(verb: str, noun: str, turned: Finding) -> Finding | None:
    """Judge a verb in front of what may be its subject, or may follow a subject that was left out."""
    if verb in sv.AUXILIARIES and sv.THE_NOUN.fullmatch(noun):
        return turned
    if noun in sv.DROPPED_AFTER:
        return None
    if noun in {"det", "de"} and verb.endswith("r") and verb not in sv.SAYING:
        return Finding(Grade.MAYBE, "a verb before what may be its subject", f"{verb} {noun}")
    if verb in sv.AUXILIARIES and verb not in sv.PAST:
        return Finding(Grade.MAYBE, "a verb in front", verb)
    if sv.NOUN_IN_THE.fullmatch(noun) and verb.endswith("r") and verb not in sv.SAYING:
        return Finding(Grade.MAYBE, "a verb before a definite noun", f"{verb} {noun}")
    return None


_LEFT_OUT: Final = frozenset({"swedish:dropped", "swedish:verb and a thing", "swedish:saying"})
"""Signs that the subject was left out, not put behind the verb: "Hade en fin dag", "Kan bara hålla med"."""


def signs_of_a_statement(clause: Words) -> list[str]:
    """Return what speaks against a Swedish clause that begins like a question: an exclamation, a subject left out."""
    first, rest = clause[0], clause[1:5]
    if not rest:
        return []
    if "som helst" in " ".join(clause[1:]):
        return ["swedish:whatever"]
    if first in {"vad", "vilken", "vilket", "vilka", "så"}:
        is_turned_back = len(rest) > 1 and rest[1] in sv.SUBJECT_PRONOUNS and not _is_swedish_verb(rest[0])
        return ["swedish:exclaims"] if rest[0] in sv.EXCLAIMED or is_turned_back else []
    if not _is_swedish_verb(first) or first in sv.QUESTION_WORDS:
        return []
    found = ["swedish:no subject"] if not any(w in sv.SUBJECT_PRONOUNS or sv.THE_NOUN.match(w) for w in rest) else []
    if rest[0] in sv.DROPPED_AFTER and not any(w in sv.SUBJECT_PRONOUNS for w in rest[:2]):
        found.append("swedish:dropped")
    if rest[0] in {"en", "ett"} and first not in {"är", "finns", "kan", "får", "ska", "behöver", "måste"}:
        found.append("swedish:verb and a thing")
    return [*found, "swedish:saying"] if first in sv.SAYING else found


# ---- English ---------------------------------------------------------------------------------------------------


def _english_question_word(clause: Words, *, is_first: bool) -> Finding | None:  # noqa: PLR0911 - one way to ask after the other
    word, rest = clause[0], clause[1:]
    if word not in en.QUESTION_WORDS:
        return None
    asks = Finding(Grade.YES, "a question word in front", word)
    if not is_first:
        is_turned = len(rest) > 1 and rest[0] in en.AUXILIARIES and rest[1] in en.SUBJECTS
        return asks if is_turned else None
    if "'" in word or word in {"whats", "wheres", "whos", "hows", "whys"}:
        return asks
    if word == "how":
        return asks if rest[0] in en.MEASURES or rest[0] in en.AUXILIARIES else None
    if word in {"what", "which", "whose"}:
        if rest[0] in {"a", "an"} or rest[0] in en.SUBJECT_PRONOUNS:
            return None
        return asks if any(w in en.AUXILIARIES for w in rest[:4]) or len(rest) <= 3 else None
    if word in {"when", "where"}:
        return asks if rest[0] in en.AUXILIARIES else None
    return asks if rest[0] not in en.SUBJECT_PRONOUNS or word == "why" else None


def _english_verb_first(clause: Words, *, is_first: bool) -> Finding | None:
    verb, nxt = clause[0], clause[1]
    if verb not in en.AUXILIARIES or en.COMMANDS.match(f"{verb} {nxt}"):
        return None
    if nxt in en.SUBJECTS and (is_first or nxt in en.SUBJECT_PRONOUNS):
        return Finding(Grade.YES, "a verb before its subject", f"{verb} {nxt}")
    return None


# ---- phrases ---------------------------------------------------------------------------------------------------

_SWEDISH_TAG_ENDS: Final = frozenset({"eller", "va"})


def _without_greeting(tokens: Words) -> Words:
    """Return the tokens from the first that is neither a greeting nor punctuation ("please" is part of a request)."""
    start = 0
    while start < len(tokens) - 1 and tokens[start] not in {"please", "snälla"}:
        if tokens[start][0].isalnum() and not _is_opener(tokens[start], tokens[start + 1]):
            break
        start += 1
    return tokens[start:]


def _judge_phrases(tokens: Words) -> Finding | None:
    sentence, plain = " ".join(tokens), [t for t in tokens if t[0].isalnum()]
    if not plain:
        return None
    for asking in (sv.REQUESTS, en.REQUESTS):
        found = asking.search(sentence)
        if found:
            return Finding(Grade.YES, ASKS_FOR_SOMETHING, " ".join(found.group().split()[:4]))
    if plain[0] not in sv.SUBORDINATORS:  # after such a beginning the verb comes first in a statement too
        found = sv.TENTATIVE.search(sentence) or en.TENTATIVE.search(sentence)
        if found:
            return Finding(Grade.MAYBE, MAY_ASK_FOR_SOMETHING, found.group())
    return _judge_ending(plain) or _judge_fault(sentence)


def _judge_ending(plain: Words) -> Finding | None:
    last = tuple(plain[-2:])
    if last in sv.TAGS or last in en.TAGS:
        return Finding(Grade.MAYBE, "ends like a question", " ".join(last))
    if len(plain) > 2 and plain[-1] in _SWEDISH_TAG_ENDS:
        return Finding(Grade.MAYBE, "ends like a question", plain[-1])
    return None


def _judge_fault(sentence: str) -> Finding | None:
    if sv.FAULTS.search(sentence) or en.FAULTS.search(sentence):
        return Finding(Grade.MAYBE, TELLS_OF_A_FAULT)
    return None
