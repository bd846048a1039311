"""The register and the audit table."""

from collections.abc import Iterable

from watchdaemon.domain.account import Account, Ownership, Person, Unit
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.storage.mapping._row import RowData, StoredRow


def person_to_row(person: Person) -> RowData:
    """Person to row."""
    return {
        "key": person.key,
        "name": person.name,
        "mail": person.mail,
        "language": person.language,
        "away_until": person.away_until,
    }


def person_from_row(row: StoredRow) -> Person:
    """Row to person."""
    return Person(**row)


def unit_to_row(unit: Unit) -> RowData:
    """Unit to row."""
    return {"key": unit.key, "name": unit.name, "manager": unit.manager}


def unit_from_row(row: StoredRow) -> Unit:
    """Row to unit."""
    return Unit(**row)


def account_to_row(account: Account) -> RowData:
    """Account to row, without its owners."""
    return {
        "key": account.key,
        "platform": account.platform,
        "native_id": account.native_id,
        "name": account.name,
        "link": account.link,
        "unit": account.unit,
        "manager": account.manager,
        "purpose": account.purpose,
        "audience": account.audience,
        "audience_reason": account.audience_reason,
        "status": account.status,
        "resting_until": account.resting_until,
        "approved_by": account.approved_by,
        "approved_on": account.approved_on,
        "credential": account.credential,
        "warn_days": account.warn_days,
        "close_days": account.close_days,
        "own_ids": list(account.own_ids),
        "extra": dict(account.extra),
    }


def account_from_row(row: StoredRow, owners: Iterable[Ownership]) -> Account:
    """Row to account, with its owners in order."""
    return Account(**{**row, "own_ids": tuple(row["own_ids"])}, owners=tuple(owners))


def ownership_to_row(account: str, position: int, ownership: Ownership) -> RowData:
    """Ownership to row."""
    return {
        "account": account,
        "position": position,
        "person": ownership.person,
        "role": ownership.role,
        "from_on": ownership.from_on,
        "to_on": ownership.to_on,
    }


def ownership_from_row(row: StoredRow) -> Ownership:
    """Row to ownership."""
    return Ownership(person=row["person"], role=row["role"], from_on=row["from_on"], to_on=row["to_on"])


def audit_to_row(entry: AuditEntry) -> RowData:
    """Audit entry to row."""
    change = entry.change
    return {
        "at": entry.at,
        "by": entry.by,
        "kind": change.kind,
        "key": change.key,
        "field": change.field,
        "before": change.before,
        "after": change.after,
    }


def audit_from_row(row: StoredRow) -> AuditEntry:
    """Row to audit entry."""
    change = Change(kind=row["kind"], key=row["key"], field=row["field"], before=row["before"], after=row["after"])
    return AuditEntry(at=row["at"], by=row["by"], change=change)
