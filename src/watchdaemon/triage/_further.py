"""What a question looks like in Norwegian, Danish, Finnish, Arabic and Northern Sámi: short lists for the model.

Each language gives what a rule can say about the beginning of a clause. None of it decides by itself (see
`_judgement`), so that a word that means something else in another language does no harm.
"""

import re
from collections.abc import Sequence
from typing import Final

from watchdaemon.triage._text import word_set

# ---- Norwegian (both written forms) and Danish ------------------------------------------------------------------

NORDIC_QUESTION_WORDS: Final = word_set(
    "hva hvad ka kva hvem kven hvor kor hvordan korleis hvorfor kvifor hvornår når hvilken hvilket hvilke kva kvar "
    "hvilken hvis mon hvoffor åssen hvorhen hvorhenne hvortil hvorvidt kvifor korfor"
)
NORDIC_SUBJECTS: Final = word_set(
    "jeg eg æ du han ho hun vi me dere de dykk i dei den det man en ein noen nokon nogen noe noko noget nån alle "
    "dette denne disse desse min mitt mit mine din ditt dit dine vår vårt vores deres hans hennes hendes tom mary folk"
)
NORDIC_AUXILIARIES: Final = word_set(
    "er var har hadde havde kan kunne kunna skal skulle skulla vil ville må måtte får fikk fekk fik bør burde blir "
    "blei ble bliver blev finnes fins finst findes kommer kjem gjør gjer gør gjorde går gikk gjekk gik tar tok tog "
    "vet veit ved visste vidste tror trur trodde ser så vart gjelder gjeld gælder trenger treng behøver heter heiter "
    "hedder bor liker likar mener meiner synes syns tør orker åpner opnar åbner stenger lukker koster ligger står"
)
NORDIC_VERB_ENDING: Final = re.compile(r"[^\W\d_]{2,}(?:er|ar|te|de|et|a)$")

# ---- Finnish ----------------------------------------------------------------------------------------------------

FINNISH_QUESTION_WORDS: Final = word_set(
    "mikä mitä minkä missä mistä mihin miksi miten milloin koska kuka ketä kenen kenelle keneltä kenet kuinka kumpi "
    "kumpaa kumman millainen millaista millaisia minkälainen minne mille millä miltä mitkä miksei kauanko montako "
    "paljonko mitenkä mites mitäs missäs keitä ketkä moneltako monelta mones minkälaista minkä minkälaisia mitäpä"
)
FINNISH_CLITIC: Final = re.compile(r"[^\W\d_]{2,}(?:ko|kö|kos|kös|kohan|köhän|kaan|ks|tko|tkö)$")
FINNISH_NOT_ASKING: Final = word_set("koko joko verkko pankko joukko kirkko jatko lakko mokko kolkko ukko pakko keko")

# ---- Arabic -----------------------------------------------------------------------------------------------------

ARABIC_QUESTION_WORDS: Final = word_set(
    "هل ما ماذا من متى أين اين كيف لماذا لم كم أي اي أية أليس أيمكن أيمكنني أيمكنك ماهي ماهو لمن بماذا وماذا وهل "
    "فهل وكيف ولماذا ومن مَن أهذا أهذه أنت ألا ألم ألست أتعرف أيّ ممن عم بكم إلى شو ليش وين امتى ايش منو شنو فين ليه "
    "إزاي كام مين"
)
ARABIC_ALIF: Final = re.compile(r"(?:و|ف)?أ(?:ت|ي|ن|ل[ايسنم]|لم|ما|هن|هذ|هو|هي|ست|أ|ف|و|ك)\w*$")

# ---- Northern Sámi ----------------------------------------------------------------------------------------------

SAMI_QUESTION_WORDS: Final = word_set(
    "mii maid man mas masa mainna gii gean geas geasa geainna gos gosa goas manin manne mo mot movt guhte guđe guđes "
    "galle gallis makkár makkárin gokko mannin maiddái manen geat geaid makkáraš gosto"
)
SAMI_GO: Final = re.compile(r"[^\W\d_]{2,}(?:go|gos)$")


def further_findings(clause: Sequence[str]) -> list[str]:
    """Return which ways of asking the beginning of a clause shows, as "language:way" names."""
    first, second = clause[0], clause[1] if len(clause) > 1 else ""
    third = clause[2] if len(clause) > 2 else ""
    found = []
    if first in NORDIC_QUESTION_WORDS:
        found.append("nordic:word")
        if second in NORDIC_AUXILIARIES and third in NORDIC_SUBJECTS:
            found.append("nordic:word+turned")
    elif second in NORDIC_SUBJECTS and first not in NORDIC_SUBJECTS:
        if first in NORDIC_AUXILIARIES:
            found.append("nordic:turned")
        elif NORDIC_VERB_ENDING.match(first):
            found.append("nordic:verb")
    if first in FINNISH_QUESTION_WORDS:
        found.append("finnish:word")
    elif FINNISH_CLITIC.match(first) and first not in FINNISH_NOT_ASKING:
        found.append("finnish:clitic")
    elif FINNISH_CLITIC.match(second) and second not in FINNISH_NOT_ASKING:
        found.append("finnish:clitic later")
    return found + _arabic(first) + _sami(clause)


def _arabic(first: str) -> list[str]:
    if first in ARABIC_QUESTION_WORDS:
        return ["arabic:word"]
    return ["arabic:alif"] if ARABIC_ALIF.match(first) else []


def _sami(clause: Sequence[str]) -> list[str]:
    found = []
    if clause[0] in SAMI_QUESTION_WORDS:
        found.append("sami:word")
    if "go" in clause[1:3]:
        found.append("sami:go")
    elif SAMI_GO.match(clause[0]):
        found.append("sami:-go")
    return found


WAYS: Final = {
    "word": "a question word in front",
    "word+turned": "a question word in front",
    "turned": "a verb before its subject",
    "verb": "a verb before its subject",
    "clitic": "the ending that asks",
    "clitic later": "the ending that asks",
    "alif": "the letter that asks",
    "go": "the particle that asks",
    "-go": "the ending that asks",
}
"""What each way of asking is called in a reason."""
