"""Verdicts, and people's decisions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, delete, exists, or_, select, update

from watchdaemon.domain.item import BLANKED, Item, Thread
from watchdaemon.domain.moderation import ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, Question, QuestionState, Step, Verdict
from watchdaemon.ports import Case, PendingThread
from watchdaemon.rules.steps import Standing, step_between, step_out
from watchdaemon.storage import mapping
from watchdaemon.storage._database import chunks
from watchdaemon.storage._items import mark_threads
from watchdaemon.storage._part import Part, insert_all
from watchdaemon.storage.tables import DecisionRow, ItemRow, ModerationRow, StepRow, ThreadRow, VerdictRow, table

_items, _threads = table(ItemRow), table(ThreadRow)
_verdicts, _decisions = table(VerdictRow), table(DecisionRow)
_steps, _moderations = table(StepRow), table(ModerationRow)

_same_item = and_(_verdicts.c.account == _items.c.account, _verdicts.c.external_id == _items.c.external_id)
_decided_item = and_(_decisions.c.account == _items.c.account, _decisions.c.external_id == _items.c.external_id)

_DROP_VERDICTS = delete(_verdicts).where(
    _verdicts.c.account == bindparam("of"),
    _verdicts.c.external_id.in_(
        select(_items.c.external_id).where(_items.c.account == bindparam("of"), _items.c.thread_id == bindparam("at"))
    ),
)

_CLEAR_MARK = (
    update(_threads)
    .where(
        _threads.c.account == bindparam("of"),
        _threads.c.thread_id == bindparam("at"),
        # Should it move on just now (PostgreSQL), the mark stays, and the thread is judged once more.
        _threads.c.revision == bindparam("seen"),
    )
    .values(judged=bindparam("seen"))
)

_flagged = or_(_verdicts.c.is_secret, _verdicts.c.is_inappropriate)
# A person's word goes before triage's.
_wants_removal = or_(_verdicts.c.removal_word.is_(True), and_(_verdicts.c.removal_word.is_(None), _flagged))
_STANDING = (
    *(_verdicts.c.account, _verdicts.c.external_id, _verdicts.c.state, _verdicts.c.answered_by),
    *(_verdicts.c.finish_due_at, _verdicts.c.is_secret, _verdicts.c.is_inappropriate, _verdicts.c.removal_word),
    _verdicts.c.since,
)
_ended_well = _moderations.c.outcome == Outcome.DONE
_ordered_item = and_(_moderations.c.account == _items.c.account, _moderations.c.external_id == _items.c.external_id)
_LATEST = datetime.max.replace(tzinfo=UTC)


class QuestionPart(Part):
    """Implements `ports.QuestionStore`."""

    def cases(self, pending: Sequence[PendingThread]) -> list[Case]:
        """Return what these threads are judged by: their items and what was decided and done to them, oldest first."""
        items: dict[tuple[str, str], list[Item]] = defaultdict(list)
        decisions: dict[tuple[str, str], list[Decision]] = defaultdict(list)
        orders: dict[tuple[str, str], list[ModerationEntry]] = defaultdict(list)
        kept: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
        with self._db.read("read the threads to judge") as connection:
            for account, threads in _by_account(pending):
                here = and_(_items.c.account == account, _items.c.thread_id.in_(threads))
                order = (_items.c.published_at, _items.c.external_id)
                for row in connection.execute(select(_items).where(here).order_by(*order)).mappings():
                    items[account, row["thread_id"]].append(mapping.item_from_row(row))
                decided = select(_decisions, _items.c.thread_id).join(_items, _decided_item).where(here)
                for row in connection.execute(decided.order_by(_decisions.c.at, _decisions.c.id)).mappings():
                    decisions[account, row["thread_id"]].append(mapping.decision_from_row(row))
                for row in _orders(connection, account, here):
                    orders[account, row["thread_id"]].append(mapping.moderation_from_row(row))
                blanked = [i.external_id for t in threads for i in items[account, t] if BLANKED in i.extra]
                for some in chunks(blanked):
                    query = select(_verdicts, _items.c.thread_id).join(_items, _same_item).where(here)
                    for row in connection.execute(query.where(_items.c.external_id.in_(some))).mappings():
                        kept[account, row["thread_id"]].append(mapping.verdict_from_row(row))
        return [
            Case(
                pending=p,
                thread=Thread(account=p.account, thread_id=p.thread_id, items=tuple(items[p.account, p.thread_id])),
                decisions=tuple(decisions[p.account, p.thread_id]),
                orders=tuple(orders[p.account, p.thread_id]),
                kept=tuple(kept[p.account, p.thread_id]),
            )
            for p in pending
        ]

    def save_judgements(self, judgements: Sequence[tuple[PendingThread, Sequence[Verdict]]], *, at: datetime) -> int:
        """Store the verdicts of these threads and clear their marks, unless they moved on; returns how many did not.

        They replace the threads' earlier verdicts: an item that got none this time (it turned out to be our own)
        is no question any more.
        """
        with self._db.write("store verdicts") as connection:
            current = _revisions(connection, [pending for pending, _ in judgements])
            still = [(p, v) for p, v in judgements if current.get((p.account, p.thread_id)) == p.revision]
            if not still:
                return 0
            verdicts = [v for _, some in still for v in some]
            steps = _steps_to(_standings(connection, [p for p, _ in still]), verdicts, at)
            keys = [{"of": p.account, "at": p.thread_id, "seen": p.revision} for p, _ in still]
            connection.execute(_DROP_VERDICTS, [{"of": k["of"], "at": k["at"]} for k in keys])
            if verdicts:
                connection.execute(self._db.upsert(_verdicts), [mapping.verdict_to_row(v) for v in verdicts])
            insert_all(connection, _steps, [mapping.step_to_row(s) for s in steps])
            connection.execute(_CLEAR_MARK, keys)
            return len(still)

    def questions(
        self,
        *,
        accounts: Iterable[str] | None = None,
        states: Iterable[QuestionState] | None = None,
        needs_removal: bool | None = None,
        to_finish: bool = False,
        published_since: datetime | None = None,
    ) -> list[Question]:
        """Return judged items that want an answer or removal, oldest due first; see the port for the selection."""
        query = (
            select(_items, *(c for c in _verdicts.c if c.name not in {"account", "external_id"}))
            .join(_verdicts, _same_item)
            .where(or_(_verdicts.c.state.is_not(None), _wants_removal))
            .where(_selection(states, needs_removal, to_finish=to_finish))
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

    def question(self, account: str, external_id: str) -> Question | None:
        """Return one judged item, also one that wants nothing; None when there is none of that id."""
        query = (
            select(_items, *(c for c in _verdicts.c if c.name not in {"account", "external_id"}))
            .join(_verdicts, _same_item)
            .where(_items.c.account == account, _items.c.external_id == external_id)
        )
        with self._db.read(f"read a question of {account}") as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else mapping.question_from_row(row)

    def steps(self, account: str, external_id: str) -> list[Step]:
        """Return the steps of an item's life in the order they were noticed."""
        query = select(_steps).where(_steps.c.account == account, _steps.c.external_id == external_id)
        with self._db.read(f"read the steps of an item of {account}") as connection:
            return [mapping.step_from_row(r) for r in connection.execute(query.order_by(_steps.c.id)).mappings()]

    def decided(self) -> list[tuple[Decision, Item]]:
        """Return every decision, oldest first, with the item it is about."""
        query = select(_decisions).order_by(_decisions.c.at, _decisions.c.id)
        known = select(_items).where(exists().where(_decided_item))
        with self._db.read("read what was decided") as connection:
            items = {i.key: i for i in map(mapping.item_from_row, connection.execute(known).mappings())}
            decisions = [mapping.decision_from_row(row) for row in connection.execute(query).mappings()]
        return [(d, items[d.account, d.external_id]) for d in decisions]

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        query = (
            select(_decisions)
            .join(_items, _decided_item)
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


def _orders(connection: Connection, account: str, here: ColumnElement[bool]) -> Iterable[RowMapping]:
    """Return what was done to items by our own hand; on most accounts nothing was, which is seen at once."""
    anything = select(_moderations.c.id).where(_moderations.c.account == account, _ended_well).limit(1)
    if connection.execute(anything).first() is None:
        return ()
    query = select(_moderations, _items.c.thread_id).join(_items, _ordered_item).where(here, _ended_well)
    return connection.execute(query.order_by(_moderations.c.id)).mappings()


def _standings(connection: Connection, pending: Sequence[PendingThread]) -> dict[tuple[str, str], Standing]:
    """Return what stands of these threads' items before they are judged anew."""
    found: dict[tuple[str, str], Standing] = {}
    for account, threads in _by_account(pending):
        query = select(*_STANDING).join(_items, _same_item)
        query = query.where(_items.c.account == account, _items.c.thread_id.in_(threads))
        for row in connection.execute(query).mappings():
            found[account, row["external_id"]] = mapping.standing_from_row(row)
    return found


def _steps_to(before: dict[tuple[str, str], Standing], verdicts: Sequence[Verdict], at: datetime) -> list[Step]:
    judged = {(v.account, v.external_id) for v in verdicts}
    steps = [step_between(before.get((v.account, v.external_id)), v, at=at) for v in verdicts]
    steps += [step_out(*key, standing, at=at) for key, standing in before.items() if key not in judged]
    return [step for step in steps if step is not None]


def _by_account(pending: Sequence[PendingThread]) -> Iterator[tuple[str, list[str]]]:
    """Give the threads of each account, in pieces that a statement can hold."""
    by_account: dict[str, list[str]] = defaultdict(list)
    for thread in pending:
        by_account[thread.account].append(thread.thread_id)
    for account, threads in by_account.items():
        for piece in chunks(threads):
            yield account, list(piece)


def _revisions(connection: Connection, pending: Sequence[PendingThread]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for account, threads in _by_account(pending):
        query = select(_threads.c.thread_id, _threads.c.revision).where(
            _threads.c.account == account, _threads.c.thread_id.in_(threads)
        )
        found |= {(account, thread_id): revision for thread_id, revision in connection.execute(query)}
    return found


def _selection(
    states: Iterable[QuestionState] | None, needs_removal: bool | None, *, to_finish: bool
) -> ColumnElement[bool]:
    """Given several, an item that fits any is meant."""
    wanted: list[ColumnElement[bool]] = []
    if states is not None:
        wanted.append(_verdicts.c.state.in_(list(states)))
    if needs_removal is not None:
        wanted.append(_wants_removal if needs_removal else ~_wants_removal)
    if to_finish:
        wanted.append(_verdicts.c.finish_due_at.is_not(None))
    return or_(*wanted) if wanted else _verdicts.c.external_id.is_not(None)


def _by_due(question: Question) -> tuple[datetime, datetime, tuple[str, str]]:
    return (question.verdict.due_at or _LATEST, question.item.published_at, question.item.key)
