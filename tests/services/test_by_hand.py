"""A day of an account that only a person can watch: asked by digest, confirmed or told as a gap."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from tests.services.conftest import Office, account

from watchdaemon.domain.alert import Alert
from watchdaemon.domain.fetch import Trouble
from watchdaemon.domain.item import ItemKind
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason
from watchdaemon.mail.render import MailRenderer
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.rules.schedule import current_window, watch_state
from watchdaemon.services.alerts import AlertService
from watchdaemon.services.by_hand import Found, confirm, write_down
from watchdaemon.services.digests import DigestService
from watchdaemon.services.outbox import OutboxService

AFTERNOON = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
RENDERER = MailRenderer(organisation="Exempelkommun", sender="vakt@example.org", zone=ZoneInfo("Europe/Stockholm"))


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


@pytest.fixture
def by_hand(office: Office) -> Office:
    """An office with one account that its platform shows to no machine."""
    office.enrol(account("torget"))
    office.platform.breaks("torget", Trouble(reason=Reason.NOT_CONFIRMED, detail="a person must look"))
    return office


def one_pass(office: Office, sink: SmtpSink) -> list[str]:
    """Fetch, judge, alert, digest, send; returns the subjects that Anna gets."""
    known = len(sink.received_by("anna@example.org"))
    office.poll()
    office.judge()
    now = office.clock()
    AlertService(store=office.store, renderer=RENDERER, calendar=office.calendar, watch=office.watch).run(
        office.register, now
    )
    service = DigestService(store=office.store, renderer=RENDERER, calendar=office.calendar, watch=office.watch)
    service.run(office.register, now)
    mailer = SmtpMailer(host=sink.host, port=sink.port, security="none", sender="vakt@example.org", timeout_seconds=5)
    OutboxService(outbox=office.store, mailer=mailer, clock=office.clock).run()
    service.book_told(office.register, now)
    mails = [message_from_bytes(m.message, policy=policy.default) for m in sink.received_by("anna@example.org")[known:]]
    return [str(m["Subject"]) for m in mails]


def look(office: Office, person: str = "anna") -> None:
    window = current_window(office.clock(), office.calendar, office.watch)
    assert window is not None
    confirm(office.store, ["torget"], window, person=person, at=office.clock())


def test_an_owner_is_asked_twice_a_day_and_once_a_window(by_hand: Office, sink: SmtpSink) -> None:
    first, again = one_pass(by_hand, sink), one_pass(by_hand, sink)
    look(by_hand)
    by_hand.clock.move_to(AFTERNOON)
    afternoon = one_pass(by_hand, sink)

    assert first == afternoon == ["1 konto att titta på själv – Exempelkommun torget"]
    assert again == []


def test_whoever_has_looked_already_is_not_asked(by_hand: Office, sink: SmtpSink) -> None:
    look(by_hand)

    assert one_pass(by_hand, sink) == []


def test_a_confirmed_window_is_watched_by_a_person_and_told_as_such(by_hand: Office, sink: SmtpSink) -> None:
    one_pass(by_hand, sink)
    look(by_hand)
    (entry,) = by_hand.store.entries()

    assert watch_state(entry, entry.window, by_hand.clock()) is WatchState.WATCHED
    assert (entry.is_confirmed, entry.seen_by, entry.told_to) == (True, "anna", ("anna", "bo"))
    assert entry.reason is Reason.NOT_CONFIRMED  # what the machine had to say stays


def test_a_window_that_closes_unconfirmed_is_told_as_a_gap_and_the_next_look_ends_it(
    by_hand: Office, sink: SmtpSink
) -> None:
    one_pass(by_hand, sink)
    by_hand.clock.move_to(NOON)
    missed = [a.reason for a in alerts_after(by_hand)]
    by_hand.clock.move_to(AFTERNOON)
    by_hand.poll()
    look(by_hand, "bo")
    alerts_after(by_hand)
    (entry, _) = by_hand.store.entries()

    assert watch_state(entry, entry.window, NOON) is WatchState.NOT_WATCHED
    assert missed == [Reason.NOT_CONFIRMED]
    assert by_hand.store.alerts(only_open=True) == []


def alerts_after(office: Office) -> list[Alert]:
    """Put the alerts in order; returns those open then."""
    service = AlertService(store=office.store, renderer=RENDERER, calendar=office.calendar, watch=office.watch)
    service.run(office.register, office.clock())
    return office.store.alerts(only_open=True)


def test_a_question_written_down_is_followed_like_any_other(by_hand: Office, sink: SmtpSink) -> None:
    found = Found(
        kind=ItemKind.COMMENT,
        text="När är torgmarknaden?",
        author="Kim",
        published_at=by_hand.clock() - timedelta(hours=1),
        url=None,
        by="anna",
    )
    torget = by_hand.register.accounts["torget"]
    item, is_new = write_down(by_hand.store, torget, found, at=by_hand.clock())
    same, is_new_again = write_down(by_hand.store, torget, found, at=by_hand.clock())
    subjects = one_pass(by_hand, sink)

    assert (is_new, is_new_again, same) == (True, False, item)
    assert subjects == ["1 fråga väntar, 1 konto att titta på själv – Exempelkommun torget"]
    assert [q.item.url for q in by_hand.store.questions()] == [torget.link]


def test_what_a_person_wrote_down_is_never_asked_of_a_platform(office: Office) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "När?", office.clock())
    found = Found(kind=ItemKind.COMMENT, text="Vem?", author=None, published_at=office.clock(), url=None, by="anna")
    write_down(office.store, office.register.accounts["badhuset"], found, at=office.clock())
    office.poll()
    office.judge()
    office.poll()

    assert office.platform.rechecked == ["c1"]
    assert len(office.store.questions()) == 2
