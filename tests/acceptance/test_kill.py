"""``kill -9`` at any instant of a round changes nothing: afterwards is stored what an undisturbed run stores."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from watchdaemon.app import build
from watchdaemon.clock import SimulatedClock
from watchdaemon.demo.life import Life, instants, prepared
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.sandbox import x
from watchdaemon.sandbox.server import SandboxServer, platform_apps
from watchdaemon.settings import load_settings

KILLS = 20
NOW = instants()[4]
"""Monday 08:30 of the first week lived through: a week's items wait, and every account owes a fetch."""

_CLEAN = multiprocessing.get_context("forkserver")
# With everything imported beforehand a child begins its pass at once, so that the kills hit the pass.
_CLEAN.set_forkserver_preload(
    ["watchdaemon.app", "watchdaemon.demo.life", "facebook", "tweepy", "googleapiclient.discovery", __name__]
)


def one_pass(config: Path, at: datetime) -> None:
    """Make a pass as the daemon does, in this process."""
    app = build(load_settings(config), clock=SimulatedClock(at), road=Road(retries=RetryPolicy(tries=1)))
    try:
        app.pass_once()
    finally:
        app.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A running sandbox and mail sink, and a database to copy."""

    life: Life
    folder: Path
    urls: tuple[str, str]  # the demo's sandbox, and the one to use instead

    def fresh(self, name: str) -> Path:
        """Make a database with the register and nothing else, and return its configuration."""
        folder = self.folder / name
        folder.mkdir()
        shutil.copy(self.life.out / "watchdaemon.sqlite3", folder / "watchdaemon.sqlite3")
        config = folder / "watchdaemon.toml"
        text = self.life.config.read_text()
        for old, new in ((str(self.life.out / "watchdaemon.sqlite3"), str(folder / "watchdaemon.sqlite3")), self.urls):
            text = text.replace(old, new)
        config.write_text(text)
        return config


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Exempelkommun on Monday morning, before the first round."""
    out = tmp_path_factory.mktemp("town")
    with prepared(out) as life:
        life.clock.move_to(NOW)
        life.app.store.close()  # so that the file can be copied whole
        world, faults = life.scenario.world, life.scenario.faults
        # So many rounds at one and the same instant would meet X's rate limits, which are not what is tested here.
        apps = {**platform_apps(world, faults), "x": x.create_app(world, faults, has_rate_limits=False)}
        # A real platform takes its time: the kills must have something to hit.
        with SandboxServer(world, faults, apps=apps, latency=0.003) as server:
            yield Town(life=life, folder=tmp_path_factory.mktemp("runs"), urls=(life.sandbox.url, server.url))


Stored = dict[str, list[tuple[object, ...]]]


def stored(config: Path) -> Stored:
    """Return what a run leaves: items, cursors and verdicts, without the times of the run itself."""
    queries = {
        "items": "select * from items order by account, external_id",
        "cursors": "select account, stream, value from cursors order by 1, 2",
        "verdicts": "select * from verdicts order by account, external_id",
        "mails": "select kind, recipient, period from deliveries order by 1, 2, 3",
    }
    with closing(sqlite3.connect(config.with_name("watchdaemon.sqlite3"))) as database:
        found = {name: database.execute(query).fetchall() for name, query in queries.items()}
    return {**found, "cursors": [(*key, lasting(value)) for *key, value in found["cursors"]]}


def lasting(cursor: str) -> str:
    """Leave out of the Graph's notes which empty lists were asked for by themselves.

    They are asked as far as a request for many accounts has room, and after a kill fewer accounts are left to ask for.
    """
    if not cursor.startswith("{"):
        return cursor
    notes = json.loads(cursor)
    notes.pop("alone", None)
    return json.dumps(notes)


def difference(found: Stored, truth: Stored) -> Stored:
    """Return the rows that only one of the two has, by table."""
    rows = {name: sorted(set(found[name]) ^ set(truth[name]), key=repr) for name in truth}
    return {name: differing for name, differing in rows.items() if differing}


def killed_after(config: Path, seconds: float) -> float | None:
    """Start a pass and kill it outright after so many seconds; returns how long it took if it ended before."""
    process = _CLEAN.Process(target=one_pass, args=(config, NOW))
    started = time.perf_counter()
    process.start()
    process.join(seconds)
    ended_after = None if process.is_alive() else time.perf_counter() - started
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return ended_after


def message_ids(town: Town, since: int) -> list[str]:
    """The Message-IDs of the mails the server took since."""
    taken = town.life.sink.messages[since:]
    return [str(message_from_bytes(m.message, policy=policy.default)["Message-ID"]) for m in taken]


def count(config: Path, what: str) -> int:
    """Count rows: ``watch_attempts``, or ``deliveries where …``."""
    with closing(sqlite3.connect(config.with_name("watchdaemon.sqlite3"))) as database:
        return int(database.execute(f"select count(*) from {what}").fetchone()[0])  # noqa: S608 - our own words


CLAIMED = "deliveries where state = 'queued' and claimed_until is not null"
"""Mails in hand when the process died: the server may or may not have taken them."""

UNSENT = "deliveries where state = 'queued'"


def passes_after(config: Path) -> None:
    """What the restarted daemon does: at once, and when a claim of the dead process may be taken again."""
    one_pass(config, NOW)
    one_pass(config, NOW)
    one_pass(config, NOW + timedelta(minutes=6))


@pytest.mark.slow
@pytest.mark.timeout(400)  # a minute on a machine of its own
def test_twenty_kills_at_random_instants_change_nothing(town: Town) -> None:
    undisturbed = town.fresh("undisturbed")
    passes_after(undisturbed)
    truth = stored(undisturbed)
    whole = killed_after(town.fresh("timed"), 120)  # lives to its end: how long a pass takes in such a process
    assert whole is not None
    seed = random.randrange(2**32)  # noqa: S311 - a seed to repeat a failure with, no secret
    instants_of_death = random.Random(seed)  # noqa: S311 - as above
    struck = 0

    for number in range(KILLS):
        config = town.fresh(f"killed-{number}")
        before = len(town.life.sink.messages)
        # One that ended before its death came shows that the machine has become faster since.
        whole = killed_after(config, instants_of_death.uniform(0, whole)) or whole
        in_hand = count(config, CLAIMED)
        has_begun = count(config, "watch_attempts") > 0
        struck += has_begun and (count(config, "deliveries") < len(truth["mails"]) or count(config, UNSENT) > 0)
        passes_after(config)
        ids = message_ids(town, before)

        assert difference(stored(config), truth) == {}, f"kill {number} of seed {seed}"
        assert len(ids) - len(set(ids)) <= in_hand, f"kill {number} of seed {seed}: a mail went out twice"
        assert len(set(ids)) == len(truth["mails"]), f"kill {number} of seed {seed}: a mail is missing"
    # Or the test would prove nothing: enough of the deaths must have come in the middle of the work.
    assert struck >= KILLS // 5
