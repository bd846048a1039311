"""Many threads, several processes, and `kill -9`: nothing is lost, doubled, or half done."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.make import ACCOUNT, NOW, fetched, item, mail

from watchdaemon.ports import Store
from watchdaemon.storage import SqlStore, open_store

WRITER = """
import sys
from tests.storage.make import NOW, fetched, item
from watchdaemon.storage import open_store

store = open_store(sys.argv[1])
for n in range(int(sys.argv[2])):
    pieces = [item(f"{sys.argv[3]}-{n}-{i}", account=sys.argv[3], thread_id=f"t{n}") for i in range(5)]
    store.save_fetch(fetched(*pieces, cursors={"comments": str(n)}), at=NOW)
    print(n, flush=True)
"""


def start_writer(url: str, rounds: int, account: str) -> "subprocess.Popen[str]":
    """Start a program that stores fetches and tells of each."""
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(rounds), account], stdout=subprocess.PIPE, text=True, cwd=root
    )


def test_threads_write_different_accounts_and_read_at_the_same_time(store: Store) -> None:
    def work(number: int) -> None:
        account = f"a{number}"
        for n in range(5):
            store.save_fetch(fetched(item(f"c{n}", account=account), cursors={"comments": str(n)}), at=NOW)
            store.pending_threads()
            store.thread(account, "t1")
            store.set_state(account, str(n))

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(work, range(24)))

    assert Counter(i.account for i in store.items()) == {f"a{n}": 5 for n in range(24)}
    assert all(p.revision == 5 for p in store.pending_threads())
    assert store.cursors(["a7"]) == {"a7": {"comments": "4"}}


def test_threads_that_store_the_same_item_lose_nothing_of_it(store: Store) -> None:
    versions = [item(), item(author=None, author_id=None), item(url=None), item(extra={"a": "1"})] * 4

    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda one: store.save_fetch(fetched(one), at=NOW), versions))

    assert store.items() == [item(extra={"a": "1"})]
    assert sum(s.new_items for s in saved) == 1


def test_a_mail_is_claimed_by_one_of_many(store: Store) -> None:
    for n in range(30):
        store.queue(mail(f"p{n}"), at=NOW)

    def claim_some(_: int) -> list[int]:
        return [d.id for d in store.claim(now=NOW, lease=timedelta(minutes=5), limit=4)]

    with ThreadPoolExecutor(8) as pool:
        taken = [number for some in pool.map(claim_some, range(16)) for number in some]

    assert sorted(taken) == [d.id for d in store.deliveries()]


def test_two_programs_write_the_same_database_at_once(url: str) -> None:
    other = start_writer(url, 40, "other")
    with closing(open_store(url)) as store:
        for n in range(40):
            store.save_fetch(fetched(item(f"c{n}")), at=NOW)

        output, _ = other.communicate(timeout=60)

        assert other.returncode == 0
        assert output.split() == [str(n) for n in range(40)]
        assert Counter(i.account for i in store.items()) == {ACCOUNT: 40, "other": 200}


def test_a_reader_sees_one_state_throughout(sql_store: SqlStore) -> None:
    keys = sa.text("SELECT name FROM state ORDER BY name")
    sql_store.set_state("a", "1")
    with sql_store._db.read("look twice") as connection:
        before = connection.execute(keys).scalars().all()
        sql_store.set_state("b", "1")
        after = connection.execute(keys).scalars().all()

    assert before == after == ["a"]
    assert sql_store.get_state("b") == "1"


@pytest.mark.parametrize("told_of", [1, 13])
def test_a_killed_program_leaves_whole_fetches_only(url: str, told_of: int) -> None:
    writer = start_writer(url, 100_000, ACCOUNT)
    assert writer.stdout is not None
    with writer.stdout:
        for _ in range(told_of):
            writer.stdout.readline()
        writer.kill()
        writer.wait()

    with closing(open_store(url)) as store:
        last = int(store.cursors([ACCOUNT])[ACCOUNT]["comments"])
        assert last >= told_of - 1
        assert len(store.items()) == (last + 1) * 5
        assert len(store.pending_threads(limit=100_000)) == last + 1
        assert_sound(store)


def assert_sound(store: SqlStore) -> None:
    """The engine finds no damage in its file."""
    if store._db.is_sqlite:
        with store._db.read("check") as connection:
            assert connection.execute(sa.text("PRAGMA integrity_check")).scalar() == "ok"
