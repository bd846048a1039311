"""What a person must look at for removal: offence, advertising, private matters. Nothing is removed by itself."""

from collections.abc import Iterator
from typing import Final

from watchdaemon.domain.question import Span
from watchdaemon.triage import _offensive as offensive
from watchdaemon.triage._folding import lowered, undisguised
from watchdaemon.triage._offensive import CERTAIN, ORDER, PROBABLE, PROFANITY, SPAM
from watchdaemon.triage._private import private_matters
from watchdaemon.triage._spam import looks_like_spam
from watchdaemon.triage._text import Visible

_MOST: Final = 20_000
"""So much of a text is read: what is to be removed shows early, and a person sees a longer one anyhow."""

_HITS: Final = 5
"""So many hits of one list are told of."""


def find_hits(text: str) -> tuple[Span, ...]:
    """Return what may have no place in a text, by place: its class as type, "certain" or "probable".

    The classes are those of `_offensive`, and ``health`` and ``social`` for private matters: certain where somebody
    they are about is named ("min son", "jag har"), probable where only the topic is. Disguises ("f i t t a", "h0ra",
    "f*ck") are looked through; what is only found so is probable.
    """
    seen = lowered(text[:_MOST])
    found = [
        *_offences(seen, None),
        *_advertising(text[:_MOST], seen),
        *(_span(seen, a, b, kind, CERTAIN if sure else PROBABLE) for a, b, kind, sure in private_matters(seen.text)),
    ]
    plain = undisguised(seen)
    if plain is not None:
        found += _offences(plain, PROBABLE)
    best: dict[tuple[int, int, str], Span] = {}
    for span in found:
        key = (span.start, span.end, span.type)
        if key not in best or span.certainty == CERTAIN:
            best[key] = span
    return tuple(sorted(best.values(), key=lambda s: (s.start, s.end, s.type)))


def _offences(seen: Visible, at_most: str | None) -> Iterator[Span]:
    if not offensive.may_hold_any(seen.text):
        return
    for kind, certainty, pattern in offensive.PATTERNS:
        for count, found in enumerate(pattern.finditer(seen.text)):
            if count >= _HITS:
                break
            yield _span(seen, found.start(), found.end(), kind, at_most or certainty)


def _advertising(text: str, seen: Visible) -> Iterator[Span]:
    found = looks_like_spam(text, seen.text)
    if found is not None:
        start, end, certainty = found
        yield _span(seen, start, end, SPAM, certainty)


def _span(seen: Visible, start: int, end: int, kind: str, certainty: str) -> Span:
    place = seen.span(start, end)
    return Span(start=place[0], end=place[1], type=kind, certainty=certainty)


def removal_reason(hits: tuple[Span, ...]) -> str | None:
    """Return the gravest class among the hits that is a reason to look for removal, or None.

    Profanity is none, nor a topic of health or social services without anybody it is about.
    """
    kinds = {hit.type for hit in hits}
    return next((kind for kind in ORDER if kind in kinds), None)


def is_private(hits: tuple[Span, ...]) -> bool:
    """Tell whether the hits hold a private matter of somebody's."""
    return any(hit.type in {"health", "social"} and hit.certainty == CERTAIN for hit in hits)


def is_offensive(hits: tuple[Span, ...]) -> bool:
    """Tell whether any hit is offensive in any degree above profanity."""
    return any(hit.type in ORDER and hit.type not in {SPAM, PROFANITY} for hit in hits)
