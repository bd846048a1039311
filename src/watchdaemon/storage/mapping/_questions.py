"""What the rules and people say of items: verdicts, steps, questions, decisions."""

from watchdaemon.domain.question import Decision, Question, Span, Step, Triage, Verdict
from watchdaemon.rules.steps import Standing
from watchdaemon.storage.mapping._items import item_from_row
from watchdaemon.storage.mapping._row import RowData, StoredRow


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
