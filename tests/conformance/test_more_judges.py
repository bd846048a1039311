"""The judges of Bluesky's, Mastodon's and Threads' requests know right from wrong."""

import json
from urllib.parse import urlencode

import pytest
from tests.conformance import bluesky, mastodon, threads
from tests.conformance.wire import Sent

needs_lexicons = pytest.mark.skipif(not bluesky.LEXICONS.is_dir(), reason=bluesky.OUTSIDE)
needs_mastodon = pytest.mark.skipif(not mastodon.SPEC.exists(), reason=mastodon.OUTSIDE)

DID, POST = "did:plc:exempel", "app.bsky.feed.post"
URI = f"at://{DID}/{POST}/3k"


def sent(path: str, *query: tuple[str, str]) -> Sent:
    return Sent("GET", path, query)


def xrpc(name: str, *query: tuple[str, str]) -> Sent:
    return sent(f"/bluesky/xrpc/{name}", *query)


def written(name: str, body: object) -> Sent:
    return Sent("POST", f"/xrpc/com.atproto.{name}", (), body=json.dumps(body))


def record(**more: object) -> object:
    made = {"$type": POST, "text": "Hej", "createdAt": "2026-11-23T10:00:00Z", **more}
    return {"repo": DID, "collection": POST, "record": made}


@needs_lexicons
@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (xrpc("app.bsky.feed.getNothing"), "no such method"),
        (xrpc("app.bsky.feed.defs"), "no such method"),
        (xrpc("com.atproto.repo.createRecord"), "no such method"),
        (xrpc("app.bsky.feed.getQuotes"), "uri is missing"),
        (xrpc("app.bsky.feed.getQuotes", ("uri", "3k")), "uri is out of its range"),
        (xrpc("app.bsky.feed.getQuotes", ("uri", URI), ("limit", "101")), "limit"),
        (xrpc("app.bsky.feed.getQuotes", ("uri", URI), ("uri", URI)), "uri"),
        (xrpc("app.bsky.feed.getPostThread", ("uri", URI), ("depth", "deep")), "depth"),
        (xrpc("app.bsky.notification.listNotifications", ("reason", "reply")), "unknown parameter reason"),
        (xrpc("app.bsky.notification.listNotifications", ("priority", "1")), "priority"),
        (written("repo.createRecord", record(mood="glad")), "record has no mood"),
        (written("repo.createRecord", record(text=7)), "record.text is no text"),
        (written("repo.createRecord", record(text="a" * 301)), "too long"),
        (written("repo.createRecord", record(createdAt="today")), "no time"),
        (written("repo.createRecord", record(reply={"root": {"uri": URI, "cid": "bafyreib2"}})), "parent is missing"),
        (written("repo.createRecord", record(embed={"$type": "app.bsky.embed.nothing"})), "none of its kinds"),
        (written("repo.createRecord", {"repo": DID, "collection": "app.bsky.nothing", "record": {}}), "collection"),
        (written("server.createSession", {"identifier": DID}), "password is missing"),
        (written("server.createSession", {"identifier": DID, "password": "x", "otp": "1"}), "has no otp"),
        (Sent("POST", "/xrpc/com.atproto.server.refreshSession", (), body="{}"), "a body where none"),
    ],
)
def test_a_wrong_request_to_bluesky_is_named(request_: Sent, word: str) -> None:
    faults = bluesky.faults_of(request_)

    assert any(word in fault for fault in faults), faults


@needs_lexicons
def test_a_right_request_to_bluesky_has_no_fault() -> None:
    reasons = (("reasons", "reply"), ("reasons", "quote"), ("limit", "100"))
    reply = {"uri": URI, "cid": "bafyreib2"}

    assert bluesky.faults_of(xrpc("app.bsky.notification.listNotifications", *reasons)) == []
    assert bluesky.faults_of(written("repo.createRecord", record(reply={"root": reply, "parent": reply}))) == []
    assert bluesky.faults_of(Sent("POST", "/xrpc/com.atproto.server.refreshSession", ())) == []


@needs_mastodon
@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (sent("/api/v1/nothing"), "no such path"),
        (sent("/elsewhere"), "no such path"),
        (Sent("DELETE", "/api/v1/conversations", ()), "no such path"),
        (sent("/mastodon/api/v1/notifications", ("types", "mention")), "unknown parameter types"),
        (sent("/api/v1/notifications", ("types[]", "chat")), "types[]"),
        (sent("/api/v1/notifications", ("limit", "81")), "limit"),
        (sent("/api/v1/notifications", ("limit", "40"), ("limit", "40")), "comes twice"),
        (sent("/api/v1/notifications", ("include_filtered", "1")), "include_filtered"),
        (sent("/api/v1/accounts/1/statuses", ("limit", "41")), "limit"),
        (sent("/api/v1/statuses/1/quotes", ("min_id", "3")), "unknown parameter min_id"),
        (Sent("POST", "/api/v1/statuses", (), body=urlencode({"status": "Hej", "mood": "x"})), "mood"),
        (Sent("POST", "/api/v1/statuses", (), body=urlencode({"status": "Hej", "visibility": "all"})), "visibility"),
    ],
)
def test_a_wrong_request_to_mastodon_is_named(request_: Sent, word: str) -> None:
    faults = mastodon.faults_of(request_)

    assert len(faults) >= 1
    assert all(word in fault for fault in faults), faults


@needs_mastodon
def test_a_right_request_to_mastodon_has_no_fault() -> None:
    types = (("types[]", "mention"), ("types[]", "quote"), ("include_filtered", "true"), ("limit", "80"))
    form = urlencode({"status": "Hej", "in_reply_to_id": "7", "visibility": "direct"})

    assert mastodon.faults_of(sent("/mastodon/api/v1/notifications", *types)) == []
    assert mastodon.faults_of(sent("/api/v1/statuses", ("id[]", "1"), ("id[]", "2"))) == []
    assert mastodon.faults_of(Sent("POST", "/api/v1/statuses", (), body=form)) == []


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (sent("/v1.0/me/nothing"), "no such path"),
        (sent("/threads/me"), "no such path"),
        (sent("/v1.0/me", ("fields", "id,mood")), "no field mood"),
        (sent("/v1.0/me/threads", ("fields", "id,hide_status")), "no field hide_status"),
        (sent("/v1.0/me/threads", ("limit", "101")), "limit"),
        (sent("/v1.0/12/conversation", ("limit", "25")), "unknown parameter limit"),
        (sent("/v1.0/12/conversation", ("reverse", "1")), "reverse"),
        (sent("/v1.0/12/pending_replies", ("fields", "permalink")), "no field permalink"),
        (sent("/access_token", ("client_id", "1")), "unknown parameter client_id"),
        (Sent("POST", "/v1.0/12/manage_reply", (), body="approve=true"), "unknown parameter approve"),
        (Sent("DELETE", "/v1.0/12", ()), "no such path"),
    ],
)
def test_a_wrong_request_to_threads_is_named(request_: Sent, word: str) -> None:
    faults = threads.faults_of(request_)

    assert len(faults) == 1
    assert word in faults[0]


def test_a_right_request_to_threads_has_no_fault() -> None:
    assert threads.faults_of(sent("/threads/v1.0/me", ("fields", "id,username"), ("access_token", "t"))) == []
    assert threads.faults_of(sent("/v1.0/12/conversation", ("fields", "id,replied_to"), ("reverse", "true"))) == []
    assert threads.faults_of(Sent("POST", "/v1.0/12/manage_reply", (), body="access_token=t&hide=true")) == []
