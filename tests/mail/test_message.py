"""A rendered mail is a whole, proper message, and the same bytes each time."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from tests.mail.reading import parsed
from tests.mail.samples import ANNA, NOW, SENDER, digest, entry, full_digest, key, renderer

from watchdaemon.domain.delivery import MailKind
from watchdaemon.errors import ConfigError
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
    [("#1f4e79", "#ffffff"), ("#000000", "#ffffff"), ("#ffd200", "#111111"), ("#ffffff", "#111111")],
)
def test_the_strips_ink_is_the_one_that_can_be_read(colour: str, ink: str) -> None:
    assert ink_on(colour) == ink
