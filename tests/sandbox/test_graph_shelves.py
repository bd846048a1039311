"""What a Page publishes beside its timeline, and the Graph's own faults: null entries, short pages, too much data."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import FB, PAGE, PAGE_TOKEN, START, Town

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.graph.videos import LiveVideoNode, PhotoNode, ReelNode
from watchdaemon.sandbox.world import Kind, WorldItem

SPECS = Path(__file__).parents[3] / "shared" / "contracts" / "meta" / "specs"
V = "v25.0"
EDGES = {"reel": "video_reels", "live": "live_videos", "advertisement": "ads_posts"}
TIMES = {"reel": "created_time", "live": "creation_time", "advertisement": "created_time"}


def publish(town: Town, shelf: str, text: str = "Så går det till", **extra: str) -> WorldItem:
    seed = f"{shelf}-{len(town.world.all_items())}"
    return town.world.add(
        WorldItem(
            id=ids.facebook_post(PAGE, seed) if shelf == "advertisement" else ids.digits(seed, 15),
            account=FB,
            kind=Kind.POST,
            author_id=PAGE,
            author_name="Exempelkommuns bibliotek",
            text=text,
            published_at=START,
            by_account=True,
            extra={"shelf": shelf, **extra},
        )
    )


def batch(town: Town, *addresses: str) -> list[Any]:
    parts = [{"method": "GET", "relative_url": address} for address in addresses]
    answer: list[Any] = town.post(f"{V}/", batch=json.dumps(parts)).json()
    return answer


@pytest.mark.parametrize("shelf", EDGES)
def test_each_stands_on_its_own_edge_with_its_comments_and_nowhere_else(town: Town, shelf: str) -> None:
    own = publish(town, shelf)
    comment = town.comment(own)
    fields = f"id,{TIMES[shelf]},comments.filter(stream).summary(true){{id,message}}"
    (row,) = town.get(f"{V}/{PAGE}/{EDGES[shelf]}", fields=fields).json()["data"]

    assert (row["id"], row["comments"]["data"][0]["id"]) == (own.id, comment.id)
    assert town.get(f"{V}/{own.id}", fields="id").json() == {"id": own.id}
    for edge in {"published_posts", "feed", *EDGES.values()} - {EDGES[shelf]}:
        assert town.get(f"{V}/{PAGE}/{edge}").json()["data"] == []


@pytest.mark.parametrize(
    ("shelf", "field"), [("reel", "message"), ("live", "created_time"), ("live", "message"), ("photo", "message")]
)
def test_videos_and_photos_lack_the_fields_of_posts(town: Town, shelf: str, field: str) -> None:
    answer = town.get(f"{V}/{publish(town, shelf).id}", fields=f"id,{field}")

    assert answer.status_code == 400
    assert f"nonexisting field ({field})" in answer.json()["error"]["message"]


def test_a_post_with_several_photos_names_them(town: Town) -> None:
    post = town.own_post()
    photos = [publish(town, "photo", photo_of=post.id) for _ in range(2)]
    comment = town.comment(photos[1])
    ((row,), (plain,)) = (
        town.get(f"{V}/{PAGE}/published_posts", fields=f"attachments{inner}").json()["data"]
        for inner in ("", "{type,subattachments}")
    )
    (album,) = row["attachments"]["data"]

    assert {p["target"]["id"] for p in album["subattachments"]["data"]} == {p.id for p in photos}
    assert set(plain["attachments"]["data"][0]) == {"type", "subattachments"}
    assert [c["id"] for c in town.get(f"{V}/{photos[1].id}/comments").json()["data"]] == [comment.id]
    assert town.get(f"{V}/{photos[0].id}/comments").json()["data"] == []
    assert town.get(f"{V}/{PAGE}/published_posts", fields="attachments{colour}").status_code == 400


def test_an_entry_that_was_not_finished_in_time_is_null_and_the_others_are_not(town: Town) -> None:
    town.fault(FaultKind.NULL_ENTRY, path="conversations")
    me, null, page = batch(town, "me?fields=id", f"{PAGE}/conversations", f"{PAGE}?fields=id")

    assert null is None
    assert (me["code"], page["code"]) == (200, 200)
    assert town.get(f"{V}/{PAGE}/conversations").status_code == 200


def test_entries_answer_with_their_own_tokens(town: Town) -> None:
    own, foreign = batch(town, f"me?fields=id&access_token={PAGE_TOKEN}", "me?fields=id&access_token=nonsens")

    assert json.loads(own["body"]) == {"id": PAGE}
    assert (foreign["code"], json.loads(foreign["body"])["error"]["code"]) == (400, 190)


def test_short_pages_have_next_ones(town: Town) -> None:
    posts = [town.own_post(f"Inlägg {n}") for n in range(5)]
    town.fault(FaultKind.SHORT_PAGES)
    found, address = [], f"{town.server.base_url('facebook')}{V}/{PAGE}/published_posts?access_token={PAGE_TOKEN}"
    while address:
        page = town.client.get(address).json()
        found.append([row["id"] for row in page["data"]])
        address = page["paging"].get("next", "")

    assert [len(rows) for rows in found] == [2, 2, 1]
    assert {i for rows in found for i in rows} == {p.id for p in posts}


def test_too_much_data_is_cured_by_asking_for_less(town: Town) -> None:
    town.own_post()
    town.fault(FaultKind.TOO_MUCH_DATA, path="published_posts")
    refused = town.get(f"{V}/{PAGE}/published_posts", limit="6")

    assert (refused.status_code, refused.json()["error"]["code"]) == (500, 1)
    assert "reduce the amount" in refused.json()["error"]["message"]
    assert town.get(f"{V}/{PAGE}/published_posts", limit="5").status_code == 200


@pytest.mark.skipif(not SPECS.is_dir(), reason="the platform's own field lists lie outside the repository")
@pytest.mark.parametrize(("node", "name"), [(ReelNode, "AdVideo"), (LiveVideoNode, "LiveVideo"), (PhotoNode, "Photo")])
def test_every_field_given_is_one_the_platform_has(node: type, name: str) -> None:
    spec = json.loads((SPECS / f"{name}.json").read_text())
    fields = {f["name"] for f in spec["fields"]}
    edges = {a["endpoint"] for a in spec["apis"] if a["method"] == "GET" and a.get("endpoint")}
    given = {m.removeprefix("get_") for m in dir(node) if m.startswith("get_") and getattr(node, m) is not None}

    assert given | set(node.KNOWN) <= fields  # type: ignore[attr-defined]  # a Node
    assert set(node.EDGES) <= edges  # type: ignore[attr-defined]  # a Node
