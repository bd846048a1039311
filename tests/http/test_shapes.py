"""The shapes, ridden by the SDKs themselves against a real server."""

from collections.abc import Iterator
from typing import Any

import facebook
import pytest
import requests
import tweepy
from googleapiclient.discovery import build
from tests.http.conftest import Planned, Server, json_answer

from watchdaemon.errors import RetriableError
from watchdaemon.http import Httplib2Shape, RequestsShape, Road


@pytest.fixture
def road() -> Iterator[Road]:
    made = Road(timeout=5, sleep=lambda _: None)
    yield made
    made.close()


def graph(road: Road, server: Server) -> Any:
    session = RequestsShape(road, platform="facebook", rewrite=("https://graph.facebook.com/", server.url + "/"))
    made = facebook.GraphAPI("hemligt", session=session)
    made.version = "v25.0"
    return made


def test_facebook_sdk_reads_and_pages(road: Road, server: Server) -> None:
    server.plan(
        json_answer({"data": [{"id": "1"}], "paging": {"next": "https://graph.facebook.com/x?access_token=t&after=b"}}),
        json_answer({"data": [{"id": "2"}]}),
    )

    read = list(graph(road, server).get_all_connections("111", "feed", limit=1))

    assert read == [{"id": "1"}, {"id": "2"}]
    assert server.seen[0].path == "/v25.0/111/feed"
    assert server.seen[1].query == {"after": ["b"], "access_token": ["hemligt"]}


def test_facebook_sdk_posts_a_form(road: Road, server: Server) -> None:
    graph(road, server).put_comment("111_2", "Hej å!")

    assert server.seen[0].method == "POST"
    assert server.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"message=Hej+%C3%A5%21" in server.seen[0].body


def test_tweepy_sends_its_bearer_to_the_rewritten_host(road: Road, server: Server) -> None:
    server.plan(json_answer({"data": {"id": "7", "name": "N", "username": "kommunen"}}))
    client = tweepy.Client(bearer_token="hemligt")
    client.session = RequestsShape(road, platform="x", rewrite=("https://api.twitter.com", server.url))

    user = client.get_user(username="kommunen")

    assert user.data.id == 7
    assert server.seen[0].path == "/2/users/by/username/kommunen"
    assert server.seen[0].headers["authorization"] == "Bearer hemligt"


def test_tweepy_signs_the_address_that_is_really_asked(road: Road, server: Server) -> None:
    server.plan(json_answer({"data": {"id": "7", "name": "N", "username": "u"}}))
    client = tweepy.Client(consumer_key="ck", consumer_secret="cs", access_token="at", access_token_secret="ats")
    client.session = RequestsShape(road, platform="x", rewrite=("https://api.twitter.com", server.url))

    client.get_me(user_fields=["protected", "url"])

    signed = server.seen[0].headers["authorization"]
    assert signed.startswith("OAuth ")
    assert 'oauth_consumer_key="ck"' in signed
    assert server.seen[0].query == {"user.fields": ["protected,url"]}


def test_tweepys_errors_come_from_the_answer(road: Road, server: Server) -> None:
    server.plan(json_answer({"title": "Unauthorized", "detail": "x"}, status=401))
    client = tweepy.Client(bearer_token="t")
    client.session = RequestsShape(road, platform="x", rewrite=("https://api.twitter.com", server.url))

    with pytest.raises(tweepy.Unauthorized):
        client.get_user(username="u")


def test_googles_client_reads(road: Road, server: Server) -> None:
    server.plan(json_answer({"items": [{"id": "UC1"}]}))
    shape = Httplib2Shape(road, platform="youtube", headers={"Authorization": "Bearer hemligt"})
    youtube = build("youtube", "v3", http=shape, static_discovery=True, client_options={"api_endpoint": server.url})

    answer = youtube.channels().list(part="snippet", id="UC1").execute()
    youtube.close()

    assert answer == {"items": [{"id": "UC1"}]}
    assert server.seen[0].headers["authorization"] == "Bearer hemligt"
    assert server.seen[0].query["id"] == ["UC1"]


def test_the_httplib2_answer_has_status_reason_and_lower_case_headers(road: Road, server: Server) -> None:
    server.plan(Planned(403, b"no", {"X-Thing": "1"}))

    response, content = Httplib2Shape(road, platform="youtube").request(server.url, "POST", body="åäö")

    assert (response.status, response.reason, response["x-thing"], content) == (403, "Forbidden", "1", b"no")
    assert server.seen[0].body == "åäö".encode()


def test_the_requests_answer_behaves_like_one(road: Road, server: Server) -> None:
    server.plan(json_answer({"text": "å"}, status=400, X_Usage="9"))
    session = RequestsShape(road, platform="p")

    with session, session.request("GET", server.url, params={"access_token": "hemligt"}) as response:
        assert isinstance(response, requests.Response)
        assert response.json() == {"text": "å"}
        assert response.headers["x-usage"] == "9"
        assert not response.ok
        assert "hemligt" not in response.url
    assert session.last_response is not None
    assert session.last_response.headers["x-usage"] == "9"


def test_files_and_json_are_sent_as_requests_sends_them(road: Road, server: Server) -> None:
    session = RequestsShape(road, platform="p")
    session.request("POST", server.url, files={"f": ("a.txt", b"innehall")})
    session.request("POST", server.url, json={"a": 1})

    assert server.seen[0].headers["content-type"].startswith("multipart/form-data")
    assert b"innehall" in server.seen[0].body
    assert server.seen[1].body == b'{"a": 1}'


def test_no_answer_is_our_own_error_not_the_librarys(road: Road, server: Server) -> None:
    server.plan(*[Planned(0)] * 6)

    with pytest.raises(RetriableError):
        RequestsShape(road, platform="p").request("GET", server.url)
    with pytest.raises(RetriableError):
        Httplib2Shape(road, platform="p").request(server.url)
