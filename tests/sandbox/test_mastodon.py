"""The sandbox's Mastodon instance: what it answers, what it refuses, and how it pages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from watchdaemon.clock import SimulatedClock
from watchdaemon.sandbox import ids, mastodon
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

START = datetime(2026, 11, 20, 8, tzinfo=UTC)
KEY, OTHER = "mastodon-kommun", "mastodon-bad"
ME, THE_BATH = ids.mastodon_account(KEY), ids.mastodon_account(OTHER)
TOKEN, OTHER_TOKEN, POOR_TOKEN = "user-token", "other-token", "poor-token"


@dataclass
class Instance:
    """The server, its world, and a client."""

    client: httpx.Client
    world: World
    clock: SimulatedClock
    faults: Faults
    base: str
    count: int = 0

    def get(self, path: str, token: str | None = TOKEN, **params: Any) -> httpx.Response:
        """GET a path below the prefix; ``types_`` stands for ``types[]``."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        query = {f"{k[:-1]}[]" if k.endswith("_") else k: v for k, v in params.items()}
        return self.client.get(self.base + path, headers=headers, params=query)

    def json(self, path: str, token: str = TOKEN, **params: Any) -> Any:
        """GET a path that must be answered well."""
        return self.get(path, token, **params).raise_for_status().json()

    def write(self, kind: Kind, text: str = "Hej?", *, ago: float = 1, own: bool = False, **more: Any) -> WorldItem:
        """Somebody writes something."""
        self.count += 1
        at = self.clock() - timedelta(hours=ago)
        item = WorldItem(
            id=ids.mastodon_status(at, str(self.count)),
            account=KEY,
            kind=kind,
            author_id=ME if own else ids.mastodon_account("kim"),
            author_name="Exempelkommun" if own else "Kim Exempel",
            author_username="exempelkommun" if own else "kim",
            by_account=own,
            text=text,
            published_at=at,
            **more,
        )
        return self.world.add(item)


def _account(key: str, native_id: str, username: str, *tokens: Token) -> WorldAccount:
    return WorldAccount(
        key=key,
        platform="mastodon",
        native_id=native_id,
        name=username.title(),
        username=username,
        about="Vi svarar.",
        website="https://exempelkommun.example/",
        tokens=tokens,
    )


def _token(value: str, key: str, *scopes: str) -> Token:
    return Token(value=value, kind=TokenKind.USER, accounts=frozenset({key}), scopes=frozenset(scopes))


@pytest.fixture(scope="module")
def _served() -> Iterator[tuple[SandboxServer, httpx.Client]]:
    with SandboxServer(World(SimulatedClock(START)), apps={}) as server, httpx.Client(timeout=10) as client:
        yield server, client
    assert server.errors == []


@pytest.fixture
def instance(_served: tuple[SandboxServer, httpx.Client]) -> Instance:
    server, client = _served
    clock, faults = SimulatedClock(START), Faults()
    tokens = (_token(TOKEN, KEY, "read"), _token(POOR_TOKEN, KEY, "read:statuses"))
    accounts = [
        _account(KEY, ME, "exempelkommun", *tokens),
        _account(OTHER, THE_BATH, "exempelbadet", _token(OTHER_TOKEN, OTHER)),
    ]
    world = World(clock, accounts)
    server.world, server.faults = world, faults
    server._apps = {"mastodon": mastodon.create_app(world, faults)}
    return Instance(client, world, clock, faults, server.base_url("mastodon"))


# ---- the door ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "wrong"])
def test_without_a_good_token_nothing_is_told(instance: Instance, token: str | None) -> None:
    answer = instance.get("api/v1/accounts/verify_credentials", token)

    assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})


def test_a_revoked_token_is_refused_from_then_on(instance: Instance) -> None:
    account = instance.world.account(KEY)
    tokens = tuple(replace(t, revoked_at=START) for t in account.tokens)
    instance.world.put_account(replace(account, tokens=tokens))

    answer = instance.get("api/v1/accounts/verify_credentials")

    assert (answer.status_code, answer.json()) == (401, {"error": "The access token was revoked"})


@pytest.mark.parametrize("path", ["api/v1/notifications", "api/v1/accounts/verify_credentials"])
def test_a_token_without_the_scope_is_refused_where_it_lacks_it(instance: Instance, path: str) -> None:
    refused = instance.get(path, POOR_TOKEN)

    assert (refused.status_code, refused.json()) == (403, {"error": "This action is outside the authorized scopes"})
    assert instance.get("api/v1/conversations", POOR_TOKEN).status_code == 200


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("api/v1/notifications", {"type": "mention"}),
        ("api/v1/notifications", {"types_": "mentions"}),
        ("api/v1/notifications", {"limit": "many"}),
        ("api/v1/notifications", {"min_id": "x"}),
        ("api/v1/notifications", {"include_filtered": "perhaps"}),
        ("api/v1/statuses", {"id_": [str(n) for n in range(21)]}),
        ("api/v1/conversations", {"limit": ["1", "2"]}),
        ("api/v1/accounts/verify_credentials", {"fields": "id"}),
    ],
)
def test_a_parameter_that_is_none_is_refused(instance: Instance, path: str, params: dict[str, Any]) -> None:
    answer = instance.get(path, **params)

    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed")


@pytest.mark.parametrize("path", ["api/v1/nothing", "api/v2/search", ""])
def test_an_unknown_path_is_not_found(instance: Instance, path: str) -> None:
    assert (instance.get(path).status_code, instance.get(path).json()) == (404, {"error": "Not Found"})


@pytest.mark.parametrize("path", ["statuses/1", "statuses/x", "statuses/1/context", "accounts/1", "notifications/1"])
def test_what_is_not_there_is_not_found(instance: Instance, path: str) -> None:
    answer = instance.get(f"api/v1/{path}")

    assert (answer.status_code, answer.json()) == (404, {"error": "Record not found"})


def test_every_answer_tells_what_is_left_of_the_limit_and_the_301st_is_refused(instance: Instance) -> None:
    answers = [instance.get("api/v2/instance") for _ in range(301)]
    instance.clock.advance(timedelta(minutes=5))

    assert answers[0].headers["x-ratelimit-remaining"] == "299"
    assert answers[0].headers["x-ratelimit-reset"] == "2026-11-20T08:05:00.000000Z"
    assert {a.status_code for a in answers[:300]} == {200}
    assert (answers[300].status_code, answers[300].json()) == (429, {"error": "Too many requests"})
    assert instance.get("api/v2/instance").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.EXPIRED_TOKEN, 401),
        (FaultKind.REVOKED_TOKEN, 401),
        (FaultKind.MISSING_PERMISSION, 403),
        (FaultKind.RATE_LIMIT, 429),
        (FaultKind.QUOTA, 429),
        (FaultKind.OUTAGE, 503),
    ],
)
def test_a_fault_strikes_its_account_alone(instance: Instance, kind: FaultKind, status: int) -> None:
    instance.faults.add(Fault(kind=kind, platform="mastodon", account=KEY))

    assert instance.get("api/v1/conversations").status_code == status
    assert instance.get("api/v1/conversations", OTHER_TOKEN).status_code == 200


def test_lists_go_empty_and_items_break_where_a_fault_says_so(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=9)
    instance.write(Kind.COMMENT, parent_id=post.id, root_id=post.id)
    instance.faults.add(Fault(kind=FaultKind.MALFORMED_ITEM, path="notifications"))
    instance.faults.add(Fault(kind=FaultKind.EMPTY_LIST, path="context"))

    assert instance.json("api/v1/notifications")[0]["status"]["content"] is None
    assert instance.json(f"api/v1/statuses/{post.id}/context") == {"ancestors": [], "descendants": []}


# ---- accounts ------------------------------------------------------------------------------------------------------


def test_an_account_sees_itself_and_others_by_id_or_name(instance: Instance) -> None:
    instance.write(Kind.POST, own=True, ago=48)
    me = instance.json("api/v1/accounts/verify_credentials")
    other = instance.json("api/v1/accounts/lookup", acct="exempelbadet")

    assert (me["id"], me["acct"], me["statuses_count"], me["last_status_at"]) == (ME, "exempelkommun", 1, "2026-11-18")
    assert me["source"]["note"] == "Vi svarar."
    assert instance.json(f"api/v1/accounts/{THE_BATH}") == other
    assert "source" not in other
    assert instance.get("api/v1/accounts/lookup", acct="ingen").status_code == 404


def test_an_application_tells_its_scopes(instance: Instance) -> None:
    assert instance.json("api/v1/apps/verify_credentials")["scopes"] == ["read"]


def test_an_account_shows_its_own_statuses_and_others_only_public_ones(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=9)
    asked = instance.write(Kind.MENTION, ago=8)
    reply = instance.write(Kind.COMMENT, own=True, ago=7, parent_id=asked.id, root_id=asked.id)
    private = instance.write(Kind.MESSAGE, own=True, ago=6, conversation_id="c")
    path = f"api/v1/accounts/{ME}/statuses"

    assert [s["id"] for s in instance.json(path)] == [private.id, reply.id, post.id]
    assert [s["id"] for s in instance.json(path, OTHER_TOKEN)] == [reply.id, post.id]
    assert [s["id"] for s in instance.json(path, OTHER_TOKEN, exclude_replies="true")] == [post.id]
    assert instance.json(path, pinned="true") == []


# ---- statuses ------------------------------------------------------------------------------------------------------


def test_a_status_is_written_as_mastodon_writes_it(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=9)
    text = "@exempelkommun se https://www.exempel.example/en/adress/som/inte/tar/slut <b>\nrad\n\nstycke"
    reply = instance.write(Kind.COMMENT, text, parent_id=post.id, root_id=post.id)
    shown = instance.json(f"api/v1/statuses/{reply.id}")

    assert shown["in_reply_to_id"] == post.id
    assert shown["in_reply_to_account_id"] == ME
    assert shown["created_at"] == "2026-11-20T07:00:00.000Z"
    assert shown["account"]["acct"] == "kim"
    assert [m["id"] for m in shown["mentions"]] == [ME]
    assert shown["content"].startswith('<p><span class="h-card" translate="no"><a href="https://mastodon.')
    assert "&lt;b&gt;<br />rad</p><p>stycke</p>" in shown["content"]
    assert '<span class="invisible">https://www.</span><span class="ellipsis">' in shown["content"]
    assert instance.json(f"api/v1/statuses/{post.id}")["replies_count"] == 1


def test_several_statuses_come_at_once_without_those_that_are_gone(instance: Instance) -> None:
    there, gone = instance.write(Kind.MENTION, ago=3), instance.write(Kind.MENTION, ago=2)
    instance.world.delete(gone)

    assert [s["id"] for s in instance.json("api/v1/statuses", id_=[there.id, gone.id, "7"])] == [there.id]


def test_an_edit_shows_and_a_deletion_takes_the_notification_with_it(instance: Instance) -> None:
    item = instance.write(Kind.MENTION)
    instance.world.edit(item, "Hej igen?")
    edited = instance.json(f"api/v1/statuses/{item.id}")
    told = instance.json("api/v1/notifications")
    instance.world.delete(instance.world.all_items()[0])

    assert (edited["content"], edited["edited_at"]) == ("<p>Hej igen?</p>", "2026-11-20T08:00:00.000Z")
    assert len(told) == 1
    assert instance.json("api/v1/notifications") == []
    assert instance.get(f"api/v1/notifications/{told[0]['id']}").status_code == 404


def test_a_private_status_is_nobody_elses(instance: Instance) -> None:
    private = instance.write(Kind.MESSAGE, conversation_id="c")

    assert instance.json(f"api/v1/statuses/{private.id}")["visibility"] == "direct"
    assert instance.get(f"api/v1/statuses/{private.id}", OTHER_TOKEN).status_code == 404


def test_a_context_has_what_is_above_and_every_level_below(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=9)
    first = instance.write(Kind.COMMENT, ago=8, parent_id=post.id, root_id=post.id)
    second = instance.write(Kind.COMMENT, own=True, ago=7, parent_id=first.id, root_id=post.id)
    third = instance.write(Kind.COMMENT, ago=6, parent_id=second.id, root_id=post.id)
    found = instance.json(f"api/v1/statuses/{second.id}/context")

    assert [s["id"] for s in found["ancestors"]] == [post.id, first.id]
    assert [s["id"] for s in found["descendants"]] == [third.id]
    assert len(instance.json(f"api/v1/statuses/{post.id}/context")["descendants"]) == 3


def test_a_reply_to_a_deleted_status_keeps_only_whom_it_answered(instance: Instance) -> None:
    asked = instance.write(Kind.MENTION, ago=3)
    reply = instance.write(Kind.COMMENT, own=True, parent_id=asked.id, root_id=asked.id)
    instance.world.delete(asked, cascade=False)
    shown = instance.json(f"api/v1/statuses/{reply.id}")

    assert (shown["in_reply_to_id"], shown["in_reply_to_account_id"]) == (None, asked.author_id)


def test_a_quote_is_listed_and_shows_what_it_quotes(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=3)
    quote = instance.write(Kind.QUOTE, "Äntligen", parent_id=post.id)
    (shown,) = instance.json(f"api/v1/statuses/{post.id}/quotes")

    assert (shown["id"], shown["quote"]["state"], shown["in_reply_to_id"]) == (quote.id, "accepted", None)
    assert shown["quote"]["quoted_status"]["id"] == post.id
    assert instance.json(f"api/v1/statuses/{post.id}")["quotes_count"] == 1
    assert [n["type"] for n in instance.json("api/v1/notifications")] == ["quote"]


# ---- notifications and pages ---------------------------------------------------------------------------------------


def test_filtered_ones_come_only_when_asked_for_and_dismissed_ones_never(instance: Instance) -> None:
    instance.write(Kind.MENTION, ago=3, extra={"notification": "filtered"})
    instance.write(Kind.MENTION, ago=2, extra={"notification": "none"})
    instance.write(Kind.COMMENT, "utan namn", ago=1, extra={"mention": "no"})

    assert instance.json("api/v1/notifications") == []
    assert len(instance.json("api/v1/notifications", include_filtered="true")) == 1


def test_notifications_are_in_the_order_of_their_arrival(instance: Instance) -> None:
    late = instance.write(Kind.MENTION, ago=50, extra={"arrived_at": (START + timedelta(hours=1)).isoformat()})
    soon = instance.write(Kind.MENTION, ago=1)
    before = instance.json("api/v1/notifications")
    instance.clock.advance(timedelta(hours=2))
    after = instance.json("api/v1/notifications")

    assert [n["status"]["id"] for n in before] == [soon.id]
    assert [n["status"]["id"] for n in after] == [late.id, soon.id]


def test_types_choose_and_exclude(instance: Instance) -> None:
    post = instance.write(Kind.POST, own=True, ago=4)
    instance.write(Kind.QUOTE, ago=3, parent_id=post.id)
    instance.write(Kind.MENTION, ago=2)

    assert [n["type"] for n in instance.json("api/v1/notifications", types_=["mention"])] == ["mention"]
    assert [n["type"] for n in instance.json("api/v1/notifications", exclude_types_=["mention"])] == ["quote"]
    assert len(instance.json("api/v1/notifications", types_=["mention", "quote"])) == 2


@pytest.mark.parametrize("path", ["api/v1/notifications", f"api/v1/accounts/{ME}/statuses", "api/v1/conversations"])
def test_links_lead_down_and_up_through_everything(instance: Instance, path: str) -> None:
    for n in range(25):
        instance.write(Kind.MENTION, ago=100 - n)
        instance.write(Kind.POST, own=True, ago=100 - n)
        instance.write(Kind.MESSAGE, ago=100 - n, conversation_id=f"c{n}", extra={"notification": "none"})
    down = _follow(instance, path, "next", {"limit": "7"})
    up = _follow(instance, path, "prev", {"limit": "7", "min_id": "0"})

    assert len(down) == len(set(down)) == len(instance.json(path, limit="40"))
    assert sorted(up) == sorted(down)


def test_since_gives_the_newest_page_and_min_the_page_directly_above(instance: Instance) -> None:
    items = [instance.write(Kind.MENTION, ago=20 - n) for n in range(10)]
    told = [n["id"] for n in instance.json("api/v1/notifications")]
    since = instance.json("api/v1/notifications", since_id=told[-1], limit="3")
    above = instance.json("api/v1/notifications", min_id=told[-1], limit="3")

    assert [n["status"]["id"] for n in since] == [i.id for i in reversed(items[-3:])]
    assert [n["status"]["id"] for n in above] == [i.id for i in reversed(items[1:4])]


def test_a_conversation_shows_its_last_status(instance: Instance) -> None:
    instance.write(Kind.MESSAGE, ago=3, conversation_id="c")
    last = instance.write(Kind.MESSAGE, "Ja", own=True, ago=2, conversation_id="c")
    (shown,) = instance.json("api/v1/conversations")

    assert (shown["last_status"]["id"], shown["unread"]) == (last.id, False)
    assert [a["acct"] for a in shown["accounts"]] == ["kim"]


def _follow(instance: Instance, path: str, rel: str, params: dict[str, str]) -> list[str]:
    answer = instance.get(path, **params)
    found = [row["id"] for row in answer.json()]
    while rel in answer.links:
        answer = instance.client.get(answer.links[rel]["url"], headers={"Authorization": f"Bearer {TOKEN}"})
        found += [row["id"] for row in answer.json()]
    return found
