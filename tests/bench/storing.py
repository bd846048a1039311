"""How many fetched items SQLite takes a second: ``python -m tests.bench.storing``; fails below 10,000.

What is measured is `save_fetch` as the daemon calls it: comparing with what is stored, the upsert, the threads' marks
and the cursors, one transaction for each page of an account. The best of three rounds counts, because whatever else
the machine does only makes it slower.
"""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.__main__ import Figure

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.storage import SqlStore, open_store, upgrade

FLOOR = 10_000
ROUNDS = 3
ACCOUNTS, PAGES, PAGE = 20, 5, 100
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


def _item(account: str, number: int) -> Item:
    return Item(
        account=account,
        platform="facebook",
        external_id=f"{account}_{number:08}",
        thread_id=f"{account}_{number // 5:08}",
        kind=ItemKind.COMMENT,
        published_at=START + timedelta(seconds=number),
        parent_id=f"{account}_{number - 1:08}" if number % 5 else None,
        root_id=f"{account}_{number // 50:08}",
        author="Kim Exempel",
        author_id=f"visitor-{number % 400}",
        text="Hej! När öppnar simhallen i helgen? " * 6,  # about 200 characters
        url=f"https://social.example/{account}/{number}",
        extra={"story": str(number // 50)},
    )


def _pages() -> list[FetchResult]:
    accounts = [f"account-{n:03}" for n in range(ACCOUNTS)]
    return [
        FetchResult(
            account=account,
            coverage=Coverage.COMPLETE,
            items=tuple(_item(account, page * PAGE + n) for n in range(PAGE)),
            cursors={"comments": f"page-{page}"},
        )
        for page in range(PAGES)
        for account in accounts
    ]


def _edited(page: FetchResult) -> FetchResult:
    return replace(page, items=tuple(replace(i, text=i.text + " Ändrat.") for i in page.items))


def _rate(store: SqlStore, pages: Sequence[FetchResult]) -> tuple[float, float]:
    """Return items a second: by the clock, and by the processor time used (tells a busy machine from slow code)."""
    started, cpu_started = time.perf_counter(), time.process_time()
    for page in pages:
        store.save_fetch(page, at=START)
    items = sum(len(p.items) for p in pages)
    return items / (time.perf_counter() - started), items / (time.process_time() - cpu_started)


def _round(pages: Sequence[FetchResult], edited: Sequence[FetchResult]) -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'watch.db'}"
        upgrade(url)
        store = open_store(url)
        try:
            return {"new": _rate(store, pages), "unchanged": _rate(store, pages), "edited": _rate(store, edited)}
        finally:
            store.close()


def figures() -> Iterator[Figure]:
    """The rates for items never seen, seen before, and edited since."""
    pages = _pages()
    edited = [_edited(p) for p in pages]
    rounds = [_round(pages, edited) for _ in range(ROUNDS)]
    for what in rounds[0]:
        rate, cpu_rate = max(rates[what] for rates in rounds)
        yield Figure(
            name=f"storing {what} items",
            value=rate,
            limit=FLOOR,
            unit="items/s",
            at_least=True,
            note=f"{PAGE} items a transaction; {cpu_rate:,.0f} a second of processor time",
        )


def main() -> int:
    """Print the rates and return the exit code."""
    found = list(figures())
    sys.stdout.writelines(f"{figure}\n" for figure in found)
    return 0 if all(figure.holds for figure in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
