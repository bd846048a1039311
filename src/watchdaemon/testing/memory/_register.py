"""The register and the audit table."""

from collections.abc import Sequence
from datetime import datetime

from watchdaemon.domain.account import Register
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.errors import StorageError
from watchdaemon.testing.memory._part import Part, stored


class RegisterPart(Part):
    """Implements `ports.RegisterStore`."""

    def load_register(self) -> Register:
        """Return the whole register."""
        with self._turn() as data:
            return data.register

    def apply_changes(self, register: Register, changes: Sequence[Change], *, by: str, at: datetime) -> None:
        """Make the stored register equal to `register` and write every change into the audit table."""
        natives = [(a.platform, a.native_id) for a in register.accounts.values()]
        if len(set(natives)) < len(natives):
            raise StorageError("could not store the register: an account is there twice")
        entries = [AuditEntry(at=at, by=by, change=change) for change in changes]
        with self._turn() as data:
            data.register = stored(register)
            data.audit.extend(stored(entries))

    def audit_trail(self) -> list[AuditEntry]:
        """Return every change ever made, oldest first."""
        with self._turn() as data:
            return list(data.audit)
