"""A poll round of a thousand channels against the sandbox with 200 ms latency, the sandbox in a process of its own.

YouTube, because its channels are asked for one by one: what is measured is how well the threads keep waiting at the
same time. (Facebook Pages come fifty to a request, and a round of a thousand takes a hundredth of the requests.)
"""

import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from tests.bench.__main__ import Figure

from watchdaemon.app import App, build
from watchdaemon.clock import SimulatedClock
from watchdaemon.daemon.logs import configure_logging
from watchdaemon.domain.account import Account, Ownership, Person, Register, Unit
from watchdaemon.domain.audit import Change
from watchdaemon.domain.fetch import Coverage
from watchdaemon.rules.schedule import current_window
from watchdaemon.sandbox import ids, youtube
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon.services.poll import Errand
from watchdaemon.settings import load_settings
from watchdaemon.storage import upgrade

ACCOUNTS = 1000
LATENCY = 0.2  # seconds
NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
SCOPES = frozenset({"https://www.googleapis.com/auth/youtube.force-ssl"})


def figures() -> Iterator[Figure]:
    """The round's wall time against the ideal, requests / threads x latency, with the threads that are the default."""
    configure_logging(level="error")
    with _sandbox() as (url, count), tempfile.TemporaryDirectory() as folder:
        app = _app(Path(folder), url)
        window = current_window(NOW, app.calendar, app.watch)
        errands = [Errand(account=a, window=window) for a in app.register().watched()]
        started = time.perf_counter()
        attempts = app.poller.run(errands)
        seconds = time.perf_counter() - started
        started = time.perf_counter()
        judged = app.judge.run(app.register())
        judging = time.perf_counter() - started
        threads = app.settings.watch.threads
        app.close()
        requests = count()
    incomplete = sum(a.coverage is not Coverage.COMPLETE for a in attempts) + ACCOUNTS - len(attempts)
    ideal = requests / threads * LATENCY
    note = f"{seconds:.1f} s for {requests} requests with {threads} threads; ideal {ideal:.1f} s"
    yield Figure(name="poll round of 1,000 channels / ideal", value=seconds / ideal, limit=1.25, unit="x", note=note)
    yield Figure(name="of these not complete", value=incomplete, limit=0, unit="channels")
    yield Figure(name="judging", value=judged / judging, limit=500, unit="threads/s", at_least=True)


def _app(folder: Path, url: str) -> App:
    credentials = folder / "credentials"
    credentials.mkdir()
    for number in range(ACCOUNTS):
        (credentials / f"channel-{number}").write_text(_token(number))
    config = folder / "watchdaemon.toml"
    config.write_text(
        f'[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "vakt@example.org"\n'
        f'[storage]\nurl = "sqlite:///{folder / "bench.sqlite3"}"\n'
        f'[credentials]\ndirectory = "{credentials}"\n[platforms.youtube]\nbase_url = "{url}/youtube/"\n'
    )
    settings = load_settings(config)
    upgrade(settings.database_url().get_secret_value())
    app = build(settings, clock=SimulatedClock(NOW))
    changes = [Change(kind="account", key=f"channel-{n}", field="", before=None, after="") for n in range(ACCOUNTS)]
    app.store.apply_changes(_register(), changes, by="bench", at=NOW)
    return app


def _register() -> Register:
    person = Person(key="anna", name="Anna Exempel", mail="anna@example.org")
    accounts = {
        f"channel-{n}": Account(
            key=f"channel-{n}",
            platform="youtube",
            native_id=ids.youtube_channel(str(n)),
            name=f"Kanal {n}",
            link=f"https://youtube.example/{n}",
            unit="kultur",
            manager="anna",
            owners=(Ownership(person="anna"),),
            credential=f"channel-{n}",
        )
        for n in range(ACCOUNTS)
    }
    return Register(units={"kultur": Unit(key="kultur", name="Kultur")}, persons={"anna": person}, accounts=accounts)


def _token(number: int) -> str:
    return f"bench-token-{number}"


def _world() -> World:
    """Every channel has one video with a question under it."""
    world = World(SimulatedClock(NOW))
    asked = NOW - timedelta(days=1)
    for n in range(ACCOUNTS):
        key, channel, video = f"channel-{n}", ids.youtube_channel(str(n)), ids.youtube_video(str(n))
        token = Token(value=_token(n), kind=TokenKind.USER, accounts=frozenset({key}), scopes=SCOPES)
        world.put_account(
            WorldAccount(
                key=key, platform="youtube", native_id=channel, name=f"Kanal {n}", username=f"kanal{n}", tokens=(token,)
            )
        )
        world.add(
            WorldItem(
                id=video,
                account=key,
                kind=Kind.POST,
                author_id=channel,
                author_name=f"Kanal {n}",
                title="En film",
                text="Nyhet",
                published_at=asked,
                by_account=True,
            )
        )
        world.add(
            WorldItem(
                id=ids.youtube_comment(str(n)),
                account=key,
                kind=Kind.COMMENT,
                author_id=ids.youtube_channel(f"visitor-{n}"),
                author_name="Kim Exempel",
                text="När öppnar ni?",
                published_at=asked + timedelta(hours=1),
                root_id=video,
            )
        )
    return world


def _serve(pipe: Connection) -> None:
    world, faults = _world(), Faults()
    # A thousand channels of one project would spend its daily units, which is not what is measured.
    apps = {"youtube": youtube.create_app(world, faults, daily_quota=None)}
    with SandboxServer(world, faults, apps=apps, latency=LATENCY) as server:
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
