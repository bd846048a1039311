"""Mails pass through a real mail server and come out as they were written. Costs fifteen seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from tests.mail.attacks import ATTACKS
from tests.mail.samples import (
    ANNA,
    CHRIS,
    SENDER,
    digest,
    entry,
    full_digest,
    full_notice,
    full_report,
    key,
    renderer,
)
from tests.mail.test_injection import mails_with
from tests.mta.mta import Mta
from tests.services.conftest import Office, account

from watchdaemon.domain.account import Person
from watchdaemon.domain.delivery import DeliveryState, MailKind, OutgoingMail
from watchdaemon.errors import DeliveryError
from watchdaemon.mail.bounces import BounceReader
from watchdaemon.mail.mailbox import MaildirBox
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.services.bounces import BounceService
from watchdaemon.services.outbox import OutboxService

pytestmark = pytest.mark.mta

ADDED_ON_THE_WAY = {"delivered-to", "return-path", "received"}
BATCH = 8
"""Attacks in one mail: some 120 mails in all, more than OpenSMTPD lets one connection carry."""


@contextmanager
def mailer(mta: Mta, **settings: object) -> Iterator[SmtpMailer]:
    """Make a mailer to the server and close it afterwards."""
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": mta.plain,
        "sender": SENDER,
        "security": "none",
        "timeout_seconds": 20,
        "local_hostname": "vakt.exempelkommun.example",
    }
    made = SmtpMailer(**{**given, **settings})  # type: ignore[arg-type]  # a test's keyword arguments
    try:
        yield made
    finally:
        made.close()


def to(address: str, mail: OutgoingMail) -> OutgoingMail:
    """Send a mail to another mailbox: the envelope decides."""
    return replace(mail, address=address)


def written(mail: OutgoingMail) -> EmailMessage:
    """Read a mail as it was handed over."""
    return message_from_bytes(mail.message, policy=policy.default)


def parts(message: EmailMessage) -> list[tuple[str, str | None, object]]:
    """Return every part's type, name and content, line ends as one: a Maildir's are another system's."""
    found: list[tuple[str, str | None, object]] = []
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_content()
            same = content.replace("\r\n", "\n") if isinstance(content, str) else content
            found.append((part.get_content_type(), part.get_filename(), same))
    return found


def headers(message: EmailMessage) -> list[tuple[str, str]]:
    """Return the headers that are ours."""
    return [(name, str(value)) for name, value in message.items() if name.lower() not in ADDED_ON_THE_WAY]


def assert_same(came: EmailMessage, mail: OutgoingMail) -> None:
    """What came out is what went in."""
    as_written = written(mail)
    assert str(came["Subject"]) == str(as_written["Subject"])
    assert headers(came) == headers(as_written)
    assert parts(came) == parts(as_written)
    assert not [defect for part in came.walk() for defect in part.defects]


def every_kind(person: Person) -> list[OutgoingMail]:
    """One mail of each kind to that person, in the person's language."""
    renders = renderer()
    return [
        renders.digest(full_digest(person), key()),
        renders.weekly(full_report(person), key(MailKind.WEEKLY)),
        renders.alert(full_notice(person), key(MailKind.ALERT)),
    ]


@pytest.mark.parametrize("person", [ANNA, CHRIS], ids=["sv", "en"])
def test_every_kind_of_mail_in_both_languages_comes_out_as_it_was_written(mta: Mta, person: Person) -> None:
    mails = every_kind(person)
    with mailer(mta) as made:
        for number, mail in enumerate(mails):
            made.send(to(f"{person.key}{number}@exempelkommun.example", mail))

    for number, mail in enumerate(mails):
        [came] = mta.came(f"{person.key}{number}", 1)
        assert_same(came, mail)


def test_no_attack_changes_anything_on_the_way(mta: Mta) -> None:
    batches = [" ".join(ATTACKS[at : at + BATCH]) for at in range(0, len(ATTACKS), BATCH)]
    mails = [mail for words in batches for mail in mails_with(words)]
    with mailer(mta) as made:
        for mail in mails:
            made.send(to("attacked@exempelkommun.example", mail))

    came = mta.came("attacked", len(mails))
    assert len(ATTACKS) >= 200
    assert len(came) == len(mails)
    by_content = {str(parts(written(mail))): mail for mail in mails}
    for message in came:
        assert_same(message, by_content[str(parts(message))])
        assert message["Bcc"] is None
        assert message["Delivered-To"] == "attacked@exempelkommun.example"


def test_no_line_is_longer_than_the_mail_system_allows(mta: Mta) -> None:
    """RFC 5321 section 4.5.3.1.6: 1,000 octets with the line's end; a server may cut longer ones."""
    mail = renderer().digest(digest([entry(text="lång" * 500)]), key())
    with mailer(mta) as made:
        made.send(to("lines@exempelkommun.example", mail))

    assert max(map(len, mail.message.split(b"\r\n"))) <= 998
    [came] = mta.came("lines", 1)
    assert_same(came, mail)


def test_a_domain_beyond_ascii_arrives_and_a_name_beyond_it_is_refused_in_plain_words(mta: Mta) -> None:
    """OpenSMTPD has no SMTPUTF8, like most servers in town halls."""
    with mailer(mta) as made:
        made.send(renderer().digest(digest([entry()], recipient=replace(ANNA, mail="idn@åmåla.example")), key()))
        with pytest.raises(DeliveryError, match="SMTPUTF8") as caught:
            made.send(renderer().digest(digest([entry()], recipient=replace(ANNA, mail="åsa@example.org")), key()))

    [came] = mta.came("idn", 1)
    assert came["To"].addresses[0].domain.startswith("xn--")
    assert caught.value.permanent


def test_a_protected_connection_is_made_when_the_authority_is_trusted_and_not_otherwise(mta: Mta) -> None:
    """STARTTLS ends at a server in front of OpenSMTPD: Debian 12's 6.8.0p2 cannot use any key with its OpenSSL 3."""
    mail = to("protected@exempelkommun.example", every_kind(ANNA)[0])
    with SmtpSink(tls=mta.tls()) as front:
        with mailer(mta, port=front.port, security="starttls", ca_file=mta.authority) as made:
            made.send(mail)
        with (
            mailer(mta, port=front.port, security="starttls") as stranger,
            pytest.raises(DeliveryError, match="certificate is not trusted") as untrusted,
        ):
            stranger.send(mail)
        with mailer(mta, port=front.port) as plain, pytest.raises(DeliveryError) as unprotected:
            plain.send(mail)
        [taken] = front.messages
    with mailer(mta) as onwards:
        onwards.send(replace(mail, message=taken.message))

    [came] = mta.came("protected", 1)
    assert_same(came, mail)
    assert (untrusted.value.permanent, untrusted.value.is_server) == (False, True)
    assert not unprotected.value.permanent


def test_a_mailbox_that_does_not_exist_is_refused_for_good(mta: Mta) -> None:
    with mailer(mta) as made:
        made.send(to("anna@strict.example", every_kind(ANNA)[0]))
        with pytest.raises(DeliveryError) as caught:
            made.send(to("nobody-here@strict.example", every_kind(ANNA)[0]))

    assert (caught.value.permanent, caught.value.code, caught.value.status) == (True, 524, "5.2.4")


def test_a_mail_that_is_too_big_is_refused_for_good_and_the_next_one_goes(mta: Mta) -> None:
    mail = every_kind(ANNA)[0]
    big = replace(mail, message=mail.message + b"x" * 70 + b"\r\n" + b"\r\n".join([b"y" * 70] * 120_000))
    with mailer(mta) as made:
        with pytest.raises(DeliveryError) as caught:
            made.send(to("big@exempelkommun.example", big))
        made.send(to("big@exempelkommun.example", mail))

    assert caught.value.permanent
    assert_same(mta.came("big", 1)[0], mail)


@pytest.mark.parametrize("verp", [True, False], ids=["own address", "one address"])
def test_what_a_server_further_on_refuses_comes_back_and_is_booked_on_the_person(
    mta: Mta, further: SmtpSink, office: Office, verp: bool
) -> None:
    """Handed over well; refused by the next server; reported by a real bounce; read from a real Maildir."""
    office.enrol(account("a"))
    anna = replace(office.register.persons["anna"], mail="anna@elsewhere.example")
    office.register = replace(office.register, persons={**office.register.persons, "anna": anna})
    mail = renderer(secret=f"s{verp}").digest(digest([entry()], recipient=anna), key())
    office.store.queue(mail, at=office.clock())
    box = MaildirBox(
        mta.folder / "boxes" / "returned", BounceReader(sender=SENDER, bounce_address="studs@returns.example")
    )
    bounces = BounceService(store=office.store, box=box)

    further.refusals["anna@elsewhere.example"] = "550 5.1.1 no such user"
    with mailer(mta, bounce_address="studs@returns.example", verp=verp) as made:
        assert OutboxService(outbox=office.store, mailer=made, clock=office.clock).run().sent == 1
        mta.came("returned", 1)
    office.clock.advance(timedelta(minutes=1))
    returned = bounces.run(office.register, office.clock())

    [trouble] = office.store.mail_troubles()
    assert returned == 1
    assert (trouble.person, trouble.address, trouble.status) == ("anna", "anna@elsewhere.example", "5.1.1")
    assert trouble.is_reported
    assert [d.state for d in office.store.deliveries()] == [DeliveryState.BOUNCED]
    assert not any((mta.folder / "boxes" / "returned" / "new").iterdir())
