"""When an answer is due."""

from datetime import date, datetime
from functools import lru_cache

from watchdaemon.rules.workdays import WorkCalendar


def due_at(published_at: datetime, calendar: WorkCalendar) -> datetime:
    """Return when an item published at that instant must be answered at the latest.

    The end of office hours on the first working day after the local date it was published on (not fetched on): the
    organisation's guideline asks for an answer by the next weekday. An item published on a day off, or in the night,
    counts for the date on the local calendar.

    Args:
        published_at: Aware, any zone.
        calendar: The organisation's.

    Returns:
        Aware UTC; always a working day's office end and always after `published_at`.
    """
    return _due_after(calendar.local_date(published_at), calendar)


def finish_due_at(promised_at: datetime, calendar: WorkCalendar, working_days: int) -> datetime:
    """Return by when an answer that was promised at that instant must have been given.

    The end of office hours on so many working days after the local date of the promise. A promise that is made again
    does not move it: whoever asks counts from the first one.

    Args:
        promised_at: Aware, any zone.
        calendar: The organisation's.
        working_days: At least 1.

    Returns:
        Aware UTC.
    """
    day = calendar.local_date(promised_at)
    for _ in range(working_days):
        day = calendar.next_working_day(day)
    return _end_of(day, calendar)


@lru_cache(maxsize=1_024)
def _due_after(day: date, calendar: WorkCalendar) -> datetime:
    """Return the end of the next working day. Kept, because a thousand items are written on one day."""
    return _end_of(calendar.next_working_day(day), calendar)


def _end_of(day: date, calendar: WorkCalendar) -> datetime:
    hours = calendar.hours_on(day)
    if hours is None:
        raise AssertionError(f"{day} is a working day without office hours")
    return calendar.at(day, hours.closes)
