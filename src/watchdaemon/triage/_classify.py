"""All of triage on one text."""

from watchdaemon.domain.question import Triage
from watchdaemon.triage._personal import PERSONAL_NUMBER, UNCHECKED_NUMBER, find_spans
from watchdaemon.triage._question import DEFAULT_THRESHOLD, judge_question
from watchdaemon.triage._removal import find_hits, is_private, removal_reason

SECRET_NUMBERS = frozenset({PERSONAL_NUMBER, UNCHECKED_NUMBER})


def classify(text: str, threshold: float = DEFAULT_THRESHOLD) -> Triage:
    """Say of a text whether it wants an answer, and whether a person must look at it for removal.

    A personal identity number makes it secret, a mistyped one too: such a message must be removed and registered. Phone
    numbers, addresses and accounts are marked and no reason for removal: people give them to be called back. A private
    matter of somebody's, and what is offensive or advertising, is marked for a person to look at. Pure; linear in the
    length of the text.

    Args:
        text: What somebody wrote.
        threshold: See `judge_question`; an organisation may set its own.
    """
    grade, reason = judge_question(text, threshold)
    numbers, hits = find_spans(text), find_hits(text)
    is_secret = any(s.type in SECRET_NUMBERS for s in numbers)
    gravest = removal_reason(hits) or ("private matter" if is_private(hits) else None)
    return Triage(
        grade=grade,
        reason=reason,
        spans=tuple(sorted((*numbers, *hits), key=lambda s: s.start)),
        is_secret=is_secret,
        is_inappropriate=gravest is not None,
        removal_reason="personal number" if is_secret else gravest or "",
    )
