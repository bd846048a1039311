"""From words to a whole message: the same mail is the same bytes, whenever and however often it is rendered."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

_LINE_LENGTH = 75
_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 -]{0,58}[A-Za-z0-9])?")
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)*")
_OURS_ALREADY_WRITTEN = frozenset(
    {"from", "to", "reply-to", "subject", "message-id", "in-reply-to", "references", "list-id"}
)
_MOST_THREADS = 20
"""Conversations one mail may belong to: a References header is no place for hundreds."""


class _WirePolicy(EmailPolicy):
    """SMTP's policy, which leaves the headers we have encoded ourselves as they are.

    The standard library folds an address list by taking it apart again: a long name with commas becomes many
    recipients, and a quoted ``<somebody@else>`` loses its quotes. Names come from outside, so they are encoded here.
    """

    def header_store_parse(self, name: str, value: object) -> tuple[str, object]:  # type: ignore[override]  # typeshed narrows it
        if name.lower() in _OURS_ALREADY_WRITTEN:
            return name, value
        return super().header_store_parse(name, value)


_POLICY = _WirePolicy(linesep="\r\n", refold_source="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail. Its name is brought down to plain letters, digits, ``.``, ``-`` and ``_``."""

    name: str
    content: bytes
    media_type: str = "text/csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a message is made from; every string is harmless already (see `_clean`).

    `threads` name the conversations the mail belongs to, the nearest last: mails that share a name stand together in
    a mail program. `list_name` is what a reader's filter goes by; dots part it.
    """

    key: str
    sender_name: str
    sender: str
    recipient_name: str
    recipient: str
    reply_to: str | None
    subject: str
    list_name: str
    language: str
    written_at: datetime
    text: str
    html: str
    attachments: Sequence[Attachment] = ()
    threads: Sequence[str] = ()
    secret: str = ""


def compose(letter: Letter) -> bytes:
    """Write a message; the Message-ID and the boundary derive from the key, the date from `written_at`."""
    digest = _digest(letter, letter.key)
    domain = domain_of(letter.sender)
    message = EmailMessage(policy=_POLICY.clone(utf8=not wire_address(letter.recipient).isascii()))
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = _mailbox("From", letter.sender_name, letter.sender)
    if letter.reply_to:
        message["Reply-To"] = _mailbox("Reply-To", "", letter.reply_to)
    message["To"] = _mailbox("To", letter.recipient_name, letter.recipient)
    message["Subject"] = _encoded("Subject", letter.subject)
    message["Message-ID"] = message_id(letter)
    if letter.threads:
        roots = [f"<{_digest(letter, f'thread {name}')[:32]}@{domain}>" for name in letter.threads[-_MOST_THREADS:]]
        message["In-Reply-To"] = roots[-1]
        message["References"] = "\r\n ".join(dict.fromkeys(roots))
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange reads instead
    message["List-Id"] = f"<{list_label(letter.list_name)}.watchdaemon.{domain}>"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    # "=_" cannot occur in quoted-printable, so no text can end its part
    message.set_boundary(f"=_{digest[32:56]}")
    for attachment in letter.attachments:
        _attach(message, attachment)
    if letter.attachments:
        message.set_boundary(f"=_m{digest[32:56]}")  # no boundary may begin with another one
    message["Content-Language"] = letter.language  # after the parts: making them moves Content-* headers into one
    return message.as_bytes()


def message_id(letter: Letter) -> str:
    """Return the Message-ID a letter gets. With `secret`, nobody who has not seen the mail can guess it."""
    return f"<{_digest(letter, letter.key)[:32]}@{domain_of(letter.sender)}>"


def list_label(name: str) -> str:
    """Return a list's name as RFC 2919 wants it: labels of letters, digits and hyphens, parted by dots."""
    labels = (re.sub(r"[^a-z0-9]+", "-", _plain(label).lower()).strip("-") for label in name.split("."))
    return ".".join(label[:63] for label in labels if label) or "mail"


def _digest(letter: Letter, name: str) -> str:
    secret = f"{letter.secret}\n" if letter.secret else ""
    return hashlib.sha256(f"{secret}{letter.sender}\n{name}".encode("utf-8", "replace")).hexdigest()


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    main, _, sub = attachment.media_type.partition("/")
    message.add_attachment(
        attachment.content,
        maintype=main,
        subtype=sub,
        cte="base64",
        filename=re.sub(r"[^A-Za-z0-9._-]+", "-", _plain(attachment.name)).strip("-.") or "file",
        params={"charset": "utf-8"} if main == "text" else None,
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def is_address(address: str) -> bool:
    """Whether it is one plain mail address, without a name, a comment or anything after it."""
    return len(address) <= 254 and address.isprintable() and bool(_ADDRESS.fullmatch(address))


def wire_address(address: str) -> str:
    """Return the address with its domain as the mail system knows it (``å.example`` -> ``xn--…``)."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}" if local else address
    except UnicodeError:
        return address


def domain_of(address: str) -> str:
    """Return an address's domain in ASCII."""
    return wire_address(address).rpartition("@")[2]


def _mailbox(header: str, name: str, address: str) -> str:
    if not is_address(address):
        # the message can be looked at; the mailer refuses to send it and says why
        return "undisclosed-recipients:;"
    phrase = _encoded(header, name)
    if not phrase:
        return wire_address(address)
    joint = "\r\n " if len(phrase.rpartition("\n")[2]) + len(address) + len(header) > _LINE_LENGTH else " "
    return f"{phrase}{joint}<{wire_address(address)}>"


def _encoded(header: str, text: str) -> str:
    if not text or _PLAIN.fullmatch(text):
        return text
    return Header(text, "utf-8", maxlinelen=_LINE_LENGTH, header_name=header).encode(linesep="\r\n")
