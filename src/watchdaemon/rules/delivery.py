"""When a mail that was not taken is tried again: a pure schedule."""

from datetime import datetime, timedelta
from typing import Final

from watchdaemon.domain.delivery import MailKind

CLAIM_LEASE: Final = timedelta(minutes=5)
"""A claim older than this may be taken again: its process died. Longer than all time-outs of one SMTP dialogue."""

RETRY_GAPS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
"""How long after the first, second … failed try the next one comes; after the last gap, that gap again and again."""


ORDER_KEPT: Final = timedelta(days=8)
"""So long an older report holds back the next one of its kind to the same person, so that they arrive in order. Not
longer: a report that no server takes must not keep all later ones."""

IN_ORDER: Final = (MailKind.WEEKLY, MailKind.MONTHLY)
"""The kinds that are read one after the other. Of the others a newer one supersedes an older one (`stale`)."""


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return when a mail is tried again after its `attempts`-th failed try.

    There is no giving up for temporary trouble: a digest or a report that comes a day late is still worth reading,
    and a mail server that is away for a weekend must not cost an organisation its mails. Trouble for good (an SMTP
    5xx) is not this function's: such a mail has bounced.

    Args:
        attempts: How many tries have failed so far, this one included; at least 1.
        now: The instant of the failure, aware UTC.
    """
    return now + RETRY_GAPS[min(max(attempts, 1), len(RETRY_GAPS)) - 1]
