"""The adapter against a real server: the PDS, AppView and PLC of the npm package ``@atproto/dev-env``.

Start a ``TestNetwork`` (Node 22, PostgreSQL and Redis), and name its PDS in ``WATCHDAEMON_BLUESKY_PDS``
(``http://127.0.0.1:22683``). Without it these tests are skipped: nothing in them is needed by the others.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.adapters.bluesky.town import KEY, Credentials, account, by_text, ids_of

from watchdaemon.clock import system_clock
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.http import Road
from watchdaemon.ports import AdapterContext
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.bluesky import plugin
from watchdaemon_adapters.bluesky.adapter import BlueskyAdapter

PDS = os.environ.get("WATCHDAEMON_BLUESKY_PDS", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PDS, reason="a real Bluesky server lies outside the repository: WATCHDAEMON_BLUESKY_PDS names none"
    ),
]


@dataclass
class Person:
    """Somebody with an account on the real server."""

    client: httpx.Client
    handle: str
    did: str = ""
    token: str = ""
    app_password: str = ""
    posts: list[dict[str, str]] = field(default_factory=list)

    def call(self, method: str, nsid: str, /, **body: Any) -> dict[str, Any]:
        """Call a procedure or a query."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        known = {"json": body} if method == "POST" else {"params": body}
        answer = self.client.request(method, f"{PDS}/xrpc/{nsid}", headers=headers, **known)  # type: ignore[arg-type]  # one of two
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}

    def joins(self) -> None:
        """Make the account and an app password."""
        made = self.call(
            "POST",
            "com.atproto.server.createAccount",
            handle=self.handle,
            email=f"{self.handle}@example.org",
            password="invented",
        )
        self.did, self.token = made["did"], made["accessJwt"]
        self.app_password = self.call("POST", "com.atproto.server.createAppPassword", name="watchdaemon")["password"]

    def writes(
        self, text: str, *, to: dict[str, str] | None = None, root: dict[str, str] | None = None, **more: Any
    ) -> dict[str, str]:
        """Write a post; returns its reference."""
        now = system_clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": text, "createdAt": now, **more}
        if to is not None:
            record["reply"] = {"root": root or to, "parent": to}
        made = self.call(
            "POST", "com.atproto.repo.createRecord", repo=self.did, collection="app.bsky.feed.post", record=record
        )
        return {"uri": made["uri"], "cid": made["cid"]}

    def deletes(self, post: dict[str, str]) -> None:
        """Take a post back."""
        self.call(
            "POST", "com.atproto.repo.deleteRecord", repo=self.did, collection="app.bsky.feed.post",
            rkey=post["uri"].rpartition("/")[2],
        )  # fmt: skip


@dataclass
class Network:
    """A municipality and a citizen on the real server."""

    town: Person
    citizen: Person
    road: Road
    posts: dict[str, dict[str, str]]

    @property
    def context(self) -> AdapterContext:
        """What the adapter is made from."""
        credentials = Credentials(**{KEY: {"password": self.town.app_password}})
        return AdapterContext(road=self.road, credentials=credentials, clock=system_clock, look_back=timedelta(days=30))

    @property
    def adapter(self) -> BlueskyAdapter:
        """A new adapter."""
        made = plugin.create({"base_url": PDS}, self.context)
        assert isinstance(made, BlueskyAdapter)
        return made

    def fetch(self) -> FetchResult:
        """Fetch once, from nothing."""
        (result,) = self.adapter.fetch([account(native_id=self.town.did)], {})
        return result


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with httpx.Client(timeout=20) as client, Road() as road:
        number = int(time.time())
        town, citizen = Person(client, f"stad{number}.test"), Person(client, f"kim{number}.test")
        for person in (town, citizen):
            person.joins()
        posts = {"post": town.writes("Badhuset öppnar")}
        # a burst: the server makes no notification of some of these
        posts["question"] = citizen.writes("Hur länge är det öppet?", to=posts["post"])
        posts["answer"] = town.writes("Till 18", to=posts["question"], root=posts["post"])
        posts["thanks"] = citizen.writes("Tack!", to=posts["answer"], root=posts["post"])
        posts["quote"] = citizen.writes("Äntligen", embed={"$type": "app.bsky.embed.record", "record": posts["post"]})
        text = f"@{town.handle} när sandas det?"
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": town.did}
        index = {"byteStart": 0, "byteEnd": len(town.handle) + 1}
        posts["mention"] = citizen.writes(text, facets=[{"index": index, "features": [feature]}])
        made = Network(town, citizen, road, posts)
        for _ in range(50):  # the network view follows the server within seconds
            if {p["uri"] for p in posts.values()} <= ids_of(made.fetch()):
                break
            time.sleep(0.2)
        yield made


class TestTheRealBluesky(AdapterConformance):
    """The suite every adapter passes, here by the real thing."""

    @pytest.fixture
    def case(self, network: Network) -> AdapterCase:
        return AdapterCase(
            plugin=plugin,
            context=network.context,
            accounts=[account(native_id=network.town.did)],
            settings={"base_url": PDS},
            secrets=[network.town.app_password, "eyJ"],
        )


def test_everything_comes_in_its_kind_and_place(network: Network) -> None:
    result = network.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert ids_of(result) == {p["uri"] for p in network.posts.values()}
    kinds = {i.external_id: i.kind for i in result.items}
    assert kinds[network.posts["quote"]["uri"]] is ItemKind.QUOTE
    assert kinds[network.posts["mention"]["uri"]] is ItemKind.MENTION
    assert by_text(result, "Till 18").by_account
    assert by_text(result, "Tack!").thread_id == network.posts["post"]["uri"]


def test_a_deleted_post_is_found_deleted(network: Network) -> None:
    gone = network.citizen.writes("Glöm det", to=network.posts["post"])
    for _ in range(50):
        found = [i for i in network.fetch().items if i.external_id == gone["uri"]]
        if found:
            break
        time.sleep(0.2)
    network.citizen.deletes(gone)
    for _ in range(50):
        (answer,) = network.adapter.recheck(account(native_id=network.town.did), found)
        if answer.visibility is Visibility.DELETED:
            break
        time.sleep(0.2)

    assert answer.visibility is Visibility.DELETED
