"""Signed links: addresses on which a person says a word without logging in; what is in them, and who believes them.

A link's token is a few bytes and their HMAC-SHA256 (RFC 2104; cut to 128 bits, which its section 5 allows), in
URL-safe base64. It names person and account by a keyed fingerprint, so that nobody can read a name out of it, and the
item by the platform's own id. Nothing of it is stored: the key and a few numbers in the store tell whether it holds.
"""

import base64
import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from watchdaemon.domain.question import DecisionKind
from watchdaemon.domain.watch import Window
from watchdaemon.errors import WatchdaemonError
from watchdaemon.ports import CredentialRecords, StateStore
from watchdaemon.services._link_keys import LinkKeys

PATH = "w"
"""The part of every link's path before the token."""

_VERSION = 1
_TAG_BYTES = 6  # 48 bits: two of a thousand persons meet in one of 10^8 registers, and nobody can steer it without key
_MAC_BYTES = 16
_HEAD = struct.Struct(f">BBIH{_TAG_BYTES}s{_TAG_BYTES}sB")  # version, purpose, expires, generation, tags, serial's size
_LONGEST = 2_000  # characters; no platform's id comes near
_GENERATION = "web_generation"
_LINK = b"watchdaemon link 1\0"
_FORM = b"watchdaemon form 1\0"
_SHOWN = b"watchdaemon shown 1\0"


class Page(StrEnum):
    """What a link may lead to besides a word of `DecisionKind`."""

    ITEM = "item"
    SEEN_ALL = "seen_all"


Purpose = DecisionKind | Page

_PURPOSES: Mapping[int, str] = {
    1: "item",
    2: "seen_all",
    10: "seen",
    11: "no_reply_needed",
    12: "answered_elsewhere",
    13: "forwarded",
    14: "not_a_question",
    15: "must_be_removed",
    16: "may_stay",
    17: "removed",
    18: "reopened",
}
"""The byte that stands for each purpose. Numbers are never used again for another: links outlive releases."""

_NUMBERS = {name: number for number, name in _PURPOSES.items()}


class Refusal(StrEnum):
    """Why a link is not believed."""

    FORGED = "forged"  # no such link was ever made here, or it was damaged on its way
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_YOURS = "not_yours"  # the person does not answer for the account (any more)
    GONE = "gone"  # what it was about is not stored any more


class LinkRefusedError(WatchdaemonError):
    """A link that is not believed."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.value)


class LinkStore(StateStore, CredentialRecords, Protocol):
    """What is needed of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A token that was believed. `subject` is the item's external id, or the window's key."""

    purpose: Purpose
    subject: str
    expires_at: datetime
    generation: int  # see `SignedLinks.check_generation`
    token: str = field(repr=False)
    key: bytes = field(repr=False)  # what signed it
    person_tag: bytes
    account_tag: bytes

    def is_of_person(self, person: str) -> bool:
        """Tell whether the link was made for that person."""
        return hmac.compare_digest(self.person_tag, _tag(self.key, "person", person))

    def is_of_account(self, account: str) -> bool:
        """Tell whether the link is about that account."""
        return hmac.compare_digest(self.account_tag, _tag(self.key, "account", account))

    @property
    def fingerprint(self) -> str:
        """What its use is written down by."""
        return hashlib.sha256(_LINK + self.token.encode()).hexdigest()[:32]

    @property
    def proof(self) -> str:
        """What the page's form sends along: only somebody who was shown the page has it."""
        return _text(hmac.digest(self.key, _FORM + self.token.encode(), "sha256")[:9])

    def mark(self, *shown: str) -> str:
        """Return what stands for texts that were shown on this link's page, and tells nothing of them."""
        told = b"".join(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in shown)
        return _text(hmac.digest(self.key, _SHOWN + self.token.encode() + told, "sha256")[:9])

    def is_proof(self, proof: str) -> bool:
        """Tell whether a form came from this link's page."""
        return hmac.compare_digest(self.proof.encode(), proof.encode("utf-8", "replace"))


class SignedLinks:
    """Makes links, as the port `Links` has them, and reads them. Safe from any thread."""

    def __init__(self, store: LinkStore, keys: LinkKeys, *, public_url: str, life: timedelta) -> None:
        """Join the parts.

        Args:
            store: Keeps the numbers by which links are revoked.
            keys: What signs.
            public_url: What stands before every link's path, as a person's browser reaches it.
            life: So long a link is good.
        """
        self._store = store
        self._keys = keys
        self._base = f"{public_url.rstrip('/')}/{PATH}/"
        self.life = life
        self._last: tuple[datetime, bytes, dict[str, int]] | None = None

    # ---- making ------------------------------------------------------------------------------------------------

    def word(self, person: str, account: str, external_id: str, kind: DecisionKind, *, at: datetime) -> str:
        """Return the address of the page on which the person says that word of the item."""
        return self._make(person, account, external_id, kind, at)

    def seen_all(self, person: str, window: Window, *, at: datetime) -> str:
        """Return the address of the page on which the person acknowledges all their accounts of that window."""
        return self._make(person, "", window.key, Page.SEEN_ALL, at)

    def item(self, person: str, account: str, external_id: str, *, at: datetime) -> str:
        """Return the address of the item's page, which has every word."""
        return self._make(person, account, external_id, Page.ITEM, at)

    def further(self, ticket: Ticket, purpose: Purpose, *, serial: bytes = b"") -> str:
        """Return the token of another link about the same item, which lives no longer than the one it comes from.

        `serial` makes it another one than the mail's own, which may have been used. Changes nothing: what signed the
        ticket signs this.
        """
        return _sealed(
            ticket.key,
            purpose=purpose,
            expires_at=ticket.expires_at,
            generation=ticket.generation,
            person=ticket.person_tag,
            account=ticket.account_tag,
            serial=serial,
            subject=ticket.subject,
        )

    def _make(self, person: str, account: str, subject: str, purpose: Purpose, at: datetime) -> str:
        key, generation = self._signing(person, at)
        return self._base + _sealed(
            key,
            purpose=purpose,
            expires_at=at + self.life,
            generation=generation,
            person=_tag(key, "person", person),
            account=_tag(key, "account", account),
            subject=subject,
        )

    def _signing(self, person: str, at: datetime) -> tuple[bytes, int]:
        """Return key and generation. One digest has hundreds of links of one instant, which read them once."""
        last = self._last
        if last is None or last[0] != at:
            last = self._last = (at, self._keys.signing(at), {})
        if person not in last[2]:
            last[2][person] = self._generation(person)
        return last[1], last[2][person]

    # ---- reading -----------------------------------------------------------------------------------------------

    def read(self, token: str, now: datetime) -> Ticket:
        """Return what a token says. Changes nothing.

        Raises:
            LinkRefusedError: It was not made here (FORGED), or its time is over (EXPIRED).
        """
        raw = _bytes(token)
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        key = next((k for k in self._keys.accepted(now) if hmac.compare_digest(_mac(k, payload), mac)), None)
        if key is None or payload[0] != _VERSION or payload[1] not in _PURPOSES:
            raise LinkRefusedError(Refusal.FORGED)
        _, number, expires, generation, person, account, size = _HEAD.unpack_from(payload)
        ticket = Ticket(
            purpose=_purpose(_PURPOSES[number]),
            subject=payload[_HEAD.size + size :].decode("utf-8", "surrogatepass"),
            expires_at=datetime.fromtimestamp(expires, UTC),
            generation=generation,
            token=token,
            key=key,
            person_tag=person,
            account_tag=account,
        )
        if now >= ticket.expires_at:
            raise LinkRefusedError(Refusal.EXPIRED)
        return ticket

    def check_generation(self, ticket: Ticket, person: str) -> None:
        """Raise LinkRefusedError (REVOKED) when the person's links of that generation do not count any more."""
        if self._generation(person) != ticket.generation:
            raise LinkRefusedError(Refusal.REVOKED)

    # ---- taking back -------------------------------------------------------------------------------------------

    def revoke(self, person: str | None) -> None:
        """Let every link made so far count no more: a person's, or (None) everybody's."""
        name = _generation_name(person)
        with self._store.credential_turn(_GENERATION):
            self._store.set_state(name, str(self._number(name) + 1))
        self._last = None

    def renew_key(self, now: datetime) -> None:
        """Sign with a fresh key from now on; links that the old one signed stay good for as long as they live."""
        self._keys.renew(now)
        self._last = None

    def _generation(self, person: str) -> int:
        # Both only ever grow, so a sum that was revoked never comes back (before 65,536 revocations).
        return (self._number(_GENERATION) + self._number(_generation_name(person))) % 0x10000

    def _number(self, name: str) -> int:
        return int(self._store.get_state(name) or 0)


def window_of(ticket: Ticket) -> tuple[date, int]:
    """Return date and number of the window that a SEEN_ALL link is about."""
    day, _, index = ticket.subject.partition("/")
    return date.fromisoformat(day), int(index)


def _generation_name(person: str | None) -> str:
    return _GENERATION if person is None else f"{_GENERATION}:{person}"


def _purpose(name: str) -> Purpose:
    return Page(name) if name in set(Page) else DecisionKind(name)


def _tag(key: bytes, kind: str, name: str) -> bytes:
    return hmac.digest(key, f"{kind}\0{name}".encode("utf-8", "surrogatepass"), "sha256")[:_TAG_BYTES]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, _LINK + payload, "sha256")[:_MAC_BYTES]


def _sealed(
    key: bytes,
    *,
    purpose: Purpose,
    expires_at: datetime,
    generation: int,
    person: bytes,
    account: bytes,
    subject: str,
    serial: bytes = b"",
) -> str:
    told = subject.encode("utf-8", "surrogatepass")
    if (_HEAD.size + len(serial) + len(told) + _MAC_BYTES) % 3 == 0:
        # Whole groups of base64 may end in "-" or "_", and mail programs that make a link of an address in plain text
        # leave a hyphen at its end out (Thunderbird, for one). A group that is not whole ends in a letter or a digit.
        serial += b"\0"
    head = _HEAD.pack(
        _VERSION, _NUMBERS[purpose.value], int(expires_at.timestamp()), generation, person, account, len(serial)
    )
    payload = head + serial + told
    return _text(payload + _mac(key, payload))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(token: str) -> bytes:
    """Decode a token, strictly: of all the spellings that base64 forgives only the one we write is a link."""
    if not token.isascii() or len(token) > _LONGEST:
        raise LinkRefusedError(Refusal.FORGED)
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise LinkRefusedError(Refusal.FORGED) from None
    if _text(raw) != token or len(raw) < _HEAD.size + _MAC_BYTES:
        raise LinkRefusedError(Refusal.FORGED)
    return raw


__all__ = [
    "LinkKeys",
    "LinkRefusedError",
    "LinkStore",
    "Page",
    "Purpose",
    "Refusal",
    "SignedLinks",
    "Ticket",
    "window_of",
]
