"""Tell, or not, and why: one table, a sentence a row. Costs a tenth of a second."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon.alerts import NEVER_SILENT, Case, decide, next_reminder
from watchdaemon.domain.alert import AlertKind as K
from watchdaemon.domain.alert import AlertPolicy, Telling

POLICY = AlertPolicy()
AT_NIGHT = AlertPolicy(secret_at_any_hour=True)
NEVER_REMINDS = AlertPolicy(repeats=())
NEW, MORE, AGAIN, OVER = Telling.OPENED, Telling.MORE, Telling.REMINDER, Telling.OVER
NIGHT: dict[str, Any] = {"is_mail_time": False}


def case(kind: K = K.NOT_WATCHED, **facts: Any) -> Case:
    """A case, with what differs from a new alert in working time."""
    return Case(kind=kind, **facts)


# fmt: off
CASES: list[tuple[str, Case, AlertPolicy, Telling | None, str]] = [
    ("A new watch gap is told at once", case(), POLICY, NEW, "new"),
    ("A new watch gap is told in the night, too", case(**NIGHT), POLICY, NEW, "new"),
    ("A partial gap is told like a whole one", case(K.PARTLY_WATCHED, **NIGHT), POLICY, NEW, "new"),
    ("A daemon that was late is told at once", case(K.DAEMON_LATE, **NIGHT), POLICY, NEW, "new"),
    ("An access that ended is told at once", case(K.CREDENTIAL_DEAD, **NIGHT), POLICY, NEW, "new"),
    ("An access that will end is told at once", case(K.CREDENTIAL_EXPIRING, **NIGHT), POLICY, NEW, "new"),
    ("Secret data is told at once in working time", case(K.SECRET), POLICY, NEW, "new"),
    ("Secret data does not wait for the day's other mail", case(K.SECRET, had_daily_mail=True), POLICY, NEW, "new"),
    ("Secret data waits for the morning at night", case(K.SECRET, **NIGHT), POLICY, None, "waits for working time"),
    ("Secret data is told at night where that is wished", case(K.SECRET, **NIGHT), AT_NIGHT, NEW, "new"),
    ("A threat is told at once in working time", case(K.REMOVAL, is_grave=True), POLICY, NEW, "new"),
    ("A threat waits for the morning at night", case(K.REMOVAL, is_grave=True, **NIGHT), POLICY, None, "waits"),
    ("A threat is told at night where that is wished", case(K.REMOVAL, is_grave=True, **NIGHT), AT_NIGHT, NEW, "new"),
    ("Spam is not told at night, wish or not", case(K.REMOVAL, **NIGHT), AT_NIGHT, None, "waits for working time"),
    ("An overdue question is told in working time", case(K.QUESTION_OVERDUE), POLICY, NEW, "new"),
    ("An overdue question waits for the morning", case(K.QUESTION_OVERDUE, **NIGHT), POLICY, None, "waits"),
    ("An overdue question waits for tomorrow after today's mail",
     case(K.QUESTION_OVERDUE, had_daily_mail=True), POLICY, None, "one mail of this manner went today"),
    ("A stale account goes with the day's mail", case(K.STALE), POLICY, NEW, "new"),
    ("A stale account is no second mail a day", case(K.STALE, had_daily_mail=True), POLICY, None, "went today"),
    ("Too few owners are told in working time", case(K.TOO_FEW_OWNERS), POLICY, NEW, "new"),
    ("A quota that runs out waits for working time", case(K.QUOTA, **NIGHT), POLICY, None, "waits"),
    ("Mail that does not arrive is told in working time", case(K.MAIL_UNDELIVERABLE), POLICY, NEW, "new"),
    ("The manager's turn has not come", case(turn_after=2, age=1.9), POLICY, None, "its turn comes 2 working days"),
    ("The manager's turn has come", case(turn_after=2, age=2.0), POLICY, NEW, "nobody ended it"),
    ("The manager's turn for a gap comes at night, too", case(turn_after=2, age=2, **NIGHT), POLICY, NEW, "nob"),
    ("The unit's turn comes later than the manager's", case(turn_after=4, age=3.5), POLICY, None, "4 working days"),
    ("Who never has a turn is not told", case(turn_after=None, age=99), POLICY, None, "others are told"),
    ("Who was told is not told again right after", case(told=1), POLICY, None, "next reminder comes 1 working day"),
    ("Who was told hears nothing within the day", case(told=1, since_first=0.99), POLICY, None, "1 working day after"),
    ("After a working day comes a reminder", case(told=1, since_first=1.0), POLICY, AGAIN, "still open 1 working day"),
    ("A reminder waits for working time", case(told=1, since_first=1.0, **NIGHT), POLICY, None, "wait for"),
    ("The second reminder comes after two", case(told=2, since_first=1.9), POLICY, None, "2 working days"),
    ("The third comes after four", case(told=3, since_first=4), POLICY, AGAIN, "4 working days"),
    ("The fourth comes after eight", case(told=4, since_first=7.5), POLICY, None, "8 working days"),
    ("Then they come every eight", case(told=5, since_first=16), POLICY, AGAIN, "16 working days"),
    ("And not in between", case(told=6, since_first=23.9), POLICY, None, "24 working days"),
    ("Where no intervals are set nobody is reminded", case(told=1, since_first=99), NEVER_REMINDS, None, "no reminder"),
    ("A warning of an end is followed by the next one instead",
     case(K.CREDENTIAL_EXPIRING, told=1, since_first=5), POLICY, None, "no reminder of this"),
    ("A stale account is reminded of after eight days only", case(K.STALE, told=1, since_first=7), POLICY, None, "8"),
    ("A stale account is reminded of then", case(K.STALE, told=1, since_first=8), POLICY, AGAIN, "8 working days"),
    ("A reminder goes with the day's mail",
     case(K.QUESTION_OVERDUE, told=1, since_first=1, had_daily_mail=True), POLICY, None, "went today"),
    ("More accounts under a gap are told at once", case(told=1, news=2, **NIGHT), POLICY, MORE, "2 more"),
    ("Another secret item is told at once", case(K.SECRET, told=1, news=1), POLICY, MORE, "1 more"),
    ("Another secret item waits at night", case(K.SECRET, told=1, news=1, **NIGHT), POLICY, None, "waits"),
    ("More overdue questions wait for tomorrow",
     case(K.QUESTION_OVERDUE, told=1, news=1, had_daily_mail=True), POLICY, None, "went today"),
    ("More overdue questions are told next morning", case(K.QUESTION_OVERDUE, told=1, news=1), POLICY, MORE, "1"),
    ("News goes before a reminder", case(told=1, news=1, since_first=1), POLICY, MORE, "1 more"),
    ("A silence keeps an overdue question quiet", case(K.QUESTION_OVERDUE, is_silenced=True), POLICY, None, "silenced"),
    ("A silence keeps a threat's manager quiet", case(K.REMOVAL, is_grave=True, is_silenced=True), POLICY, None, "sil"),
    ("A silence ends reminders", case(K.STALE, is_silenced=True, told=1, since_first=9), POLICY, None, "silenced"),
    ("A silence hides no watch gap", case(is_silenced=True), POLICY, NEW, "new"),
    ("A silence hides no partial gap", case(K.PARTLY_WATCHED, is_silenced=True), POLICY, NEW, "new"),
    ("A silence hides no late daemon", case(K.DAEMON_LATE, is_silenced=True), POLICY, NEW, "new"),
    ("A silence hides no dead access: it speaks for a gap",
     case(K.CREDENTIAL_DEAD, is_silenced=True), POLICY, NEW, "new"),
    ("A silence hides no secret", case(K.SECRET, is_silenced=True), POLICY, NEW, "new"),
    ("What another alert explains is not told",
     case(K.TOO_FEW_OWNERS, explained_by=K.MAIL_UNDELIVERABLE), POLICY, None, "explained by mail_undeliverable"),
    ("What another alert explains is not reminded of",
     case(K.STALE, explained_by=K.NOT_WATCHED, told=1, since_first=9), POLICY, None, "explained by not_watched"),
    ("That it is over is told to who was told", case(is_over=True, told=1), POLICY, OVER, "it is over"),
    ("That it is over is not told to others", case(is_over=True), POLICY, None, "over before anybody was told"),
    ("That a gap is over is told at any hour", case(is_over=True, told=1, **NIGHT), POLICY, OVER, "it is over"),
    ("That questions are answered waits for working time",
     case(K.QUESTION_OVERDUE, is_over=True, told=1, **NIGHT), POLICY, None, "waits for working time"),
    ("That questions are answered is no second mail a day",
     case(K.QUESTION_OVERDUE, is_over=True, told=1, had_daily_mail=True), POLICY, None, "went today"),
    ("A silence that came later hides no end", case(K.STALE, is_over=True, told=1, is_silenced=True), POLICY, OVER, ""),
]
# fmt: on


@pytest.mark.parametrize(("facts", "policy", "telling", "reason"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_tell_or_not_and_why(facts: Case, policy: AlertPolicy, telling: Telling | None, reason: str) -> None:
    decision = decide(facts, policy)

    assert decision.telling is telling, decision.reason
    assert reason in decision.reason


def test_reminders_come_ever_more_slowly() -> None:
    due = [next_reminder(K.NOT_WATCHED, told, POLICY) for told in range(1, 8)]

    assert due == [1, 2, 4, 8, 16, 24, 32]


anything = st.builds(
    Case,
    kind=st.sampled_from(K),
    is_grave=st.booleans(),
    age=st.floats(0, 50),
    turn_after=st.none() | st.floats(0, 10),
    told=st.integers(0, 9),
    since_first=st.floats(0, 100),
    news=st.integers(0, 3),
    is_silenced=st.booleans(),
    explained_by=st.none() | st.sampled_from(K),
    is_mail_time=st.booleans(),
    had_daily_mail=st.booleans(),
)


@settings(deadline=None)
@given(facts=anything)
def test_every_decision_has_a_reason_and_no_silence_changes_what_is_said_of_gaps_and_secrets(facts: Case) -> None:
    loud, silent = (decide(replace(facts, is_silenced=quiet), POLICY) for quiet in (False, True))

    assert loud.reason
    if facts.kind in NEVER_SILENT:
        assert silent == loud
    else:
        assert silent.telling is None


@settings(deadline=None)
@given(facts=anything)
def test_nobody_is_told_before_their_turn_and_nobody_untold_hears_of_an_end(facts: Case) -> None:
    if facts.turn_after is None or facts.age < facts.turn_after:
        assert decide(facts, POLICY).telling is None
    assert decide(replace(facts, is_over=True, told=0), POLICY).telling is None


@settings(deadline=None)
@given(facts=anything)
def test_more_mail_time_never_silences(facts: Case) -> None:
    if decide(replace(facts, is_mail_time=False), POLICY).telling is not None:
        assert decide(replace(facts, is_mail_time=True, had_daily_mail=False), POLICY).telling is not None
