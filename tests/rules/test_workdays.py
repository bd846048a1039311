"""The working calendar, by dates inside and outside."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from watchdaemon.domain.calendar import CalendarPolicy, OfficeHours
from watchdaemon.errors import ConfigError
from watchdaemon.rules.workdays import WorkCalendar, eves

CALENDAR = WorkCalendar(CalendarPolicy())


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-11-23", None),  # an ordinary Monday
        ("2026-11-21", "Saturday"),
        ("2026-11-22", "Sunday"),
        ("2026-12-24", "Julafton"),
        ("2026-12-25", "Juldagen"),
        ("2026-12-26", "Saturday"),  # a weekend day that is a holiday too is off as a weekend day
        ("2026-12-31", "Nyårsafton"),
        ("2027-01-01", "Nyårsdagen"),
        ("2027-01-05", None),  # the eve of Epiphany is worked
        ("2027-01-06", "Trettondedag jul"),
        ("2027-03-26", "Långfredagen"),
        ("2027-03-29", "Annandag påsk"),
        ("2027-05-06", "Kristi himmelsfärdsdag"),
        ("2027-05-07", None),  # the Friday after Ascension is worked
        ("2027-06-25", "Midsommarafton"),
        ("2028-06-06", "Nationaldagen"),
    ],
)
def test_a_date_is_off_for_the_reason_the_law_gives(day: str, why: str | None) -> None:
    on = date.fromisoformat(day)

    assert CALENDAR.why_off(on) == why
    assert CALENDAR.is_working_day(on) is (why is None)


@pytest.mark.parametrize(
    ("year", "midsummer"),
    [(2024, 21), (2025, 20), (2026, 19), (2027, 25), (2028, 23), (2032, 25), (2099, 19)],
)
def test_midsummers_eve_is_the_friday_from_19_to_25_june(year: int, midsummer: int) -> None:
    assert eves(year)[date(year, 6, midsummer)] == "Midsommarafton"


def test_the_eves_are_worked_when_the_policy_says_so() -> None:
    calendar = WorkCalendar(CalendarPolicy(eves_off=False))

    assert calendar.is_working_day(date(2026, 12, 24))
    assert not calendar.is_working_day(date(2026, 12, 25))


def test_a_local_closure_is_a_day_off() -> None:
    calendar = WorkCalendar(CalendarPolicy(closed=frozenset({date(2027, 5, 7)})))

    assert calendar.why_off(date(2027, 5, 7)) == "closed locally"
    assert calendar.next_working_day(date(2027, 5, 5)) == date(2027, 5, 10)


def test_a_half_day_ends_the_office_hours_early() -> None:
    half = {date(2027, 1, 5): OfficeHours(opens=time(8), closes=time(12))}
    calendar = WorkCalendar(CalendarPolicy(half_days=half))

    assert calendar.office_hours(date(2027, 1, 5)) == (
        datetime(2027, 1, 5, 7, tzinfo=UTC),
        datetime(2027, 1, 5, 11, tzinfo=UTC),
    )


def test_a_half_day_on_a_holiday_does_not_make_it_worked() -> None:
    half = {date(2026, 12, 25): OfficeHours(opens=time(8), closes=time(12))}

    assert WorkCalendar(CalendarPolicy(half_days=half)).office_hours(date(2026, 12, 25)) is None


def test_office_hours_follow_the_wall_clock_through_the_clock_changes() -> None:
    winter, summer = CALENDAR.office_hours(date(2027, 3, 25)), CALENDAR.office_hours(date(2027, 3, 30))

    assert winter is not None
    assert summer is not None
    assert winter[0] == datetime(2027, 3, 25, 7, tzinfo=UTC)
    assert summer[0] == datetime(2027, 3, 30, 6, tzinfo=UTC)


def test_the_local_date_of_a_late_utc_evening_is_the_next_day() -> None:
    assert CALENDAR.local_date(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == date(2026, 11, 23)


def test_working_days_count_both_ends() -> None:
    days = CALENDAR.working_days(date(2026, 12, 21), date(2027, 1, 4))

    assert [d.day for d in days] == [21, 22, 23, 28, 29, 30, 4]


def test_working_time_leaves_out_nights_and_days_off() -> None:
    friday_15 = datetime(2026, 11, 20, 14, tzinfo=UTC)  # 15:00 local
    monday_09 = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 local

    assert CALENDAR.working_time_between(friday_15, monday_09) == timedelta(hours=3)
    assert CALENDAR.working_time_between(monday_09, friday_15) == timedelta()


def test_another_zone_moves_the_hours_and_not_the_dates() -> None:
    helsinki = WorkCalendar(CalendarPolicy(zone=ZoneInfo("Europe/Helsinki"), country="FI"))
    hours = helsinki.office_hours(date(2026, 11, 23))

    assert hours is not None
    assert hours[0] == datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_an_unknown_country_is_refused_by_key() -> None:
    with pytest.raises(ConfigError, match=r"calendar\.country"):
        WorkCalendar(CalendarPolicy(country="QQ"))


def test_a_calendar_without_any_working_day_is_refused_and_does_not_loop() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(5 * 366))

    with pytest.raises(ConfigError, match="no working day"):
        WorkCalendar(CalendarPolicy(closed=closed)).next_working_day(date(2026, 1, 1))


def test_threads_may_share_a_calendar() -> None:
    calendar = WorkCalendar(CalendarPolicy())
    years = [date(2000 + n % 60, 12, 24) for n in range(600)]
    with ThreadPoolExecutor(8) as pool:
        off = list(pool.map(calendar.is_working_day, years))

    assert not any(off)
