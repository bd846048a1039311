"""Reads what comes back: reports of mail servers that could not deliver a mail (RFC 3464), whatever their dialect.

A report counts only when it names a mail of ours: by the Message-ID in the headers that it returns, or by our own
return address when each mail has one of its own (VERP). What people and their absence notes write is no report. A
report's words are never passed on: they may hold anything, and it returns a mail with citizens' texts in it.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import Message

from watchdaemon.domain.delivery import BounceReport
from watchdaemon.mail._message import domain_of, wire_address

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"})
_ADDRESSED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_IN_WORDS = re.compile(r"^message-id:\s*<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE)
_UNKNOWN = "5.0.0"

Parsed = Message


class BounceReader:
    """Turns a mail from the mailbox for returned mails into reports."""

    def __init__(self, *, sender: str, bounce_address: str | None = None) -> None:
        """Make a reader.

        Args:
            sender: Whom our mails come from: its domain ends our Message-IDs.
            bounce_address: Where they are returned to; None: to the sender.
        """
        self._domain = domain_of(sender)
        local, _, domain = wire_address(bounce_address or sender).rpartition("@")
        self._own = re.compile(rf"\b{re.escape(local)}\+([0-9a-f]{{32}})@{re.escape(domain)}\b", re.IGNORECASE)

    def read(self, raw: bytes) -> tuple[BounceReport, ...]:
        """Return what a mail reports, nothing when it is no report. Never raises: anybody can write to a mailbox."""
        try:
            return tuple(self._reports(message_from_bytes(raw, policy=policy.compat32)))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return ()

    def _reports(self, message: Parsed) -> Iterator[BounceReport]:
        # By what is in it and not by its name: OpenSMTPD sends its reports as multipart/mixed.
        if any(part.get_content_type() in _STATUS_TYPES for part in _inner(message)):
            yield from self._standard(message)
        elif message.get("X-Failed-Recipients") or _is_qmail(message):
            yield from self._in_words(message)

    def _standard(self, message: Parsed) -> Iterator[BounceReport]:
        parts = _inner(message)  # not deeper: a returned report inside a report is none of ours
        mail = self._named_by_address(message) or _returned_id(parts)
        if not mail:
            return
        words = next((_body(part) for part in parts if part.get_content_type() == "text/plain"), "")
        for part in parts:
            if part.get_content_type() in _STATUS_TYPES:
                for block in _blocks(part):
                    if block.get("Final-Recipient") or block.get("Action"):
                        yield _report(mail, block, words)

    def _in_words(self, message: Parsed) -> Iterator[BounceReport]:
        """Exim without DSN, and qmail: prose with the returned mail below it."""
        words = _body(message)
        found = _IN_WORDS.search(words)
        mail = self._named_by_address(message) or (found[1] if found else "")
        if mail:
            # The codes of the reason stand above the returned mail, whose own text must not be searched.
            reason = words[: found.start()] if found else words
            status = next((s for s in _STATUS.findall(reason) if s.startswith("5")), _UNKNOWN)
            recipient = str(message.get("X-Failed-Recipients") or "").partition(",")[0].strip()
            yield BounceReport(message_id=mail, recipient=recipient, status=status, is_permanent=True)

    def _named_by_address(self, message: Parsed) -> str:
        for header in _ADDRESSED_TO:
            for value in message.get_all(header) or ():
                found = self._own.search(str(value))
                if found:
                    return f"{found[1].lower()}@{self._domain}"
        return ""


def _report(mail: str, block: Parsed, words: str) -> BounceReport:
    action = str(block.get("Action") or "").partition(";")[0].strip().lower()
    status = _status(block, words)
    return BounceReport(
        message_id=mail,
        recipient=_address(block),
        status=status or _UNKNOWN,
        # "failed" with 4.x.x: the server tried for days and gave up. "delayed" still tries.
        is_permanent=action == "failed" or (not action and status.startswith("5")),
    )


def _status(block: Parsed, words: str) -> str:
    """Return the status.

    Exim and OpenSMTPD write 5.0.0 always, and what the other server said beside it or in the words for people.
    """
    found = _STATUS.search(str(block.get("Status") or ""))
    status = found[1] if found else ""
    if status[1:] in {"", ".0.0"}:
        said = _STATUS.findall(str(block.get("Diagnostic-Code") or "")) or _STATUS.findall(words)
        return next((s for s in said if not status or s[0] == status[0]), status)
    return status


def _address(block: Parsed) -> str:
    """Return ``anna@example.org`` from ``rfc822; <anna@example.org>``: the original recipient where it is told."""
    told = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    return told.partition(";")[2].strip().strip("<>")


def _blocks(part: Parsed) -> Iterator[Parsed]:
    """Return the groups of fields of a delivery status, whether the standard library took them apart or not."""
    inner = _inner(part)
    if inner and part.get_content_type() == "message/delivery-status":
        yield from inner
        return
    words = inner[0].as_bytes().decode("utf-8", "replace") if inner else _body(part)
    for group in re.split(r"\r?\n[ \t]*\r?\n", words.strip()):
        yield message_from_string(group, policy=policy.compat32)


def _returned_id(parts: list[Parsed]) -> str:
    for part in parts:
        if part.get_content_type() in _RETURNED_TYPES:
            inner = _inner(part)
            if inner:
                named = str(inner[0].get("Message-ID") or "")
            else:
                found = _IN_WORDS.search(_body(part))
                named = found[1] if found else ""
            return named.strip().strip("<>")
    return ""


def _inner(part: Parsed) -> list[Parsed]:
    """Return the messages in a part."""
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _is_qmail(message: Parsed) -> bool:
    """Whether it is in qmail's own format (QSBMF), which says so in its first words."""
    return not message.is_multipart() and _body(message).startswith("Hi. This is the qmail-send program")


def _body(part: Parsed) -> str:
    if part.is_multipart():
        return "\n".join(_body(p) for p in part.walk() if not p.is_multipart())
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(payload, bytes) else ""
