"""Connecting an account, and asking what is left open, at a server that others wrote (mastodon-mock). Costs 3 s."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from tests.adapters.mastodon.town import account

from watchdaemon.domain.account import Account
from watchdaemon.domain.probe import Told
from watchdaemon.errors import AccountError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, Connector, Connects, PlatformAdapter, Probes, Way
from watchdaemon_adapters.mastodon import plugin

mastodon_mock = pytest.importorskip("mastodon_mock.testing", reason="the package mastodon-mock is not installed")

BACK = "http://127.0.0.1:8471/callback"
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Pocket:
    """What was connected."""

    def __init__(self) -> None:
        self.fields: dict[str, SecretStr] = {}

    def read(self, name: str) -> dict[str, SecretStr]:
        return self.fields


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with mastodon_mock.MockServer() as running:
        yield running.base_url


@pytest.fixture
def pocket() -> Pocket:
    return Pocket()


@pytest.fixture
def adapter(server: str, pocket: Pocket) -> Iterator[PlatformAdapter]:
    with Road(retries=RetryPolicy(tries=1), sleep=lambda _: None) as road:
        context = AdapterContext(road=road, credentials=pocket, clock=lambda: NOW, look_back=timedelta(days=30))
        yield plugin.create({"base_url": server}, context)


@pytest.fixture
def connector(adapter: PlatformAdapter) -> Connector:
    assert isinstance(adapter, Connects)
    return adapter.connector()


@pytest.fixture
def alice(server: str) -> Account:
    """The municipality's account in the register."""
    headers = {"Authorization": "Bearer alice_token"}
    me = httpx.get(f"{server}/api/v1/accounts/verify_credentials", headers=headers).json()
    return account(native_id=me["id"], credential="den")


def choose(url: str, username: str) -> dict[str, str]:
    """Open the server's page, choose an account on it, and return what the browser brings back."""
    page = httpx.get(url).text
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    address = urlsplit(url)
    form = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    answer = httpx.post(f"{address.scheme}://{address.netloc}{address.path}", data={**form, "username": username})
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def connect(connector: Connector, owner: Account, username: str, *, moderate: bool = False) -> dict[str, SecretStr]:
    """Go the whole way."""
    way: Way = connector.ways[0]
    way = replace(way, scopes=(*way.scopes, *way.moderation_scopes)) if moderate else way
    consent = connector.begin(way, owner, {}, BACK)
    back = choose(consent.url, username)
    assert back["state"] == consent.state
    return dict(connector.finish(way, owner, {}, consent, SecretStr(back["code"])))


@pytest.mark.parametrize(("moderate", "missing"), [(False, ("write:statuses",)), (True, ())])
def test_an_owner_s_consent_opens_the_account_and_what_may_be_written_is_told(
    moderate: bool,
    missing: tuple[str, ...],
    connector: Connector,
    adapter: PlatformAdapter,
    pocket: Pocket,
    alice: Account,
) -> None:
    pocket.fields = connect(connector, alice, "alice", moderate=moderate)
    health = adapter.credential(alice)

    assert health.is_valid, health.detail
    assert (health.missing_scopes, health.missing_for_moderation) == ((), missing)


def test_another_s_consent_does_not_open_the_account(
    connector: Connector, adapter: PlatformAdapter, pocket: Pocket, alice: Account
) -> None:
    pocket.fields = connect(connector, alice, "bob")

    assert not adapter.credential(alice).is_valid


def test_a_code_that_is_none_is_refused(connector: Connector, alice: Account) -> None:
    way = connector.ways[0]
    consent = connector.begin(way, alice, {}, BACK)

    with pytest.raises(AccountError, match="mastodon refuses"):
        connector.finish(way, alice, {}, consent, SecretStr("nonsense"))


def test_what_differs_there_is_told_by_the_probe(
    connector: Connector, adapter: PlatformAdapter, pocket: Pocket, alice: Account
) -> None:
    pocket.fields = connect(connector, alice, "alice")
    assert isinstance(adapter, Probes)
    answers = {a.unknown.name: a for a in adapter.probe(alice)}

    assert answers["rate-reset"].told is Told.OTHERWISE, answers["rate-reset"].evidence
    assert "not shown" not in answers["instance-version"].evidence
    assert set(answers) == {u.name for u in adapter.probe_plan(alice).unknowns}
