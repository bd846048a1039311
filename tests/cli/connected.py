"""An office with an account on each platform of the provider."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.provider import APP, SECRET, Provider

from watchdaemon.credentials import new_key
from watchdaemon.domain.account import Account, Ownership, Person, Register
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store

PLATFORMS = ("x", "youtube", "facebook", "instagram", "threads", "mastodon", "bluesky")
APP_FILE = f'client_id = "{APP}"\nclient_secret = "{SECRET}"\napp_id = "{APP}"\napp_secret = "{SECRET}"\n'
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


def enrol(config: Path, provider: Provider) -> None:
    """Lead a configuration to the provider, and give it an account on each platform, a key, and the app's keys."""
    tables = "".join(
        f'[platforms.{name}]\nbase_url = "{provider.url}/{"graph" if name in ("facebook", "instagram") else name}"\n'
        for name in PLATFORMS
    )
    config.write_text(config.read_text() + tables)
    (config.parent / "credentials" / "watchdaemon-key").write_text(new_key().get_secret_value())
    (config.parent / "credentials" / "app").write_text(APP_FILE)
    with closing(open_store(load_settings(config).database_url().get_secret_value())) as store:
        accounts = {a.key: a for a in (account(name, provider.owner) for name in PLATFORMS)}
        people = {"anna": Person(key="anna", name="Anna Exempel", mail="anna@example.org")}
        store.apply_changes(Register(persons=people, accounts=accounts), [], by="test", at=NINE)


def account(platform: str, owner: str) -> Account:
    """An account that names no credential yet."""
    return Account(
        key=f"kommunen-{platform}",
        platform=platform,
        native_id=f"ig-{owner}" if platform == "instagram" else owner,
        name="Exempelkommun",
        link="https://example.org",
        unit="kommun",
        manager="anna",
        owners=(Ownership(person="anna"),),
    )
