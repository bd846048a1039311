"""Sealed credentials, and what the platforms last said of them."""

from datetime import UTC, datetime

from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.storage.mapping._row import RowData, StoredRow


def credential_to_row(record: CredentialRecord) -> RowData:
    """Sealed credential to row."""
    return {
        "name": record.name,
        "sealed": record.sealed,
        "state": record.state,
        "revision": record.revision,
        "changed_at": record.changed_at,
        "changed_by": record.changed_by,
        "begun_at": record.begun_at,
    }


def credential_from_row(row: StoredRow) -> CredentialRecord:
    """Row to sealed credential."""
    return CredentialRecord(**row)


def check_to_row(check: CredentialCheck) -> RowData:
    """Credential check to row."""
    return {
        "account": check.account,
        "credential": check.credential,
        "verdict": check.verdict,
        "tried_at": check.tried_at,
        "checked_at": check.checked_at,
        "reason": check.reason,
        "detail": check.detail,
        "kind": check.kind,
        "scopes": list(check.scopes),
        "missing_scopes": list(check.missing_scopes),
        "connected_by": check.connected_by,
        "expires_at": check.expires_at,
        "clocks": {name: end.astimezone(UTC).isoformat() for name, end in check.clocks.items()},
        "cause_key": check.cause_key,
    }


def check_from_row(row: StoredRow) -> CredentialCheck:
    """Row to credential check."""
    clocks = {name: datetime.fromisoformat(end) for name, end in row["clocks"].items()}
    lists = {name: tuple(row[name]) for name in ("scopes", "missing_scopes")}
    return CredentialCheck(**{**row, **lists, "clocks": clocks})
