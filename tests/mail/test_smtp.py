"""Mails reach a real server; a bounce is told from a server that is away."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.mail.samples import ANNA, BENGT, SENDER, digest, entry, full_digest, key, renderer

from watchdaemon.domain.delivery import OutgoingMail
from watchdaemon.errors import ConfigError, DeliveryError
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import Security, SmtpMailer, is_for_good

PASSWORD = "correct horse"


def mail_to(address: str = ANNA.mail) -> OutgoingMail:
    """Render a small digest to that address."""
    return renderer().digest(digest([entry()], recipient=replace(ANNA, mail=address)), key())


@contextmanager
def mailer(server: SmtpSink, **settings: object) -> Iterator[SmtpMailer]:
    """Make a mailer to that server and close it afterwards."""
    values: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        "sender": SENDER,
        "security": Security.NONE,
        "timeout_seconds": 5,
        "local_hostname": "watch.example.org",
        **settings,
    }
    made = SmtpMailer(**values)  # type: ignore[arg-type]  # a test's keyword arguments
    try:
        yield made
    finally:
        made.close()


def failure(made: SmtpMailer, mail: OutgoingMail) -> DeliveryError:
    """Send a mail that is not taken, and return the error."""
    with pytest.raises(DeliveryError) as caught:
        made.send(mail)
    assert caught.value.recipient == mail.address
    return caught.value


def test_a_mail_arrives_as_it_was_rendered(sink: SmtpSink) -> None:
    mail = renderer().digest(full_digest(), key())

    with mailer(sink) as made:
        made.send(mail)

    assert [(m.sender, m.recipients, m.message) for m in sink.messages] == [(SENDER, (ANNA.mail,), mail.message)]


def test_one_connection_serves_a_batch(sink: SmtpSink) -> None:
    with mailer(sink) as made:
        made.send(mail_to())
        first = made._connection
        made.send(mail_to(BENGT.mail))

        assert made._connection is first
    assert len(sink.messages) == 2


def test_a_connection_the_server_closed_meanwhile_is_opened_anew(sink: SmtpSink) -> None:
    with mailer(sink) as made:
        made.send(mail_to())
        sink.stop()
        sink.start()
        made.send(mail_to(BENGT.mail))

    assert [m.recipients for m in sink.messages] == [(ANNA.mail,), (BENGT.mail,)]


def test_closing_twice_or_before_the_first_mail_is_harmless(sink: SmtpSink) -> None:
    with mailer(sink) as made:
        made.close()
        made.send(mail_to())
        made.close()
        made.close()
        made.send(mail_to())

    assert len(sink.messages) == 2


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("550 5.1.1 no such mailbox", True),
        ("550 no such user here", True),
        ("552 5.2.2 mailbox full", True),
        ("451 4.7.1 greylisted, come back later", False),
        ("450 4.2.1 busy", False),
        ("421 4.3.2 closing down", False),
        ("554 5.7.1 relay access denied", False),
        ("530 5.7.0 authentication required", False),
        ("550 5.1.8 sender address rejected", False),
    ],
)
def test_a_refused_recipient_does_not_stop_the_others(sink: SmtpSink, answer: str, permanent: bool) -> None:
    sink.refusals[ANNA.mail] = answer

    with mailer(sink) as made:
        error = failure(made, mail_to())
        made.send(mail_to(BENGT.mail))

    assert error.permanent is permanent
    assert answer[:3] in str(error)
    assert [m.recipients for m in sink.messages] == [(BENGT.mail,)]


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("554 5.6.0 message refused", True),
        ("552 5.3.4 message too big", True),
        ("554 transaction failed", True),
        ("451 4.3.0 disk full", False),
        ("554 5.7.1 blocked by policy", False),
    ],
)
def test_a_refused_message_is_for_good_only_when_it_is_about_the_message(
    sink: SmtpSink, answer: str, permanent: bool
) -> None:
    sink.data_refusal = answer

    with mailer(sink) as made:
        assert failure(made, mail_to()).permanent is permanent


def test_a_server_that_is_away_is_no_bounce(sink: SmtpSink) -> None:
    sink.stop()

    with mailer(sink) as made:
        assert not failure(made, mail_to()).permanent
        sink.start()
        made.send(mail_to())

    assert len(sink.messages) == 1


def test_a_server_that_never_answers_is_no_bounce() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        made = SmtpMailer(
            host="127.0.0.1",
            port=deaf.getsockname()[1],
            sender=SENDER,
            security="none",
            timeout_seconds=0.05,
            local_hostname="watch.example.org",
        )
        error = failure(made, mail_to())

    assert not error.permanent
    assert "timed out" in str(error)


def test_an_error_names_no_address_in_its_text(sink: SmtpSink) -> None:
    sink.refusals[ANNA.mail] = f"550 5.1.1 <{ANNA.mail}>: user unknown"

    with mailer(sink) as made:
        error = failure(made, mail_to())

    assert str(error) == "the server refused the recipient: 550 5.1.1 <address>: user unknown"


@pytest.mark.parametrize(
    "address", ["", "anna", "a@example.org\r\nRCPT TO:<b@example.org>", "A <a@example.org>", "a@b@c"]
)
def test_what_is_no_address_never_reaches_the_server(sink: SmtpSink, address: str) -> None:
    with mailer(sink) as made:
        assert failure(made, mail_to(address)).permanent
    assert sink.messages == []


def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it(sink: SmtpSink) -> None:
    with mailer(sink) as made:
        made.send(mail_to("åsa@example.org"))
        made.send(mail_to())

    assert [m.recipients for m in sink.messages] == [("åsa@example.org",), (ANNA.mail,)]


def test_an_address_beyond_ascii_bounces_with_clear_words_where_it_does_not() -> None:
    with SmtpSink(with_smtputf8=False) as sink, mailer(sink) as made:
        error = failure(made, mail_to("åsa@example.org"))
        made.send(mail_to("anna@åmåla.example"))

        assert error.permanent
        assert "SMTPUTF8" in str(error)
        assert [m.recipients[0][:10] for m in sink.messages] == ["anna@xn--m"]


def test_starttls_protects_the_mail_and_the_login(tls: ssl.SSLContext, certificate: Path) -> None:
    with (
        SmtpSink(tls=tls, login=("watch", PASSWORD)) as sink,
        mailer(sink, security="starttls", ca_file=certificate, username="watch", password=SecretStr(PASSWORD)) as made,
    ):
        made.send(mail_to())

        assert isinstance(made._connection, smtplib.SMTP)
        assert isinstance(made._connection.sock, ssl.SSLSocket)
        assert len(sink.messages) == 1


def test_a_refused_login_is_no_bounce_and_its_password_is_not_told(tls: ssl.SSLContext, certificate: Path) -> None:
    with (
        SmtpSink(tls=tls, login=("watch", PASSWORD)) as sink,
        mailer(sink, security="starttls", ca_file=certificate, username="watch", password=SecretStr("battery")) as made,
    ):
        error = failure(made, mail_to())

        assert not error.permanent
        assert "refused our login" in str(error)
        assert "battery" not in str(error)
        assert sink.messages == []


def test_starttls_never_falls_back_to_plain(sink: SmtpSink, certificate: Path) -> None:
    with mailer(sink, security="starttls", ca_file=certificate) as made:
        error = failure(made, mail_to())

    assert not error.permanent
    assert "STARTTLS" in str(error)
    assert not str(error).endswith(".")  # the sentence around it has one
    assert sink.messages == []


def test_a_certificate_that_is_not_trusted_gets_no_mail(tls: ssl.SSLContext) -> None:
    with SmtpSink(tls=tls) as sink, mailer(sink, security="starttls") as made:
        error = failure(made, mail_to())

        assert not error.permanent
        assert "certificate is not trusted" in str(error)
        assert sink.messages == []


def test_a_certificate_for_another_name_gets_no_mail(tls: ssl.SSLContext, certificate: Path) -> None:
    with SmtpSink(tls=tls) as sink, mailer(sink, host="localhost", security="starttls", ca_file=certificate) as made:
        assert "certificate is not trusted" in str(failure(made, mail_to()))
        assert sink.messages == []


def test_a_server_that_wants_tls_gets_no_plain_mail_and_that_is_no_bounce(tls: ssl.SSLContext) -> None:
    with SmtpSink(tls=tls) as sink, mailer(sink) as made:
        assert not failure(made, mail_to()).permanent
        assert sink.messages == []


@pytest.mark.parametrize(
    "settings",
    [
        {"sender": "nobody"},
        {"username": "watch"},
        {"password": SecretStr("x")},
        {"host": "mail.example.org", "security": "none", "username": "watch", "password": SecretStr("x")},
        {"ca_file": Path("/nonexistent.pem")},
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, object]) -> None:
    values: dict[str, object] = {"host": "127.0.0.1", "sender": SENDER, **settings}

    with pytest.raises(ConfigError):
        SmtpMailer(**values)  # type: ignore[arg-type]  # a test's keyword arguments


@pytest.mark.parametrize(
    ("code", "text", "for_good"),
    [
        (550, "5.1.1 user unknown", True),
        (550, "5.1.10 recipient not found", True),
        (550, "5.2.1 mailbox disabled", True),
        (550, "5.0.0 no", True),
        (551, "user not local", True),
        (553, "mailbox name not allowed", True),
        (550, "5.7.1 unable to relay", False),
        (550, "relaying denied", False),
        (553, "5.1.8 sender domain not found", False),
        (504, "5.5.2 helo command rejected", False),
        (503, "bad sequence", False),
        (535, "5.7.8 bad credentials", False),
        (550, "5.4.1 no answer from host", False),
        (554, "5.3.0 other system trouble", False),
        (451, "4.1.1 try later", False),
        (250, "ok", False),
        (-1, "not an answer at all", False),
    ],
)
def test_only_what_is_about_the_recipient_or_the_message_is_for_good(code: int, text: str, for_good: bool) -> None:
    assert is_for_good(code, text) is for_good


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        ("550 5.1.1 no such mailbox", 550, "5.1.1"),
        ("550 no such user here", 550, ""),
        ("451 4.7.1 greylisted", 451, "4.7.1"),
        ("550 4.7.1 odd", 550, ""),
    ],
)
def test_a_refusal_carries_its_codes(sink: SmtpSink, answer: str, code: int, status: str) -> None:
    sink.refusals[ANNA.mail] = answer

    with mailer(sink) as made:
        error = failure(made, mail_to())

    assert (error.code, error.status, error.is_server) == (code, status, False)


def test_a_server_that_is_not_there_is_told_from_a_mail_that_is_not_taken(sink: SmtpSink) -> None:
    sink.data_refusal = "451 4.3.0 not now"
    with mailer(sink) as made:
        about_the_mail = failure(made, mail_to())
        sink.stop()
        about_the_server = failure(made, mail_to())

    assert (about_the_mail.is_server, about_the_server.is_server) == (False, True)
    assert not about_the_server.permanent


def test_each_mail_has_a_return_address_of_its_own_that_names_it(sink: SmtpSink) -> None:
    mail = mail_to()

    with mailer(sink, bounce_address="studs@exempelkommun.example", verp=True) as made:
        made.send(mail)
        made.send(replace(mail, message_id=""))

    named = f"studs+{mail.message_id.partition('@')[0]}@exempelkommun.example"
    assert [m.sender for m in sink.messages] == [named, "studs@exempelkommun.example"]
    assert f"<{mail.message_id}>".encode() in mail.message


@pytest.mark.parametrize(
    "settings", [{"bounce_address": "no address"}, {"bounce_address": f"{'x' * 40}@example.org", "verp": True}]
)
def test_a_return_address_that_cannot_be_used_is_refused_at_once(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"^mail\."):
        SmtpMailer(host="mail.example.org", sender=SENDER, **settings)  # type: ignore[arg-type]  # a test's shorthand
