"""The outbox, on every store: no mail twice, none lost."""

from datetime import timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, mail

from watchdaemon.domain.delivery import Delivery, DeliveryKey, DeliveryState, MailKind, Told
from watchdaemon.domain.digest import Section
from watchdaemon.ports import Store

LEASE = timedelta(minutes=10)


def told(external_id: str, person: str = "anna", section: Section = Section.NEW) -> Told:
    """One thing that was told."""
    return Told(person=person, account=ACCOUNT, external_id=external_id, section=section.value)


def claim(store: Store, *, minutes: float = 0, limit: int = 20) -> list[Delivery]:
    """What can be taken so many minutes after `NOW`."""
    return store.claim(now=NOW + timedelta(minutes=minutes), lease=LEASE, limit=limit)


def test_a_queued_mail_comes_back_byte_for_byte(store: Store) -> None:
    assert store.queue(mail(), at=NOW) is True

    [delivery] = store.deliveries()
    assert delivery == Delivery(id=delivery.id, mail=mail(), state=DeliveryState.QUEUED, created_at=NOW)


def test_a_key_is_queued_once(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])

    assert store.queue(mail(), at=NOW + LEASE, told=[told("c2")]) is False
    assert len(store.deliveries()) == 1
    assert store.told("anna") == [told("c1")]


def test_a_key_stays_taken_after_the_mail_was_sent(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.book_sent(claim(store)[0].id, at=NOW)

    assert store.is_queued(mail().key)
    assert store.queue(mail(), at=NOW) is False


def test_keys_differ_by_kind_recipient_and_period(store: Store) -> None:
    store.queue(mail(), at=NOW)

    assert not store.is_queued(DeliveryKey(kind=MailKind.ALERT, recipient="anna", period="2026-11-23/1"))
    assert store.queue(mail("bo"), at=NOW)
    assert store.queue(mail(period="2026-11-23/2"), at=NOW)
    assert store.queue(mail(kind=MailKind.ALERT), at=NOW)


def test_a_digest_replaces_what_its_reader_was_told(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1"), told("c2")])
    store.queue(mail("bo"), at=NOW, told=[told("c1", "bo")])

    store.queue(mail(period="2026-11-23/2"), at=NOW, told=[told("c3"), told("c2", section=Section.OVERDUE)])

    assert store.told("anna") == [told("c2", section=Section.OVERDUE), told("c3")]
    assert store.told("bo") == [told("c1", "bo")]
    assert store.told("maria") == []


def test_a_digest_that_tells_nothing_forgets_what_was_told(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    store.queue(mail(period="2026-11-23/2"), at=NOW)

    assert store.told("anna") == []


def test_other_mails_forget_nothing(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    store.queue(mail(kind=MailKind.WEEKLY), at=NOW)

    assert store.told("anna") == [told("c1")]


def test_a_claim_holds_until_its_lease_is_over(store: Store) -> None:
    store.queue(mail(), at=NOW)

    assert [d.claimed_until for d in claim(store)] == [NOW + LEASE]
    assert claim(store, minutes=9.9) == []
    assert [d.claimed_until for d in claim(store, minutes=10)] == [NOW + 2 * LEASE]


def test_claims_are_oldest_first_and_limited(store: Store) -> None:
    for person in ("c", "a", "b"):
        store.queue(mail(person), at=NOW)

    assert [d.mail.key.recipient for d in claim(store, limit=2)] == ["c", "a"]
    assert [d.mail.key.recipient for d in claim(store)] == ["b"]


def test_a_sent_mail_is_never_claimed_again(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.book_sent(claim(store)[0].id, at=NOW)

    [delivery] = store.deliveries()
    assert (delivery.state, delivery.sent_at, delivery.attempts) == (DeliveryState.SENT, NOW, 1)
    assert delivery.claimed_until is None
    assert claim(store, minutes=9_999) == []


def test_a_mail_not_taken_waits_for_its_next_try(store: Store) -> None:
    store.queue(mail(), at=NOW)
    again_at = NOW + timedelta(minutes=5)
    store.book_failed(claim(store)[0].id, at=NOW, error="451 try later\x00", next_attempt_at=again_at)

    assert claim(store, minutes=4.9) == []
    [delivery] = claim(store, minutes=5)
    assert (delivery.attempts, delivery.last_error, delivery.next_attempt_at) == (1, "451 try later\ufffd", again_at)
    assert delivery.state is DeliveryState.QUEUED


def test_a_bounced_mail_is_never_claimed_again(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.book_failed(claim(store)[0].id, at=NOW, error="550 no such person", next_attempt_at=None)

    assert [(d.state, d.last_error) for d in store.deliveries()] == [(DeliveryState.BOUNCED, "550 no such person")]
    assert claim(store, minutes=9_999) == []


def test_a_late_failure_does_not_unsend_a_mail(store: Store) -> None:
    store.queue(mail(), at=NOW)
    [delivery] = claim(store)
    store.book_sent(delivery.id, at=NOW)

    store.book_failed(delivery.id, at=NOW, error="time-out", next_attempt_at=NOW)

    assert [d.state for d in store.deliveries()] == [DeliveryState.SENT]


def test_booking_an_unknown_delivery_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        store.book_sent(7, at=NOW)
    with pytest.raises(KeyError):
        store.book_failed(7, at=NOW, error="", next_attempt_at=None)


def test_deliveries_since_a_time_are_inclusive(store: Store) -> None:
    store.queue(mail("a"), at=NOW - timedelta(microseconds=1))
    store.queue(mail("b"), at=NOW)

    assert [d.mail.key.recipient for d in store.deliveries()] == ["a", "b"]
    assert [d.mail.key.recipient for d in store.deliveries(since=NOW)] == ["b"]
