"""Domain data to rows and back: one `…_to_row` / `…_from_row` pair each. Column types do the rest (`_types`)."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from watchdaemon.domain.account import Account, Ownership, Person, Unit
from watchdaemon.domain.alert import Alert
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.domain.delivery import (
    Delivery,
    DeliveryKey,
    DeliveryState,
    MailTrouble,
    OutgoingMail,
    Told,
    Waiting,
)
from watchdaemon.domain.item import Item, Wording
from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.domain.question import Decision, Question, Span, Step, Triage, Verdict
from watchdaemon.domain.quota import Spending, UsageReading
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.rules.steps import Standing

RowData = dict[str, Any]
"""Values by column name, as an insert takes them."""

StoredRow = RowMapping
"""Values by column name, as a select gives them."""


# ---- register --------------------------------------------------------------------------------------------------


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


# ---- items and judgement ---------------------------------------------------------------------------------------


def item_to_row(item: Item, *, first_seen_at: datetime, changed_at: datetime) -> RowData:
    """Item to row."""
    return {
        "account": item.account,
        "external_id": item.external_id,
        "platform": item.platform,
        "thread_id": item.thread_id,
        "kind": item.kind,
        "published_at": item.published_at,
        "parent_id": item.parent_id,
        "root_id": item.root_id,
        "author": item.author,
        "author_id": item.author_id,
        "by_account": item.by_account,
        "is_automatic": item.is_automatic,
        "text": item.text,
        "url": item.url,
        "edited_at": item.edited_at,
        "earlier": [{"text": w.text, "since": _iso(w.since), "until": _iso(w.until)} for w in item.earlier],
        "visibility": item.visibility,
        "extra": dict(item.extra),
        "first_seen_at": first_seen_at,
        "changed_at": changed_at,
    }


def item_from_row(row: StoredRow) -> Item:
    """Row to item; further columns in the row do not disturb."""
    return Item(
        account=row["account"],
        platform=row["platform"],
        external_id=row["external_id"],
        thread_id=row["thread_id"],
        kind=row["kind"],
        published_at=row["published_at"],
        parent_id=row["parent_id"],
        root_id=row["root_id"],
        author=row["author"],
        author_id=row["author_id"],
        by_account=row["by_account"],
        is_automatic=row["is_automatic"],
        text=row["text"],
        url=row["url"],
        edited_at=row["edited_at"],
        earlier=_wordings(row["earlier"]) if row["earlier"] else (),
        visibility=row["visibility"],
        extra=row["extra"],
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _wordings(kept: list[dict[str, str | None]]) -> tuple[Wording, ...]:
    moments = [(w["text"] or "", w["since"], w["until"]) for w in kept]
    return tuple(Wording(text=text, since=_from_iso(since), until=_from_iso(until)) for text, since, until in moments)


def _from_iso(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


def verdict_to_row(verdict: Verdict) -> RowData:
    """Verdict to row."""
    triage = verdict.triage
    return {
        "account": verdict.account,
        "external_id": verdict.external_id,
        "grade": triage.grade,
        "triage_reason": triage.reason,
        "spans": [{"start": s.start, "end": s.end, "type": s.type, "certainty": s.certainty} for s in triage.spans],
        "is_secret": triage.is_secret,
        "is_inappropriate": triage.is_inappropriate,
        "removal_reason": triage.removal_reason,
        "state": verdict.state,
        "reason": verdict.reason,
        "due_at": verdict.due_at,
        "answered_at": verdict.answered_at,
        "answered_by": verdict.answered_by,
        "finish_due_at": verdict.finish_due_at,
        "response_minutes": verdict.response_minutes,
        "unregistered_reply": verdict.unregistered_reply,
        "removal_word": verdict.removal_word,
        "since": verdict.since,
        "moved_by": verdict.moved_by,
    }


def verdict_from_row(row: StoredRow) -> Verdict:
    """Row to verdict; further columns in the row do not disturb."""
    triage = Triage(
        grade=row["grade"],
        reason=row["triage_reason"],
        spans=tuple(Span(**span) for span in row["spans"]),
        is_secret=row["is_secret"],
        is_inappropriate=row["is_inappropriate"],
        removal_reason=row["removal_reason"],
    )
    return Verdict(
        account=row["account"],
        external_id=row["external_id"],
        triage=triage,
        state=row["state"],
        reason=row["reason"],
        due_at=row["due_at"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
        finish_due_at=row["finish_due_at"],
        response_minutes=row["response_minutes"],
        unregistered_reply=row["unregistered_reply"],
        removal_word=row["removal_word"],
        since=row["since"],
        moved_by=row["moved_by"],
    )


def standing_from_row(row: StoredRow) -> Standing:
    """Row of a verdict to what a person would be told of it."""
    word, flagged = row["removal_word"], row["is_secret"] or row["is_inappropriate"]
    return Standing(
        row["state"],
        row["answered_by"],
        is_holding=row["finish_due_at"] is not None,
        needs_removal=flagged if word is None else word,
        since=row["since"],
    )


def step_to_row(step: Step) -> RowData:
    """Step to row."""
    return {
        "account": step.account,
        "external_id": step.external_id,
        "at": step.at,
        "state": step.state,
        "reason": step.reason,
        "by": step.by,
        "noticed_at": step.noticed_at,
        "is_holding": step.is_holding,
        "needs_removal": step.needs_removal,
        "response_minutes": step.response_minutes,
    }


def step_from_row(row: StoredRow) -> Step:
    """Row to step."""
    return Step(**{name: value for name, value in row.items() if name != "id"})


def question_from_row(row: StoredRow) -> Question:
    """Joined row of item and verdict to question."""
    return Question(item=item_from_row(row), verdict=verdict_from_row(row), first_seen_at=row["first_seen_at"])


def decision_to_row(decision: Decision) -> RowData:
    """Decision to row."""
    return {
        "account": decision.account,
        "external_id": decision.external_id,
        "kind": decision.kind,
        "by": decision.by,
        "at": decision.at,
        "note": decision.note,
    }


def decision_from_row(row: StoredRow) -> Decision:
    """Row to decision."""
    return Decision(
        account=row["account"],
        external_id=row["external_id"],
        kind=row["kind"],
        by=row["by"],
        at=row["at"],
        note=row["note"],
    )


# ---- watch log -------------------------------------------------------------------------------------------------


def entry_to_row(entry: WatchEntry) -> RowData:
    """Watch entry to row."""
    return {
        "account": entry.account,
        **_window_to_row(entry.window),
        "coverage": entry.coverage,
        "fetched_at": entry.fetched_at,
        "attempts": entry.attempts,
        "last_attempt_at": entry.last_attempt_at,
        "items": entry.items,
        "new_items": entry.new_items,
        "malformed": entry.malformed,
        "reason": entry.reason,
        "detail": entry.detail,
        "needs_person": entry.needs_person,
        "retry_at": entry.retry_at,
        "cause_key": entry.cause_key,
        "told_at": entry.told_at,
        "told_to": list(entry.told_to),
        "seen_at": entry.seen_at,
        "seen_by": entry.seen_by,
    }


def entry_from_row(row: StoredRow) -> WatchEntry:
    """Row to watch entry."""
    return WatchEntry(
        account=row["account"],
        window=_window_from_row(row),
        coverage=row["coverage"],
        fetched_at=row["fetched_at"],
        attempts=row["attempts"],
        last_attempt_at=row["last_attempt_at"],
        items=row["items"],
        new_items=row["new_items"],
        malformed=row["malformed"],
        reason=row["reason"],
        detail=row["detail"],
        needs_person=row["needs_person"],
        retry_at=row["retry_at"],
        cause_key=row["cause_key"],
        told_at=row["told_at"],
        told_to=tuple(row["told_to"]),
        seen_at=row["seen_at"],
        seen_by=row["seen_by"],
    )


def attempt_to_row(attempt: FetchAttempt) -> RowData:
    """Attempt to row."""
    return {
        "account": attempt.account,
        **_window_to_row(attempt.window),
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "coverage": attempt.coverage,
        "items": attempt.items,
        "new_items": attempt.new_items,
        "malformed": attempt.malformed,
        "calls": attempt.calls,
        "reason": attempt.reason,
        "detail": attempt.detail,
        "needs_person": attempt.needs_person,
        "retry_at": attempt.retry_at,
        "cause_key": attempt.cause_key,
    }


def attempt_from_row(row: StoredRow) -> FetchAttempt:
    """Row to attempt."""
    return FetchAttempt(
        account=row["account"],
        window=_window_from_row(row),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        coverage=row["coverage"],
        items=row["items"],
        new_items=row["new_items"],
        malformed=row["malformed"],
        calls=row["calls"],
        reason=row["reason"],
        detail=row["detail"],
        needs_person=row["needs_person"],
        retry_at=row["retry_at"],
        cause_key=row["cause_key"],
    )


def _window_to_row(window: Window) -> RowData:
    return {
        "window_on": window.on,
        "window_index": window.index,
        "opens_at": window.opens_at,
        "closes_at": window.closes_at,
    }


def _window_from_row(row: StoredRow) -> Window:
    return Window(on=row["window_on"], index=row["window_index"], opens_at=row["opens_at"], closes_at=row["closes_at"])


def moderation_to_row(entry: ModerationEntry) -> RowData:
    """Order to row, without its number."""
    return {
        "account": entry.account,
        "external_id": entry.external_id,
        "action": entry.action,
        "by": entry.by,
        "why": entry.why,
        "begun_at": entry.begun_at,
        "text": entry.text,
        "outcome": entry.outcome,
        "ended_at": entry.ended_at,
        "is_verified": entry.is_verified,
        "detail": entry.detail,
        "reply_id": entry.reply_id,
    }


def moderation_from_row(row: StoredRow) -> ModerationEntry:
    """Row to order; further columns in the row do not disturb."""
    return ModerationEntry(**{name: row[name] for name in _ORDER_COLUMNS})


_ORDER_COLUMNS = tuple(field.name for field in fields(ModerationEntry))


# ---- mails and alerts ------------------------------------------------------------------------------------------


def mail_to_row(mail: OutgoingMail, *, at: datetime) -> RowData:
    """Mail to the row of a new delivery, due at once."""
    return {
        "kind": mail.key.kind,
        "recipient": mail.key.recipient,
        "period": mail.key.period,
        "address": mail.address,
        "subject": mail.subject,
        "message": mail.message,
        "message_id": mail.message_id,
        "covers": list(mail.covers),
        "state": DeliveryState.QUEUED,
        "created_at": at,
        "attempts": 0,
        "last_error": "",
    }


def delivery_from_row(row: StoredRow) -> Delivery:
    """Row to delivery."""
    mail = OutgoingMail(
        key=_delivery_key(row),
        address=row["address"],
        subject=row["subject"],
        message=bytes(row["message"] or b""),
        message_id=row["message_id"],
        covers=tuple(row["covers"]),
    )
    return Delivery(
        id=row["id"],
        mail=mail,
        state=row["state"],
        created_at=row["created_at"],
        attempts=row["attempts"],
        next_attempt_at=row["next_attempt_at"],
        claimed_until=row["claimed_until"],
        sent_at=row["sent_at"],
        last_error=row["last_error"],
    )


def waiting_from_row(row: StoredRow) -> Waiting:
    """Row to a mail without its body."""
    return Waiting(
        id=row["id"],
        key=_delivery_key(row),
        address=row["address"],
        state=row["state"],
        created_at=row["created_at"],
        covers=tuple(row["covers"]),
    )


def _delivery_key(row: StoredRow) -> DeliveryKey:
    return DeliveryKey(kind=row["kind"], recipient=row["recipient"], period=row["period"])


def trouble_to_row(trouble: MailTrouble) -> RowData:
    """Mail trouble to row."""
    return {
        "person": trouble.person,
        "address": trouble.address,
        "since": trouble.since,
        "status": trouble.status,
        "detail": trouble.detail,
        "last_at": trouble.last_at,
        "is_reported": trouble.is_reported,
    }


def trouble_from_row(row: StoredRow) -> MailTrouble:
    """Row to mail trouble."""
    return MailTrouble(**row)


def told_to_row(told: Told, delivery: int) -> RowData:
    """Told to row."""
    return {
        "person": told.person,
        "delivery": delivery,
        "account": told.account,
        "external_id": told.external_id,
        "section": told.section,
    }


def told_from_row(row: StoredRow) -> Told:
    """Row to told."""
    return Told(**row)


def alert_to_row(alert: Alert) -> RowData:
    """Alert to row, without its number."""
    return {
        "kind": alert.kind,
        "cause": alert.cause,
        "accounts": list(alert.accounts),
        "items": list(alert.items),
        "reason": alert.reason,
        "detail": alert.detail,
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "told_at": alert.told_at,
        "ends_at": alert.ends_at,
    }


def alert_from_row(row: StoredRow) -> Alert:
    """Row to alert."""
    return Alert(**{**row, "accounts": tuple(row["accounts"]), "items": tuple(row["items"])})


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


# ---- quota book ------------------------------------------------------------------------------------------------


def usage_to_row(reading: UsageReading) -> RowData:
    """Reading to row."""
    return {
        "platform": reading.platform,
        "holder": reading.holder,
        "name": reading.name,
        "reach": reading.reach,
        "percent": reading.percent,
        "read_at": reading.read_at,
        "limit": reading.limit,
        "remaining": reading.remaining,
        "resets_at": reading.resets_at,
        "blocked_until": reading.blocked_until,
    }


def usage_from_row(row: StoredRow) -> UsageReading:
    """Row to reading."""
    return UsageReading(**row)


def spending_to_row(spending: Spending) -> RowData:
    """Spending to row."""
    return {
        "on": spending.on,
        "platform": spending.platform,
        "account": spending.account,
        "measure": spending.measure,
        "amount": spending.amount,
    }


def spending_from_row(row: StoredRow) -> Spending:
    """Row to spending."""
    return Spending(**row)
