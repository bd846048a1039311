"""A mail server on loopback that keeps what it gets: for the demo and for tests. It never passes a mail on."""

import asyncio
import re
import socket
import ssl
import threading
import unicodedata
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail as it came in."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes


class SmtpSink:
    """A real SMTP server in a thread; a context manager.

    `messages` holds what was taken, in order. `refusals` maps a recipient (lower case) to the answer its RCPT gets,
    such as ``"550 5.1.1 no such mailbox"``; it may be changed at any time.
    """

    def __init__(
        self,
        *,
        directory: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        with_smtputf8: bool = True,
    ) -> None:
        """Make a sink; `start` opens it.

        Args:
            directory: Also write each mail there as an .eml file with a readable name.
            host: Loopback, unless you know better.
            port: 0 takes a free one; see `port` after `start`.
            tls: Offer and require STARTTLS with this server context.
            login: Require this user and password.
            with_smtputf8: Whether addresses beyond ASCII are taken.
        """
        self.messages: list[Received] = []
        self.refusals: dict[str, str] = {}
        self.data_refusal: str | None = None
        self.host = host
        self.port = port
        self._directory = directory
        self._options: dict[str, Any] = {"enable_SMTPUTF8": with_smtputf8, "server_hostname": "sink.example.org"}
        if tls is not None:
            self._options |= {"tls_context": tls, "require_starttls": True}
        if login is not None:
            self._options |= {
                "authenticator": _Authenticator(*login),
                "auth_required": True,
                "auth_require_tls": tls is not None,
            }
        self._controller: _Controller | None = None
        self._lock = threading.Lock()

    def start(self) -> "SmtpSink":
        """Open the server; after `stop`, on the same port again."""
        listener = socket.create_server((self.host, self.port))
        self.port = int(listener.getsockname()[1])
        self._controller = _Controller(self, listener=listener, hostname=self.host, port=self.port, **self._options)
        self._controller.start()
        return self

    def stop(self) -> None:
        """Close the server and every connection: what a client sees when the server is away."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def __enter__(self) -> "SmtpSink":
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def received_by(self, address: str) -> list[Received]:
        """Return the mails one recipient got."""
        return [mail for mail in self.messages if address in mail.recipients]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name for the hook
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        refusal = self.refusals.get(address.lower())
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep a message."""
        if self.data_refusal is not None:
            return self.data_refusal
        content = envelope.original_content or b""
        mail = Received(sender=envelope.mail_from or "", recipients=tuple(envelope.rcpt_tos), message=content)
        with self._lock:
            self.messages.append(mail)
            number = len(self.messages)
        if self._directory is not None:
            await asyncio.to_thread(self._write, self._directory, number, mail)
        return "250 OK"

    def _write(self, directory: Path, number: int, mail: Received) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / file_name(number, mail)).write_bytes(mail.message)


class _Controller(Controller):
    """Listens on a socket that is bound already, so that port 0 works and nobody can take the port in between."""

    def __init__(self, sink: SmtpSink, *, listener: socket.socket, **options: Any) -> None:
        super().__init__(sink, **options)
        self._listener = listener

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)


class _Authenticator:
    def __init__(self, user: str, password: str) -> None:
        self._expected = (user.encode(), password.encode())

    def __call__(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == self._expected
        return AuthResult(success=is_right, handled=False)


def file_name(number: int, mail: Received) -> str:
    """Name a mail's file so that a folder of them reads like an inbox: number, day, recipient, subject."""
    headers = message_from_bytes(mail.message, policy=policy.SMTP)
    sent_at = getattr(headers.get("Date"), "datetime", None)
    day = f"{sent_at:%Y-%m-%d-%H%M}" if sent_at is not None else "undated"
    recipient = _slug(mail.recipients[0].partition("@")[0] if mail.recipients else "", 24)
    return f"{number:03d}-{day}-{recipient}-{_slug(str(headers.get('Subject', '')), 60)}.eml"


def _slug(text: str, limit: int) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > limit:
        slug = slug[:limit].rpartition("-")[0] or slug[:limit]
    return slug or "mail"
