"""From words to a whole message: the same mail is the same bytes, whenever and however often it is rendered."""

import hashlib
import re
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
_OURS_ALREADY_WRITTEN = frozenset({"from", "to", "reply-to", "subject", "message-id", "list-id"})


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
class Letter:
    """What a message is made from; every string is harmless already (see `_clean`)."""

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


def compose(letter: Letter) -> bytes:
    """Write a message; the Message-ID and the boundary derive from the key, the date from `written_at`."""
    digest = hashlib.sha256(f"{letter.sender}\n{letter.key}".encode("utf-8", "replace")).hexdigest()
    domain = domain_of(letter.sender)
    message = EmailMessage(policy=_POLICY.clone(utf8=not wire_address(letter.recipient).isascii()))
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = _mailbox("From", letter.sender_name, letter.sender)
    if letter.reply_to:
        message["Reply-To"] = _mailbox("Reply-To", "", letter.reply_to)
    message["To"] = _mailbox("To", letter.recipient_name, letter.recipient)
    message["Subject"] = _encoded("Subject", letter.subject)
    message["Message-ID"] = f"<{digest[:32]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"  # what Exchange reads instead
    message["List-Id"] = f"<{letter.list_name}.watchdaemon.{domain}>"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # after the parts: making them moves Content-* headers into one
    # "=_" cannot occur in quoted-printable, so no text can end its part
    message.set_boundary(f"=_{digest[32:56]}")
    return message.as_bytes()


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
