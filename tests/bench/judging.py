"""How fast 10,000 threads are judged and their verdicts stored: ``python -m tests.bench.judging``.

What is measured is `JudgeService.run` as the daemon calls it after a change of rules: reading, triage, the rules, the
verdicts' steps, and storing, on SQLite. Processor time, so that a busy machine is no fault of the code; the best of
two rounds. On one machine it was 2,200 before items had a record of their lives, and 1,900 with it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.__main__ import Figure

from watchdaemon.domain.account import Account, Ownership, Register
from watchdaemon.domain.calendar import AnswerPolicy, CalendarPolicy
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.judge import JudgeService
from watchdaemon.storage import SqlStore, open_store, upgrade
from watchdaemon.triage import classify

THREADS, ACCOUNTS, ROUNDS = 10_000, 20, 2
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
TEXTS = ("När öppnar simhallen i helgen?", "Tack för en fin dag i parken!", "Går det att boka lokalen till maj")


def _account(number: int) -> Account:
    return Account(
        key=f"account-{number:02}",
        platform="facebook",
        native_id=f"page-{number:02}",
        name=f"Exempelkommun {number}",
        link="https://social.example/page",
        unit="kultur",
        manager="chef",
        owners=(Ownership(person="anna"),),
    )


def _item(account: Account, thread: int, place: int, text: str, **facts: object) -> Item:
    made: dict[str, object] = {
        "account": account.key,
        "platform": "facebook",
        "external_id": f"{thread:08}_{place}",
        "thread_id": f"{thread:08}_0",
        "kind": ItemKind.COMMENT,
        "published_at": START + timedelta(minutes=thread + 7 * place),
        "parent_id": f"{thread:08}_0" if place else None,
        "author": "Kim Exempel",
        "author_id": f"visitor-{place}",
        "text": text,
        **facts,
    }
    return Item(**made)  # type: ignore[arg-type]  # a bench's keywords are checked by running


def _thread(account: Account, number: int) -> list[Item]:
    """Two comments, and in two threads of three a reply by the page."""
    items = [_item(account, number, place, f"{TEXTS[(number + place) % 3]} {number}") for place in (0, 1)]
    if number % 3:
        items.append(_item(account, number, 2, "Vi öppnar klockan nio.", by_account=True, author_id=account.native_id))
    return items


def _fill(store: SqlStore, accounts: list[Account]) -> None:
    for place, account in enumerate(accounts):
        numbers = range(place, THREADS, ACCOUNTS)
        items = tuple(i for n in numbers for i in _thread(account, n))
        store.save_fetch(FetchResult(account=account.key, coverage=Coverage.COMPLETE, items=items), at=START)


def _round() -> tuple[float, float]:
    """Return the threads judged in a second of processor time: for the first time, and once more."""
    accounts = [_account(n) for n in range(ACCOUNTS)]
    register = Register(accounts={a.key: a for a in accounts})
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'watch.db'}"
        upgrade(url)
        store = open_store(url)
        try:
            _fill(store, accounts)
            judge = JudgeService(
                store=store,
                classify=classify,
                calendar=WorkCalendar(CalendarPolicy()),
                answers=AnswerPolicy(),
                clock=lambda: START,
            )
            first = _rate(judge, register)
            store.mark_all_pending()
            return first, _rate(judge, register)
        finally:
            store.close()


def _rate(judge: JudgeService, register: Register) -> float:
    started = time.process_time()
    assert judge.run(register) == THREADS
    return THREADS / (time.process_time() - started)


def figures() -> Iterator[Figure]:
    """The rates for threads judged for the first time, and judged again."""
    first, again = (max(rates) for rates in zip(*(_round() for _ in range(ROUNDS)), strict=True))
    yield Figure(name="threads judged", value=first, limit=1_000, unit="a second", at_least=True)
    yield Figure(name="threads judged again", value=again, limit=1_000, unit="a second", at_least=True)


def main() -> int:
    """Print the rates and return the exit code."""
    found = list(figures())
    sys.stdout.writelines(f"{figure}\n" for figure in found)
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
