"""The whole program over a fake platform, a real SQLite file and a real mail sink."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.services.conftest import account, register_of

from watchdaemon.app import App
from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account
from watchdaemon.domain.audit import Change
from watchdaemon.http import Road
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.mail.smtp import SmtpMailer
from watchdaemon.plugins import LoadedPlugins
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store, upgrade
from watchdaemon.testing.platform import FakePlatform

MONDAY_0805 = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)


@dataclass
class FakePlugin:
    """The door through which the fake platform comes in."""

    adapter: FakePlatform
    name: str = "fake"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Give the one fake platform."""
        return self.adapter


class BrokenPlugin:
    """A plug-in whose library is missing."""

    name = "broken"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Fail as an import inside it would."""
        raise ImportError("No module named 'somesdk'")


@dataclass
class Works:
    """Everything running, and hands on its outside."""

    app: App
    clock: SimulatedClock
    platform: FakePlatform
    sink: SmtpSink
    config: Path

    def enrol(self, *keys: str) -> None:
        """Put approved accounts into the register."""
        accounts: list[Account] = [account(key) for key in keys]
        changes = [Change(kind="account", key=k, field="", before=None, after=k) for k in keys]
        self.app.store.apply_changes(register_of(*accounts), changes, by="test", at=self.clock())

    def at(self, year: int, month: int, day: int, hour: int, minute: int) -> None:
        """Move the clock to a UTC time and make a pass."""
        self.clock.move_to(datetime(year, month, day, hour, minute, tzinfo=UTC))
        self.app.pass_once()


def start(config: Path, clock: SimulatedClock, platform: FakePlatform) -> App:
    """Build the program as a fresh process would, from its configuration file."""
    settings = load_settings(config)
    url = settings.database_url().get_secret_value()
    upgrade(url)
    return App(
        settings=settings,
        store=open_store(url),
        plugins=LoadedPlugins(plugins={"fake": FakePlugin(platform)}),
        road=Road(),
        mailer=SmtpMailer(
            host=settings.mail.host,
            port=settings.mail.port,
            security="none",
            sender=settings.mail.sender,
            timeout_seconds=5,
        ),
        clock=clock,
    )


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """Monday 08:05, an empty register."""
    clock, platform = SimulatedClock(MONDAY_0805), FakePlatform()
    config = tmp_path / "watchdaemon.toml"
    with SmtpSink() as sink:
        config.write_text(
            f'[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "vakt@example.org"\nport = {sink.port}\n'
            f'host = "127.0.0.1"\n[storage]\nurl = "sqlite:///{tmp_path / "wd.sqlite3"}"\n'
        )
        app = start(config, clock, platform)
        yield Works(app, clock, platform, sink, config)
        app.close()
