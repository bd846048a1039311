"""Who changed what in the register, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one object before and after; None means the object was not there (or is no more)."""

    kind: str  # "unit", "person", "account"
    key: str
    field: str  # "" for the object as a whole (added, removed)
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change that was made."""

    at: datetime
    by: str
    change: Change
