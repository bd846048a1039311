"""A served hall: a real SQLite store with a small life in it, its pages on a loopback port, and a browser's manners."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from tests.services.conftest import account, register_of

from watchdaemon.app import App
from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.audit import Change
from watchdaemon.domain.delivery import OutgoingMail
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.question import DecisionKind
from watchdaemon.domain.watch import FetchAttempt, Window
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.plugins import LoadedPlugins
from watchdaemon.rules.schedule import windows_on
from watchdaemon.services.links import SignedLinks
from watchdaemon.settings import Settings, load_settings
from watchdaemon.storage import open_store, upgrade
from watchdaemon.web.server import WebServer

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""Monday 09:00 in Stockholm, in the first window of a working day."""

PUBLIC = "https://vakt.example.org"
LIBRARY, POOL, SIGHT = "bibblan", "badet", "tiktok"


def comment(external_id: str, text: str, **values: object) -> Item:
    """A citizen's comment on the library's page, an hour old."""
    given: dict[str, object] = {
        "account": LIBRARY,
        "platform": "fake",
        "external_id": external_id,
        "thread_id": external_id,
        "kind": ItemKind.COMMENT,
        "published_at": NINE - timedelta(hours=1),
        "author": "Kim Medborgare",
        "author_id": "900",
        "text": text,
        "url": f"https://fake.example/{external_id}",
    }
    return Item(**{**given, **values})  # type: ignore[arg-type]  # a dict of mixed values


ITEMS = (
    comment("q1", "När öppnar biblioteket på lördag?"),
    comment("q2", "Hur lång är kön till simskolan?"),
    comment("rude", "Ni är ena jävla idioter hela bunten, jag ska döda er"),
    comment("secret", "Mitt personnummer är 19811218-9876, hjälper ni mig?"),
)


class NoMailer:
    """A mail server that is never asked."""

    def send(self, mail: OutgoingMail) -> None:
        """Refuse."""
        raise AssertionError("nothing is to be sent here")

    def close(self) -> None:
        """Nothing to close."""


@dataclass
class Hall:
    """Everything served, and hands on it."""

    app: App
    clock: SimulatedClock
    server: WebServer
    browser: httpx.Client
    file: Path

    @property
    def links(self) -> SignedLinks:
        """What makes links."""
        assert self.app.links is not None
        return self.app.links

    @property
    def window(self) -> Window:
        """The first window of the day."""
        return windows_on(NINE.date(), self.app.calendar, self.app.watch)[0]

    def word(self, kind: DecisionKind, external_id: str = "q1", *, person: str = "anna", of: str = LIBRARY) -> str:
        """A link, on the port where it is served here."""
        return self.here(self.links.word(person, of, external_id, kind, at=self.clock()))

    def item(self, external_id: str = "q1", *, person: str = "anna") -> str:
        """The link to an item's page."""
        return self.here(self.links.item(person, LIBRARY, external_id, at=self.clock()))

    def seen_all(self, person: str = "anna") -> str:
        """The link that acknowledges the window."""
        return self.here(self.links.seen_all(person, self.window, at=self.clock()))

    def here(self, link: str) -> str:
        """Lead a link past the web server that would stand before us."""
        return link.replace(PUBLIC, self.server.url)

    def get(self, link: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self.browser.get(link, headers=headers)

    def press(self, link: str, **fields: str) -> httpx.Response:
        """Open a page, fill in its form and press its button, as a browser does; the answer is not followed."""
        return self.browser.post(link, data={**hidden(self.get(link).text), **fields})

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where an answer leads."""
        return self.browser.get(urljoin(str(answer.request.url), answer.headers["Location"]))

    def dump(self) -> list[str]:
        """The whole database, as SQL."""
        with closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())

    def said(self, external_id: str = "q1") -> list[tuple[DecisionKind, str, str]]:
        """What was said of an item: kind, by whom, note."""
        question = self.app.store.question(LIBRARY, external_id)
        assert question is not None
        found = self.app.store.decisions(LIBRARY, question.item.thread_id)
        return [(d.kind, d.by, d.note) for d in found]

    def state(self, external_id: str = "q1") -> str:
        """How an item reads now."""
        question = self.app.store.question(LIBRARY, external_id)
        assert question is not None
        return question.shown_state(self.clock())

    def take(self, *items: Item) -> None:
        """Store and judge items."""
        self.app.store.save_fetch(
            FetchResult(account=LIBRARY, coverage=Coverage.COMPLETE, items=items), at=self.clock()
        )
        self.app.judge.run(self.app.register())

    def register(self, register: Register) -> None:
        """Put another register in place."""
        changes = [Change(kind="account", key=LIBRARY, field="", before="", after="")]
        self.app.store.apply_changes(register, changes, by="test", at=self.clock())


def hidden(page: str) -> dict[str, str]:
    """Return a form's hidden fields."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def ways(page: httpx.Response) -> dict[str, str]:
    """Return where a page leads on, by label."""
    found = re.findall(r'<a class="way" href="([^"]+)">([^<]+)</a>', page.text)
    return {unescape(label): urljoin(str(page.request.url), token) for token, label in found}


def path_of(link: str) -> str:
    """Return a link's path."""
    return urlsplit(link).path


def accounts() -> tuple[Account, ...]:
    """The library, the pool that Anna does not answer for, and an account that only a person can read."""
    pool = account(POOL)
    others = tuple(replace(o, person="bo") for o in pool.owners[:1])
    return account(LIBRARY, name="Stadsbiblioteket"), replace(pool, owners=others), account(SIGHT, name="Kommunen")


def built(settings: Settings, clock: SimulatedClock) -> App:
    """The parts, without a mail server or a platform."""
    store = open_store(settings.database_url().get_secret_value())
    plugins = LoadedPlugins(plugins={})
    return App(settings=settings, store=store, plugins=plugins, road=Road(), mailer=NoMailer(), clock=clock)


def furnish(app: App, clock: SimulatedClock) -> None:
    """Move in: register, items, and a window that was fetched, except where only a person can look."""
    register = register_of(*accounts())
    changes = [Change(kind="account", key=a.key, field="", before=None, after=a.name) for a in accounts()]
    app.store.apply_changes(register, changes, by="test", at=clock())
    app.store.save_fetch(FetchResult(account=LIBRARY, coverage=Coverage.COMPLETE, items=ITEMS), at=clock())
    app.judge.run(register)
    window = windows_on(NINE.date(), app.calendar, app.watch)[0]
    for key in (LIBRARY, SIGHT):
        is_read = key == LIBRARY
        app.store.book_attempt(
            FetchAttempt(
                account=key,
                window=window,
                started_at=NINE,
                ended_at=NINE,
                coverage=Coverage.COMPLETE if is_read else Coverage.FAILED,
                reason=None if is_read else Reason.NOT_CONFIRMED,
            )
        )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded SQLite file with the small life in it, to copy."""
    folder = tmp_path_factory.mktemp("hall")
    clock = SimulatedClock(NINE)
    settings = configured(folder)
    upgrade(settings.database_url().get_secret_value())
    app = built(settings, clock)
    furnish(app, clock)
    app.close()
    return folder / "hall.sqlite3"


def configured(folder: Path, web: str = "") -> Settings:
    """Settings with pages."""
    path = folder / "watchdaemon.toml"
    path.write_text(
        '[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "vakt@example.org"\n'
        f'[storage]\nurl = "sqlite:///hall.sqlite3"\n[credentials]\ndirectory = "credentials"\n'
        f'[web]\npublic_url = "{PUBLIC}"\nlisten = "127.0.0.1:8470"\n{web}'
    )
    return load_settings(path)


@pytest.fixture
def hall(template: Path, tmp_path: Path) -> Iterator[Hall]:
    """Monday 09:00, pages served."""
    file = tmp_path / "hall.sqlite3"
    file.write_bytes(template.read_bytes())
    clock = SimulatedClock(NINE)
    app = built(configured(tmp_path), clock)
    assert app.links is not None
    app.links.word("anna", LIBRARY, "q1", DecisionKind.SEEN, at=NINE)  # the first link ever makes the key
    with WebServer(app, port=0) as server, httpx.Client(timeout=10, trust_env=False, verify=False) as browser:  # noqa: S501 - loopback, and no TLS
        yield Hall(app, clock, server, browser, file)
    app.close()
