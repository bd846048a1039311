"""Domain data to rows and back: one `…_to_row` / `…_from_row` pair each. Column types do the rest (`_types`).

A part for each subject, of the same name as its tables' (`tables`) and as the part of the store that uses it.
"""

from watchdaemon.storage.mapping._alerts import alert_from_row, alert_to_row
from watchdaemon.storage.mapping._credentials import (
    check_from_row,
    check_to_row,
    credential_from_row,
    credential_to_row,
)
from watchdaemon.storage.mapping._items import item_from_row, item_to_row
from watchdaemon.storage.mapping._moderation import moderation_from_row, moderation_to_row
from watchdaemon.storage.mapping._outbox import (
    delivery_from_row,
    mail_to_row,
    told_from_row,
    told_to_row,
    trouble_from_row,
    trouble_to_row,
    waiting_from_row,
)
from watchdaemon.storage.mapping._questions import (
    decision_from_row,
    decision_to_row,
    question_from_row,
    standing_from_row,
    step_from_row,
    step_to_row,
    verdict_from_row,
    verdict_to_row,
)
from watchdaemon.storage.mapping._quota import spending_from_row, spending_to_row, usage_from_row, usage_to_row
from watchdaemon.storage.mapping._register import (
    account_from_row,
    account_to_row,
    audit_from_row,
    audit_to_row,
    ownership_from_row,
    ownership_to_row,
    person_from_row,
    person_to_row,
    unit_from_row,
    unit_to_row,
)
from watchdaemon.storage.mapping._row import RowData, StoredRow
from watchdaemon.storage.mapping._watch import attempt_from_row, attempt_to_row, entry_from_row, entry_to_row

__all__ = [
    "RowData",
    "StoredRow",
    "account_from_row",
    "account_to_row",
    "alert_from_row",
    "alert_to_row",
    "attempt_from_row",
    "attempt_to_row",
    "audit_from_row",
    "audit_to_row",
    "check_from_row",
    "check_to_row",
    "credential_from_row",
    "credential_to_row",
    "decision_from_row",
    "decision_to_row",
    "delivery_from_row",
    "entry_from_row",
    "entry_to_row",
    "item_from_row",
    "item_to_row",
    "mail_to_row",
    "moderation_from_row",
    "moderation_to_row",
    "ownership_from_row",
    "ownership_to_row",
    "person_from_row",
    "person_to_row",
    "question_from_row",
    "spending_from_row",
    "spending_to_row",
    "standing_from_row",
    "step_from_row",
    "step_to_row",
    "told_from_row",
    "told_to_row",
    "trouble_from_row",
    "trouble_to_row",
    "unit_from_row",
    "unit_to_row",
    "usage_from_row",
    "usage_to_row",
    "verdict_from_row",
    "verdict_to_row",
    "waiting_from_row",
]
