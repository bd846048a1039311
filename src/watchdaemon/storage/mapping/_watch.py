"""The watch log: entries and attempts, each with its window."""

from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.storage.mapping._row import RowData, StoredRow


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
