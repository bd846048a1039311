"""A rendered mail is a whole, proper message, and the same bytes each time."""

import re
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from tests.mail.reading import parsed
from tests.mail.samples import (
    ANNA,
    LIBRARY,
    NOW,
    SENDER,
    alert,
    digest,
    entry,
    full_digest,
    key,
    notice,
    renderer,
    watch,
)

from watchdaemon.domain.delivery import MailKind
from watchdaemon.errors import ConfigError, Reason
from watchdaemon.mail._message import Attachment, Letter, compose, list_label, message_id
from watchdaemon.mail.render import ink_on

NAMES = [
    "Åsa Öberg",
    "Kommun, enhet; avdelning",
    'Anna "Nanna" Ek',
    "a, " * 25 + "b",
    "Å" * 60,
    "😀" * 30 + ", <evil@example.org>",
    "=?utf-8?q?evil?=",
    "x" * 80,
    "O'Brien (vikarie) @ enheten",
    "Bibliotek\\",
    "مكتبة البلدية",
]


def test_the_same_mail_is_the_same_bytes() -> None:
    assert renderer().digest(full_digest(), key()) == renderer().digest(full_digest(), key())


def test_the_message_id_follows_the_key_and_nothing_else() -> None:
    one = parsed(renderer().digest(full_digest(), key()))["Message-ID"]
    same_key = parsed(renderer().digest(digest([entry()]), key()))["Message-ID"]
    other_key = parsed(renderer().digest(full_digest(), key(period="2026-11-23/2")))["Message-ID"]
    other_kind = parsed(renderer().digest(full_digest(), key(MailKind.DIGEST, "bengt")))["Message-ID"]
    other_sender = parsed(renderer(sender="x@exempelkommun.example").digest(full_digest(), key()))["Message-ID"]

    assert one == same_key
    assert one.endswith("@exempelkommun.example>")
    assert len({one, other_key, other_kind, other_sender}) == 4


def test_the_date_is_the_digests_own_in_local_time() -> None:
    message = parsed(renderer().digest(full_digest(), key()))

    assert message["Date"].datetime == NOW
    assert message["Date"].datetime.utcoffset() == timedelta(hours=1)


def test_the_headers_tell_machines_not_to_answer() -> None:
    message = parsed(renderer(reply_to="kommunikation@exempelkommun.example").digest(full_digest(), key()))

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Id"] == "<digest.watchdaemon.exempelkommun.example>"
    assert message["Reply-To"] == "kommunikation@exempelkommun.example"
    assert message["Content-Language"] == "sv"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_arrives_as_it_is_and_names_nobody_else(name: str) -> None:
    """The standard library's own folding turns some of these into several recipients."""
    mail = renderer(organisation=name).digest(digest([entry()], recipient=replace(ANNA, name=name)), key())
    as_written = message_from_bytes(mail.message)

    assert [address.addr_spec for address in parsed(mail)["To"].addresses] == [ANNA.mail]
    assert [address.addr_spec for address in parsed(mail)["From"].addresses] == [SENDER]
    for header in ("To", "From"):
        phrase = as_written[header].rpartition("<")[0].strip()
        assert str(make_header(decode_header(phrase))) == name


def test_an_international_domain_is_written_as_the_mail_system_knows_it() -> None:
    mail = renderer().digest(digest([entry()], recipient=replace(ANNA, mail="anna@åmåla.example")), key())

    assert mail.address == "anna@åmåla.example"
    assert mail.message.isascii()
    assert b"<anna@xn--" in mail.message


def test_a_name_before_the_at_sign_beyond_ascii_is_written_as_it_is() -> None:
    mail = renderer().digest(digest([entry()], recipient=replace(ANNA, mail="åsa@example.org")), key())

    assert "<åsa@example.org>".encode() in mail.message


@pytest.mark.parametrize(
    "settings",
    [
        {"sender": "no address"},
        {"sender": "a@example.org\r\nBcc: b@example.org"},
        {"reply_to": "Kommunen <a@example.org>"},
        {"colour": "red"},
        {"colour": "#12345"},
        {"language": "fi"},
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_at_once(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        renderer(**settings)


@pytest.mark.parametrize(
    ("colour", "ink"),
    [("#1f4e79", "#ffffff"), ("#000000", "#ffffff"), ("#ffd200", "#000000"), ("#ffffff", "#000000")],
)
def test_the_strips_ink_is_the_one_that_can_be_read(colour: str, ink: str) -> None:
    assert ink_on(colour) == ink


def test_the_digests_of_one_account_are_one_conversation_a_month_and_a_list_of_their_own() -> None:
    only = watch()
    later = replace(digest([entry()]).window, on=date(2026, 12, 1))
    mails = [
        renderer().digest(replace(digest([entry()]), watched=(only,)), key()),
        renderer().digest(replace(digest([entry()]), watched=(only,)), key(period="2026-11-23/2")),
        renderer().digest(replace(digest([entry()]), watched=(only,), window=later), key(period="2026-12-01/1")),
        renderer().digest(full_digest(), key()),
    ]

    roots = [parsed(mail)["References"] for mail in mails]
    assert roots[0] == roots[1]
    assert len(set(roots)) == 3
    assert parsed(mails[0])["List-Id"] == f"<{LIBRARY.key}.digest.watchdaemon.exempelkommun.example>"
    assert parsed(mails[3])["List-Id"] == "<digest.watchdaemon.exempelkommun.example>"


def test_the_end_of_an_alert_stands_under_its_beginning_and_covers_it() -> None:
    begun = alert(Reason.OUTAGE, (LIBRARY.key, "fb-badet"))
    over = replace(begun, closed_at=NOW)
    opening = renderer().alert(notice([begun]), key(MailKind.ALERT, period="1"))
    closing = renderer().alert(notice([], [over]), key(MailKind.ALERT, period="2"))

    assert parsed(opening)["References"] == parsed(closing)["References"]
    assert closing.covers == tuple(f"{fact}*" for fact in opening.covers)
    assert len(opening.covers) == 2


def test_the_sender_has_the_name_of_the_settings_or_else_the_organisations() -> None:
    named = renderer(sender_name="Vakten på Exempelkommun").digest(full_digest(), key())

    assert parsed(named)["From"].addresses[0].display_name == "Vakten på Exempelkommun"
    assert parsed(renderer().digest(full_digest(), key()))["From"].addresses[0].display_name == "Exempelkommun"


def letter(**values: object) -> Letter:
    """A small letter."""
    given: dict[str, object] = {
        "key": "digest/anna/2026-11-23/1",
        "sender_name": "Exempelkommun",
        "sender": SENDER,
        "recipient_name": ANNA.name,
        "recipient": ANNA.mail,
        "reply_to": None,
        "subject": "Hej",
        "list_name": "digest",
        "language": "sv",
        "written_at": NOW,
        "text": "Hej\n",
        "html": "<p>Hej</p>\n",
    }
    return Letter(**{**given, **values})  # type: ignore[arg-type]  # a test's shorthand


def composed(**values: object) -> EmailMessage:
    """A small letter, written and read back strictly."""
    return message_from_bytes(compose(letter(**values)), policy=policy.SMTP)


def test_an_attachment_comes_out_byte_for_byte_beside_both_texts() -> None:
    table = '\ufeffFråga;Konto\r\n"=_m--";Å\r\n'.encode()

    message = composed(attachments=[Attachment(name="Frågor.csv", content=table)])

    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    [attached] = message.iter_attachments()
    assert [body.get_content() for body in bodies if body is not None] == ["Hej\r\n", "<p>Hej</p>\r\n"]
    assert (attached.get_filename(), attached.get_content_type()) == ("Fragor.csv", "text/csv")
    assert attached.get_payload(decode=True) == table
    assert not [defect for part in message.walk() for defect in part.defects]


@pytest.mark.parametrize(
    "name", ['x"\r\nBcc: evil@example.org', "../../etc/passwd", "a;b=c.csv", "\u202evsc.exe", "", "å" * 300]
)
def test_an_attachments_name_neither_injects_nor_leaves_its_folder(name: str) -> None:
    message = composed(attachments=[Attachment(name=name, content=b"1")])

    [attached] = message.iter_attachments()
    assert message["Bcc"] is None
    assert re.fullmatch(r"[A-Za-z0-9._-]+", attached.get_filename() or "")
    assert "/" not in (attached.get_filename() or "")


def test_mails_of_one_conversation_refer_to_the_same_beginning() -> None:
    one = composed(threads=["digest/bib"])
    other = composed(key="digest/anna/2026-11-23/2", threads=["digest/bib"])
    third = composed(threads=["digest/badet", "digest/bib"])

    assert one["References"] == one["In-Reply-To"] == other["References"]
    assert one["Message-ID"] != other["Message-ID"]
    assert third["References"].split()[-1] == one["References"]
    assert len(third["References"].split()) == 2
    assert composed()["References"] is None


def test_a_secret_makes_the_message_id_one_that_nobody_can_guess() -> None:
    assert composed()["Message-ID"] != composed(secret="s1")["Message-ID"] != composed(secret="s2")["Message-ID"]
    assert composed(secret="s1")["Message-ID"] == message_id(letter(secret="s1"))


def test_a_lists_name_is_made_of_plain_labels() -> None:
    assert composed(list_name="digest.Badhuset Å\r\nBcc: x")["List-Id"].startswith("<digest.badhuset-a-bcc-x.watch")
    assert list_label("...") == "mail"
