"""The judge of requests to the Graph knows right from wrong; every request of a test run is brought before it."""

import json
from urllib.parse import urlencode

import pytest
from tests.conformance import meta
from tests.conformance.wire import Sent

pytestmark = pytest.mark.skipif(not meta.SPECS.is_dir(), reason=meta.OUTSIDE)

FLOOR = (
    "id,published_posts.limit(25){id,created_time,updated_time,comments.filter(stream).order(reverse_chronological)"
    ".limit(50).summary(true){id,created_time,from{id,name},parent{id},message,is_hidden}},tagged.limit(10){id,message}"
)


@pytest.mark.parametrize(
    ("path", "params", "word"),
    [
        ("1/no_such_edge", {}, "no such path"),
        ("1/comments/2", {}, "no such path"),
        ("1", {"fields": "id,colour"}, "no field colour"),
        ("1", {"fields": "id", "since": "1"}, "unknown parameter since"),
        ("1", {"fields": "id{"}, "Expected"),
        ("1/published_posts", {"since": "1"}, "no parameter since"),
        ("1/published_posts", {"limit": "101"}, "limit 101"),
        ("1/visitor_posts", {"fields": "id,rating"}, "no field rating"),
        ("1/comments", {"sort": "x"}, "no parameter sort"),
        ("1/conversations", {"platform": "messenger", "since": "1"}, "no parameter since"),
        ("1/conversations", {"fields": "id,messages{id,colour}"}, "no field colour"),
        ("1/media", {"fields": "id,comments.limit(51){id}"}, "limit 51"),
        ("1/media", {"fields": "id,comments{id,message}"}, "no field message"),
        ("1", {"fields": FLOOR.replace("is_hidden", "is_edited")}, "no field is_edited"),
        ("1", {"fields": FLOOR.replace("from{id,name}", "from{mood}")}, "no mood"),
        ("debug_token", {"input": "x"}, "unknown parameter input"),
    ],
)
def test_a_wrong_question_is_named(path: str, params: dict[str, str], word: str) -> None:
    faults = meta.faults_of(path, params)

    assert faults
    assert any(word in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("me", {"fields": "id"}),
        ("me/accounts", {"fields": "id,name,access_token", "limit": "100"}),
        ("1", {"fields": FLOOR}),
        ("1_2/comments", {"fields": "id,message", "filter": "stream", "summary": "true", "after": "x"}),
        ("1/conversations", {"platform": "instagram", "fields": "id,messages.limit(20){id,from}", "limit": "25"}),
        ("t_1/messages", {"fields": "id,created_time,from,message", "limit": "20"}),
        ("1", {"fields": "id,username,media.limit(25){id,comments.limit(50){id,text,user{id},replies{id,parent_id}}}"}),
        ("debug_token", {"input_token": "x", "access_token": "y"}),
    ],
)
def test_a_right_question_has_no_fault(path: str, params: dict[str, str]) -> None:
    assert meta.faults_of(path, params) == []


def request(parts: list[dict[str, str]], **form: str) -> Sent:
    body = urlencode({"batch": json.dumps(parts), "access_token": "t", **form})
    return Sent("POST", "/v25.0/", (), "facebook", body=body)


def order(platform: str, method: str, path: str, **form: str) -> Sent:
    return Sent(method, f"/v25.0/{path}", (), platform, body=urlencode({"access_token": "t", **form}))


def question(address: str) -> dict[str, str]:
    return {"method": "GET", "relative_url": address}


def test_every_entry_of_a_batch_is_judged() -> None:
    right, wrong = question("me?fields=id&access_token=t"), question("1/feed?fields=colour&access_token=t")

    assert meta.faults_in(request([right])) == []
    assert meta.faults_in(request([right, wrong])) == ["PagePost has no field colour"]
    assert meta.faults_in(request([right] * 51)) == ["a batch of 51"]
    assert meta.faults_in(request([question("me")])) == ["an entry without a token of its own"]
    assert meta.faults_in(request([right], colour="red")) == ["unknown parameter colour of a batch"]


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (order("facebook", "POST", "1_2", is_hidden="true"), None),
        (order("facebook", "POST", "1_2", hide="true"), "takes no hide"),
        (order("facebook", "POST", "1_2/comments", message="Hej"), None),
        (order("facebook", "POST", "1_2/replies", message="Hej"), "no such order"),
        (order("facebook", "DELETE", "1_2"), None),
        (order("instagram", "POST", "12", hide="true"), None),
        (order("instagram", "POST", "12", is_hidden="true"), "takes no is_hidden"),
        (order("instagram", "POST", "12/replies", message="Hej"), None),
    ],
)
def test_an_order_is_judged_by_what_it_changes(sent: Sent, word: str | None) -> None:
    faults = meta.faults_in(sent)

    assert [word is not None and word in fault for fault in faults] == ([True] if word else []), faults
