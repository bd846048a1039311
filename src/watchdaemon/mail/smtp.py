"""Hands mails to the organisation's own mail server over SMTP.

What matters here is telling a bounce from a server that is away. A refusal of this one recipient or message is for
good; everything that could be our configuration or the server's bad day is not, because a mail that is given up for
such a cause is a question nobody is told of.
"""

import re
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from watchdaemon.domain.delivery import OutgoingMail
from watchdaemon.errors import ConfigError, DeliveryError
from watchdaemon.mail._message import is_address, wire_address

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_TEXT = 200
_MAX_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
_OPAQUE = 33  # "+" and what names the mail
_ABOUT_US = re.compile(
    r"\b(relay\w*|sender|client|helo|ehlo|authenticat\w*|starttls|blocked|block ?list\w*)\b", re.IGNORECASE
)


class Security(StrEnum):
    """How the connection is protected. What is configured is required: there is no falling back."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class SmtpMailer:
    """The port `Mailer`. Keeps one connection between the mails of a batch; safe to share between threads."""

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        port: int | None = None,
        security: Security | str = Security.STARTTLS,
        username: str | None = None,
        password: SecretStr | None = None,
        ca_file: Path | None = None,
        timeout_seconds: float = 30.0,
        local_hostname: str | None = None,
        bounce_address: str | None = None,
        verp: bool = False,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make a mailer; nothing is connected before the first mail.

        Args:
            host: The mail server, by the name its certificate carries.
            sender: The address mails come from, and the envelope sender unless `bounce_address` is given.
            port: None takes the usual one: 25 for none, 587 for STARTTLS, 465 for TLS.
            security: Required as configured.
            username: Log in as this user; None: no login.
            password: The user's password; over `Security.NONE` only to the same machine.
            ca_file: Certificates to trust instead of the system's (PEM).
            timeout_seconds: How long each step may take.
            local_hostname: What we call ourselves in EHLO; None: the machine's full name.
            bounce_address: The envelope sender: where servers return a mail that they could not pass on.
            verp: Give each mail an envelope sender of its own, ``bounce+<opaque>@…``, which names it when it returns.
            on_step: Told, in words, of each step that went well: for a person who tries the server out.

        Raises:
            ConfigError: The settings contradict each other, or the certificates cannot be read.
        """
        self._security = Security(security)
        self._check(host, sender, username, password)
        if bounce_address is not None and not is_address(bounce_address):
            raise ConfigError(f"mail.bounce_address: {bounce_address!r} is not a mail address")
        if verp and len((bounce_address or sender).partition("@")[0]) > _MAX_LOCAL - _OPAQUE:
            raise ConfigError(f"mail.verp: the part of {bounce_address or sender!r} before the @ is too long for it")
        self._host = host
        self._port = port or {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}[self._security]
        self._sender = wire_address(bounce_address or sender)
        self._verp = verp
        self._on_step = on_step
        self._username = username
        self._password = password
        self._timeout = timeout_seconds
        self._local_hostname = local_hostname
        self._tls = self._tls_context(ca_file)
        self._connection: smtplib.SMTP | None = None
        self._carried = 0  # mails that the connection took
        self._lock = threading.Lock()

    def send(self, mail: OutgoingMail) -> None:
        """Send one mail (the port's contract).

        Raises:
            DeliveryError: `permanent` only when the server refused this recipient or this message for good.
        """
        if not is_address(mail.address):
            raise DeliveryError("not a mail address", recipient=mail.address, permanent=True)
        with self._lock:
            try:
                self._hand_over_once_more_if_tired(mail)
            except DeliveryError:
                raise
            except (smtplib.SMTPException, OSError, ValueError) as error:
                self._hang_up()
                raise self._away(mail, error, is_server=False) from error

    def _hand_over_once_more_if_tired(self, mail: OutgoingMail) -> None:
        """Hand over; on a new connection when the present one has carried its share.

        Servers let a connection carry so many mails (OpenSMTPD 100, Exchange 20) and then refuse the next sender with
        4xx. That is no fault of the next mail.
        """
        connection, carried = self._reached(mail), self._carried
        try:
            self._hand_over(mail, connection)
        except smtplib.SMTPSenderRefused as error:
            if not carried or not 400 <= error.smtp_code <= 499:
                raise
            self._hang_up()
            self._hand_over(mail, self._reached(mail))
        self._carried += 1

    def _reached(self, mail: OutgoingMail) -> smtplib.SMTP:
        """Connect and log in; what goes wrong here is about the server, or about us, and not about the mail."""
        try:
            return self._connected()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._hang_up()
            raise self._away(mail, error, is_server=True) from error

    def close(self) -> None:
        """End the connection, if there is one."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(smtplib.SMTPException, OSError):
                    connection.quit()

    def _hand_over(self, mail: OutgoingMail, connection: smtplib.SMTP) -> None:
        recipient = wire_address(mail.address)
        options = []
        if not recipient.isascii() or not mail.message.isascii():
            if not connection.has_extn("smtputf8"):
                raise DeliveryError(
                    "the address has letters beyond ASCII before the @, and the mail server does not take such "
                    "addresses (SMTPUTF8)",
                    recipient=mail.address,
                    permanent=True,
                )
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            connection.sendmail(self._envelope_sender(mail), [recipient], mail.message, mail_options=options)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise self._refused(mail, code, text, "recipient") from error
        except smtplib.SMTPDataError as error:
            raise self._refused(mail, error.smtp_code, error.smtp_error, "message") from error
        except smtplib.SMTPSenderRefused as error:
            # RFC 1870: a message that is too big is refused here already, by its SIZE.
            is_too_big = error.smtp_code == 552 or _enhanced(error.smtp_code, error.smtp_error) == "5.3.4"
            if not is_too_big:
                raise
            raise self._refused(mail, error.smtp_code, error.smtp_error, "message") from error
        self._on_step("The server took the mail.")

    def _envelope_sender(self, mail: OutgoingMail) -> str:
        opaque = mail.message_id.partition("@")[0]
        if not self._verp or not opaque:
            return self._sender
        local, _, domain = self._sender.rpartition("@")
        return f"{local}+{opaque}@{domain}"

    def _refused(self, mail: OutgoingMail, code: int, text: bytes | str, what: str) -> DeliveryError:
        if code == 421:  # the server closes the connection with this one
            self._hang_up()
        told = f"the server refused the {what}: {code} {_shown(text)}"
        return DeliveryError(
            told,
            recipient=mail.address,
            permanent=is_for_good(code, _text(text)),
            code=code,
            status=_enhanced(code, text),
        )

    def _away(self, mail: OutgoingMail, error: Exception, *, is_server: bool) -> DeliveryError:
        answer = error if isinstance(error, smtplib.SMTPResponseException) else None
        return DeliveryError(
            _describe(error),
            recipient=mail.address,
            permanent=False,
            code=answer.smtp_code if answer else None,
            status=_enhanced(answer.smtp_code, answer.smtp_error) if answer else "",
            is_server=is_server,
        )

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._connection.noop()[0] == 250:
                    return self._connection
            self._hang_up()  # servers end idle connections; that is no failure of the next mail
        connection = self._open()
        self._on_step(f"{self._host}:{self._port} answers.")
        try:
            if self._security is Security.STARTTLS:
                connection.starttls(context=self._tls)  # raises when the server does not offer it
            if self._security is not Security.NONE:
                self._on_step("The connection is protected, and the server's certificate is trusted.")
            connection.ehlo_or_helo_if_needed()
            if self._username and self._password:
                connection.login(self._username, self._password.get_secret_value())
                self._on_step("The login is accepted.")
        except BaseException:
            connection.close()
            raise
        self._connection, self._carried = connection, 0
        return connection

    def _open(self) -> smtplib.SMTP:
        if self._security is Security.TLS:
            return smtplib.SMTP_SSL(
                self._host,
                self._port,
                local_hostname=self._local_hostname,
                timeout=self._timeout,
                context=self._tls,
            )
        return smtplib.SMTP(self._host, self._port, local_hostname=self._local_hostname, timeout=self._timeout)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _tls_context(self, ca_file: Path | None) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one too
            raise ConfigError(f"mail.ca_file: {ca_file} cannot be read as certificates") from error

    def _check(self, host: str, sender: str, username: str | None, password: SecretStr | None) -> None:
        if not is_address(sender):
            raise ConfigError(f"mail.sender: {sender!r} is not a mail address")
        if (username is None) != (password is None):
            raise ConfigError("mail.username and mail.password: one is of no use without the other")
        if password is not None and self._security is Security.NONE and host not in _LOOPBACK:
            raise ConfigError('mail.security: "none" would send the password readable over the network')


def is_for_good(code: int, text: str) -> bool:
    """Tell whether an SMTP answer to RCPT or DATA is about this recipient or message, for good.

    Servers say "550" also when they mean us: a relay that does not know this machine, a sender they do not accept, a
    login they want. Those are mended by a person and must not bounce a mail. The enhanced codes (RFC 3463 section 3:
    x.7.* is policy and security, x.1.7 and x.1.8 the sender, x.5.* the protocol, x.3.* and x.4.* the system and the
    network) tell most of them; without one, the words do. x.3.4 is "too big": that is the message.
    """
    if not 500 <= code <= 599 or code in {500, 501, 502, 503, 504, 521, 530, 534, 535, 538}:
        return False
    enhanced = re.match(r"\s*5\.(\d{1,3})\.(\d{1,3})\b", text)
    if enhanced:
        subject, detail = int(enhanced[1]), int(enhanced[2])
        if subject == 1:
            return detail not in {7, 8}
        return subject in {2, 6} or (subject, detail) == (3, 4) or (subject == 0 and not _is_about_us(text))
    return not _is_about_us(text)


def _is_about_us(text: str) -> bool:
    return bool(_ABOUT_US.search(text))


def _enhanced(code: int, text: bytes | str) -> str:
    """Return the enhanced status code (RFC 3463) of an answer, when it has one of the answer's own class."""
    found = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", _text(text))
    return found[1] if found and found[1][0] == str(code)[0] else ""


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refused our login: {_reply(error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {_reply(error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the server lacks what the configuration requires: {_shown(str(error)).rstrip('.')}"
    return f"the server is away: {type(error).__name__}: {_shown(str(error))}"


def _reply(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_shown(error.smtp_error)}"


def _text(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _shown(text: bytes | str) -> str:
    """Make a server's words fit for a log: one short line, no addresses."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in _text(text)).split())
    return re.sub(r"<?[^\s<>@]+@[^\s<>@]+>?", "<address>", flat)[:_MAX_TEXT]
