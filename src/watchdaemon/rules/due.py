"""When an answer is due."""

from datetime import datetime

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
    day = calendar.next_working_day(calendar.local_date(published_at))
    hours = calendar.hours_on(day)
    if hours is None:
        raise AssertionError(f"{day} is a working day without office hours")
    return calendar.at(day, hours.closes)
