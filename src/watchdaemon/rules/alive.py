"""When the program was running, as a short list of spans: tells "nobody looked" from "looked and failed"."""

from collections.abc import Sequence
from datetime import datetime, timedelta

BEAT_GAP = timedelta(minutes=5)
"""Beats at most this far apart belong to one span: the daemon's tick is a minute, a long round may stretch it."""

KEPT = timedelta(days=70)
"""Spans that ended longer ago are forgotten: missed windows are looked for 60 days back."""

Span = tuple[datetime, datetime]


def beat(spans: Sequence[Span], now: datetime) -> list[Span]:
    """Return the spans with a beat at `now` added, oldest first; a beat before the last one changes nothing."""
    kept = [s for s in spans if s[1] >= now - KEPT]
    if not kept:
        return [(now, now)]
    start, end = kept[-1]
    if now <= end:
        return kept
    if now - end <= BEAT_GAP:
        return [*kept[:-1], (start, now)]
    return [*kept, (now, now)]
