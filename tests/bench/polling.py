"""A poll round of a thousand pages against the sandbox with 200 ms latency, the sandbox in a process of its own."""

import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.__main__ import Figure

from watchdaemon.app import build
from watchdaemon.clock import SimulatedClock
from watchdaemon.daemon.logs import configure_logging
from watchdaemon.domain.account import Account, Ownership, Person, Register, Unit
from watchdaemon.domain.audit import Change
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import FetchAttempt
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon.settings import load_settings
from watchdaemon.storage import upgrade

ACCOUNTS = 1000
LATENCY = 0.2  # seconds
THREADS = 64
NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)


def figures() -> Iterator[Figure]:
    """The round's wall time against the ideal: requests / threads x latency."""
    configure_logging(level="error")
    with _sandbox() as (url, count), tempfile.TemporaryDirectory() as folder:
        attempts, seconds = _round(Path(folder), url)
        requests = count()
    incomplete = sum(a.coverage is not Coverage.COMPLETE for a in attempts)
    ideal = requests / THREADS * LATENCY
    note = f"{seconds:.1f} s for {requests} requests with {THREADS} threads; ideal {ideal:.1f} s"
    yield Figure(name="poll round of 1,000 pages / ideal", value=seconds / ideal, limit=1.25, unit="x", note=note)
    yield Figure(name="of these not complete", value=incomplete + ACCOUNTS - len(attempts), limit=0, unit="pages")


def _round(folder: Path, url: str) -> tuple[list[FetchAttempt], float]:
    credentials = folder / "credentials"
    credentials.mkdir()
    for number in range(ACCOUNTS):
        (credentials / f"page-{number}").write_text(_token(number))
    config = folder / "watchdaemon.toml"
    config.write_text(
        f'[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "vakt@example.org"\n'
        f'[storage]\nurl = "sqlite:///{folder / "bench.sqlite3"}"\n[watch]\nthreads = {THREADS}\n'
        f'[credentials]\ndirectory = "{credentials}"\n[platforms.facebook]\nbase_url = "{url}/facebook/"\n'
    )
    settings = load_settings(config)
    upgrade(settings.database_url().get_secret_value())
    app = build(settings, clock=SimulatedClock(NOW))
    changes = [Change(kind="account", key=f"page-{n}", field="", before=None, after="") for n in range(ACCOUNTS)]
    app.store.apply_changes(_register(), changes, by="bench", at=NOW)
    started = time.perf_counter()
    attempts = app.poll()
    seconds = time.perf_counter() - started
    app.close()
    return attempts, seconds


def _register() -> Register:
    person = Person(key="anna", name="Anna Exempel", mail="anna@example.org")
    accounts = {
        f"page-{n}": Account(
            key=f"page-{n}",
            platform="facebook",
            native_id=str(1000 + n),
            name=f"Sida {n}",
            link=f"https://facebook.example/{n}",
            unit="kultur",
            manager="anna",
            owners=(Ownership(person="anna"),),
            credential=f"page-{n}",
        )
        for n in range(ACCOUNTS)
    }
    return Register(units={"kultur": Unit(key="kultur", name="Kultur")}, persons={"anna": person}, accounts=accounts)


def _token(number: int) -> str:
    return f"bench-token-{number}"


def _world() -> World:
    """Every page has one post with a question and an answer."""
    world = World(SimulatedClock(NOW))
    asked = NOW - timedelta(days=1)
    for n in range(ACCOUNTS):
        key, page = f"page-{n}", str(1000 + n)
        scopes = frozenset(
            {
                "pages_show_list",
                "pages_read_engagement",
                "pages_read_user_content",
                "pages_messaging",
                "pages_manage_metadata",
            }
        )
        token = Token(value=_token(n), kind=TokenKind.PAGE, accounts=frozenset({key}), scopes=scopes)
        account = WorldAccount(
            key=key, platform="facebook", native_id=page, name=f"Sida {n}", username=f"sida{n}", tokens=(token,)
        )
        world.put_account(account)
        post = f"{page}_1"
        facts = {"account": key, "author_name": f"Sida {n}", "author_id": page}
        world.add(WorldItem(id=post, kind=Kind.POST, text="Nyhet", published_at=asked, by_account=True, **facts))
        world.add(
            WorldItem(
                id="1_2",
                account=key,
                kind=Kind.COMMENT,
                author_id=f"9{n}",
                author_name="Kim Exempel",
                text="När öppnar ni?",
                published_at=asked + timedelta(hours=1),
                root_id=post,
            )
        )
    return world


def _serve(pipe: Connection) -> None:
    with SandboxServer(_world(), latency=LATENCY) as server:
        pipe.send(server.url)
        while pipe.recv() != "stop":
            pipe.send(sum(server.requests.values()))


@contextlib.contextmanager
def _sandbox() -> Iterator[tuple[str, "_Counter"]]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), _Counter(ours)
    finally:
        ours.send("stop")
        process.join(10)


class _Counter:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def __call__(self) -> int:
        self._pipe.send("count")
        return int(self._pipe.recv())
