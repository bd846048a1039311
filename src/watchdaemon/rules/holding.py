"""Which replies only promise an answer: "vi återkommer", "we'll look into it"."""

import re
from typing import Final

_LOOK_AT: Final = 1_000
"""A promise stands in a short reply or at the beginning or end of a long one; what is longer is an answer."""

_WE_SV: Final = r"(?:vi|jag|handläggaren|kollegan?|kollegorna)"
_SOON_SV: Final = (
    r"(?:(?:här|nu|då|strax|snart|gärna|självklart|absolut|genast|direkt|också|själva?|internt|lite|bara)\s+)*"
)
_FIRM_SV: Final = (
    r"(?<!\bdu\s)(?<!\bni\s)(?<!\bman\s)(?<!\bde\s)"  # "du får kolla med …" sends the other one elsewhere
    r"(?:ska|skall|kommer\s+att|får|måste|behöver|lovar\s+att|ber\s+att\s+få|ber\s+om\s+att\s+få|hoppas\s+kunna)"
)
_LOOK_SV: Final = (
    r"(?:kolla|kika|undersöka|utreda|dubbelkolla|ta\s+reda\s+på|stämma\s+av|höra\s+med|fråga\s+(?:runt|med)|se\s+över"
    r"|titta\s+på\s+(?:det|detta|saken|frågan|ärendet))"
)
_LATER_SV: Final = (
    r"(?=\s*$|\s+(?:till\s+(?:dig|er)|med\s+(?:svar|besked|mer|ett\s+svar|information|info)|inom|så\s+(?:fort|snart)|snar\w*|"
    r"strax|här|under|senare|när|i\s+(?:frågan|ärendet|saken)|i\s?dag|i\s?morgon|nästa\s+vecka|på\s+\w+dag)\b)"
)
_SOONER_SV: Final = (
    r"(?:under\s+dagen|under\s+veckan|inom\s+kort|senare|strax|snar\w*|så\s+(?:fort|snart)|i\s?dag|i\s?morgon)\b"
)
_COMES_BACK: Final = r"(?:återkommer|åter\s?kopplar|hör\s+av\s+(?:oss|mig))"
_TELL_SV: Final = r"(?:uppdaterar|meddelar|informerar|svarar|berättar|skriver)"

_LOOK_EN: Final = (
    r"(?:look(?:ing)?\s+into|check(?:ing)?\s+(?:this|that|it|with|on|up)|find(?:ing)?\s+out|be\s+in\s+touch)"
)

_PROMISES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        # "vi återkommer", "återkommer till dig", "återkommer så fort vi vet", "ber att få återkomma"
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:återkommer|åter\s?kopplar)\b(?!\s+(?:du|ni)\b)",
        rf"(?<!\bså\s)\båter(?:kommer|kopplar)\s+{_WE_SV}\b",  # not "mejla oss, så återkommer vi"
        r"\båterkommer\s+(?:till\s+(?:dig|er)|med\s+(?:svar|besked|mer|ett\s+svar)|inom\s+kort|så\s+(?:fort|snart))\b",
        # "återkommer snarast", "… stämmer av internt, återkommer", "vi tar det vidare och återkommer"
        rf"(?:^|,\s*){_COMES_BACK}{_LATER_SV}|\b{_WE_SV}\b[^,]{{1,100}}\s(?:och|men)\s+{_COMES_BACK}{_LATER_SV}",
        rf"\b(?:{_WE_SV}\s+)?{_TELL_SV}(?:\s+(?:vi|jag|dig|er|här))*\s+(?:så\s+(?:fort|snart)|när)\s+(?:vi|jag)\s+(?:vet|har|får|fått|kan)\b",
        # "svar kommer under dagen", "vi väntar på besked"
        rf"\bsvar\s+kommer(?:\s*$|\s+{_SOONER_SV})",
        rf"\b(?:du|ni)\s+(?:ska\s+|kommer\s+att\s+)?får?\s+(?:ett\s+)?svar\s+{_SOONER_SV}",
        r"(?<!\bdu\s)(?<!\bni\s)(?<!\bsom\s)\b(?:in)?väntar\s+(?:(?:fortfarande|ännu|på)\s+){0,3}(?:svar|besked)\b",
        # "vi arbetar på ett svar", "jag ber någon som vet svara dig", "vi hör oss för", "vi behöver lite tid"
        r"\b(?:vi|jag)\s+(?:arbetar|jobbar)\s+(?:på|med)\s+(?:\w+\s+){0,4}svar\b|\bhör\s+(?:oss|mig)\s+för\b",
        r"\b(?:vi|jag)\s+(?:ska\s+)?ber?\s+(?:\w+\s+){1,6}(?:svara|återkomma)\b",
        r"\b(?:vi|jag)\s+behöver\s+(?:lite\s+|mer\s+)*tid\b",
        rf"\b{_FIRM_SV}\s+{_SOON_SV}(?:återkomma|återkoppla|höra\s+av\s+(?:oss|mig))\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}hör\s+av\s+(?:oss|mig)\b|\bhör\s+av\s+(?:oss|mig)\s+(?:så|när|inom|till)\b",
        # "vi kollar upp det", "jag ska kolla med en kollega", "ska undersöka saken", "tar reda på det"
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:kollar|kikar|undersöker|utreder|dubbelkollar)\b",
        rf"\b{_FIRM_SV}\s+{_SOON_SV}{_LOOK_SV}\b|\blåt\s+(?:oss|mig)\s+(?:få\s+)?{_SOON_SV}{_LOOK_SV}\b",
        rf"\b{_FIRM_SV}\s+{_WE_SV}\s+{_SOON_SV}(?:{_LOOK_SV}|återkomma)\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}tar\s+reda\s+på\b|^tar\s+reda\s+på\b|^kollar(?:\s+(?:upp|med|detta|det)\b|$)",
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:hör|stämmer\s+av|frågar|kontrollerar)\s+(?:med|runt|det\s+med)\b",
        rf"\b{_WE_SV}\s+{_SOON_SV}(?:ser\s+över|tittar\s+på|tar\s+upp)\s+(?:det|detta|saken|frågan|ärendet)\b",
        # English
        r"\b(?:get|come|report)\s+back\s+to\s+(?:you|this|everyone|everybody)\b",
        rf"\b(?:i|we|let\s+(?:me|us))(?:'ll|\s+will|'re|\s+are|'m|\s+am)?\s+(?:going\s+to\s+)?(?:just\s+)?{_LOOK_EN}\b",
        r"(?:\bwill|'ll|\band)\s+(?:let\s+you\s+know|be\s+in\s+touch)\b|\breturn\s+with\s+(?:an|the)\s+answer\b",
        r"^(?:looking\s+into|checking\s+(?:this|that|it|with))\b",
        r"^(?:(?:i|we)(?:'ll|\s+will)\s+(?:check|ask|find\s+out)|checking)$",
    )
)

_WISHES: Final = re.compile(
    r"\b(?:om|ifall|när|hoppas|önskar|välkommen|gärna)\s+(?:du|ni|att\s+du|att\s+ni)\b[^.!?\n]{0,40}\bå?ter"
    r"|\b(?:if|when|please|feel\s+free)\b[^.!?\n]{0,40}\bget\s+back\s+to\s+(?:us|me)\b"
    r"|\b(?:vi|jag)\s+(?:kommer\s+)?(?:inte|ej|aldrig)\s+(?:att\s+)?(?:återkom|kolla|undersök)"
)

_HABIT: Final = re.compile(
    r"\b(?:varje|alltid|årligen|dagligen|regelbundet|löpande|traditionsenligt|som\s+vanligt)\b"
    r"|\båterkommer\s+(?:även|också|igen|nästa\s+(?:år|sommar|höst|vår|vinter|säsong)|till\s+(?!(?:dig|er|det|detta|frågan|saken)\b)\w+"
    r"|med\s+(?!svaret|beskedet|info|priset|tiden|datumet|resultatet)\w{3,}(?:en|et)"
    r"|i\s+(?:vår|sommar|höst|vinter|januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december))\b"
)
"""What is done or comes back every time: "vi återkommer varje år med marknaden" is an answer, …"""

_SURELY: Final = re.compile(
    r"\b(?:svar|besked|mer|information|info|till\s+(?:dig|er)|inom\s+kort|så\s+(?:fort|snart))\b"
)
"""… unless an answer is spoken of."""

_HINT: Final = re.compile(
    r"åter|hör|kolla|kika|undersök|utred|reda på|stämm|fråga|kontroll|ser? över|titta|tar upp|svar|väntar"
    r"|så snart|så fort|när vi|när jag|tid\b|back|look|check|find|touch|know|return"
)
"""No promise is without one of these; most replies are, and are done with at once."""

_CLAUSE: Final = re.compile(r"[.!?\n;]+")
_SPACES: Final = re.compile(r"[ \t\u00a0]+")


_COURTEOUS: Final = re.compile(
    r"varsågoda?|var|så|goda?|själva?|tack|tackar|detsamma|ingen|inga|fara|orsak|problem|det|lite|ha|en|fin|bra|trevlig"
    r"|skön|fortsatt|dag|dagen|helg|kväll|vecka|hej|hälsningar|mvh|kul|roligt|härligt|vad|att|höra"
    r"|you|you['’]?re|are|welcome|no|my|pleasure|have|a|nice|good|day|same|to|thanks"
)
_COURTESY_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_COURTESY_AT_MOST: Final = 80
_NAME: Final = re.compile(r"(?:^\W*(?:varsågoda?|tack|hej)[\s,]+|/\s?)([^\W\d_]+)", re.IGNORECASE)


def is_courtesy(text: str) -> bool:
    """Tell whether an own reply says nothing but "you are welcome": it keeps no promise. Pure.

    Args:
        text: The own reply's. Without any text (a picture) it is none: that may be the answer.
    """
    if not text.strip() or len(text) > _COURTESY_AT_MOST:
        return False
    names = {found.casefold() for found in _NAME.findall(text) if found[0].isupper()}
    return all(_COURTEOUS.fullmatch(word) or word in names for word in _COURTESY_WORD.findall(text.casefold()))


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
        and (not _HABIT.search(clause) or _SURELY.search(clause) is not None)
        and not re.search(r"\b(?:återkommer|kollar)\s+(?:inte|ej|aldrig)\b", clause)
    )
