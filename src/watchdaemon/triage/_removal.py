"""What has no place under an official account: threats, gross abuse, advertising.

Small lists of plain cases: they mark what a person should look at, and a person decides.
"""

import re
from typing import Final

from watchdaemon.triage._text import readable

THREAT: Final = "threat"
ABUSE: Final = "abuse"
SPAM: Final = "spam link"

_MOST: Final = 20_000
"""So much of a text is read: what is to be removed shows in its beginning, and a longer one is seen by a person "
"anyhow."""


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})")


_THREATS: Final = _any(
    r"(?:ska|kommer|skall|vill) (?:jag |vi |att |fan |nog )?"
    r"(?:döda|mörda|skjuta|knivhugga|slå ihjäl|lemlästa|avrätta) (?:dig|er|din|honom|henne)\b",
    r"(?:jag|vi) (?:ska |kommer att )?(?:dödar|mördar|skjuter|slår ihjäl|tar? livet av) (?:dig|er|honom|henne)\b",
    r"(?:du|ni) (?:ska|borde|förtjänar att|skulle) (?:dö|hängas|skjutas|avrättas)\b",
    r"(?:vi|jag) vet (?:var|vart) (?:du|ni) bor\b",
    r"hoppas (?:att )?(?:du|ni) dör\b",
    r"döda (?:dig|er) (?:själv|själva)\b",
    r"(?:i|we)(?:'ll| will|'m going to| am going to|'m gonna| gonna) (?:kill|shoot|stab|murder) (?:you|him|her|u)\b",
    r"(?:kill|hang|shoot) (?:yourself|yourselves|urself)\b",
    r"hope (?:you|u|they) die\b",
    r"(?:you|u) (?:should|deserve to) die\b",
)

_ABUSE: Final = _any(
    r"fitt(?:a|or|an|jävel)\b",
    r"hor(?:a|or|unge|jävel)\b",
    r"kuk(?:en|sugare|huvud|jävel|jävlar)?\b",
    r"(?:runkare?|slyn(?:a|or)|subban?|äckel|ashål(?:en)?|rövhål)\b",
    r"(?:svartskall(?:e|ar|en)|blatt(?:e|ar|jävel|jävlar)|neger|negrer)\b",
    r"(?:bögjäv(?:el|lar|la)|idiotjäv(?:el|lar)|cp[- ]?(?:unge|skadad|jävel)|mongo(?:unge|jävel)?)\b",
    r"jävla (?:idiot(?:er)?|as|hor(?:a|or)|fitta|svin|kärring|gubb(?:e|jävel)|blatt(?:e|ar)|cp|bög|pucko|parasit)\b",
    r"(?:dra|far|stick) åt helvete\b",
    r"håll käften\b",
    r"knull(?:a|ad) (?:dig|er|din)\b",
    r"(?:fuck(?:ing|in|er|ers|ed|s)?|motherfuck\w{0,5}|mothafuck\w{0,5})\b",
    r"(?:bitch(?:es|ing|y|ass)?|cunts?|whores?|hoes|pussy|pussies)\b",
    r"(?:niggers?|nigg(?:a|as|ah|az)|fagg?ots?|trann(?:y|ys|ies)|wetbacks?|retard(?:s|ed)?)\b",
    r"(?:dickheads?|cocksuckers?|assholes?|dumbass|shithead|bastards?|(?:white|trailer) trash)\b",
)

_LINK: Final = re.compile(
    r"https?://|www\.|t\.me/|wa\.me/"
    r"|\b[a-z0-9-]{2,40}\.(?:com|net|ru|xyz|top|info|biz|click|shop|site|online|link|me|tk|ly)\b"
)

_BAIT: Final = _any(
    r"tjän[ao]?r? (?:\w+ ){0,3}(?:pengar|kr|kronor)\b",
    r"(?:snabba|extra|låna) pengar\b",
    r"(?:lån utan|bitcoins?|krypto\w{0,10}|crypto|forex|investera (?:nu|idag|i))\b",
    r"klicka (?:här|på länken)\b",
    r"(?:gratis (?:iphone|presentkort|vinst)|du har vunnit|vinn (?:en|ett)|billiga (?:klockor|skor|väskor))\b",
    r"(?:kolla in min (?:kanal|sida|profil)|följ mig)\b",
    r"(?:earn|make) (?:\w+ ){0,3}(?:money|cash|per)\b",
    r"(?:work from home|investment plan|dm me|sugar daddy|onlyfans|porn|viagra|cialis)\b",
    r"click (?:here|the link|this link|on the link)\b",
    r"free (?:gift|iphone|money|followers|entry|ringtones?|msgs?)\b",
    r"(?:you(?:'ve| have) (?:won|been selected)|claim (?:your|this|ur|now)|giveaway)\b",
    r"(?:check out (?:my|this|our)|check (?:my|out my)|visit my|watch my|follow me)\b",
    r"subscribe (?:to|my|me|for|here|on)\b",
    r"(?:whatsapp|telegram)\b",
)

_LINKLESS: Final = _any(
    r"subscribe to (?:my|me|our)\b",
    r"(?:check out my|check my (?:channel|video|page)|visit my (?:channel|page)|follow me on|sub (?:4|for) sub)\b",
    r"my (?:new )?youtube channel\b",
    r"(?:txt|text) \w{2,10} to [0-9]{4,6}\b",
    r"(?:you have|you've|u have) won\b",
    r"(?:claim|won) (?:\w+ ){0,4}(?:prize|cash|award)\b",
    r"(?:150ppm|prize guaranteed|guaranteed (?:cash|prize))\b",
)


def find_abuse(text: str) -> str | None:
    """Return `THREAT` or `ABUSE` when the text plainly holds one, a threat before abuse; None otherwise."""
    seen = _readable(text)
    if _THREATS.search(seen):
        return THREAT
    return ABUSE if _ABUSE.search(seen) else None


def find_spam(text: str) -> str | None:
    """Return `SPAM` for an advertisement: a bait with a link, or one that needs none. A link alone is no spam."""
    seen = _readable(text)
    if _LINKLESS.search(seen) or (_LINK.search(seen) and _BAIT.search(seen)):
        return SPAM
    return None


def _readable(text: str) -> str:
    return " ".join(readable(text[:_MOST]).casefold().replace("’", "'").split())
