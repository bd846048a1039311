"""Credentials as they are kept: sealed, with a state that survives a crash amid a refresh; and their health."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchdaemon.errors import Reason


class CredentialState(StrEnum):
    """Where a stored credential is in its life."""

    GOOD = "good"
    REFRESHING = "refreshing"  # a refresh was begun; how it ended is not written down (yet)
    REFUSED = "refused"  # the platform refused to refresh it: a person must connect the account again


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRecord:
    """A stored credential. `sealed` is encrypted; nothing here can be used without the key."""

    name: str
    sealed: str = field(repr=False)
    state: CredentialState = CredentialState.GOOD
    revision: int  # counts writes: two writers never overwrite each other unseen
    changed_at: datetime
    changed_by: str = ""  # who connected it, or "refresh"
    begun_at: datetime | None = None  # when the refresh that is not finished was begun


class CredentialVerdict(StrEnum):
    """What a health check found."""

    VALID = "valid"
    DEAD = "dead"  # it does not open the account: a person must connect it again
    UNKNOWN = "unknown"  # the platform did not say, and never has


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialCheck:
    """What the platform last said of an account's credential, and when it was asked. Holds no secret.

    When the platform does not answer, only `tried_at` moves on: what it said before still stands.
    """

    account: str
    credential: str | None
    verdict: CredentialVerdict
    tried_at: datetime
    checked_at: datetime | None = None  # when the platform last answered
    reason: Reason | None = None  # why it is dead
    detail: str = ""
    kind: str = ""  # "page", "user", "app password" …, as the adapter calls it
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    connected_by: str | None = None
    expires_at: datetime | None = None  # the earliest clock after which a person must act; None: no end known
    clocks: Mapping[str, datetime] = field(default_factory=dict)  # every clock by its name
    cause_key: str | None = None  # names a cause shared with other accounts (see AdapterError)
