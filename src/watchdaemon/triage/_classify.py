"""All of triage on one text."""

from watchdaemon.domain.question import Triage
from watchdaemon.triage._personal import PERSONAL_NUMBER, find_spans
from watchdaemon.triage._question import judge_question
from watchdaemon.triage._removal import find_abuse, find_spam


def classify(text: str) -> Triage:
    """Say of a text whether it wants an answer, and whether a person must look at it for removal.

    A personal identity number makes it secret: such a message must be removed and registered. Phone numbers, addresses
    and accounts are marked and no reason for removal: people give them to be called back. Pure; linear in the length of
    the text.
    """
    grade, reason = judge_question(text)
    spans = find_spans(text)
    is_secret = any(s.type == PERSONAL_NUMBER for s in spans)
    inappropriate = find_abuse(text) or find_spam(text)
    return Triage(
        grade=grade,
        reason=reason,
        spans=spans,
        is_secret=is_secret,
        is_inappropriate=inappropriate is not None,
        removal_reason="personal number" if is_secret else inappropriate or "",
    )
