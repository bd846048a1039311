"""Hide, delete and reply on the Graph, and the traps beside them."""

import json

import httpx
import pytest
from tests.sandbox.conftest import ALL, FB, PAGE, START, USER_TOKEN, Town
from tests.sandbox.test_graph_refusals import error, token_with

from watchdaemon.sandbox.world import WorldItem

V = "v25.0"


def read(town: Town, item: WorldItem, fields: str) -> dict[str, object]:
    answer = town.get(f"{V}/{item.id}", fields=fields).json()
    assert isinstance(answer, dict)
    return answer


def delete(town: Town, item_id: str) -> httpx.Response:
    address = town.server.base_url("facebook") + f"{V}/{item_id}"
    return town.client.delete(address, params={"access_token": "page-token-bibblan"})


def test_a_comment_is_hidden_and_shown_again(town: Town) -> None:
    comment = town.comment(town.own_post())
    hidden = town.post(f"{V}/{comment.id}", is_hidden="true").json(), read(town, comment, "is_hidden")["is_hidden"]
    shown = town.post(f"{V}/{comment.id}", is_hidden="false").json(), read(town, comment, "is_hidden")["is_hidden"]

    assert hidden == ({"success": True}, True)
    assert shown == ({"success": True}, False)


def test_a_message_posted_to_a_comment_edits_the_citizens_words(town: Town) -> None:
    post = town.own_post()
    comment = town.comment(post, "när öppnar ni")
    answer = town.post(f"{V}/{comment.id}", message="Vi öppnar klockan 9.")

    assert answer.json() == {"success": True}
    assert read(town, comment, "message,from")["message"] == "Vi öppnar klockan 9."
    assert read(town, comment, "from")["from"] == {"name": "Ture Test", "id": comment.author_id}
    assert len(town.world.below(post)) == 1


def test_a_reply_is_the_pages_own_and_lands_under_the_comment(town: Town) -> None:
    post = town.own_post()
    comment = town.comment(post)
    new_id = town.post(f"{V}/{comment.id}/comments", message="Klockan 9.").json()["id"]
    reply = town.get(f"{V}/{new_id}", fields="from,parent{id},message").json()

    assert reply["from"]["id"] == PAGE
    assert reply["parent"] == {"id": comment.id}
    assert reply["message"] == "Klockan 9."
    assert town.get(f"{V}/{post.id}/comments").json()["data"][0]["id"] == comment.id


def test_a_reply_to_a_reply_lands_under_the_top_level_comment(town: Town) -> None:
    post = town.own_post()
    top = town.comment(post)
    reply = town.comment(post, "jag undrar också", under=top)
    new_id = town.post(f"{V}/{reply.id}/comments", message="Klockan 9.").json()["id"]

    assert town.get(f"{V}/{new_id}", fields="parent{id}").json()["parent"] == {"id": top.id}


def test_the_same_reply_twice_is_two_replies(town: Town) -> None:
    comment = town.comment(town.own_post())
    answers = {town.post(f"{V}/{comment.id}/comments", message="Klockan 9.").json()["id"] for _ in range(2)}

    assert len(answers) == 2


def test_a_comment_is_deleted_with_its_replies(town: Town) -> None:
    post = town.own_post()
    top = town.comment(post)
    reply = town.comment(post, under=top)

    assert delete(town, top.id).json() == {"success": True}
    assert error(town.get(f"{V}/{top.id}")) == (400, 100, 33)
    assert error(town.get(f"{V}/{reply.id}")) == (400, 100, 33)
    assert error(delete(town, top.id)) == (400, 100, 33)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, 100),
        ({"is_hidden": "perhaps"}, 100),
        ({"message": "  "}, 100),
        ({"is_hidden": "true", "colour": "red"}, 100),
        ({"hide": "true"}, 100),
    ],
)
def test_a_wrong_order_to_a_comment_is_refused_and_changes_nothing(
    town: Town, form: dict[str, str], code: int
) -> None:  # fmt: skip
    comment = town.comment(town.own_post())

    assert error(town.post(f"{V}/{comment.id}", **form))[1] == code
    assert read(town, comment, "message,is_hidden") == {
        "id": comment.id,
        "message": "när öppnar ni",
        "is_hidden": False,
    }


def test_the_pages_own_comment_cannot_be_hidden(town: Town) -> None:
    post = town.own_post()
    own = town.comment(post, by_account=True)

    assert read(town, own, "can_hide")["can_hide"] is False
    assert error(town.post(f"{V}/{own.id}", is_hidden="true")) == (403, 200, None)


def test_a_person_cannot_write_as_the_page(town: Town) -> None:
    comment = town.comment(town.own_post())

    assert error(town.post(f"{V}/{comment.id}", token=USER_TOKEN, is_hidden="true"))[1] == 1705
    assert error(town.post(f"{V}/{comment.id}/comments", token=USER_TOKEN, message="hej"))[1] == 1705


def test_writing_needs_its_permission(town: Town) -> None:
    comment = town.comment(town.own_post())
    value = token_with(town, ALL - {"pages_manage_engagement"})

    assert error(town.post(f"{V}/{comment.id}", token=value, is_hidden="true")) == (403, 200, None)


@pytest.mark.parametrize("path", [f"{V}/{PAGE}", f"{V}/{PAGE}/feed", f"{V}/0/comments"])
def test_what_cannot_be_written_to_is_an_unsupported_post(town: Town, path: str) -> None:
    answer = town.post(path, message="hej")

    assert error(answer) == (400, 100, 33)
    assert "post request" in answer.json()["error"]["message"]


def test_a_body_in_json_is_read_too(town: Town) -> None:
    comment = town.comment(town.own_post(), at=START)
    address = town.server.base_url("facebook") + f"{V}/{comment.id}"
    body = {"access_token": "page-token-bibblan", "is_hidden": True}
    town.client.post(address, content=json.dumps(body), headers={"content-type": "application/json"})

    assert town.world.find(comment.id, FB) is not None
    assert read(town, comment, "is_hidden")["is_hidden"] is True
