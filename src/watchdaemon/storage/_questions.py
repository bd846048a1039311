"""Verdicts, and people's decisions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from watchdaemon.domain.question import Decision, Question, QuestionState, Verdict
from watchdaemon.ports import PendingThread
from watchdaemon.storage import mapping
from watchdaemon.storage._database import chunks
from watchdaemon.storage._items import mark_threads
from watchdaemon.storage._part import Part, insert_all
from watchdaemon.storage.tables import DecisionRow, ItemRow, ThreadRow, VerdictRow, table

_items, _threads = table(ItemRow), table(ThreadRow)
_verdicts, _decisions = table(VerdictRow), table(DecisionRow)

_same_item = and_(_verdicts.c.account == _items.c.account, _verdicts.c.external_id == _items.c.external_id)
_wants_removal = or_(_verdicts.c.is_secret, _verdicts.c.is_inappropriate)
_LATEST = datetime.max.replace(tzinfo=UTC)


class QuestionPart(Part):
    """Implements `ports.QuestionStore`."""

    def save_verdicts(self, pending: PendingThread, verdicts: Sequence[Verdict]) -> bool:
        """Store the verdicts of a thread and clear its mark, if it still has that revision; False when it moved on.

        They replace the thread's earlier verdicts: an item that got none this time (it turned out to be our own)
        is no question any more.
        """
        clear_mark = (
            update(_threads)
            .where(
                _threads.c.account == pending.account,
                _threads.c.thread_id == pending.thread_id,
                _threads.c.revision == pending.revision,
            )
            .values(judged=pending.revision)
        )
        with self._db.write(f"store verdicts of {pending.account}") as connection:
            if connection.execute(clear_mark).rowcount == 0:
                return False
            _drop_verdicts(connection, pending)
            rows = [mapping.verdict_to_row(v) for v in verdicts]
            if rows:
                connection.execute(self._db.upsert(_verdicts), rows)
            return True

    def questions(
        self,
        *,
        accounts: Iterable[str] | None = None,
        states: Iterable[QuestionState] | None = None,
        needs_removal: bool | None = None,
        published_since: datetime | None = None,
    ) -> list[Question]:
        """Return judged items that want an answer or removal, oldest due first; see the port for the selection."""
        query = (
            select(_items, *(c for c in _verdicts.c if c.name not in {"account", "external_id"}))
            .join(_verdicts, _same_item)
            .where(or_(_verdicts.c.state.is_not(None), _wants_removal))
            .where(_selection(states, needs_removal))
        )
        if published_since is not None:
            query = query.where(_items.c.published_at >= published_since)
        parts = [None] if accounts is None else list(chunks(sorted(set(accounts))))
        with self._db.read("read questions") as connection:
            found = [
                mapping.question_from_row(row)
                for part in parts
                for row in connection.execute(
                    query if part is None else query.where(_items.c.account.in_(part))
                ).mappings()
            ]
        return sorted(found, key=_by_due)

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        query = (
            select(_decisions)
            .join(
                _items,
                and_(_decisions.c.account == _items.c.account, _decisions.c.external_id == _items.c.external_id),
            )
            .where(_items.c.account == account, _items.c.thread_id == thread_id)
            .order_by(_decisions.c.at, _decisions.c.id)
        )
        with self._db.read(f"read decisions on {account}") as connection:
            return [mapping.decision_from_row(r) for r in connection.execute(query).mappings()]

    def record_decision(self, decision: Decision) -> None:
        """Store a decision and mark the item's thread. Raises KeyError when there is no such item."""
        item = select(_items.c.thread_id).where(
            _items.c.account == decision.account, _items.c.external_id == decision.external_id
        )
        with self._db.write(f"record a decision on {decision.account}") as connection:
            thread_id = connection.execute(item).scalar_one_or_none()
            if thread_id is None:
                raise KeyError((decision.account, decision.external_id))
            insert_all(connection, _decisions, [mapping.decision_to_row(decision)])
            mark_threads(self._db, connection, decision.account, [thread_id])


def _drop_verdicts(connection: Connection, pending: PendingThread) -> None:
    in_thread = select(_items.c.external_id).where(
        _items.c.account == pending.account, _items.c.thread_id == pending.thread_id
    )
    connection.execute(
        delete(_verdicts).where(_verdicts.c.account == pending.account, _verdicts.c.external_id.in_(in_thread))
    )


def _selection(states: Iterable[QuestionState] | None, needs_removal: bool | None) -> ColumnElement[bool]:
    """Given both, an item that fits either is meant."""
    wanted: list[ColumnElement[bool]] = []
    if states is not None:
        wanted.append(_verdicts.c.state.in_(list(states)))
    if needs_removal is not None:
        wanted.append(_wants_removal if needs_removal else ~_wants_removal)
    return or_(*wanted) if wanted else _verdicts.c.external_id.is_not(None)


def _by_due(question: Question) -> tuple[datetime, datetime, tuple[str, str]]:
    return (question.verdict.due_at or _LATEST, question.item.published_at, question.item.key)
