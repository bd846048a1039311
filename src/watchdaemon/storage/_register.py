"""Units, persons, accounts, and the audit table."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from watchdaemon.domain.account import Ownership, Register
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part, insert_all
from watchdaemon.storage.tables import AccountRow, AuditRow, OwnershipRow, PersonRow, UnitRow, table

_persons, _units, _accounts = table(PersonRow), table(UnitRow), table(AccountRow)
_owners, _audit = table(OwnershipRow), table(AuditRow)


class RegisterPart(Part):
    """Implements `ports.RegisterStore`."""

    def load_register(self) -> Register:
        """Return the whole register."""
        with self._db.read("load the register") as connection:
            persons = [mapping.person_from_row(r) for r in connection.execute(select(_persons)).mappings()]
            units = [mapping.unit_from_row(r) for r in connection.execute(select(_units)).mappings()]
            owners: dict[str, list[Ownership]] = defaultdict(list)
            by_position = select(_owners).order_by(_owners.c.account, _owners.c.position)
            for row in connection.execute(by_position).mappings():
                owners[row["account"]].append(mapping.ownership_from_row(row))
            rows = connection.execute(select(_accounts).order_by(_accounts.c.key)).mappings()
            accounts = [mapping.account_from_row(r, owners[r["key"]]) for r in rows]
        return Register(
            units={u.key: u for u in units},
            persons={p.key: p for p in persons},
            accounts={a.key: a for a in accounts},
        )

    def apply_changes(self, register: Register, changes: Sequence[Change], *, by: str, at: datetime) -> None:
        """Make the stored register equal to `register` and write every change into the audit table, all or nothing.

        The register is written anew as a whole: it is a few thousand rows at most, and nothing can be forgotten.
        """
        accounts = register.accounts.values()
        owners = [
            mapping.ownership_to_row(a.key, position, ownership)
            for a in accounts
            for position, ownership in enumerate(a.owners)
        ]
        entries = [AuditEntry(at=at, by=by, change=change) for change in changes]
        with self._db.write("store the register", lock="register") as connection:
            for old in (_owners, _accounts, _units, _persons):
                connection.execute(delete(old))
            insert_all(connection, _persons, [mapping.person_to_row(p) for p in register.persons.values()])
            insert_all(connection, _units, [mapping.unit_to_row(u) for u in register.units.values()])
            insert_all(connection, _accounts, [mapping.account_to_row(a) for a in accounts])
            insert_all(connection, _owners, owners)
            insert_all(connection, _audit, [mapping.audit_to_row(e) for e in entries])

    def audit_trail(self) -> list[AuditEntry]:
        """Return every change ever made, oldest first."""
        with self._db.read("read the audit table") as connection:
            rows = connection.execute(select(_audit).order_by(_audit.c.id)).mappings()
            return [mapping.audit_from_row(r) for r in rows]
