"""Digests and the outbox: one mail a window, none without news, none lost, none twice."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from tests.services.conftest import Office, account

from watchdaemon.domain.delivery import DeliveryState
from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import Reason
from watchdaemon.mail.render import MailRenderer
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.services.digests import DigestService
from watchdaemon.services.outbox import OutboxService, SendReport

ASKED = datetime(2026, 11, 23, 6, 58, tzinfo=UTC)
AFTERNOON = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """A mail server."""
    with SmtpSink() as server:
        yield server


def digests(office: Office) -> DigestService:
    """The digest service with the real renderer."""
    renderer = MailRenderer(organisation="Exempelkommun", sender="vakt@example.org", zone=ZoneInfo("Europe/Stockholm"))
    return DigestService(store=office.store, renderer=renderer, calendar=office.calendar, watch=office.watch)


def outbox(office: Office, sink: SmtpSink) -> OutboxService:
    """The outbox with the real mailer."""
    mailer = SmtpMailer(host=sink.host, port=sink.port, security="none", sender="vakt@example.org", timeout_seconds=5)
    return OutboxService(outbox=office.store, mailer=mailer, clock=office.clock)


def round_of(office: Office, sink: SmtpSink) -> int:
    """Fetch, judge, digest, send; returns how many mails were queued."""
    office.poll()
    office.judge()
    queued = digests(office).run(office.register, office.clock())
    outbox(office, sink).run()
    digests(office).book_told(office.register, office.clock())
    return queued


def test_each_owner_gets_one_digest_with_the_question_in_it(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När öppnar ni på lördag?", ASKED)

    queued = round_of(office, sink)

    assert queued == 2
    assert sorted(m.recipients[0] for m in sink.messages) == ["anna@example.org", "bo@example.org"]
    message = message_from_bytes(sink.received_by("anna@example.org")[0].message, policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    assert "När öppnar ni på lördag?" in text.get_content()


def test_a_second_pass_in_the_window_sends_nothing_more(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När öppnar ni?", ASKED)
    round_of(office, sink)

    office.clock.advance(timedelta(minutes=10))
    office.platform.somebody_writes("badhuset", "c2", "Och på söndag?", office.clock())
    queued = round_of(office, sink)

    assert queued == 0
    assert len(sink.messages) == 2


def test_the_next_window_brings_no_mail_when_nothing_changed(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När öppnar ni?", ASKED)
    round_of(office, sink)

    office.clock.move_to(AFTERNOON)
    queued = round_of(office, sink)

    assert queued == 0


def test_the_next_window_brings_a_mail_when_something_new_was_asked(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När öppnar ni?", ASKED)
    round_of(office, sink)

    office.clock.move_to(AFTERNOON)
    office.platform.somebody_writes("badhuset", "c2", "Och på söndag?", AFTERNOON - timedelta(minutes=30))
    queued = round_of(office, sink)

    assert queued == 2


def test_the_watch_log_says_told_only_once_the_mail_server_took_the_mail(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När öppnar ni?", ASKED)
    sink.stop()
    round_of(office, sink)
    (untold,) = office.store.entries()

    sink.start()
    office.clock.advance(timedelta(minutes=5))
    outbox(office, sink).run()
    digests(office).book_told(office.register, office.clock())
    (told,) = office.store.entries()

    assert (untold.told_at, untold.told_to) == (None, ())
    assert (told.told_at, told.told_to) == (office.clock(), ("anna", "bo"))


def test_a_digest_waits_for_an_account_that_does_not_answer_but_not_for_ever(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("a"), account("b"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    only_a = [e for e in office.errands() if e.account.key == "a"]
    office.poller().run(only_a)
    office.judge()

    early = digests(office).run(office.register, office.clock())
    office.clock.advance(timedelta(minutes=45))
    late = digests(office).run(office.register, office.clock())

    assert (early, late) == (0, 2)


def test_an_account_that_could_not_be_fetched_is_named_in_the_digest(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("a"), account("b"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.platform.breaks("b", Trouble(reason=Reason.OUTAGE, detail="503"))

    round_of(office, sink)

    message = message_from_bytes(sink.received_by("bo@example.org")[0].message, policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    assert "NOT WATCHED" in text.get_content().upper()
    assert "Exempelkommun b" in text.get_content()


def test_a_mailbox_that_does_not_exist_bounces_alone(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    sink.refusals["anna@example.org"] = "550 5.1.1 no such mailbox"

    round_of(office, sink)

    states = {d.mail.key.recipient: d.state for d in office.store.deliveries()}
    assert states == {"anna": DeliveryState.BOUNCED, "bo": DeliveryState.SENT}


def test_a_mail_server_that_is_away_costs_no_mail_and_no_double(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    sink.stop()
    round_of(office, sink)
    office.clock.advance(timedelta(minutes=2))
    away = outbox(office, sink).run()

    sink.start()
    office.clock.advance(timedelta(hours=1))
    back, after = outbox(office, sink).run(), outbox(office, sink).run()

    assert away == SendReport(postponed=1)
    assert (back, after) == (SendReport(sent=2), SendReport())
    assert len(sink.messages) == 2


def test_a_claim_whose_process_died_is_taken_again(office: Office, sink: SmtpSink) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.judge()
    digests(office).run(office.register, office.clock())
    office.store.claim(now=office.clock(), lease=timedelta(minutes=5))  # and then the process is killed

    at_once = outbox(office, sink).run()
    office.clock.advance(timedelta(minutes=6))
    later = outbox(office, sink).run()

    assert (at_once.sent, later.sent) == (0, 2)
