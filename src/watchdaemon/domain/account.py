"""The register: units, persons and the accounts they answer for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class AccountStatus(StrEnum):
    """Where an account is in its life; only `WATCHED_STATUSES` are fetched."""

    APPLIED = "applied"
    APPROVED = "approved"
    RESTING = "resting"
    CLOSING = "closing"
    CLOSED = "closed"


WATCHED_STATUSES = frozenset({AccountStatus.APPROVED, AccountStatus.RESTING})


class Audience(StrEnum):
    """Public and open to all, or exempt (a school class, a care home) with a reason."""

    PUBLIC = "public"
    EXEMPT = "exempt"


class OwnerRole(StrEnum):
    """An owner answers for the account; a substitute steps in when an owner is away."""

    OWNER = "owner"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who gets mail from us."""

    key: str
    name: str
    mail: str
    language: str = "sv"  # "sv" or "en"
    away_until: date | None = None  # inclusive: back the day after

    def is_away(self, on: date) -> bool:
        """Tell whether the person is away on that local date."""
        return self.away_until is not None and on <= self.away_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of the organisation; its manager appoints the owners of its accounts."""

    key: str
    name: str
    manager: str | None = None  # a person's key


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who answers for an account, and when. Both dates are inclusive; None means open-ended."""

    person: str
    role: OwnerRole = OwnerRole.OWNER
    from_on: date | None = None
    to_on: date | None = None

    def is_valid(self, on: date) -> bool:
        """Tell whether the ownership holds on that local date."""
        return (self.from_on is None or self.from_on <= on) and (self.to_on is None or on <= self.to_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account on one platform. `key` is ours, `native_id` the platform's; (platform, native_id) is unique."""

    key: str
    platform: str
    native_id: str
    name: str
    link: str
    unit: str
    manager: str
    owners: tuple[Ownership, ...]
    purpose: str = ""
    audience: Audience = Audience.PUBLIC
    audience_reason: str = ""
    status: AccountStatus = AccountStatus.APPROVED
    resting_until: date | None = None  # inclusive; a resting account is exempt from staleness until then
    approved_by: str | None = None
    approved_on: date | None = None
    credential: str | None = None  # the name of a credential, never a secret
    warn_days: int | None = None  # None: the organisation's own setting
    close_days: int | None = None
    own_ids: tuple[str, ...] = ()  # further author ids that are this account's own voice
    extra: Mapping[str, str] = field(default_factory=dict)  # what an adapter needs besides (its keys are its own)

    @property
    def is_watched(self) -> bool:
        """Only approved and resting accounts are fetched."""
        return self.status in WATCHED_STATUSES

    @property
    def own_author_ids(self) -> frozenset[str]:
        """Every author id that speaks for the organisation here."""
        return frozenset({self.native_id, *self.own_ids})


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The whole register, by key."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    persons: Mapping[str, Person] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)

    def watched(self) -> tuple[Account, ...]:
        """Return the accounts that are owed a fetch in every window, in the order of their keys."""
        return tuple(a for _, a in sorted(self.accounts.items()) if a.is_watched)

    def readers(self, account: Account, on: date) -> tuple[Person, ...]:
        """Return who gets the account's digest on that local date.

        The owners who are at work; when any owner is away, its substitutes at work too; when nobody at all is at
        work, every owner (better a mail in an absent person's box than a question nobody was told about).
        """
        valid = [(o, self.persons[o.person]) for o in account.owners if o.is_valid(on) and o.person in self.persons]
        owners = [p for o, p in valid if o.role is OwnerRole.OWNER]
        present = [p for p in owners if not p.is_away(on)]
        if len(present) == len(owners) and present:
            return tuple(present)
        substitutes = [p for o, p in valid if o.role is OwnerRole.SUBSTITUTE and not p.is_away(on)]
        reached = tuple(dict.fromkeys([*present, *substitutes]))
        return reached or tuple(owners)
