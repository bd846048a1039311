"""The adapter against a server of the Mastodon API that others wrote: the package mastodon-mock.

It differs from Mastodon in known ways: times have microseconds and an offset, the limit's reset is in Unix seconds,
``last_status_at`` has a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.adapters.mastodon.town import KEY, Credentials, account

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.mastodon import plugin

mastodon_mock = pytest.importorskip("mastodon_mock.testing", reason="the package mastodon-mock is not installed")

TOWN, KIM, ROBIN = "alice_token", "bob_token", "carol_token"


@dataclass
class Instance:
    """The server, with verbs."""

    client: httpx.Client
    road: Road
    now: datetime
    cursors: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, token: str = TOWN, **body: Any) -> Any:
        """Call the API as somebody."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.request(method, path, headers=headers, json=body or None).raise_for_status().json()

    def write(self, token: str, text: str, *, to: str | None = None, visibility: str = "public") -> str:
        """Publish a status; returns its id."""
        reply = {"in_reply_to_id": to} if to is not None else {}
        status = self.call("POST", "/api/v1/statuses", token, status=text, visibility=visibility, **reply)
        return str(status["id"])

    def fault(self, path: str, effect: dict[str, Any]) -> None:
        """Break every further call of a path."""
        match = {"methods": ["GET"], "path": path}
        self.call("POST", "/api/v1/_mock/faults", match=match, effect=effect)

    @property
    def account(self) -> Account:
        """The municipality's account."""
        me = self.call("GET", "/api/v1/accounts/verify_credentials")
        return account(native_id=me["id"])

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        return AdapterContext(
            road=self.road,
            credentials=Credentials(**{KEY: {"token": TOWN}}),
            clock=lambda: self.now,
            look_back=timedelta(days=30),
        )

    @property
    def base_url(self) -> str:
        """Where it is."""
        return str(self.client.base_url).rstrip("/")

    @property
    def adapter(self) -> PlatformAdapter:
        """A new adapter."""
        return plugin.create({"base_url": self.base_url}, self.context)

    def fetch(self) -> FetchResult:
        """Fetch once, and keep the cursors."""
        (result,) = self.adapter.fetch([self.account], {KEY: self.cursors})
        self.cursors |= dict(result.cursors)
        return result


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with mastodon_mock.MockServer() as server:
        yield server.base_url


@pytest.fixture
def instance(served: str) -> Iterator[Instance]:
    road = Road(retries=RetryPolicy(tries=1), sleep=lambda _: None)
    with httpx.Client(base_url=served, timeout=10) as client, road:
        client.post("/api/v1/_mock/reset").raise_for_status()
        started = client.get("/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {TOWN}"})
        created_at = datetime.fromisoformat(started.json()["created_at"]).astimezone(UTC)
        yield Instance(client, road, created_at + timedelta(minutes=5))


@pytest.fixture
def busy(instance: Instance) -> Instance:
    """The instance after a day of everything."""
    post = instance.write(TOWN, "Badhuset öppnar\n\nPå lördag")
    question = instance.write(KIM, "@alice Hur länge är det öppet?", to=post)
    instance.write(ROBIN, "Det undrar jag med", to=question)
    instance.write(TOWN, "@bob Till 18", to=question)
    instance.write(ROBIN, "@alice när sandas Storgatan?")
    private = instance.write(KIM, "@alice mitt nummer är hemligt", visibility="direct")
    instance.write(TOWN, "@bob Tack", to=private, visibility="direct")
    return instance


class TestAgainstAnotherServer(AdapterConformance):
    @pytest.fixture
    def case(self, busy: Instance) -> AdapterCase:
        return AdapterCase(
            plugin=plugin,
            settings={"base_url": busy.base_url},
            context=busy.context,
            accounts=[busy.account],
            secrets=[TOWN],
        )


def test_everything_there_is_comes_in_its_kind(busy: Instance) -> None:
    result = busy.fetch()

    assert (result.coverage, result.troubles) == (Coverage.COMPLETE, ())
    assert [(i.kind, i.by_account, i.visibility, i.text) for i in result.items] == [
        (ItemKind.POST, True, Visibility.PUBLIC, "Badhuset öppnar\n\nPå lördag"),
        (ItemKind.COMMENT, False, Visibility.PUBLIC, "@alice Hur länge är det öppet?"),
        (ItemKind.COMMENT, False, Visibility.PUBLIC, "Det undrar jag med"),
        (ItemKind.COMMENT, True, Visibility.PUBLIC, "@bob Till 18"),
        (ItemKind.MENTION, False, Visibility.PUBLIC, "@alice när sandas Storgatan?"),
        (ItemKind.MESSAGE, False, Visibility.PRIVATE, "@alice mitt nummer är hemligt"),
        (ItemKind.MESSAGE, True, Visibility.PRIVATE, "@bob Tack"),
    ]
    assert len({i.thread_id for i in result.items}) == 3


def test_what_is_new_comes_also_when_its_notifications_were_dismissed(busy: Instance) -> None:
    busy.fetch()
    post = busy.write(TOWN, "Ännu ett inlägg")
    new = [busy.write(KIM, "@alice och jag?", to=post), busy.write(ROBIN, "@alice hemligt", visibility="direct")]
    busy.call("POST", "/api/v1/notifications/clear")

    assert {*new, post} <= _ids(busy.fetch())


def test_a_backlog_longer_than_a_page_is_read_without_a_gap(instance: Instance) -> None:
    instance.write(KIM, "@alice den första")
    instance.fetch()
    new = {instance.write(KIM, f"@alice fråga {n}") for n in range(90)}

    assert new <= _ids(instance.fetch())


def test_edits_and_deletions_are_found_when_asked_again(busy: Instance) -> None:
    items = {i.text: i for i in busy.fetch().items}
    edited, gone = items["@alice när sandas Storgatan?"], items["Det undrar jag med"]
    busy.call("PUT", f"/api/v1/statuses/{edited.external_id}", ROBIN, status="@alice när sandas Lillgatan?")
    busy.call("DELETE", f"/api/v1/statuses/{gone.external_id}", ROBIN)

    answers = {a.external_id: a for a in busy.adapter.recheck(busy.account, list(items.values()))}

    assert answers[gone.external_id].visibility is Visibility.DELETED
    read = answers[edited.external_id].item
    assert isinstance(read, Item)
    assert (read.text, read.edited_at is not None) == ("@alice när sandas Lillgatan?", True)
    assert [a.visibility for a in answers.values()].count(Visibility.DELETED) == 1


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        ({"type": "ratelimit"}, Reason.RATE_LIMITED),
        ({"type": "status", "status": 503}, Reason.OUTAGE),
        ({"type": "malformed"}, Reason.OUTAGE),
    ],
)
def test_its_faults_make_the_fetch_partial_and_nothing_is_lost(
    busy: Instance, effect: dict[str, Any], reason: Reason
) -> None:
    busy.fault("/api/v1/notifications", effect)
    broken = busy.fetch()
    busy.call("DELETE", "/api/v1/_mock/faults")
    mended = busy.fetch()

    assert broken.coverage is not Coverage.COMPLETE
    assert reason in {t.reason for t in broken.troubles}
    assert mended.coverage is Coverage.COMPLETE
    assert len(_ids(broken) | _ids(mended)) == 7


def test_a_bad_token_fails_the_account(busy: Instance) -> None:
    credentials = Credentials(**{KEY: {"token": "no such token"}})
    context = AdapterContext(
        road=busy.road, credentials=credentials, clock=lambda: busy.now, look_back=timedelta(days=30)
    )
    (result,) = plugin.create({"base_url": busy.base_url}, context).fetch([busy.account], {})

    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


def _ids(result: FetchResult) -> set[str]:
    return {i.external_id for i in result.items}
