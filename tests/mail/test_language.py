"""Days, times and numbers in words."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.mail.samples import NOW, STOCKHOLM, local

from watchdaemon.mail.language import Words, sentence

SWEDISH, ENGLISH = Words("sv", STOCKHOLM), Words("en", STOCKHOLM)
NEW_YEARS_WEEK = datetime(2026, 12, 30, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due_at", "now", "swedish", "english"),
    [
        (local(23, 17), NOW, "senast i dag kl. 17.00", "due today at 17:00"),
        (local(24, 17), NOW, "senast i morgon kl. 17.00", "due tomorrow at 17:00"),
        (local(25, 17), NOW, "senast onsdag 25 november kl. 17.00", "due Wednesday 25 November at 17:00"),
        (local(28, 15, 30, month=12), NOW, "senast måndag 28 december kl. 15.30", "due Monday 28 December at 15:30"),
        (local(20, 17), NOW, "försenad sedan i fredags kl. 17.00", "overdue since last Friday at 17:00"),
        (local(22, 17), NOW, "försenad sedan i går kl. 17.00", "overdue since yesterday at 17:00"),
        (local(17, 17), NOW, "försenad sedan i tisdags kl. 17.00", "overdue since last Tuesday at 17:00"),
        (
            local(16, 17),
            NOW,
            "försenad sedan måndag 16 november kl. 17.00",
            "overdue since Monday 16 November at 17:00",
        ),
        (NOW, NOW, "försenad sedan i dag kl. 08.46", "overdue since today at 08:46"),
        (
            datetime(2027, 1, 4, 16, tzinfo=UTC),
            NEW_YEARS_WEEK,
            "senast måndag 4 januari 2027 kl. 17.00",
            "due Monday 4 January 2027 at 17:00",
        ),
    ],
)
def test_a_due_time_is_said_as_people_say_it(due_at: datetime, now: datetime, swedish: str, english: str) -> None:
    assert SWEDISH.due(due_at, now) == swedish
    assert ENGLISH.due(due_at, now) == english


def test_days_are_those_of_the_local_calendar_and_not_of_utc() -> None:
    """23:30 UTC on the 22nd is the 23rd in Stockholm."""
    just_after_midnight = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert SWEDISH.moment(just_after_midnight, NOW) == "i dag kl. 00.30"
    assert Words("sv", ZoneInfo("UTC")).moment(just_after_midnight, NOW) == "i går kl. 23.30"


def test_a_clock_time_follows_summer_time() -> None:
    assert SWEDISH.clock(datetime(2026, 7, 1, 15, tzinfo=UTC)) == "kl. 17.00"
    assert SWEDISH.clock(datetime(2026, 12, 1, 15, tzinfo=UTC)) == "kl. 16.00"


@pytest.mark.parametrize(
    ("first", "last", "swedish"),
    [
        (date(2026, 11, 16), date(2026, 11, 22), "16–22 november 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 november – 6 december 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 december 2026 – 3 januari 2027"),
        (date(2026, 12, 28), date(2026, 12, 28), "28 december 2026"),
    ],
)
def test_a_period_repeats_only_what_changes(first: date, last: date, swedish: str) -> None:
    assert SWEDISH.period(first, last) == swedish


@pytest.mark.parametrize(
    ("number", "swedish", "english"),
    [
        (0, "0 frågor väntar", "0 questions waiting"),
        (1, "1 fråga väntar", "1 question waiting"),
        (2, "2 frågor väntar", "2 questions waiting"),
        (21, "21 frågor väntar", "21 questions waiting"),
    ],
)
def test_a_number_has_its_noun_in_the_right_form(number: int, swedish: str, english: str) -> None:
    message = ("%(number)d question waiting", "%(number)d questions waiting")

    assert SWEDISH.count(*message, number) == swedish
    assert ENGLISH.count(*message, number) == english


@pytest.mark.parametrize(("days", "swedish"), [(0, "i dag"), (1, "i går"), (2, "för 2 dagar sedan")])
def test_how_long_ago(days: int, swedish: str) -> None:
    assert SWEDISH.ago(days) == swedish


@pytest.mark.parametrize(
    ("parts", "swedish"), [([], ""), (["a"], "a"), (["a", "b"], "a och b"), (["a", "b", "c"], "a, b och c")]
)
def test_a_list_ends_with_and(parts: list[str], swedish: str) -> None:
    assert SWEDISH.together(parts) == swedish


def test_a_window_shows_minutes_only_when_it_has_some() -> None:
    assert SWEDISH.span(local(23, 8), local(23, 12)) == "08–12"
    assert SWEDISH.span(local(23, 8), local(23, 11, 30)) == "08.00–11.30"


def test_a_sentence_begins_with_a_large_letter() -> None:
    assert [sentence(words) for words in ("över", "X", "")] == ["Över", "X", ""]
