"""What the rules and people say of items: verdicts, steps, decisions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from watchdaemon.domain.item import BLANKED, Item, Thread
from watchdaemon.domain.moderation import Outcome
from watchdaemon.domain.question import Decision, Question, QuestionState, Step, Verdict
from watchdaemon.errors import StorageError
from watchdaemon.ports import Case, PendingThread
from watchdaemon.rules.keeping import storable
from watchdaemon.rules.steps import Standing, step_between, step_out
from watchdaemon.testing.memory._items import is_in_thread, mark_threads, thread_of
from watchdaemon.testing.memory._part import Data, Part, stored

_LATEST = datetime.max.replace(tzinfo=UTC)


class QuestionPart(Part):
    """Implements `ports.QuestionStore`."""

    def cases(self, pending: Sequence[PendingThread]) -> list[Case]:
        """Return what these threads are judged by."""
        with self._turn() as data:
            return [_case(data, p, thread_of(data, p.account, p.thread_id)) for p in pending]

    def save_judgements(self, judgements: Sequence[tuple[PendingThread, Sequence[Verdict]]], *, at: datetime) -> int:
        """Replace the verdicts of these threads and clear their marks, unless they moved on."""
        with self._turn() as data:
            marks = [(stored(p), v, data.marks.get((p.account, p.thread_id))) for p, v in judgements]
            still = [(p, v, mark) for p, v, mark in marks if mark is not None and mark.revision == p.revision]
            new = {(v.account, v.external_id): v for _, verdicts, _ in still for v in stored(verdicts)}
            if not new.keys() <= data.items.keys():
                raise StorageError("could not store verdicts: there is no such item")
            threads = {(p.account, p.thread_id) for p, _, _ in still}
            dropped = {i.key for i in data.items.values() if (i.account, i.thread_id) in threads}
            before = {k: Standing.of(v) for k, v in data.verdicts.items() if k in dropped}
            steps = [step_between(before.get(key), v, at=stored(at)) for key, v in new.items()]
            steps += [step_out(*key, stood, at=stored(at)) for key, stood in before.items() if key not in new]
            data.steps += [step for step in steps if step is not None]
            data.verdicts = {k: v for k, v in data.verdicts.items() if k not in dropped} | new
            for pending, _, mark in still:
                mark.judged = pending.revision
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
        wanted_accounts = None if accounts is None else set(accounts)
        wanted_states = None if states is None else set(states)
        with self._turn() as data:
            found = [
                Question(item=data.items[key], verdict=verdict, first_seen_at=data.first_seen[key])
                for key, verdict in data.verdicts.items()
                if _is_selected(verdict, wanted_states, needs_removal, to_finish=to_finish)
            ]
        found = [
            q
            for q in found
            if (wanted_accounts is None or q.item.account in wanted_accounts)
            and (published_since is None or q.item.published_at >= published_since)
        ]
        return sorted(found, key=lambda q: (q.verdict.due_at or _LATEST, q.item.published_at, q.item.key))

    def question(self, account: str, external_id: str) -> Question | None:
        """Return one judged item, also one that wants nothing; None when there is none of that id."""
        key = (storable(account), storable(external_id))
        with self._turn() as data:
            if key not in data.items or key not in data.verdicts:
                return None
            return Question(item=data.items[key], verdict=data.verdicts[key], first_seen_at=data.first_seen[key])

    def steps(self, account: str, external_id: str) -> list[Step]:
        """Return the steps of an item's life in the order they were noticed."""
        key = (storable(account), storable(external_id))
        with self._turn() as data:
            return [step for step in data.steps if (step.account, step.external_id) == key]

    def decided(self) -> list[tuple[Decision, Item]]:
        """Return every decision, oldest first, with the item it is about."""
        with self._turn() as data:
            ordered = sorted(data.decisions, key=lambda d: d.at)
            return [(d, data.items[d.account, d.external_id]) for d in ordered]

    def decisions(self, account: str, thread_id: str) -> list[Decision]:
        """Return the decisions on items of a thread, oldest first."""
        with self._turn() as data:
            found = [
                d
                for d in data.decisions
                if is_in_thread(data.items[(d.account, d.external_id)], storable(account), storable(thread_id))
            ]
        return sorted(found, key=lambda d: d.at)

    def record_decision(self, decision: Decision) -> None:
        """Store a decision and mark the item's thread. Raises KeyError when there is no such item."""
        decision = stored(decision)
        with self._turn() as data:
            item = data.items[(decision.account, decision.external_id)]
            data.decisions.append(decision)
            mark_threads(data, item.account, {item.thread_id})


def _is_selected(
    verdict: Verdict, states: set[QuestionState] | None, needs_removal: bool | None, *, to_finish: bool
) -> bool:
    """Given several, a verdict that fits any is meant."""
    if verdict.state is None and not verdict.needs_removal:
        return False
    if states is None and needs_removal is None and not to_finish:
        return True
    fits_state = states is not None and verdict.state in states
    fits_removal = needs_removal is not None and verdict.needs_removal is needs_removal
    return fits_state or fits_removal or (to_finish and verdict.is_holding)


def _case(data: Data, pending: PendingThread, thread: Thread) -> Case:
    keys = {i.key for i in thread.items}
    blanked = {i.key for i in thread.items if BLANKED in i.extra}
    orders = (m for m in data.moderations if m.outcome is Outcome.DONE)
    return Case(
        pending=pending,
        thread=thread,
        decisions=tuple(sorted((d for d in data.decisions if (d.account, d.external_id) in keys), key=lambda d: d.at)),
        orders=tuple(m for m in orders if (m.account, m.external_id) in keys),
        kept=tuple(v for key, v in data.verdicts.items() if key in blanked),
    )
