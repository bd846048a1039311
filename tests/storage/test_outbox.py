"""The outbox, on every store: no mail twice, none lost."""

from datetime import timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, mail, mail_trouble

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


def send_all(store: Store) -> None:
    """The server takes what is due."""
    for delivery in claim(store):
        store.book_sent(delivery.id, at=NOW)


def test_a_queued_mail_comes_back_byte_for_byte(store: Store) -> None:
    assert store.queue(mail(), at=NOW) is True

    [delivery] = store.deliveries()
    assert delivery == Delivery(id=delivery.id, mail=mail(), state=DeliveryState.QUEUED, created_at=NOW)


def test_a_key_is_queued_once(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])

    assert store.queue(mail(), at=NOW + LEASE, told=[told("c2")]) is False
    send_all(store)
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


def test_a_digest_replaces_what_its_reader_was_told_once_it_is_sent(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1"), told("c2")])
    store.queue(mail("bo"), at=NOW, told=[told("c1", "bo")])
    send_all(store)
    store.queue(mail(period="2026-11-23/2"), at=NOW, told=[told("c3"), told("c2", section=Section.OVERDUE)])
    before = store.told("anna")
    send_all(store)

    assert before == [told("c1"), told("c2")]

    assert store.told("anna") == [told("c2", section=Section.OVERDUE), told("c3")]
    assert store.told("bo") == [told("c1", "bo")]
    assert store.told("maria") == []


def test_a_digest_that_tells_nothing_forgets_what_was_told(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    store.queue(mail(period="2026-11-23/2"), at=NOW)
    send_all(store)

    assert store.told("anna") == []


def test_other_mails_forget_nothing_and_add_what_they_tell(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    store.queue(mail(kind=MailKind.WEEKLY), at=NOW, told=[told("c1"), told("c2")])
    send_all(store)

    assert store.told("anna") == [told("c1"), told("c2")]


@pytest.mark.parametrize("end", ["waits", "bounced", "superseded", "returned"])
def test_what_a_mail_tells_does_not_count_unless_it_arrived(store: Store, end: str) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    send_all(store)
    store.queue(mail(period="2026-11-23/2"), at=NOW, told=[told("c2")])
    [delivery] = claim(store)
    if end == "bounced":
        store.book_failed(delivery.id, at=NOW, error="550", next_attempt_at=None)
    elif end == "superseded":
        store.supersede(delivery.id, reason="a newer one")
    elif end == "returned":
        store.book_sent(delivery.id, at=NOW)
        store.book_returned(delivery.id, error="5.1.1")

    assert told("c2") not in store.told("anna")
    assert store.told("anna") == ([] if end == "returned" else [told("c1")])


def test_a_superseded_mail_is_never_claimed_and_keeps_its_reason_and_key(store: Store) -> None:
    store.queue(mail(), at=NOW)
    [queued] = store.waiting()

    assert store.supersede(queued.id, reason="a newer one says it") is True
    assert store.supersede(queued.id, reason="again") is False
    assert claim(store, minutes=9_999) == []
    assert store.waiting() == []
    assert store.is_queued(mail().key)
    assert [(d.state, d.last_error) for d in store.deliveries()] == [(DeliveryState.SUPERSEDED, "a newer one says it")]


def test_a_mail_that_was_on_its_way_when_it_was_superseded_is_booked_as_sent(store: Store) -> None:
    store.queue(mail(), at=NOW, told=[told("c1")])
    [delivery] = claim(store)
    store.supersede(delivery.id, reason="a newer one says it")

    store.book_sent(delivery.id, at=NOW)

    assert [d.state for d in store.deliveries()] == [DeliveryState.SENT]
    assert store.told("anna") == [told("c1")]


def test_a_failed_try_does_not_wake_a_superseded_mail(store: Store) -> None:
    store.queue(mail(), at=NOW)
    [delivery] = claim(store)
    store.supersede(delivery.id, reason="a newer one says it")

    store.book_failed(delivery.id, at=NOW, error="451", next_attempt_at=NOW)

    assert [d.state for d in store.deliveries()] == [DeliveryState.SUPERSEDED]


def test_what_waits_comes_with_the_newer_mails_of_its_kind_and_person_that_were_sent(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.queue(mail("bo"), at=NOW)
    store.queue(mail(kind=MailKind.ALERT), at=NOW)
    store.queue(mail(period="2026-11-23/2"), at=NOW)
    ids = {d.mail.key: d.id for d in store.deliveries()}
    for sent in (mail("bo"), mail(kind=MailKind.ALERT), mail(period="2026-11-23/2")):
        store.book_sent(ids[sent.key], at=NOW)

    assert [(w.key, w.state) for w in store.waiting()] == [
        (mail().key, DeliveryState.QUEUED),
        (mail(period="2026-11-23/2").key, DeliveryState.SENT),
    ]


def test_reports_leave_in_order_but_not_for_ever(store: Store) -> None:
    store.queue(mail(period="2026-W46", kind=MailKind.WEEKLY), at=NOW)
    store.book_failed(claim(store)[0].id, at=NOW, error="451", next_attempt_at=NOW + timedelta(days=30))
    store.queue(mail(period="2026-W47", kind=MailKind.WEEKLY), at=NOW)
    store.queue(mail("bo", period="2026-W47", kind=MailKind.WEEKLY), at=NOW)
    store.queue(mail(), at=NOW)

    assert [d.mail.key.recipient for d in claim(store) if d.mail.key.kind is MailKind.WEEKLY] == ["bo"]
    later = [d.mail.key.period for d in claim(store, minutes=60 * 24 * 9) if d.mail.key.recipient == "anna"]
    assert later == ["2026-W47", "2026-11-23/1"]


def test_a_waiting_mail_can_be_sent_to_another_address(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.book_failed(claim(store)[0].id, at=NOW, error="451", next_attempt_at=NOW + timedelta(days=1))
    [queued] = store.waiting()

    assert store.readdress(queued.id, "ny@exempelkommun.example") is True
    [delivery] = claim(store)
    store.book_sent(delivery.id, at=NOW)

    assert delivery.mail.address == "ny@exempelkommun.example"
    assert store.readdress(delivery.id, "x@exempelkommun.example") is False


def test_a_sent_mail_is_found_by_its_message_id_and_no_other_is(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.queue(mail("bo"), at=NOW)
    store.book_sent(store.claim(now=NOW, lease=LEASE, limit=1)[0].id, at=NOW)

    found = store.sent_mail(mail().message_id)
    assert found is not None
    assert found.key == mail().key
    assert store.sent_mail(mail("bo").message_id) is None
    assert store.sent_mail("") is None


def test_only_a_sent_mail_can_be_returned(store: Store) -> None:
    for person in ("anna", "bo"):
        store.queue(mail(person), at=NOW)
    anna, bo = claim(store)
    store.book_sent(anna.id, at=NOW)
    for delivery in (anna, bo):
        store.book_returned(delivery.id, error="5.1.1: no such mailbox")

    assert [(d.state, d.last_error) for d in store.deliveries()] == [
        (DeliveryState.BOUNCED, "5.1.1: no such mailbox"),
        (DeliveryState.QUEUED, ""),
    ]


def test_the_last_time_a_mail_arrived_counts_the_address_and_the_returns(store: Store) -> None:
    address = mail().address
    for day, period in enumerate(("a", "b", "c")):
        store.queue(mail(period=period), at=NOW)
        store.book_sent(claim(store)[0].id, at=NOW + timedelta(days=day))
    store.book_returned(store.deliveries()[2].id, error="")

    assert store.last_sent_at("anna", address=address, by=NOW + timedelta(days=9)) == NOW + timedelta(days=1)
    assert store.last_sent_at("anna", address=address, by=NOW + timedelta(hours=9)) == NOW
    assert store.last_sent_at("anna", address="other@example.org", by=NOW + timedelta(days=9)) is None


def test_sent_digests_come_with_their_time_and_without_other_mails(store: Store) -> None:
    store.queue(mail(), at=NOW)
    store.queue(mail(kind=MailKind.WEEKLY), at=NOW)
    store.queue(mail(period="2026-11-23/2"), at=NOW)
    store.queue(mail("bo"), at=NOW)
    for minutes, delivery in enumerate(store.deliveries()):
        store.book_sent(delivery.id, at=NOW + timedelta(minutes=minutes))
    store.book_returned(store.deliveries()[3].id, error="")

    assert store.sent_digests(since=NOW) == [
        (mail().key, NOW),
        (mail(period="2026-11-23/2").key, NOW + timedelta(minutes=2)),
    ]
    assert store.sent_digests(since=NOW + timedelta(minutes=3)) == []


def test_old_bodies_are_forgotten_but_keys_facts_and_waiting_mails_are_not(store: Store) -> None:
    for person in ("anna", "bo", "chris"):
        store.queue(mail(person), at=NOW if person != "chris" else NOW + LEASE)
    store.book_sent(store.claim(now=NOW, lease=LEASE, limit=1)[0].id, at=NOW)

    assert [store.forget_bodies(before=NOW + LEASE) for _ in range(2)] == [1, 0]
    anna, bo, chris = store.deliveries()
    assert (anna.mail.message, anna.mail.subject, anna.sent_at) == (b"", mail().subject, NOW)
    assert (bo.mail.message, chris.mail.message) == (mail().message, mail().message)
    assert store.queue(mail(), at=NOW + LEASE) is False


def test_troubles_are_one_a_person_and_keep_their_beginning_while_the_address_is_the_same(store: Store) -> None:
    later = NOW + timedelta(days=2)
    store.book_mail_trouble(mail_trouble())
    store.book_mail_trouble(mail_trouble("bo", is_reported=True, last_at=later))
    store.book_mail_trouble(mail_trouble(since=later, last_at=later, status="5.2.2"))
    store.book_mail_trouble(mail_trouble("bo", since=later, address="bo2@exempelkommun.example"))

    assert store.mail_troubles() == [
        mail_trouble(last_at=later, status="5.2.2"),
        mail_trouble("bo", since=later, address="bo2@exempelkommun.example"),
    ]
    assert [store.clear_mail_trouble("anna") for _ in range(2)] == [True, False]
    assert [t.person for t in store.mail_troubles()] == ["bo"]


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
