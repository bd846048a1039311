"""The mailbox that mails come back to: a Maildir on this machine, or a mailbox over IMAP.

It is read, never emptied. What was read is marked as read; what is no report of a mail server is flagged besides, so
that a person who looks into the mailbox finds what was written by people.
"""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from watchdaemon.domain.delivery import ReturnedMail
from watchdaemon.errors import ConfigError, MailboxError
from watchdaemon.mail.bounces import BounceReader

if TYPE_CHECKING:
    from imaplib import IMAP4

_MOST = 200
"""Mails read at a time; the rest comes the next time."""

_MOST_BYTES = 10_000_000


class MaildirBox:
    """The port `ReturnBox` on a Maildir: what lies in ``new/`` is unread."""

    def __init__(self, folder: Path, reader: BounceReader) -> None:
        self._folder = folder
        self._reader = reader

    def unread(self) -> Iterator[ReturnedMail]:
        """Yield the unread mails, oldest first."""
        try:
            names = sorted(p.name for p in (self._folder / "new").iterdir() if not p.name.startswith("."))
            (self._folder / "cur").mkdir(exist_ok=True)
            for name in names[:_MOST]:
                with (self._folder / "new" / name).open("rb") as file:
                    raw = file.read(_MOST_BYTES)
                yield ReturnedMail(handle=name, reports=self._reader.read(raw))
        except OSError as error:
            raise MailboxError(f"the Maildir {self._folder} cannot be read: {error.strerror}") from error

    def settle(self, mail: ReturnedMail) -> None:
        """Mark a mail as read."""
        flags = "S" if mail.reports else "FS"
        try:
            name = mail.handle.partition(":2,")[0]
            (self._folder / "new" / mail.handle).rename(self._folder / "cur" / f"{name}:2,{flags}")
        except OSError as error:
            raise MailboxError(f"a mail in {self._folder} cannot be marked: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to give back."""


class ImapBox:
    """The port `ReturnBox` over IMAP (RFC 3501): what lacks the flag ``\\Seen`` is unread."""

    def __init__(
        self,
        url: str,
        reader: BounceReader,
        *,
        password: SecretStr,
        ca_file: Path | None = None,
        timeout_seconds: float = 30.0,
    ) -> None:
        """Make a box; nothing is connected before `unread`.

        Args:
            url: ``imaps://user@host[:port]/INBOX``, or ``imap://`` on this machine.
            reader: Takes the mails apart.
            password: The user's.
            ca_file: Certificates to trust instead of the system's (PEM).
            timeout_seconds: How long each step may take.

        Raises:
            ConfigError: The certificates cannot be read.
        """
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._user = unquote(parts.username or "")
        self._mailbox = unquote(parts.path.strip("/")) or "INBOX"
        self._reader = reader
        self._password = password
        self._timeout = timeout_seconds
        self._connection: IMAP4 | None = None
        try:
            self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "imaps" else None
        except OSError as error:
            raise ConfigError(f"mail.ca_file: {ca_file} cannot be read as certificates") from error

    def unread(self) -> Iterator[ReturnedMail]:
        """Yield the unread mails, oldest first."""
        with _told(self._host):
            connection = self._connected()
            for uid in _answer(connection.uid("SEARCH", "UNSEEN"), "search").split()[:_MOST]:
                handle = uid.decode("ascii")
                _, data = connection.uid("FETCH", handle, f"(BODY.PEEK[]<0.{_MOST_BYTES}>)")
                raw = next((part[1] for part in data or () if isinstance(part, tuple)), b"")
                yield ReturnedMail(handle=handle, reports=self._reader.read(raw))

    def settle(self, mail: ReturnedMail) -> None:
        """Mark a mail as read."""
        flags = r"(\Seen)" if mail.reports else r"(\Seen \Flagged)"
        with _told(self._host):
            _answer(self._connected().uid("STORE", mail.handle, "+FLAGS.SILENT", flags), "marking a mail")

    def close(self) -> None:
        """End the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, connection.error):
                connection.logout()

    def _connected(self) -> "IMAP4":
        if self._connection is not None:
            return self._connection
        import imaplib

        if self._tls is not None:
            connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                self._host, self._port or 993, ssl_context=self._tls, timeout=self._timeout
            )
        else:
            connection = imaplib.IMAP4(self._host, self._port or 143, timeout=self._timeout)
        self._connection = connection
        connection.login(self._user, self._password.get_secret_value())
        _answer(connection.select(_quoted(self._mailbox)), f"opening {self._mailbox}")
        return connection


class _told:  # noqa: N801 - reads as a statement
    """Turn whatever IMAP can raise into a MailboxError without the server's words."""

    def __init__(self, host: str) -> None:
        self._host = host

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Say in one sentence what went wrong."""
        if error is None or isinstance(error, MailboxError | GeneratorExit):
            return
        import imaplib

        if isinstance(error, ssl.SSLCertVerificationError):
            raise MailboxError(f"the certificate of {self._host} is not trusted: {error.verify_message}") from error
        if isinstance(error, imaplib.IMAP4.abort):
            raise MailboxError(f"{self._host} ended the connection") from None
        if isinstance(error, imaplib.IMAP4.error):
            raise MailboxError(f"{self._host} refuses the login or the mailbox") from None
        if isinstance(error, UnicodeError):
            raise MailboxError("user, password or mailbox has letters beyond ASCII, which IMAP does not take") from None
        if isinstance(error, OSError):
            raise MailboxError(f"{self._host} does not answer: {type(error).__name__}") from error


def _answer(answer: tuple[str, list[bytes] | list[None] | list[bytes | None]], what: str) -> bytes:
    state, data = answer
    if state != "OK":
        raise MailboxError(f"the mail server refuses {what}")
    return (data[0] if data else None) or b""


def _quoted(name: str) -> str:
    escaped = name.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
