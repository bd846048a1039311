"""When an answer is due: the promised dates, and laws that hold for all dates."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.calendar import CalendarPolicy, OfficeHours
from watchdaemon.rules.due import due_at, finish_due_at
from watchdaemon.rules.workdays import WorkCalendar

CALENDAR = WorkCalendar(CalendarPolicy())
ZONE = CALENDAR.policy.zone

instants = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
closures = st.frozensets(st.dates(date(2026, 1, 1), date(2028, 12, 31)), max_size=40)


@pytest.mark.parametrize(
    ("published", "due", "why"),
    [
        ("2026-12-23", "2026-12-28", "over Christmas and a weekend"),
        ("2026-12-30", "2027-01-04", "over New Year's Eve, New Year's Day and a weekend"),
        ("2027-01-05", "2027-01-07", "over Epiphany"),
        ("2027-03-25", "2027-03-30", "over Easter, with the clock change in it"),
        ("2027-05-05", "2027-05-07", "over Ascension; the Friday after is worked"),
        ("2027-06-24", "2027-06-28", "over Midsummer"),
        ("2026-11-20", "2026-11-23", "over an ordinary weekend"),
        ("2027-04-30", "2027-05-03", "May Day falls on a Saturday and costs nothing"),
        ("2026-11-21", "2026-11-23", "a Saturday's question is Monday's"),
        ("2026-11-23", "2026-11-24", "from Monday to Tuesday"),
        ("2027-06-25", "2027-06-28", "published on Midsummer's Eve"),
        ("2027-05-14", "2027-05-17", "an ordinary Friday in May"),
    ],
)
def test_an_answer_is_due_at_the_end_of_the_next_working_day(published: str, due: str, why: str) -> None:
    published_at = datetime.combine(date.fromisoformat(published), time(10), tzinfo=ZONE)
    expected = datetime.combine(date.fromisoformat(due), time(17), tzinfo=ZONE)

    assert due_at(published_at, CALENDAR) == expected, why


def test_the_local_date_of_publishing_counts_and_not_the_utc_one() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 00:30 on Monday in Sweden

    assert due_at(late, CALENDAR) == datetime(2026, 11, 24, 16, tzinfo=UTC)


def test_a_half_day_makes_the_answer_due_at_its_early_end() -> None:
    half = {date(2027, 1, 5): OfficeHours(opens=time(8), closes=time(12))}
    calendar = WorkCalendar(CalendarPolicy(half_days=half))

    assert due_at(datetime(2027, 1, 4, 9, tzinfo=UTC), calendar) == datetime(2027, 1, 5, 11, tzinfo=UTC)


@given(published=instants)
def test_a_due_time_is_a_working_days_office_end_after_the_message(published: datetime) -> None:
    due = due_at(published, CALENDAR)
    hours = CALENDAR.office_hours(CALENDAR.local_date(due))

    assert hours is not None
    assert due == hours[1]
    assert due > published
    assert due.utcoffset() == timedelta()
    assert CALENDAR.local_date(due) > CALENDAR.local_date(published)


@given(published=instants)
def test_no_working_day_lies_between_the_message_and_the_due_day(published: datetime) -> None:
    due_on = CALENDAR.local_date(due_at(published, CALENDAR))

    assert CALENDAR.working_days(CALENDAR.local_date(published) + timedelta(days=1), due_on) == [due_on]


@given(
    published=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - as above
    closed=closures,
    more=closures,
)
def test_more_closed_days_never_make_it_earlier(
    published: datetime, closed: frozenset[date], more: frozenset[date]
) -> None:
    fewer = WorkCalendar(CalendarPolicy(closed=closed))
    both = WorkCalendar(CalendarPolicy(closed=closed | more))

    assert due_at(published, both) >= due_at(published, fewer)


@given(published=instants)
def test_the_clock_changes_move_nothing_but_the_offset(published: datetime) -> None:
    assert due_at(published, CALENDAR).astimezone(ZONE).time() == time(17)


@given(first=instants, length=st.timedeltas(timedelta(), timedelta(days=20)))
def test_a_later_message_is_never_due_earlier(first: datetime, length: timedelta) -> None:
    assert due_at(first + length, CALENDAR) >= due_at(first, CALENDAR)


@pytest.mark.parametrize(
    ("promised", "working_days", "due", "why"),
    [
        ("2026-11-23", 5, "2026-11-30", "five working days, over a weekend"),
        ("2026-11-23", 1, "2026-11-24", "the next working day"),
        ("2026-11-21", 5, "2026-11-27", "a Saturday's promise counts from Monday"),
        ("2026-12-22", 3, "2026-12-29", "over Christmas: 23, 28, 29 December"),
    ],
)
def test_a_promise_must_be_kept_by_the_end_of_so_many_working_days(
    promised: str, working_days: int, due: str, why: str
) -> None:
    at = datetime.combine(date.fromisoformat(promised), time(10, 0), tzinfo=ZONE)
    found = finish_due_at(at, CALENDAR, working_days)

    assert found == CALENDAR.at(date.fromisoformat(due), time(17, 0)), why


@given(published=instants, days=st.integers(1, 30))
def test_a_promise_is_never_due_before_the_answer_was(published: datetime, days: int) -> None:
    finish = finish_due_at(published, CALENDAR, days)

    assert due_at(published, CALENDAR) <= finish
    assert finish < finish_due_at(published, CALENDAR, days + 1)
