"""When a mail is tried again, when it matters no more, and when mail to a person arrives. Costs nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import DeliveryKey, DeliveryState, MailKind, MailTrouble, Waiting
from watchdaemon.rules.delivery import (
    LATE_RETURNED,
    SOON_RETURNED,
    arrives_again,
    counts_until,
    meaning,
    moved,
    next_attempt,
    next_probe,
    stale,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failed", "minutes"),
    [(1, 1), (2, 5), (3, 15), (4, 30), (5, 60), (6, 120), (7, 240), (8, 240), (1000, 240), (0, 1)],
)
def test_the_gaps_grow_to_four_hours_and_stay_there(failed: int, minutes: int) -> None:
    assert (next_attempt(failed, NOW) - NOW).total_seconds() == minutes * 60


@pytest.mark.parametrize(("failed", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 15), (500, 15), (0, 1)])
def test_a_server_that_is_away_is_asked_every_quarter_of_an_hour_at_last(failed: int, minutes: int) -> None:
    assert (next_probe(failed, NOW) - NOW).total_seconds() == minutes * 60


def waiting(number: int, what: str, state: DeliveryState = DeliveryState.QUEUED) -> Waiting:
    """A mail in few words: ``kind person period cause,cause``."""
    kind, person, period, causes = (*what.split(), "", "")[:4]
    return Waiting(
        id=number,
        key=DeliveryKey(kind=MailKind(kind), recipient=person, period=period),
        address=f"{person}@example.org",
        state=state,
        created_at=NOW + timedelta(minutes=number),
        covers=tuple(causes.split(",")) if causes else (),
    )


CASES = {
    "one digest alone matters": (["digest anna 23/1"], []),
    "an older digest is merged into the newer one, of the same day too": (
        ["digest anna 23/1", "digest anna 23/2"],
        [1],
    ),
    "of three days of digests the last one is left": ([f"digest anna {n}" for n in range(6)], [1, 2, 3, 4, 5]),
    "a digest to somebody else changes nothing": (["digest anna 23/1", "digest bo 23/2"], []),
    "a digest that waits behind a newer one that was sent is stale": (["digest anna 23/1", "+digest anna 23/2"], [1]),
    "a digest is not stale for an older one that was sent": (["+digest anna 23/1", "digest anna 23/2"], []),
    "weekly reports all matter": (["weekly anna W46", "weekly anna W47", "weekly anna W48"], []),
    "monthly overviews all matter": (["monthly anna 10", "monthly anna 11"], []),
    "an alert's opening goes when its end waits, too": (["alert anna 1 outage", "alert anna 2 outage"], [1]),
    "an alert's end is told also when the opening was": (["+alert anna 1 outage", "alert anna 2 outage"], []),
    "an opening must not arrive after its end": (["alert anna 1 outage", "+alert anna 2 outage"], [1]),
    "of a credential's warnings the newest is left": (
        ["alert anna 14d key", "alert anna 7d key", "alert anna 1d key"],
        [1, 2],
    ),
    "an opening with another cause in it stays": (["alert anna 1 outage,token", "alert anna 2 outage"], []),
    "two newer mails together can speak for an older one": (
        ["alert anna 1 a,b", "alert anna 2 a", "alert anna 3 b"],
        [1],
    ),
    "an alert that names no cause is never stale": (["alert anna 1", "alert anna 2"], []),
    "what a stale mail covers counts for nothing": (["alert anna 1 a,b", "alert anna 2 b", "alert anna 3 b"], [2]),
    "the end of an alert speaks for all its items": (["alert anna 1 late:a:x,late:a:y", "alert anna 2 late:a:*"], [1]),
    "a note of more items does not speak for the first ones": (["alert anna 1 late:a:x", "alert anna 2 late:a:y"], []),
    "the end for one account does not speak for another": (["alert anna 1 out:ab:", "alert anna 2 out:a:*"], []),
    "an end is not made stale by what opened again": (["alert anna 1 out:a:*", "alert anna 2 out:a:"], []),
    "another person's alert says nothing to this one": (["alert anna 1 a", "alert bo 2 a"], []),
    "a digest does not speak for an alert": (["alert anna 1 a", "digest anna 23/1"], []),
    "nothing goes to somebody who left": (["weekly eva W46", "digest anna 23/1"], [1]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_matters_no_more(case: str) -> None:
    mails, expected = CASES[case]
    given = [
        waiting(n, what.lstrip("+"), DeliveryState.SENT if what.startswith("+") else DeliveryState.QUEUED)
        for n, what in enumerate(mails, start=1)
    ]

    found = stale(given, persons=["anna", "bo"])

    assert [mail.id for mail, _ in found] == expected
    assert all(reason for _, reason in found)


def test_waiting_mails_follow_whoever_has_a_new_address() -> None:
    persons = {"anna": Person(key="anna", name="Anna", mail="ny@example.org")}
    mails = [
        waiting(1, "weekly anna W46"),
        waiting(2, "weekly anna W47", DeliveryState.SENT),
        waiting(3, "digest bo 1"),
    ]

    assert moved(mails, persons) == [(mails[0], "ny@example.org")]


def trouble(**values: object) -> MailTrouble:
    """Anna's mail came back at `NOW`."""
    given = {"person": "anna", "address": "anna@example.org", "since": NOW, "status": "5.1.1", "detail": ""}
    return MailTrouble(**{**given, **values})  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("address", "sent_hours_later", "is_over"),
    [
        ("anna@example.org", None, False),
        ("anna@example.org", -1, False),
        ("anna@example.org", 0, False),
        ("anna@example.org", 1, True),
        ("ny@example.org", None, True),
        (None, None, True),
    ],
)
def test_a_trouble_is_over_with_another_address_or_a_later_mail(
    address: str | None, sent_hours_later: int | None, is_over: bool
) -> None:
    sent_at = None if sent_hours_later is None else NOW + timedelta(hours=sent_hours_later)

    assert bool(arrives_again(trouble(), address, sent_at)) is is_over


def test_a_later_return_counts_from_the_last_one() -> None:
    again = trouble(last_at=NOW + timedelta(days=3))

    assert arrives_again(again, again.address, NOW + timedelta(days=2)) is None


@pytest.mark.parametrize(
    ("values", "waits"),
    [
        ({}, timedelta(0)),
        ({"is_reported": True}, SOON_RETURNED),
        ({"is_reported": True, "status": "5.4.7"}, LATE_RETURNED),
        ({"is_reported": True, "status": "4.4.7"}, LATE_RETURNED),
        ({"is_reported": True, "status": "5.2.2"}, SOON_RETURNED),
    ],
)
def test_a_mail_proves_something_when_it_had_time_to_come_back(values: dict[str, object], waits: timedelta) -> None:
    assert counts_until(trouble(**values), NOW) == NOW - waits


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("5.1.1", "no such"),
        ("5.1.10", "not accepted"),
        ("5.2.2", "full"),
        ("5.4.7", "reached"),
        ("5.7.1", "rule"),
        ("550", ""),
    ],
)
def test_a_status_is_told_in_our_own_words(status: str, word: str) -> None:
    assert word in meaning(status)
