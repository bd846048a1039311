"""The tables, as SQLModel classes. Nothing outside `storage/` sees them; `mapping` turns their rows into domain data.

A part for each subject, of the same name as the part of the store that reads it; what they are made from stands in
`_base` and `_column`. Importing this package is what fills `metadata`: a new part must be named here.

Reasons for what may look odd: `docs/storage.md`.
"""

from watchdaemon.storage.tables._alerts import AlertRow, AlertTellingRow, SilenceRow
from watchdaemon.storage.tables._base import Row, metadata, table
from watchdaemon.storage.tables._credentials import CredentialCheckRow, CredentialRow
from watchdaemon.storage.tables._items import CursorRow, ItemRow, ThreadRow
from watchdaemon.storage.tables._links import UsedLinkRow
from watchdaemon.storage.tables._moderation import ModerationRow
from watchdaemon.storage.tables._outbox import DeliveryRow, MailTroubleRow, ToldRow
from watchdaemon.storage.tables._questions import DecisionRow, StepRow, VerdictRow
from watchdaemon.storage.tables._quota import SpendingRow, UsageRow
from watchdaemon.storage.tables._register import AccountRow, AuditRow, OwnershipRow, PersonRow, UnitRow
from watchdaemon.storage.tables._state import StateRow
from watchdaemon.storage.tables._watch import AttemptRow, WatchEntryRow, WatchStartRow

__all__ = [
    "AccountRow",
    "AlertRow",
    "AlertTellingRow",
    "AttemptRow",
    "AuditRow",
    "CredentialCheckRow",
    "CredentialRow",
    "CursorRow",
    "DecisionRow",
    "DeliveryRow",
    "ItemRow",
    "MailTroubleRow",
    "ModerationRow",
    "OwnershipRow",
    "PersonRow",
    "Row",
    "SilenceRow",
    "SpendingRow",
    "StateRow",
    "StepRow",
    "ThreadRow",
    "ToldRow",
    "UnitRow",
    "UsageRow",
    "UsedLinkRow",
    "VerdictRow",
    "WatchEntryRow",
    "WatchStartRow",
    "metadata",
    "table",
]
