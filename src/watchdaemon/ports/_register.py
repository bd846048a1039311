"""The register and the audit table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from watchdaemon.domain.account import Register
from watchdaemon.domain.audit import AuditEntry, Change


class RegisterStore(Protocol):
    """Units, persons, accounts, and the audit table."""

    def load_register(self) -> Register:
        """Return the whole register."""
        ...

    def apply_changes(self, register: Register, changes: Sequence[Change], *, by: str, at: datetime) -> None:
        """Make the stored register equal to `register` and write every change into the audit table, all or nothing."""
        ...

    def audit_trail(self) -> list[AuditEntry]:
        """Return every change ever made, oldest first."""
        ...
