"""Sealed credentials, and what the platforms last said of them."""

from datetime import datetime

from watchdaemon.domain.credential import CredentialState, CredentialVerdict
from watchdaemon.errors import Reason
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class CredentialRow(Row, table=True):
    """A credential, encrypted."""

    __tablename__ = "credentials"

    name: str = column.key()
    sealed: str = column.words()
    state: CredentialState = column.one_of(CredentialState)
    revision: int = column.number()
    changed_at: datetime = column.moment()
    changed_by: str = column.words()
    begun_at: datetime | None = column.moment(nullable=True)


class CredentialCheckRow(Row, table=True):
    """What the platform last said of an account's credential."""

    __tablename__ = "credential_checks"

    account: str = column.key()
    credential: str | None = column.words(nullable=True)
    verdict: CredentialVerdict = column.one_of(CredentialVerdict)
    tried_at: datetime = column.moment()
    checked_at: datetime | None = column.moment(nullable=True)
    reason: Reason | None = column.one_of(Reason, nullable=True)
    detail: str = column.words()
    kind: str = column.words()
    scopes: list[str] = column.facts()
    missing_scopes: list[str] = column.facts()
    connected_by: str | None = column.words(nullable=True)
    expires_at: datetime | None = column.moment(nullable=True)
    clocks: dict[str, str] = column.facts()
    cause_key: str | None = column.words(nullable=True)
