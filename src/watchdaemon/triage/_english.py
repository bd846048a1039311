"""What makes an English sentence a question or a request, as words and word order."""

import re
from typing import Final

from watchdaemon.triage._text import word_set

SUBJECTS: Final = word_set(
    "i you he she it we they this that these those there anyone anybody someone somebody everyone everybody no "
    "one nobody the a an any my your our his her their its all some"
)

SUBJECT_PRONOUNS: Final = word_set("i you he she it we they there anyone anybody someone this that")

AUXILIARIES: Final = word_set(
    "do does did is are was were can could will would should may might shall have has had am must don't doesn't "
    "didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't ain't dont "
    "doesnt didnt isnt cant wont"
)

COMMANDS: Final = re.compile(
    r"do (?:it|the|this|that|your|a|some|all|my)\b|have (?:a|an|the|your|some|it|all|this|my)\b"
    r"|don't (?:the|that|my|your|all|it|a|this|any)\b|had (?:a|the|to|my)\b|(?:was|is) a\b|(?:was|will) the\b"
)
"""Verb first without asking: a command, or a statement whose subject was left out."""

QUESTION_WORDS: Final = word_set(
    "what when where who whom whose why how which what's where's who's how's when's why's whats wheres whos hows "
    "what're what'll who'll how'd"
)

MEASURES: Final = word_set("much many long far often old come about big late early soon do are is can")

OPENERS: Final = word_set(
    "hi hey hello dear sorry excuse me but and so or yes no well ok okay question just please also then thanks "
    "now oh ps um"
)

_ASKED = (
    r"any(?:one|body) (?:know|knows|who|else|have|has)\b",
    r"(?:any|some) (?:ideas?|advice|suggestions?|recommendations?|help|info)\b(?= (?:on|for|about|with|where|how)|$)",
    r"(?:i|we|i'm|am|just|was) (?:just )?wonder(?:ing)?\b",
    r"let me know (?:if|when|what|how|where|whether|about)",
    r"(?:i'd like|would like|want|need) to (?:know|ask|find out)",
    r"please (?:\w+ )?(?:advise|help|fix|repair|reply|answer|respond|call|contact|tell|explain|confirm|send|let)",
    r"do you (?:know|have|think|want|offer|take|accept|guys)",
    r"is there (?:any|a|an)\b(?! no)",
    r"are there any",
    r"how (?:do|can|does|much|many|long) (?:i|you|we|it|is|are|does|do)",
    r"what (?:time|is|are) (?:do|the best|your)",
    r"where (?:can|do|is|are) (?:i|we|you|the)",
    r"(?:when|where|why|how) (?:do|does|did|can|will|would|should) ",
)

REQUESTS: Final = re.compile(rf"\b(?:{'|'.join(_ASKED)})")
"""Phrases that ask for an answer or an action wherever they stand."""

TENTATIVE: Final = re.compile(r"\b(?:can|could|would|will) (?:you|anyone|someone|somebody|anybody)\b")
"""Mostly asks; after a clause it states."""

FAULTS: Final = re.compile(r"\b(?:is|are|it's) (?:\w+ )?broken\b|\b(?:isn't|not|doesn't|does not|don't) work(?:ing)?\b")

TAGS: Final = frozenset(
    (verb, subject)
    for verb in (
        "isn't",
        "aren't",
        "don't",
        "doesn't",
        "didn't",
        "won't",
        "haven't",
        "is",
        "are",
        "do",
        "did",
        "can",
        "will",
    )
    for subject in ("it", "you", "he", "she", "we", "they")
)

EXCLAMATIONS: Final = word_set("what really seriously wtf huh eh why how no yes excuse")
