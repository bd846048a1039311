"""The sandbox's Threads refuses what the reference does not name, and shows what it would show."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.threads import create_app
from watchdaemon.sandbox.threads.app import APPROVALS
from watchdaemon.sandbox.threads.ids import threads_media, threads_user
from watchdaemon.sandbox.world import Kind, Moderation, Token, TokenKind, World, WorldAccount, WorldItem

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USER = threads_user("badet")
ALL = frozenset({"threads_basic", "threads_read_replies", "threads_manage_replies", "threads_manage_mentions"})
FIELDS = "id,text,username,timestamp,has_replies,replied_to,root_post,is_reply_owned_by_me,hide_status"


class Threads:
    """A profile, its world, and a client that asks with a token."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.world = server.world
        self.token = "TH-all"
        self.post = self.add("post", Kind.POST, 5 * HOUR, by_account=True, extra={APPROVALS: "true"})
        self.plain = self.add("plain", Kind.POST, 6 * HOUR, by_account=True)

    def add(self, seed: str, kind: Kind, ago: timedelta, **more: Any) -> WorldItem:
        facts = {"author_id": "1", "author_name": "Kim Exempel", "author_username": "kim.exempel", "text": seed, **more}
        return self.world.add(
            WorldItem(id=threads_media(seed), account="badet", kind=kind, published_at=NOW - ago, **facts)
        )

    def reply(self, seed: str, ago: timedelta, **more: Any) -> WorldItem:
        return self.add(seed, Kind.COMMENT, ago, root_id=self.post.id, **more)

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self._send("GET", path, params=params)

    def do(self, path: str, **data: str) -> dict[str, Any]:
        return self._send("POST", path, data=data)

    def _send(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        address = f"{self.server.base_url('threads')}v1.0/{path}"
        answer = httpx.request(method, address, headers={"Authorization": f"Bearer {self.token}"}, **more)
        body = answer.json()
        assert (answer.status_code < 400) == ("error" not in body)
        return dict(body)

    def ids(self, path: str, **params: str) -> list[str]:
        return [row["id"] for row in self.get(path, **params)["data"]]

    def refusal(self, path: str, **params: str) -> tuple[int, str]:
        error = self.get(path, **params)["error"]
        assert error["type"] == "THApiException"
        return error["code"], error["message"]


@pytest.fixture
def threads() -> Iterator[Threads]:
    tokens = (
        Token(value="TH-all", kind=TokenKind.USER, accounts=frozenset({"badet"}), scopes=ALL),
        Token(
            value="TH-basic", kind=TokenKind.USER, accounts=frozenset({"badet"}), scopes=frozenset({"threads_basic"})
        ),
        Token(
            value="TH-old", kind=TokenKind.USER, accounts=frozenset({"badet"}), scopes=ALL, expires_at=NOW - 24 * HOUR
        ),
    )
    hall = WorldAccount(
        key="badet", platform="threads", native_id=USER, name="Exempelbadet", username="exempelbadet", tokens=tokens
    )
    world, faults = World(lambda: NOW, [hall]), Faults()
    with SandboxServer(world, faults, apps={"threads": create_app(world, faults, page_size=2)}) as server:
        yield Threads(server)
        assert server.errors == []


def test_a_conversation_is_flat_newest_first_and_has_every_level(threads: Threads) -> None:
    top = threads.reply("top", 4 * HOUR)
    deep = threads.reply("deep", 3 * HOUR, parent_id=top.id, by_account=True)
    answer = threads.get(f"{threads.post.id}/conversation", fields=FIELDS)

    assert [row["id"] for row in answer["data"]] == [deep.id, top.id]
    assert answer["data"][0]["replied_to"] == {"id": top.id}
    assert answer["data"][1]["replied_to"] == answer["data"][0]["root_post"] == {"id": threads.post.id}
    assert [row["is_reply_owned_by_me"] for row in answer["data"]] == [True, False]
    assert threads.ids(f"{threads.post.id}/conversation", reverse="false") == [top.id, deep.id]
    assert threads.ids(f"{threads.post.id}/replies") == [top.id]


def test_pages_follow_their_cursor_and_never_say_that_there_is_a_next_one(threads: Threads) -> None:
    replies = [threads.reply(f"r{n}", (n + 1) * timedelta(minutes=1)) for n in range(3)]
    first = threads.get(f"{threads.post.id}/conversation")
    second = threads.get(f"{threads.post.id}/conversation", after=first["paging"]["cursors"]["after"])
    last = threads.get(f"{threads.post.id}/conversation", after=second["paging"]["cursors"]["after"])

    assert [[r["id"] for r in page["data"]] for page in (first, second, last)] == [
        [r.id for r in replies[:2]],
        [replies[2].id],
        [],
    ]
    assert all("next" not in page.get("paging", {}) for page in (first, second, last))


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("me", {"fields": "id,no_such_field"}, "nonexisting field (no_such_field)"),
        ("me/threads", {"order": "new"}, "Unknown parameter: order"),
        ("{post}/conversation", {"limit": "50"}, "Unknown parameter: limit"),
        ("{post}/conversation", {"fields": "id,reply_approval_status"}, "nonexisting field"),
        ("{post}/conversation", {"after": "nonsense"}, "Invalid cursor"),
        ("{post}/conversation", {"after": "a", "before": "b"}, "both before and after"),
        ("{post}/pending_replies", {"approval_status": "approved"}, "must be one of"),
        ("{plain}/pending_replies", {}, "not enabled"),
        ("me/threads", {"since": "1"}, "before the service began"),
    ],
)
def test_what_the_reference_does_not_name_is_refused(
    threads: Threads, path: str, params: dict[str, str], words: str
) -> None:
    code, message = threads.refusal(path.format(post=threads.post.id, plain=threads.plain.id), **params)

    assert code == 100
    assert words in message


@pytest.mark.parametrize("path", ["nowhere/at/all", "me/conversations"])
def test_a_path_that_nobody_serves_is_unknown(threads: Threads, path: str) -> None:
    assert threads.refusal(path)[0] == 2500


def test_others_posts_and_held_replies_cannot_be_read_by_their_ids(threads: Threads) -> None:
    mention = threads.add("mention", Kind.MENTION, HOUR)
    held = threads.reply("held", HOUR, moderation=Moderation.HELD)

    for item in (mention, held):
        assert threads.get(item.id)["error"]["error_subcode"] == 33
    assert threads.ids("me/mentions") == [mention.id]


def test_a_held_reply_waits_in_its_posts_queue_until_it_is_approved(threads: Threads) -> None:
    held = threads.reply("held", HOUR, moderation=Moderation.HELD)
    queue, conversation = f"{threads.post.id}/pending_replies", f"{threads.post.id}/conversation"
    before = (threads.ids(queue), threads.ids(conversation))
    threads.do(f"{held.id}/manage_pending_reply", approve="false")
    ignored = threads.get(queue, fields="id,reply_approval_status")["data"]
    threads.do(f"{held.id}/manage_pending_reply", approve="true")

    assert before == ([held.id], [])
    assert ignored == [{"id": held.id, "reply_approval_status": "ignored"}]
    assert (threads.ids(queue), threads.ids(conversation)) == ([], [held.id])


def test_hiding_a_top_level_reply_hides_what_stands_under_it(threads: Threads) -> None:
    top = threads.reply("top", 4 * HOUR)
    deep = threads.reply("deep", 3 * HOUR, parent_id=top.id)
    nested = threads.do(f"{deep.id}/manage_reply", hide="true")
    done = threads.do(f"{top.id}/manage_reply", hide="true")
    rows = threads.get(f"{threads.post.id}/conversation", fields="id,hide_status")["data"]

    assert nested["error"]["code"] == 100
    assert done == {"success": True}
    assert {row["hide_status"] for row in rows} == {"HIDDEN"}


@pytest.mark.parametrize(
    ("token", "path", "code"),
    [("TH-basic", "me/mentions", 10), ("TH-old", "me", 190), ("TH-none", "me", 190)],
)
def test_a_token_opens_what_it_was_given_for(threads: Threads, token: str, path: str, code: int) -> None:
    threads.token = token

    assert threads.refusal(path)[0] == code


def test_replies_by_private_profiles_are_in_no_list(threads: Threads) -> None:
    threads.reply("private", HOUR, is_author_private=True)
    rows = threads.get("me/threads", fields="id,has_replies")["data"]

    assert threads.ids(f"{threads.post.id}/conversation") == []
    assert {row["has_replies"] for row in rows} == {False}


def test_faults_strike_where_they_are_set(threads: Threads) -> None:
    threads.reply("top", HOUR)
    threads.server.faults.add(Fault(kind=FaultKind.EMPTY_LIST, account="badet", path="conversation"))
    threads.server.faults.add(Fault(kind=FaultKind.RATE_LIMIT, account="badet", path="mentions"))

    assert threads.ids(f"{threads.post.id}/conversation") == []
    assert threads.refusal("me/mentions")[0] == 4
    assert threads.ids("me/threads") == [threads.post.id, threads.plain.id]


def test_a_token_can_be_asked_about_itself(threads: Threads) -> None:
    data = threads.get("debug_token", input_token="TH-all")["data"]

    assert (data["is_valid"], data["expires_at"], data["user_id"]) == (True, 0, USER)
    assert sorted(ALL) == data["scopes"]
