"""Policies: the organisation's calendar, watch windows and limits, as plain data for the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """From `opens` to `closes`, local wall-clock time, half-open."""

    opens: time = time(8, 0)
    closes: time = time(17, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPolicy:
    """Which days are working days. `eves_off` adds Midsummer's, Christmas and New Year's Eve to the public holidays."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    country: str = "SE"
    eves_off: bool = True
    closed: frozenset[date] = frozenset()
    half_days: Mapping[date, OfficeHours] = field(default_factory=dict)
    office_hours: OfficeHours = OfficeHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec:
    """A watch window's local wall-clock times on an ordinary working day, half-open."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPolicy:
    """When accounts are fetched and how far back an answer or a comment on an old post is still looked for."""

    windows: tuple[WindowSpec, ...] = (
        WindowSpec(opens=time(8, 0), closes=time(12, 0)),
        WindowSpec(opens=time(13, 0), closes=time(17, 0)),
    )
    min_gap: timedelta = timedelta(hours=2)
    look_back: timedelta = timedelta(days=30)
    fetch_non_working_days: bool = False
    digest_after: timedelta = timedelta(minutes=45)  # a digest waits this long for accounts that do not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPolicy:
    """After how many days without an own post an account is stale, and when closing it is recommended."""

    warn_days: int = 30
    close_days: int = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPolicy:
    """What counts as an answer besides the account's own reply in the thread."""

    quote_is_answer: bool = False  # a quote post by the account counts as an answer (X)
    maybe_is_question: bool = True  # items graded "maybe" are followed like questions
    finish_working_days: int = 5  # by the end of so many working days, an answer that was promised must be given
