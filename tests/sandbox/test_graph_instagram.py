"""Instagram's side of the Graph: media, comments on two levels, tags, direct messages."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.sandbox.conftest import ALL, IG, INSTAGRAM, PAGE, PAGE_TOKEN, START, USER_TOKEN, Town
from tests.sandbox.test_graph_refusals import error, token_with

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.graph.instagram import IgCommentNode, IgMediaNode, IgUserNode
from watchdaemon.sandbox.world import Kind, WorldItem

V = "v25.0"
HOUR = timedelta(hours=1)
SPECS = Path(__file__).parents[3] / "shared" / "contracts" / "meta" / "specs"


class Feed:
    """Writes on the library's Instagram."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.count = 0

    def put(self, kind: Kind, at: datetime, text: str = "när öppnar ni", **more: object) -> WorldItem:
        self.count += 1
        make = {Kind.COMMENT: ids.instagram_comment, Kind.MESSAGE: ids.instagram_message}.get(kind, ids.instagram_media)
        by_account = bool(more.pop("by_account", False))
        return self.town.world.add(
            WorldItem(
                id=make(str(self.count)),
                account=IG,
                kind=kind,
                author_id=INSTAGRAM if by_account else ids.instagram_person("ture"),
                author_name="Ture Test",
                author_username="exempelbiblioteket" if by_account else "turetest",
                text=text,
                published_at=at,
                by_account=by_account,
                **more,  # type: ignore[arg-type]  # tests name fields
            )
        )

    def media(self, at: datetime = START) -> WorldItem:
        return self.put(Kind.POST, at, "Boktips 📚", by_account=True)

    def comment(self, media: WorldItem, at: datetime = START + HOUR, **more: object) -> WorldItem:
        return self.put(Kind.COMMENT, at, str(more.pop("text", "när öppnar ni")), root_id=media.id, **more)


@pytest.fixture
def feed(town: Town) -> Feed:
    return Feed(town)


def get(feed: Feed, path: str, token: str = PAGE_TOKEN, **params: str) -> httpx.Response:
    base = feed.town.server.base_url("instagram")
    return feed.town.client.get(f"{base}{V}/{path}", params={"access_token": token, **params})


def post(feed: Feed, path: str, **form: str) -> httpx.Response:
    base = feed.town.server.base_url("instagram")
    return feed.town.client.post(f"{base}{V}/{path}", data={"access_token": PAGE_TOKEN, **form})


def test_the_profile_has_its_name_and_its_numbers(feed: Feed) -> None:
    feed.media()
    answer = get(feed, INSTAGRAM, fields="id,username,name,biography,media_count,followers_count").json()

    assert answer["username"] == "exempelbiblioteket"
    assert answer["media_count"] == 1
    assert "biography" not in answer


def test_media_come_newest_first_with_all_comments_counted(feed: Feed) -> None:
    old, new = feed.media(START), feed.media(START + HOUR)
    top = feed.comment(old)
    feed.comment(old, parent_id=top.id)
    data = get(feed, f"{INSTAGRAM}/media", fields="id,timestamp,caption,comments_count").json()["data"]

    assert [m["id"] for m in data] == [new.id, old.id]
    assert [m["comments_count"] for m in data] == [0, 2]
    assert data[1]["timestamp"] == "2026-11-02T07:00:00+0000"


def test_media_take_since_and_until(feed: Feed) -> None:
    for hours in range(3):
        feed.media(START + hours * HOUR)
    middle = {"since": (START + HOUR).isoformat(), "until": (START + 2 * HOUR).isoformat()}

    assert len(get(feed, f"{INSTAGRAM}/media", **middle).json()["data"]) == 1


def test_comments_are_the_top_level_newest_first_and_replies_only_when_expanded(feed: Feed) -> None:
    media = feed.media()
    old = feed.comment(media, START + HOUR)
    new = feed.comment(media, START + 2 * HOUR)
    reply = feed.comment(media, START + 3 * HOUR, parent_id=old.id, by_account=True, text="Kl 9.")
    fields = "id,text,timestamp,username,from{id,username},user,parent_id,hidden,replies{id,parent_id,from,user,text}"
    data = get(feed, f"{media.id}/comments", fields=fields).json()["data"]

    assert [c["id"] for c in data] == [new.id, old.id]
    assert "replies" not in data[0]
    assert "user" not in data[0]
    assert data[0]["from"]["username"] == "turetest"
    (answer,) = data[1]["replies"]["data"]
    assert answer == {
        "id": reply.id,
        "parent_id": old.id,
        "from": {"id": INSTAGRAM, "username": "exempelbiblioteket"},
        "user": {"id": INSTAGRAM},
        "text": "Kl 9.",
    }


def test_a_withheld_author_still_has_a_username_but_no_from(feed: Feed) -> None:
    comment = feed.comment(feed.media(), is_author_private=True)
    answer = get(feed, comment.id, fields="from,username").json()

    assert answer == {"id": comment.id, "username": "turetest"}


def test_at_most_fifty_comments_come_at_once_whatever_is_asked_for(feed: Feed) -> None:
    media = feed.media()
    for minutes in range(53):
        feed.comment(media, START + timedelta(minutes=minutes))
    first = get(feed, f"{media.id}/comments", limit="100", fields="id").json()
    rest = feed.town.client.get(first["paging"]["next"]).json()

    assert (len(first["data"]), len(rest["data"])) == (50, 3)
    assert first["paging"]["next"].startswith(feed.town.server.base_url("instagram"))
    assert len({c["id"] for c in first["data"] + rest["data"]}) == 53


@pytest.mark.parametrize("params", [{"since": "1"}, {"order": "chronological"}, {"filter": "stream"}, {"limit": "101"}])
def test_comments_take_no_parameter_but_paging(feed: Feed, params: dict[str, str]) -> None:
    media = feed.media()

    assert error(get(feed, f"{media.id}/comments", **params)) == (400, 100, None)


def test_facebooks_field_names_are_not_instagrams(feed: Feed) -> None:
    media = feed.media()

    assert error(get(feed, media.id, fields="message")) == (400, 100, None)
    feed.comment(media)
    assert error(get(feed, f"{media.id}/comments", fields="created_time")) == (400, 100, None)


def test_a_persons_token_sees_no_comments_here_either(feed: Feed) -> None:
    media = feed.media()
    feed.comment(media)

    assert get(feed, f"{media.id}/comments", token=USER_TOKEN).json() == {"data": []}


def test_tags_are_others_media(feed: Feed) -> None:
    feed.media()
    tagged = feed.put(Kind.MENTION, START, "@exempelbiblioteket så fint")
    data = get(feed, f"{INSTAGRAM}/tags", fields="id,caption,username,owner").json()["data"]

    assert data == [{"id": tagged.id, "caption": "@exempelbiblioteket så fint", "username": "turetest"}]


def test_hiding_replying_and_deleting_are_instagrams_own_words(feed: Feed) -> None:
    media = feed.media()
    comment = feed.comment(media)
    reply_id = post(feed, f"{comment.id}/replies", message="Kl 9.").json()["id"]
    nested_id = post(feed, f"{reply_id}/replies", message="På lördag.").json()["id"]
    own_id = post(feed, f"{media.id}/comments", message="Fler tips finns i disken.").json()["id"]

    assert post(feed, comment.id, hide="true").json() == {"success": True}
    assert get(feed, comment.id, fields="hidden").json()["hidden"] is True
    assert get(feed, nested_id, fields="parent_id").json()["parent_id"] == comment.id
    assert get(feed, own_id, fields="username").json()["username"] == "exempelbiblioteket"
    assert error(post(feed, comment.id, is_hidden="true")) == (400, 100, None)
    assert error(post(feed, comment.id)) == (400, 100, None)
    assert error(post(feed, f"{comment.id}/replies", message="hej")) == (400, 100, None)
    assert error(post(feed, f"{comment.id}/comments", message="hej")) == (400, 100, 33)


def test_writing_needs_instagrams_permission(feed: Feed) -> None:
    comment = feed.comment(feed.media())
    value = token_with(feed.town, ALL - {"instagram_manage_comments"})

    assert error(feed.town.post(f"{V}/{comment.id}", token=value, hide="true"))[1] == 10


def test_direct_messages_are_read_through_the_page(feed: Feed) -> None:
    thread = ids.instagram_conversation("1")
    asked = feed.put(Kind.MESSAGE, START, "hej?", conversation_id=thread)
    feed.put(Kind.MESSAGE, START + HOUR, "Hej!", conversation_id=thread, by_account=True)
    fields = "id,unread_count,messages{id,from,to,message,created_time}"
    (talk,) = get(feed, f"{PAGE}/conversations", platform="instagram", fields=fields).json()["data"]
    newest, oldest = talk["messages"]["data"]

    assert talk["id"] == thread
    assert newest["from"] == {"username": "exempelbiblioteket", "id": INSTAGRAM}
    assert oldest["from"] == {"username": "turetest", "id": asked.author_id}
    assert newest["to"]["data"] == [oldest["from"]]
    assert get(feed, f"{PAGE}/conversations").json()["data"] == []


def test_only_the_twenty_newest_messages_of_a_thread_can_be_read(feed: Feed) -> None:
    thread = ids.instagram_conversation("1")
    for minutes in range(23):
        feed.put(Kind.MESSAGE, START + timedelta(minutes=minutes), str(minutes), conversation_id=thread)
    data = get(feed, f"{thread}/messages", limit="100", fields="message").json()["data"]

    assert [m["message"] for m in data] == [str(n) for n in range(22, 2, -1)]


@pytest.mark.skipif(
    not SPECS.exists(), reason="the platform's own field lists lie outside the repository, and here they are not"
)
@pytest.mark.parametrize(
    ("node", "name"), [(IgUserNode, "IGUser"), (IgMediaNode, "IGMedia"), (IgCommentNode, "IGComment")]
)
def test_every_field_given_is_one_the_platform_has(node: type, name: str) -> None:
    spec = json.loads((SPECS / f"{name}.json").read_text())
    known = {f["name"] for f in spec["fields"]}
    edges = {a.get("endpoint", "").strip("/") for a in spec["apis"] if a["method"] == "GET"}
    given = {m.removeprefix("get_") for m in dir(node) if m.startswith("get_")}

    assert given | set(node.KNOWN) <= known  # type: ignore[attr-defined]  # a Node
    assert set(node.EDGES) <= edges  # type: ignore[attr-defined]  # a Node
