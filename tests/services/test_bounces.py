"""Whose mail does not arrive: refused at once, or returned later; and when it arrives again. Costs three seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.services.conftest import Office, account

from watchdaemon.domain.delivery import (
    BounceReport,
    DeliveryKey,
    DeliveryState,
    MailKind,
    OutgoingMail,
    ReturnedMail,
)
from watchdaemon.errors import DeliveryError, MailboxError
from watchdaemon.services.bounces import BounceService
from watchdaemon.services.outbox import OutboxService, SendReport

GONE = DeliveryError(
    "the server refused the recipient: 550 5.1.1", recipient="", permanent=True, code=550, status="5.1.1"
)


@dataclass
class Post:
    """A mail server that takes mails, or does not."""

    refuses: dict[str, DeliveryError] = field(default_factory=dict)
    took: list[str] = field(default_factory=list)

    def send(self, mail: OutgoingMail) -> None:
        """Take a mail, or refuse its address."""
        if mail.address in self.refuses:
            raise self.refuses[mail.address]
        self.took.append(str(mail.key))

    def close(self) -> None:
        """Nothing to end."""


@dataclass
class Box:
    """A mailbox for returned mails."""

    mails: list[ReturnedMail] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    fault: MailboxError | None = None
    looks: int = 0

    def unread(self) -> Iterator[ReturnedMail]:
        """Give what is not settled."""
        self.looks += 1
        if self.fault is not None:
            raise self.fault
        yield from [m for m in self.mails if m.handle not in self.settled]

    def settle(self, mail: ReturnedMail) -> None:
        """Remember it."""
        self.settled.append(mail.handle)

    def close(self) -> None:
        """Nothing to end."""

    def returns(self, *message_ids: str, status: str = "5.1.1", is_permanent: bool = True) -> None:
        """Reports about these mails come in."""
        for message_id in message_ids:
            report = BounceReport(
                message_id=message_id, recipient="x@example.org", status=status, is_permanent=is_permanent
            )
            self.mails.append(ReturnedMail(handle=str(len(self.mails)), reports=(report,)))


@dataclass
class Room:
    """The office with its post."""

    office: Office
    post: Post
    box: Box

    def __post_init__(self) -> None:
        self.outbox = OutboxService(outbox=self.office.store, mailer=self.post, clock=self.office.clock)
        self.bounces = BounceService(store=self.office.store, box=self.box)

    def mail(self, period: str, person: str = "anna") -> str:
        """Queue a weekly report and send what is due; its Message-ID."""
        name = f"{person}-{period}@example.org"
        key = DeliveryKey(kind=MailKind.WEEKLY, recipient=person, period=period)
        address = self.office.register.persons[person].mail
        made = OutgoingMail(key=key, address=address, subject=period, message=b"x", message_id=name)
        self.office.store.queue(made, at=self.office.clock())
        self.outbox.run(self.office.register)
        return name

    def after(self, **length: float) -> int:
        """Let time pass and read the mailbox."""
        self.office.clock.advance(timedelta(**length))
        return self.bounces.run(self.office.register, self.office.clock())

    def troubled(self) -> Sequence[tuple[str, str, bool]]:
        """Who is in trouble, with the status, and whether it was reported later."""
        return [(t.person, t.status, t.is_reported) for t in self.office.store.mail_troubles()]

    def moves(self, person: str, mail: str) -> None:
        """The register gets another address."""
        persons = {**self.office.register.persons}
        persons[person] = replace(persons[person], mail=mail)
        self.office.register = replace(self.office.register, persons=persons)


@pytest.fixture
def room(office: Office) -> Room:
    """An office whose post works."""
    office.enrol(account("a"))
    return Room(office=office, post=Post(), box=Box())


def test_a_refusal_is_booked_on_the_person_and_the_next_mail_that_is_taken_ends_it(room: Room) -> None:
    room.post.refuses["anna@example.org"] = GONE
    room.mail("W1")
    booked = room.troubled()
    [trouble] = room.office.store.mail_troubles()
    room.post.refuses.clear()
    room.office.clock.advance(timedelta(minutes=1))
    room.mail("W2")

    assert booked == [("anna", "5.1.1", False)]
    assert trouble.detail == "there is no such mailbox"
    assert room.troubled() == []


def test_a_repeated_refusal_keeps_its_beginning(room: Room) -> None:
    room.post.refuses["anna@example.org"] = GONE
    began = room.office.clock()
    room.mail("W1")
    room.office.clock.advance(timedelta(days=7))
    room.mail("W2")

    [trouble] = room.office.store.mail_troubles()
    assert (trouble.since, trouble.last_at) == (began, room.office.clock())


def test_a_refusal_without_an_enhanced_code_is_booked_with_the_plain_one(room: Room) -> None:
    room.post.refuses["anna@example.org"] = DeliveryError("550 no", recipient="", permanent=True, code=550)
    room.mail("W1")

    assert room.troubled() == [("anna", "550", False)]


def test_a_server_that_is_away_is_nobodys_trouble(room: Room) -> None:
    away = DeliveryError("away", recipient="", permanent=False, is_server=True)
    room.post.refuses["anna@example.org"] = away
    room.mail("W1")

    assert room.troubled() == []


def test_a_returned_mail_is_booked_on_the_mail_and_the_person_once(room: Room) -> None:
    room.box.returns(room.mail("W1"))
    first = room.after(hours=1)
    again = room.after(hours=1)

    assert (first, again) == (1, 0)
    assert room.troubled() == [("anna", "5.1.1", True)]
    [delivery] = room.office.store.deliveries()
    assert delivery.state is DeliveryState.BOUNCED
    assert delivery.last_error == "returned: 5.1.1 there is no such mailbox"


def test_a_report_read_twice_changes_nothing_the_second_time(room: Room) -> None:
    name = room.mail("W1")
    room.box.returns(name, name)

    room.after(hours=1)

    assert len(room.troubled()) == 1
    assert room.box.settled == ["0", "1"]


@pytest.mark.parametrize("forged", ["somebody-elses@example.org", "", "anna-W9@example.org"])
def test_a_report_about_a_mail_we_never_sent_is_ignored(room: Room, forged: str) -> None:
    room.mail("W1")
    room.box.returns(forged)

    assert room.after(hours=1) == 0
    assert room.troubled() == []
    assert room.box.settled == ["0"]


def test_a_report_about_a_mail_that_no_server_took_yet_is_forged(room: Room) -> None:
    room.post.refuses["anna@example.org"] = DeliveryError("busy", recipient="", permanent=False)
    room.box.returns(room.mail("W1"))

    assert room.after(hours=1) == 0
    assert room.troubled() == []


def test_a_delay_is_no_trouble(room: Room) -> None:
    room.box.returns(room.mail("W1"), status="4.4.1", is_permanent=False)

    assert room.after(hours=1) == 0
    assert room.troubled() == []


def test_taking_the_next_mail_does_not_end_a_reported_trouble_before_it_had_time_to_come_back(room: Room) -> None:
    room.box.returns(room.mail("W1"))
    room.after(hours=1)
    room.office.clock.advance(timedelta(minutes=1))
    room.mail("W2")
    room.after(hours=20)
    soon = room.troubled()
    room.after(hours=5)

    assert soon == [("anna", "5.1.1", True)]
    assert room.troubled() == []


def test_a_mail_that_comes_back_again_keeps_the_trouble(room: Room) -> None:
    room.box.returns(room.mail("W1"))
    room.after(hours=1)
    room.box.returns(room.mail("W2"))
    room.after(hours=1)
    room.after(days=9)

    assert len(room.troubled()) == 1


def test_another_address_ends_the_trouble_at_once_and_a_report_about_the_old_one_begins_none(room: Room) -> None:
    old = room.mail("W1")
    room.box.returns(old)
    room.after(hours=1)
    room.moves("anna", "anna.ny@example.org")
    room.after(minutes=1)
    cleared = room.troubled()
    room.box.returns(old)
    room.after(hours=1)

    assert cleared == []
    assert room.troubled() == []


def test_whoever_leaves_the_register_leaves_no_trouble(room: Room) -> None:
    room.box.returns(room.mail("W1"))
    room.after(hours=1)
    room.office.register = replace(room.office.register, persons={})
    room.after(minutes=1)

    assert room.troubled() == []


def test_a_mailbox_that_is_away_holds_nothing_up_and_is_read_later(room: Room) -> None:
    room.box.returns(room.mail("W1"))
    room.box.fault = MailboxError("imap.example.org does not answer: TimeoutError")
    with capture_logs() as logs:
        away = room.after(hours=1)
    room.box.fault = None

    assert away == 0
    assert [line["event"] for line in logs] == ["bounce_mailbox_away"]
    assert room.after(minutes=10) == 1


def test_the_mailbox_is_read_every_ten_minutes_and_not_in_every_pass(room: Room) -> None:
    for _ in range(30):
        room.after(minutes=1)

    assert room.box.looks == 3


def test_nothing_of_a_report_is_logged(room: Room) -> None:
    name = room.mail("W1")
    with capture_logs() as logs:
        room.box.returns(name)
        room.after(hours=1)

    assert [line["event"] for line in logs] == ["mail_returned"]
    assert not any("x@example.org" in str(line) or name in str(line) for line in logs)


# ---- the outbox's own ------------------------------------------------------------------------------------------


def test_a_mail_not_taken_is_logged_with_the_servers_codes(room: Room) -> None:
    room.post.refuses["anna@example.org"] = GONE
    with capture_logs() as logs:
        room.mail("W1")

    [line] = [line for line in logs if line["event"] == "mail_not_taken"]
    assert (line["code"], line["status"], line["permanent"]) == (550, "5.1.1", True)
    assert "anna@example.org" not in str(line)


def test_the_texts_of_sent_mails_are_forgotten_after_ninety_days_and_nothing_goes_twice(room: Room) -> None:
    room.mail("W1")
    room.office.clock.advance(timedelta(days=89))
    room.outbox.run(room.office.register)
    kept = room.office.store.deliveries()[0].mail.message
    room.office.clock.advance(timedelta(days=2))
    room.outbox.run(room.office.register)
    room.mail("W1")

    [delivery] = room.office.store.deliveries()
    assert (kept, delivery.mail.message, delivery.state) == (b"x", b"", DeliveryState.SENT)
    assert len(room.post.took) == 1


def test_one_mail_that_no_server_wants_does_not_keep_the_others(room: Room) -> None:
    room.post.refuses["anna@example.org"] = DeliveryError("dropped", recipient="", permanent=False)
    for person in ("anna", "bo", "chris"):
        address = room.office.register.persons[person].mail
        key = DeliveryKey(kind=MailKind.DIGEST, recipient=person, period="1")
        made = OutgoingMail(key=key, address=address, subject="", message=b"x")
        room.office.store.queue(made, at=room.office.clock())

    assert room.outbox.run(room.office.register) == SendReport(sent=2, postponed=1)
