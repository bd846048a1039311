"""The record of an item's life: which change of its verdict is a step. Every store uses this."""

from dataclasses import dataclass, field
from datetime import datetime

from watchdaemon.domain.question import QuestionState, Step, Verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a verdict a person would be told of: when it changes, that is a step."""

    state: QuestionState | None
    answered_by: str | None
    is_holding: bool
    needs_removal: bool
    since: datetime | None = field(default=None, compare=False)

    @classmethod
    def of(cls, verdict: Verdict) -> "Standing":
        """Return a verdict's."""
        return cls(verdict.state, verdict.answered_by, verdict.is_holding, verdict.needs_removal, since=verdict.since)


_NOTHING = Standing(None, None, is_holding=False, needs_removal=False)


def step_between(before: Standing | None, after: Verdict, *, at: datetime) -> Step | None:
    """Return the step that a new verdict is, or None when nothing changed that a person would tell of.

    A step is a new state, another answer, a promise given or kept, or a flag for removal set or lifted. Judging the
    same facts again is none, so that fetching a thing twice leaves no trace here.

    Args:
        before: What was stored; None when there was nothing.
        after: The new verdict.
        at: When it was judged, aware UTC.
    """
    if (before or _NOTHING) == Standing.of(after):
        return None
    since = min(after.since or at, at)
    if before is not None and before.since is not None and since < before.since:
        since = at  # back to an older state: an answer was taken away, and nobody tells when
    return Step(
        account=after.account,
        external_id=after.external_id,
        at=since,
        state=after.state,
        # A reason of triage's may quote the text, which the step outlives.
        reason=after.reason if after.state is not None else _without_state(after),
        by=after.moved_by,
        noticed_at=at,
        is_holding=after.is_holding,
        needs_removal=after.needs_removal,
        response_minutes=after.response_minutes,
    )


def step_out(account: str, external_id: str, before: Standing, *, at: datetime) -> Step | None:
    """Return the step of an item that got no verdict any more: it turned out to be the account's own."""
    if before == _NOTHING:
        return None
    reason = "it is the account's own"
    return Step(account=account, external_id=external_id, at=at, state=None, reason=reason, noticed_at=at)


def _without_state(verdict: Verdict) -> str:
    return "asks nothing, and is to be looked at for removal" if verdict.needs_removal else "wants no answer"
