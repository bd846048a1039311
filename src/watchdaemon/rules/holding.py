"""Which replies only promise an answer: "vi återkommer", "we'll look into it"."""

import re
from typing import Final

_LOOK_AT: Final = 1_000
"""A promise stands in a short reply or at the beginning or end of a long one; what is longer is an answer."""

_WE_SV: Final = r"(?:vi|jag|man|handläggaren|kollegan?|kollegorna)"
_SOON_SV: Final = (
    r"(?:(?:här|nu|då|strax|snart|gärna|självklart|absolut|genast|direkt|också|själva?|internt|lite|bara)\s+)*"
)
_FIRM_SV: Final = r"(?:ska|skall|kommer\s+att|får|måste|lovar\s+att|ber\s+att\s+få|ber\s+om\s+att\s+få|hoppas\s+kunna)"

_LOOK_EN: Final = (
    r"(?:look(?:ing)?\s+into|check(?:ing)?\s+(?:this|that|it|with|on|up)|find(?:ing)?\s+out|be\s+in\s+touch)"
)

_PROMISES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # "vi återkommer", "återkommer till dig", "återkommer så fort vi vet", "ber att få återkomma"
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:återkommer|åter\s?kopplar)\b(?!\s+(?:du|ni)\b)",
        rf"\båter(?:kommer|kopplar)\s+{_WE_SV}\b",
        r"\båterkommer\s+(?:till\s+(?:dig|er)|med\s+(?:svar|besked|mer|ett\s+svar)|inom\s+kort|så\s+(?:fort|snart))\b",
        rf"\b{_FIRM_SV}\s+{_SOON_SV}(?:återkomma|återkoppla|höra\s+av\s+(?:oss|mig))\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}hör\s+av\s+(?:oss|mig)\b|\bhör\s+av\s+(?:oss|mig)\s+(?:så|när|inom|till)\b",
        # "vi kollar upp det", "jag ska kolla med en kollega", "ska undersöka saken", "tar reda på det"
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:kollar|undersöker|utreder|dubbelkollar)\b(?!\s+(?:alltid|varje))",
        rf"\b(?:{_WE_SV}\s+)?{_FIRM_SV}\s+{_SOON_SV}(?:kolla|undersöka|utreda|dubbelkolla|ta\s+reda\s+på)\b",
        rf"\b{_FIRM_SV}\s+{_WE_SV}\s+{_SOON_SV}(?:kolla|undersöka|utreda|dubbelkolla|ta\s+reda\s+på|återkomma)\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}tar\s+reda\s+på\b|^tar\s+reda\s+på\b|^kollar\s+(?:upp|med|detta|det)\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:hör|stämmer\s+av|frågar|kontrollerar)\s+(?:med|runt|det\s+med)\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:ser\s+över|tittar\s+på|tar\s+upp)\s+(?:det|detta|saken|frågan|ärendet)\b",
        # English
        r"\b(?:get|come|report)\s+back\s+to\s+(?:you|this|everyone|everybody)\b",
        rf"\b(?:i|we|let\s+(?:me|us))(?:'ll|\s+will|'re|\s+are|'m|\s+am)?\s+(?:going\s+to\s+)?(?:just\s+)?{_LOOK_EN}\b",
        r"^(?:looking\s+into|checking\s+(?:this|that|it|with))\b",
    )
)

_WISHES: Final = re.compile(
    r"\b(?:om|ifall|när|hoppas|önskar|välkommen|gärna)\s+(?:du|ni|att\s+du|att\s+ni)\b[^.!?\n]{0,40}\bå?ter"
    r"|\b(?:if|when|please|feel\s+free)\b[^.!?\n]{0,40}\bget\s+back\s+to\s+(?:us|me)\b"
    r"|\b(?:vi|jag)\s+(?:kommer\s+)?(?:inte|ej|aldrig)\s+(?:att\s+)?(?:återkom|kolla|undersök)"
)

_HINT: Final = re.compile(
    r"åter|hör|kolla|undersök|utred|reda på|stämm|fråga|kontroll|ser över|titta|tar upp|back|look|check|find|touch"
)
"""No promise is without one of these; most replies are, and are done with at once."""

_CLAUSE: Final = re.compile(r"[.!?\n;]+")
_SPACES: Final = re.compile(r"[ \t\u00a0]+")


def is_holding_reply(text: str) -> bool:
    """Tell whether an own reply promises to come back with an answer, in Swedish or English.

    It may say more than that: what is promised beside it is still to come. What asks the other one to come back
    ("återkom gärna om du undrar något mer") is no promise, and a refusal ("vi återkommer inte i det här ärendet")
    neither. Pure.

    Args:
        text: The own reply's.
    """
    told = _SPACES.sub(" ", text[:_LOOK_AT].casefold().replace("’", "'"))
    if _HINT.search(told) is None:
        return False
    return any(_promises(clause.strip(" ,:–-")) for clause in _CLAUSE.split(told))


def _promises(clause: str) -> bool:
    found = any(pattern.search(clause) for pattern in _PROMISES)
    return (
        found
        and not _WISHES.search(clause)
        and not re.search(r"\b(?:återkommer|kollar)\s+(?:inte|ej|aldrig)\b", clause)
    )
