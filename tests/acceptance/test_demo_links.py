"""The links in the demo's mails: a mail scanner that follows them changes nothing, a person's button does. (5 s)"""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.acceptance.conftest import Demo

from watchdaemon.app import build
from watchdaemon.clock import SimulatedClock
from watchdaemon.settings import load_settings
from watchdaemon.web._limits import Limits
from watchdaemon.web.server import WebServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]

THE_END = datetime(2026, 11, 30, 6, 30, tzinfo=UTC)
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/w/[\w-]+)")


@dataclass(frozen=True)
class Served:
    """The demo's pages, over a copy of its database."""

    url: str
    file: Path

    def dump(self) -> list[str]:
        """The whole database, as SQL."""
        with closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())


@pytest.fixture
def served(demo: Demo, tmp_path: Path) -> Iterator[Served]:
    """Serve them as `watchdaemon web` does, without the limit on how many one address may open."""
    with (
        closing(sqlite3.connect(demo.out / "watchdaemon.sqlite3")) as lived,
        closing(sqlite3.connect(tmp_path / "watchdaemon.sqlite3")) as copy,
    ):
        lived.backup(copy)
    config = tmp_path / "watchdaemon.toml"
    text = (demo.out / "watchdaemon.toml").read_text(encoding="utf-8")
    config.write_text(text.replace(f"{demo.out}/watchdaemon.sqlite3", f"{tmp_path}/watchdaemon.sqlite3"))
    shutil.copytree(demo.out / "credentials", tmp_path / "credentials")
    app = build(load_settings(config), clock=SimulatedClock(THE_END))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Limits, "allows", lambda *_: True)
        with WebServer(app, port=0) as server:
            yield Served(url=server.url, file=tmp_path / "watchdaemon.sqlite3")
    app.close()


def links_in(mail: EmailMessage) -> set[str]:
    """Every link of ours in text and HTML."""
    bodies = [part.get_content() for part in mail.walk() if part.get_content_type()[:5] == "text/"]
    return {path for body in bodies for path in LINK.findall(body)}


def test_a_scanner_that_follows_links_of_every_kind_changes_nothing(demo: Demo, served: Served) -> None:
    every = sorted({path for _, mail in demo.mails() for path in links_in(mail)})
    paths = every[:: len(every) // 200]  # sorted by what they say and when: some of every kind and week
    before = served.dump()
    with httpx.Client(trust_env=False, timeout=20) as scanner:
        found = {scanner.get(served.url + path).status_code for path in paths}

    assert len(every) > 500
    # 403: whoever was an owner then, or stepped in for one, and is not any more
    assert found <= {200, 403}
    assert served.dump() == before


def test_each_digest_has_one_link_that_is_the_seen_of_the_watch_log(demo: Demo, served: Served) -> None:
    digests = [mail for _, mail in demo.mails() if "digest" in str(mail["List-Id"])][-6:]
    pressed = 0
    with httpx.Client(trust_env=False, timeout=20) as person:
        for mail in digests:
            pages = {path: person.get(served.url + path).text for path in links_in(mail)}
            seen_all = [path for path, page in pages.items() if re.search("<title>(Allt sett|Seen all)</title>", page)]
            assert len(seen_all) == 1
            for path in seen_all:
                proof = unescape(re.findall(r'name="proof" value="([^"]+)"', pages[path])[0])
                pressed += person.post(served.url + path, data={"proof": proof}).status_code == 303
    with closing(sqlite3.connect(served.file)) as connection:
        [(seen,)] = connection.execute("SELECT count(*) FROM watch_entries WHERE seen_at IS NOT NULL").fetchall()

    assert pressed == len(digests) == 6
    assert seen >= pressed
