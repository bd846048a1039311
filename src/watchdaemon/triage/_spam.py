"""Advertising and fraud: baits and links by rule, and a small linear model for what is written like spam."""

import re
from collections.abc import Iterator
from typing import Final

from watchdaemon.triage._model import load, probability

CERTAIN: Final = "certain"
PROBABLE: Final = "probable"

_READ: Final = 60
"""So many words are read by the model."""

_ENDS: Final = 0.9
"""From this probability on the model alone calls a text spam. High: no citizen's question may be called so."""

MAY_BE: Final = 0.5
"""From this probability on a text is rather spam than not."""


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(alternatives)})")


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
    r"(?:please|pls|plz) (?:\w+ )?(?:subscribe|sub|check out|visit my)\b",
    r"(?:check|look|listen) (?:\w+ )?(?:out |at |to )?my (?:channel|music|page|videos?|songs?|covers?|profile"
    r"|website)\b",
    r"(?:reply|send|txt|text|call) (?:\w+ ){1,4}to (?:claim|win|stop|end|unsubscribe)\b",
    r"(?:prenumerera på|spana in|kolla in) (?:min|vår) (?:kanal|sida|profil|butik)\b",
    r"(?:du har (?:vunnit|blivit utvald)|lån utan (?:uc|kreditupplysning)|jobba hemifrån och tjäna)\b",
    r"(?:txt|text) \w{2,10} to [0-9]{4,6}\b",
    r"(?:you have|you've|u have) won\b",
    r"(?:claim|won) (?:\w+ ){0,4}(?:prize|cash|award)\b",
    r"(?:150ppm|prize guaranteed|guaranteed (?:cash|prize))\b",
)


_SUSPICIOUS: Final = re.compile(
    r"https?:|www\.|\.(?:com|net|ru|ly|xyz|be)\b|[£$€]|\d{5}|\b(?:free|win|won|prize|cash|subscribe|channel|earn"
    r"|click|claim|txt"
    r"|text|gratis|vinn|vunnit|tjäna|pengar|lån|klicka|bitcoins?|crypto|whatsapp|telegram|check|follow|porn|views?"
    r"|money)\b"
)
"""Without any of these a text is no spam, and the model is not asked."""


def looks_like_spam(text: str, low: str) -> tuple[int, int, str] | None:
    """Return the place in `low` (the text in lower case) of an advertisement, and its certainty; or None.

    A bait with a link, and a bait that needs none, are certain; what the model finds is probable. A link alone is
    nothing.
    """
    if not _SUSPICIOUS.search(low):
        return None
    bait = _LINKLESS.search(low) or (_BAIT.search(low) if _LINK.search(low) else None)
    if bait:
        return bait.start(), bait.end(), CERTAIN
    if spam_probability(text, low) < _ENDS:
        return None
    return 0, len(low), PROBABLE


def may_be_spam(text: str, low: str) -> bool:
    """Tell whether a text is rather spam than not."""
    if looks_like_spam(text, low) is not None:
        return True
    return _SUSPICIOUS.search(low) is not None and spam_probability(text, low) >= MAY_BE


def spam_probability(text: str, low: str) -> float:
    """Return the model's probability that a text is spam."""
    return probability(load("spam").margin(spam_features(text, low)))


_TOKEN: Final = re.compile(r"https?://[^\s]{1,300}|www\.[^\s]{1,300}|[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[£$€!]")


def spam_features(text: str, low: str) -> list[str]:
    """Return what the model reads: words in pairs, and how the text looks."""
    tokens = [_shape(found.group()) for found, _ in zip(_TOKEN.finditer(low), range(_READ), strict=False)]
    seen = dict.fromkeys(_words(tokens))
    letters = sum(c.isalpha() for c in text[:400])
    capitals = sum(c.isupper() for c in text[:400])
    digits = sum(c.isdigit() for c in text[:400])
    seen[f"caps={min(capitals * 10 // (letters + 1), 5)}"] = None
    seen[f"digits={min(digits // 4, 5)}"] = None
    seen[f"length={min(len(text) // 40, 5)}"] = None
    return list(seen)


def _shape(token: str) -> str:
    if token.startswith(("http", "www.")):
        return "<link>"
    return f"<{min(len(token), 6)} digits>" if token.isdigit() else token


def _words(tokens: list[str]) -> Iterator[str]:
    previous = ""
    for token in tokens:
        yield f"b={token}"
        if previous:
            yield f"bb={previous} {token}"
        previous = token
