"""The mail server is away for three days: afterwards what still matters arrives once, in order. Costs ten seconds."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.services.conftest import Office, account

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Ownership
from watchdaemon.domain.delivery import DeliveryKey, DeliveryState, MailKind, OutgoingMail
from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import Reason
from watchdaemon.mail.render import MailRenderer
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.services.alerts import AlertService
from watchdaemon.services.digests import DigestService
from watchdaemon.services.outbox import OutboxService
from watchdaemon.storage import open_store

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_CLEAN = multiprocessing.get_context("forkserver")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in November 2026, on Stockholm's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=STOCKHOLM).astimezone(UTC)


class Town:
    """The office with everything that tells, as one running process would have it."""

    def __init__(self, office: Office, sink: SmtpSink) -> None:
        self.office, self.sink = office, sink
        self.renderer = MailRenderer(organisation="Exempelkommun", sender="vakt@example.org", zone=STOCKHOLM)
        self.restart()

    def restart(self) -> None:
        """Make the services anew: what they remembered is gone."""
        store, calendar, watch = self.office.store, self.office.calendar, self.office.watch
        self.digests = DigestService(store=store, renderer=self.renderer, calendar=calendar, watch=watch)
        self.alerts = AlertService(store=store, renderer=self.renderer, calendar=calendar, watch=watch)
        self.outbox = OutboxService(outbox=store, mailer=mailer(self.sink.port), clock=self.office.clock)

    def live(self, day: int, hour: int, minute: int = 0) -> None:
        """Move to that time and make a pass."""
        office = self.office
        office.clock.move_to(at(day, hour, minute))
        office.poll()
        office.judge()
        now = office.clock()
        self.alerts.run(office.register, now)
        self.digests.run(office.register, now)
        if self.outbox.run(office.register).sent:
            self.digests.book_told(office.register, now)

    def a_day(self, day: int) -> None:
        """A working day's passes."""
        for hour, minute in ((8, 10), (8, 30), (13, 10), (14, 0)):
            self.live(day, hour, minute)

    def got(self, person: str) -> list[EmailMessage]:
        """Return what a person got, as read by a mail program."""
        mails = self.sink.received_by(f"{person}@example.org")
        return [message_from_bytes(m.message, policy=policy.default) for m in mails]


def mailer(port: int) -> SmtpMailer:
    """The real mailer, to the sink."""
    return SmtpMailer(
        host="127.0.0.1", port=port, security="none", sender="vakt@example.org", timeout_seconds=5, local_hostname="x"
    )


def text(message: EmailMessage) -> str:
    """Return the text part."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
def town(office: Office) -> Iterator[Town]:
    """Two accounts, Monday; one question was asked and told; then the server goes away."""
    with SmtpSink() as sink:
        office.enrol(account("a"), account("b"))
        office.platform.somebody_writes("a", "c1", "När öppnar badhuset?", at(23, 7, 50))
        made = Town(office, sink)
        made.live(23, 8, 10)
        assert len(sink.messages) == 2
        sink.messages.clear()
        sink.stop()
        yield made


def three_days(town: Town) -> None:
    """Monday afternoon to Thursday morning without a mail server: questions, an answer, an outage, reports."""
    platform = town.office.platform
    platform.somebody_writes("a", "c2", "Kan man boka bana?", at(23, 12, 30))
    town.live(23, 13, 10)
    platform.breaks("b", Trouble(reason=Reason.UNAUTHORISED, detail="revoked", needs_person=True))
    for period in ("2026-W46", "2026-W47"):
        town.office.store.queue(report(period), at=town.office.clock())
    town.a_day(24)
    platform.recovers("b")
    platform.account_replies("a", "r1", "Klockan nio.", at(24, 16), thread="c2")
    platform.somebody_writes("b", "c3", "Är det öppet på söndag?", at(25, 7, 30))
    town.a_day(25)
    platform.somebody_writes("a", "c4", "Vad kostar det?", at(26, 7, 30))
    town.live(26, 8, 10)


def report(period: str) -> OutgoingMail:
    """A small weekly report to Chris."""
    key = DeliveryKey(kind=MailKind.WEEKLY, recipient="chris", period=period)
    message = f"Subject: {period}\r\nMessage-ID: <{period}@example.org>\r\n\r\nHej\r\n".encode()
    return OutgoingMail(key=key, address="chris@example.org", subject=period, message=message)


def kinds(town: Town, state: DeliveryState, person: str) -> Counter[MailKind]:
    """How many mails of each kind to a person ended so."""
    found = town.office.store.deliveries(since=at(23, 12))
    return Counter(d.mail.key.kind for d in found if d.state is state and d.mail.key.recipient == person)


def test_after_three_days_what_matters_arrives_once(town: Town) -> None:
    three_days(town)
    town.sink.start()
    town.live(26, 8, 30)

    digests = [m for m in town.got("anna") if ".digest." in f".{m['List-Id']}".replace("<", ".")]
    assert [d["Date"].datetime for d in digests] == [at(26, 8, 10)]
    assert {"När öppnar badhuset?", "Är det öppet på söndag?", "Vad kostar det?"} <= set(_quotes(digests[0]))
    assert "Kan man boka bana?" not in text(digests[0])  # asked and answered meanwhile
    assert not [w for w in town.office.store.waiting() if w.state is DeliveryState.QUEUED]
    ids = Counter(str(message_from_bytes(m.message, policy=policy.default)["Message-ID"]) for m in town.sink.messages)
    assert len(ids) >= 4
    assert set(ids.values()) == {1}
    # The reports in the order of their weeks, and of an alert that opened and ended meanwhile no more than one mail.
    assert [m["Subject"] for m in town.got("chris") if "-W" in m["Subject"]] == ["2026-W46", "2026-W47"]
    for person in ("anna", "bo"):
        assert kinds(town, DeliveryState.SENT, person)[MailKind.ALERT] <= 1
        assert kinds(town, DeliveryState.SUPERSEDED, person)[MailKind.ALERT] >= 1


def _quotes(message: EmailMessage) -> list[str]:
    return [line.removeprefix("> ").strip() for line in text(message).splitlines() if line.startswith("> ")]


def test_superseded_digests_were_told_nobody_and_the_watch_log_says_so(town: Town) -> None:
    three_days(town)
    town.sink.start()
    town.live(26, 8, 30)

    told = {e.window.key: e.told_at for e in town.office.store.entries(account="a")}
    assert told["2026-11-23/1"] == at(23, 8, 10)
    assert {told["2026-11-24/1"], told["2026-11-24/2"], told["2026-11-25/1"]} == {None}
    assert told["2026-11-26/1"] == at(26, 8, 30)
    assert {t.external_id for t in town.office.store.told("anna")} == {"c1", "c3", "c4"}


def test_a_digest_that_leaves_in_the_evening_is_told_late_in_its_own_window(town: Town) -> None:
    town.office.platform.somebody_writes("a", "c2", "Kan man boka bana?", at(23, 12, 30))
    town.live(23, 13, 10)
    town.sink.start()
    town.live(23, 19, 0)

    told = {e.window.key: e.told_at for e in town.office.store.entries(account="a")}
    assert told["2026-11-23/2"] == at(23, 19)


def test_a_digest_whose_questions_were_all_answered_meanwhile_is_let_go(town: Town) -> None:
    platform = town.office.platform
    platform.account_replies("a", "r0", "Klockan nio.", at(23, 9), thread="c1")
    platform.somebody_writes("a", "c2", "Kan man boka bana?", at(23, 12, 30))
    town.live(23, 13, 10)
    platform.account_replies("a", "r1", "Ja.", at(23, 16), thread="c2")
    town.live(24, 8, 10)
    town.sink.start()
    town.live(24, 8, 40)

    assert town.sink.messages == []
    assert kinds(town, DeliveryState.SUPERSEDED, "anna") == {MailKind.DIGEST: 1}


def test_a_digest_is_let_go_when_its_reader_answers_for_no_account_any_more(town: Town) -> None:
    town.office.platform.somebody_writes("a", "c2", "Kan man boka bana?", at(23, 12, 30))
    town.live(23, 13, 10)
    accounts = {
        key: replace(one, owners=(Ownership(person="anna"),)) for key, one in town.office.register.accounts.items()
    }
    town.office.register = replace(town.office.register, accounts=accounts)
    town.sink.start()
    town.live(23, 13, 40)

    assert len(town.got("anna")) >= 1
    assert kinds(town, DeliveryState.SUPERSEDED, "bo")[MailKind.DIGEST] == 1


def test_the_server_is_asked_by_one_mail_every_quarter_of_an_hour_and_all_leave_when_it_is_back(town: Town) -> None:
    three_days(town)
    tries = sum(d.attempts for d in town.office.store.deliveries())
    for minute in range(11, 30):
        town.live(26, 8, minute)
    more = sum(d.attempts for d in town.office.store.deliveries()) - tries
    town.sink.start()
    town.live(26, 8, 46)

    assert more <= 2
    assert not [w for w in town.office.store.waiting() if w.state is DeliveryState.QUEUED]


def test_nothing_is_sent_to_somebody_who_left_meanwhile_and_what_waits_follows_a_new_address(town: Town) -> None:
    three_days(town)
    office = town.office
    persons = dict(office.register.persons)
    del persons["bo"]
    persons["chris"] = type(persons["chris"])(key="chris", name="Chris", mail="ny@example.org")
    register = type(office.register)(units=office.register.units, persons=persons, accounts={})
    office.clock.move_to(at(26, 8, 30))
    town.sink.start()
    town.outbox.run(register)

    assert town.got("bo") == []
    assert len([m for m in town.got("ny") if "-W" in m["Subject"]]) == 2
    assert town.got("chris") == []


# ---- kill -9 ---------------------------------------------------------------------------------------------------


class Killed(SmtpMailer):
    """The real mailer in a process that dies outright just before or just after the server takes the n-th mail."""

    def __init__(self, port: int, *, number: int, after: bool) -> None:
        super().__init__(host="127.0.0.1", port=port, security="none", sender="vakt@example.org", local_hostname="x")
        self._left, self._after = number, after

    def send(self, mail: OutgoingMail) -> None:
        """Send, or die."""
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(mail)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def send_until_killed(url: str, port: int, now: datetime, number: int, after: bool) -> None:
    """What a process does when the server is back, until it is killed."""
    store = open_store(url)
    OutboxService(outbox=store, mailer=Killed(port, number=number, after=after), clock=SimulatedClock(now)).run()


@pytest.mark.parametrize(("number", "after"), [(2, True), (3, False)])
def test_kill_9_while_the_backlog_leaves_loses_nothing(town: Town, tmp_path: Path, number: int, after: bool) -> None:
    three_days(town)
    expected = {str(w.key) for w in town.office.store.waiting() if w.state is DeliveryState.QUEUED}
    town.sink.start()
    process = _CLEAN.Process(
        target=send_until_killed,
        args=(f"sqlite:///{tmp_path / 'test.sqlite3'}", town.sink.port, at(26, 8, 30), number, after),
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL

    town.restart()
    town.live(26, 8, 31)  # the claim of the dead process still holds
    town.live(26, 8, 37)

    ends = {str(d.mail.key): d.state for d in town.office.store.deliveries() if str(d.mail.key) in expected}
    taken = Counter(m.message for m in town.sink.messages)
    assert set(ends.values()) <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}
    assert sum(taken.values()) - len(taken) == (1 if after else 0)  # only the mail in hand may come twice
    assert not [w for w in town.office.store.waiting() if w.state is DeliveryState.QUEUED]
