"""YouTube's part of the sandbox over real HTTP: what it answers, and that it refuses what YouTube refuses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchdaemon.clock import SimulatedClock
from watchdaemon.sandbox import ids, youtube
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Moderation, Token, TokenKind, World, WorldAccount, WorldItem
from watchdaemon.sandbox.youtube.shape import embedded, is_top_level
from watchdaemon.sandbox.youtube.spec import FORCE_SSL, READ_ONLY

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
ME = ids.youtube_channel("exempelkommun")
UPLOADS = ids.youtube_uploads(ME)
CITIZEN = ids.youtube_channel("citizen")
THREADS = "youtube/v3/commentThreads"
COMMENTS = "youtube/v3/comments"
CHANNELS = "youtube/v3/channels"
UPLOADED = "youtube/v3/playlistItems"
VIDEOS = "youtube/v3/videos"
MODERATE = "youtube/v3/comments/setModerationStatus"


def account(key: str = "kommun-yt", native_id: str = ME, prefix: str = "") -> WorldAccount:
    opens, scopes = frozenset({key}), frozenset({FORCE_SSL})
    tokens = (
        Token(value=f"{prefix}owner-token", kind=TokenKind.USER, accounts=opens, scopes=scopes),
        Token(value=f"{prefix}read-token", kind=TokenKind.USER, accounts=opens, scopes=frozenset({READ_ONLY})),
        Token(value=f"{prefix}old-token", kind=TokenKind.USER, accounts=opens, expires_at=START - timedelta(hours=1)),
        Token(
            value=f"{prefix}refresh", kind=TokenKind.REFRESH, accounts=opens, scopes=scopes, secret="client-secret"
        ),
        Token(value=f"{prefix}api-key", kind=TokenKind.APP, accounts=frozenset()),
    )  # fmt: skip
    return WorldAccount(
        key=key,
        platform="youtube",
        native_id=native_id,
        name="Exempelkommun",
        username=f"{prefix}exempelkommun",
        about="Vi svarar vardagar.",
        tokens=tokens,
        extra={"client_id": "client-1"},
    )


class Writer:
    """Writes into the world the way people write on YouTube."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.written = 0

    def put(self, kind: Kind, text: str, *, at: datetime, **more: object) -> WorldItem:
        self.written += 1
        fields: dict[str, object] = {
            "account": "kommun-yt",
            "kind": kind,
            "author_id": CITIZEN,
            "author_name": "Test Medborgare",
            "author_username": "medborgare",
            "text": text,
            "published_at": at,
        }
        return self.world.add(WorldItem(**(fields | more)))  # type: ignore[arg-type]  # a builder: each test names what it needs

    def video(self, title: str = "Film", *, at: datetime, **more: object) -> WorldItem:
        new = {"id": ids.youtube_video(f"{self.written}"), "title": title, "author_id": ME, "by_account": True}
        return self.put(Kind.POST, "beskrivning", at=at, **(new | more))

    def comment(self, video: WorldItem | None, text: str, *, at: datetime, **more: object) -> WorldItem:
        new = {"id": ids.youtube_comment(f"{self.written}"), "root_id": video.id if video else None}
        return self.put(Kind.COMMENT, text, at=at, **(new | more))

    def reply(self, to: WorldItem, text: str, *, at: datetime, **more: object) -> WorldItem:
        new = {"id": ids.youtube_comment(f"{self.written}", to.id), "parent_id": to.id, "root_id": to.root_id}
        return self.put(Kind.COMMENT, text, at=at, **(new | more))


@pytest.fixture(scope="module")
def served() -> Iterator[SimpleNamespace]:
    """One server for the module; each test gets a fresh world behind it."""
    current = SimpleNamespace()

    async def app(request, path):  # type: ignore[no-untyped-def]  # the server's own signature
        return await current.app(request, path)

    with SandboxServer(World(SimulatedClock(START)), apps={"youtube": app}) as server:
        current.server = server
        current.url = server.base_url("youtube")
        # A client each test would read the machine's certificates each time.
        with httpx.Client(base_url=current.url) as plain, httpx.Client(base_url=current.url) as client:
            client.headers.update(bearer("owner-token"))
            current.plain, current.http = plain, client
            yield current


@pytest.fixture
def api(served: SimpleNamespace) -> Iterator[SimpleNamespace]:
    clock = SimulatedClock(START)
    world = World(clock, [account()])
    faults = Faults()
    served.app = youtube.create_app(world, faults)
    yield SimpleNamespace(
        world=world,
        clock=clock,
        faults=faults,
        write=Writer(world),
        served=served,
        http=served.http,
        plain=served.plain,
        url=served.url,
    )

    assert served.server.errors == []


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def reason(answer: httpx.Response) -> tuple[int, str]:
    """Return a refusal's status and reason, seeing that the body has Google's form."""
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["message"]
    return answer.status_code, error["errors"][0]["reason"]


def ids_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json().get("items", [])]


def threads(api: SimpleNamespace, **params: object) -> httpx.Response:
    base = {"part": "id,snippet,replies", "allThreadsRelatedToChannelId": ME}
    answer: httpx.Response = api.http.get(THREADS, params=base | params)
    return answer


def follow(api: SimpleNamespace, path: str, **params: object) -> list[str]:
    """Read a whole listing by its page tokens, and return the ids in the order they came."""
    found: list[str] = []
    query = dict(params)
    while True:
        answer = api.http.get(path, params=query)
        found += ids_of(answer)
        if "nextPageToken" not in answer.json():
            return found
        query["pageToken"] = answer.json()["nextPageToken"]


# ---- who may ask ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["wrong", "old-token", "refresh", "api-key"])
def test_a_token_that_is_unknown_expired_or_of_another_kind_is_an_auth_error(api: SimpleNamespace, token: str) -> None:
    answer = api.http.get(CHANNELS, params={"part": "id", "mine": "true"}, headers=bearer(token))

    assert reason(answer) == (401, "authError")
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"


def test_nobody_at_all_is_refused(api: SimpleNamespace) -> None:
    answer = api.plain.get(f"{api.url}{CHANNELS}", params={"part": "id", "id": ME})

    assert reason(answer) == (403, "forbidden")


def test_a_wrong_api_key_is_a_bad_request(api: SimpleNamespace) -> None:
    answer = api.plain.get(f"{api.url}{CHANNELS}", params={"part": "id", "id": ME, "key": "wrong"})

    assert reason(answer) == (400, "badRequest")


def test_an_api_key_reads_public_comments_and_nothing_of_the_owners(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    shown = api.write.comment(video, "hej", at=START)
    query = {"part": "snippet", "allThreadsRelatedToChannelId": ME, "key": "api-key"}

    public = api.plain.get(f"{api.url}{THREADS}", params=query)
    held = api.plain.get(f"{api.url}{THREADS}", params=query | {"moderationStatus": "heldForReview"})
    mine = api.plain.get(f"{api.url}{CHANNELS}", params={"part": "id", "mine": "true", "key": "api-key"})
    write = api.plain.delete(f"{api.url}{COMMENTS}", params={"id": shown.id, "key": "api-key"})

    assert ids_of(public) == [shown.id]
    assert "moderationStatus" not in public.json()["items"][0]["snippet"]["topLevelComment"]["snippet"]
    assert reason(held) == (403, "forbidden")
    assert reason(mine) == (401, "authorizationRequired")
    assert reason(write) == (401, "authorizationRequired")


def test_a_token_for_reading_sees_the_channel_but_no_comments(api: SimpleNamespace) -> None:
    channel = api.http.get(CHANNELS, params={"part": "id", "mine": "true"}, headers=bearer("read-token"))
    query = {"part": "id", "allThreadsRelatedToChannelId": ME}

    assert ids_of(channel) == [ME]
    assert reason(api.http.get(THREADS, params=query, headers=bearer("read-token"))) == (403, "insufficientPermissions")


def test_a_token_may_come_as_a_parameter(api: SimpleNamespace) -> None:
    answer = api.plain.get(f"{api.url}{CHANNELS}", params={"part": "id", "mine": "true", "access_token": "owner-token"})

    assert ids_of(answer) == [ME]


def test_an_unknown_path_is_not_found(api: SimpleNamespace) -> None:
    assert api.http.get("youtube/v3/search", params={"part": "id"}).status_code == 404
    assert api.http.post(CHANNELS).status_code == 404


# ---- refused parameters --------------------------------------------------------------------------------------------

ID = {"part": "id", "id": "x"}
PLAYLIST = {"part": "id", "playlistId": UPLOADS}
ALL = {"part": "id", "allThreadsRelatedToChannelId": ME}
REFUSED = [
    ("a parameter YouTube does not know", THREADS, ALL | {"publishedAfter": "2026-01-01T00:00:00Z"}, "badRequest"),
    ("a status among comments", COMMENTS, ID | {"moderationStatus": "published"}, "badRequest"),
    ("no part", THREADS, {"videoId": "x"}, "missingRequiredParameter"),
    ("an empty part", THREADS, ALL | {"part": ""}, "missingRequiredParameter"),
    ("a part that does not exist", THREADS, ALL | {"part": "id,comments"}, "unknownPart"),
    ("a part of another resource", COMMENTS, {"part": "replies", "id": "x"}, "unknownPart"),
    ("no filter", THREADS, {"part": "id"}, "missingRequiredParameter"),
    ("no filter for channels", CHANNELS, {"part": "id"}, "missingRequiredParameter"),
    ("a filter that is switched off", CHANNELS, {"part": "id", "mine": "false"}, "missingRequiredParameter"),
    ("a video alone for playlist items", UPLOADED, {"part": "id", "videoId": "x"}, "missingRequiredParameter"),
    ("two filters", THREADS, ALL | {"videoId": "x"}, "incompatibleParameters"),
    ("two filters for comments", COMMENTS, {"part": "id", "id": "x", "parentId": "y"}, "incompatibleParameters"),
    ("mine and an id", CHANNELS, {"part": "id", "id": ME, "mine": "true"}, "incompatibleParameters"),
    ("a status with an id", THREADS, ID | {"moderationStatus": "published"}, "incompatibleParameters"),
    ("terms with an id", THREADS, ID | {"searchTerms": "a"}, "incompatibleParameters"),
    ("no results", THREADS, ALL | {"maxResults": "0"}, "invalidParameter"),
    ("too many threads", THREADS, ALL | {"maxResults": "101"}, "invalidParameter"),
    ("too many playlist items", UPLOADED, PLAYLIST | {"maxResults": "51"}, "invalidParameter"),
    ("a number that is none", THREADS, ALL | {"maxResults": "many"}, "badRequest"),
    ("an unknown status", THREADS, ALL | {"moderationStatus": "held"}, "badRequest"),
    ("an unknown order", THREADS, ALL | {"order": "date"}, "badRequest"),
    ("an unknown format", THREADS, ALL | {"textFormat": "text"}, "badRequest"),
    ("a boolean that is none", CHANNELS, {"part": "id", "mine": "1"}, "badRequest"),
    ("too many ids", VIDEOS, {"part": "id", "id": ",".join("abc" for _ in range(51))}, "invalidFilters"),
    ("an empty id", COMMENTS, {"part": "id", "id": "a,,b"}, "invalidFilters"),
    ("a token that was never given", THREADS, ALL | {"pageToken": "QUFB"}, "invalidPageToken"),
    ("a token that is no base64", THREADS, ALL | {"pageToken": "å"}, "invalidPageToken"),
    ("another format than JSON", THREADS, ALL | {"alt": "proto"}, "badRequest"),
    ("fields that are no selector", THREADS, ALL | {"fields": "items(id"}, "invalidParameter"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "params", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_youtube_refuses_is_refused_with_its_reason(
    api: SimpleNamespace, path: str, params: dict[str, str], why: str
) -> None:
    assert reason(api.http.get(path, params=params)) == (400, why)


GONE = [
    ("an unknown channel", THREADS, {"part": "id", "allThreadsRelatedToChannelId": CITIZEN}, "channelNotFound"),
    ("an unknown video", THREADS, {"part": "id", "videoId": "x"}, "videoNotFound"),
    ("an unknown thread", THREADS, {"part": "id", "id": "x"}, "commentThreadNotFound"),
    ("an unknown parent", COMMENTS, {"part": "id", "parentId": "x"}, "commentNotFound"),
    ("an unknown playlist", UPLOADED, {"part": "id", "playlistId": "UUx"}, "playlistNotFound"),
]


@pytest.mark.parametrize(("path", "params", "why"), [row[1:] for row in GONE], ids=[row[0] for row in GONE])
def test_what_is_not_there_is_a_404_with_its_reason(
    api: SimpleNamespace, path: str, params: dict[str, str], why: str
) -> None:
    assert reason(api.http.get(path, params=params)) == (404, why)


def test_a_filter_the_sandbox_does_not_serve_is_no_empty_list(api: SimpleNamespace) -> None:
    assert api.http.get(VIDEOS, params={"part": "id", "chart": "mostPopular"}).status_code == 501


# ---- channels and videos -------------------------------------------------------------------------------------------


def test_a_channel_shows_only_the_parts_asked_for(api: SimpleNamespace) -> None:
    answer = api.http.get(CHANNELS, params={"part": "snippet,contentDetails", "mine": "true"})

    item = answer.json()["items"][0]
    assert set(item) == {"kind", "etag", "id", "snippet", "contentDetails"}
    assert item["snippet"]["description"] == "Vi svarar vardagar."
    assert item["contentDetails"]["relatedPlaylists"]["uploads"] == UPLOADS


def test_channels_are_found_by_id_and_handle_and_none_has_no_items(api: SimpleNamespace) -> None:
    assert ids_of(api.http.get(CHANNELS, params={"part": "id", "id": f"{ME},{CITIZEN}"})) == [ME]
    assert ids_of(api.http.get(CHANNELS, params={"part": "id", "forHandle": "@Exempelkommun"})) == [ME]
    assert "items" not in api.http.get(CHANNELS, params={"part": "id", "id": CITIZEN}).json()


def test_parts_may_be_repeated(api: SimpleNamespace) -> None:
    item = api.http.get(f"{CHANNELS}?part=id&part=snippet&mine=true").json()["items"][0]

    assert "snippet" in item


def test_uploads_come_newest_first_and_private_ones_for_the_owner_alone(api: SimpleNamespace) -> None:
    old = api.write.video("Äldre", at=START - timedelta(days=2))
    new = api.write.video("Nyare", at=START - timedelta(days=1), extra={"privacy": "private"})
    query = {"part": "contentDetails,snippet", "playlistId": UPLOADS}

    own = api.http.get(UPLOADED, params=query).json()["items"]
    public = api.plain.get(f"{api.url}{UPLOADED}", params=query | {"key": "api-key"}).json()["items"]

    assert [item["contentDetails"]["videoId"] for item in own] == [new.id, old.id]
    assert "videoPublishedAt" not in own[0]["contentDetails"]
    assert own[1]["contentDetails"]["videoPublishedAt"] == "2026-10-31T08:00:00Z"
    assert [item["snippet"]["title"] for item in public] == ["Äldre"]


def test_a_video_counts_its_published_comments(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    top = api.write.comment(video, "a", at=START)
    api.write.reply(top, "b", at=START)
    api.write.comment(video, "c", at=START, moderation=Moderation.HELD)

    answer = api.http.get(VIDEOS, params={"part": "statistics", "id": video.id})

    assert answer.json()["items"][0]["statistics"]["commentCount"] == "2"
    assert ids_of(api.http.get(VIDEOS, params={"part": "id", "id": "nothing"})) == []


# ---- threads -------------------------------------------------------------------------------------------------------


def test_a_thread_has_its_first_comment_its_replies_and_their_true_number(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    top = api.write.comment(video, "när?", at=START)

    item = threads(api, textFormat="plainText").json()["items"][0]

    assert item["snippet"] == {
        "channelId": ME,
        "videoId": video.id,
        "canReply": True,
        "isPublic": True,
        "totalReplyCount": 0,
        "topLevelComment": item["snippet"]["topLevelComment"],
    }
    assert "replies" not in item
    assert item["snippet"]["topLevelComment"]["id"] == item["id"] == top.id
    comment = item["snippet"]["topLevelComment"]["snippet"]
    assert comment["textDisplay"] == "när?"
    assert comment["authorDisplayName"] == "@medborgare"
    assert comment["authorChannelId"] == {"value": CITIZEN}
    assert comment["publishedAt"] == comment["updatedAt"] == "2026-11-02T08:00:00Z"
    assert comment["moderationStatus"] == "published"
    assert "textOriginal" not in comment
    assert "parentId" not in comment


def test_only_the_parts_asked_for_are_there(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "när?", at=START)
    api.write.reply(top, "nu", at=START)

    assert set(threads(api, part="id").json()["items"][0]) == {"kind", "etag", "id"}
    assert "replies" not in threads(api, part="snippet").json()["items"][0]


def test_at_most_five_replies_come_with_a_thread_but_the_count_is_true(api: SimpleNamespace) -> None:
    video = api.write.video(at=START - timedelta(days=1))
    for number in range(20):
        top = api.write.comment(video, f"fråga {number}", at=START - timedelta(hours=2, minutes=number))
        for minute in range(7):
            api.write.reply(top, "svar", at=START - timedelta(minutes=minute))

    items = threads(api).json()["items"]

    counts = {len(item.get("replies", {}).get("comments", [])) for item in items}
    assert {item["snippet"]["totalReplyCount"] for item in items} == {7}
    assert max(counts) == 5
    assert min(counts) < 5, "in some threads fewer come than could"


def test_a_new_reply_does_not_bring_an_old_thread_to_the_top(api: SimpleNamespace) -> None:
    video = api.write.video(at=START - timedelta(days=9))
    old = api.write.comment(video, "gammal", at=START - timedelta(days=8))
    new = api.write.comment(video, "ny", at=START - timedelta(days=1))
    api.write.reply(old, "svar", at=START)

    assert ids_of(threads(api)) == [new.id, old.id]
    assert ids_of(threads(api, order="relevance")) == [old.id, new.id]


def test_text_is_html_unless_plain_text_is_asked_for(api: SimpleNamespace) -> None:
    words = '<b>nej</b> & "ja"\nse https://example.org/?a=1&b=2'
    api.write.comment(api.write.video(at=START), words, at=START)

    def text(**params: str) -> str:
        item = threads(api, **params).json()["items"][0]
        return str(item["snippet"]["topLevelComment"]["snippet"]["textDisplay"])

    link = "https://example.org/?a=1&amp;b=2"
    assert text() == f'&lt;b&gt;nej&lt;/b&gt; &amp; &quot;ja&quot;<br>se <a href="{link}">{link}</a>'
    assert text(textFormat="plainText") == words


def test_an_edit_shows_in_updated_at(api: SimpleNamespace) -> None:
    edit = (START + timedelta(minutes=5), "ändrad")
    api.write.comment(api.write.video(at=START), "först", at=START, edits=(edit,))
    api.clock.advance(timedelta(hours=1))

    comment = threads(api, textFormat="plainText").json()["items"][0]["snippet"]["topLevelComment"]["snippet"]

    assert comment["textDisplay"] == "ändrad"
    assert (comment["publishedAt"], comment["updatedAt"]) == ("2026-11-02T08:00:00Z", "2026-11-02T08:05:00Z")


def test_the_author_of_a_deleted_account_is_missing(api: SimpleNamespace) -> None:
    api.write.comment(api.write.video(at=START), "hej", at=START, is_author_private=True)

    assert "authorChannelId" not in threads(api).json()["items"][0]["snippet"]["topLevelComment"]["snippet"]


def test_held_and_spam_are_listed_apart_and_for_the_owner_alone(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    shown = api.write.comment(video, "hej", at=START)
    held = api.write.comment(video, "hm", at=START, moderation=Moderation.HELD)
    spam = api.write.comment(video, "köp", at=START, moderation=Moderation.SPAM)
    api.write.comment(video, "nej", at=START, moderation=Moderation.REJECTED)
    api.world.put_account(account("other-yt", ids.youtube_channel("other"), "other-"))

    def listed(status: str) -> list[str]:
        return ids_of(threads(api, moderationStatus=status))

    stranger = api.http.get(
        THREADS, params=ALL | {"moderationStatus": "heldForReview"}, headers=bearer("other-owner-token")
    )
    assert ids_of(threads(api)) == listed("published") == [shown.id]
    assert listed("heldForReview") == [held.id]
    assert listed("likelySpam") == [spam.id]
    assert listed("rejected") == []
    assert reason(stranger) == (403, "forbidden")


def test_a_thread_with_a_held_reply_is_in_both_listings(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START)
    api.write.reply(top, "synlig", at=START)
    api.write.reply(top, "hållen", at=START, moderation=Moderation.HELD)

    published = threads(api).json()["items"]
    held = threads(api, moderationStatus="heldForReview").json()["items"]

    assert [item["id"] for item in published] == [item["id"] for item in held] == [top.id]
    assert (published[0]["snippet"]["totalReplyCount"], held[0]["snippet"]["totalReplyCount"]) == (1, 2)


def test_a_comment_hidden_by_the_channel_waits_for_review(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START)
    api.world.hide(top)

    assert ids_of(threads(api)) == []
    assert ids_of(threads(api, moderationStatus="heldForReview")) == [top.id]


def test_comments_on_one_video_and_on_the_channel_itself(api: SimpleNamespace) -> None:
    first, second = api.write.video(at=START), api.write.video(at=START)
    a = api.write.comment(first, "a", at=START - timedelta(hours=3))
    b = api.write.comment(second, "b", at=START - timedelta(hours=2))
    c = api.write.comment(None, "c", at=START - timedelta(hours=1))

    assert ids_of(threads(api)) == [c.id, b.id, a.id]
    assert ids_of(api.http.get(THREADS, params={"part": "id", "videoId": first.id})) == [a.id]
    assert ids_of(api.http.get(THREADS, params={"part": "id", "channelId": ME})) == [c.id]


def test_a_video_with_comments_off_or_private_or_deleted_says_so(api: SimpleNamespace) -> None:
    off = api.write.video(at=START, extra={"comments": "off"})
    private = api.write.video(at=START, extra={"privacy": "private"})
    gone = api.write.video(at=START)
    api.write.comment(gone, "hej", at=START)
    api.world.delete(gone)

    def asked(video: WorldItem, **more: str) -> tuple[int, str]:
        return reason(
            api.plain.get(f"{api.url}{THREADS}", params={"part": "id", "videoId": video.id, "key": "api-key"})
        )

    assert asked(off) == (403, "commentsDisabled")
    assert asked(private) == (403, "forbidden")
    assert asked(gone) == (404, "videoNotFound")
    assert ids_of(threads(api)) == []


def test_threads_by_id_do_not_tell_their_status(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START)

    answer = api.http.get(THREADS, params={"part": "snippet", "id": f"{top.id},nothing"})

    assert ids_of(answer) == [top.id]
    assert "moderationStatus" not in answer.json()["items"][0]["snippet"]["topLevelComment"]["snippet"]


def test_terms_narrow_a_listing(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    api.write.comment(video, "fin film", at=START)
    pool = api.write.comment(video, "när öppnar Simhallen", at=START)

    assert ids_of(threads(api, searchTerms="simhallen")) == [pool.id]


def test_a_selector_narrows_the_answer(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START)

    narrow = threads(api, fields="items(id,snippet/totalReplyCount),nextPageToken").json()

    assert narrow == {"items": [{"id": top.id, "snippet": {"totalReplyCount": 0}}]}


# ---- replies -------------------------------------------------------------------------------------------------------


def test_replies_come_newest_first_with_their_thread_named(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START - timedelta(hours=3))
    first = api.write.reply(top, "a", at=START - timedelta(hours=2))
    second = api.write.reply(top, "b", at=START - timedelta(hours=1))
    api.write.reply(top, "c", at=START, moderation=Moderation.HELD)

    answer = api.http.get(COMMENTS, params={"part": "id,snippet", "parentId": top.id, "textFormat": "plainText"})

    assert ids_of(answer) == [second.id, first.id]
    assert all(item["id"].startswith(f"{top.id}.") for item in answer.json()["items"])
    assert {item["snippet"]["parentId"] for item in answer.json()["items"]} == {top.id}
    assert answer.json()["pageInfo"] == {"resultsPerPage": 20}


def test_deleted_comments_are_simply_missing(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    kept, gone = (api.write.comment(video, text, at=START) for text in "ab")
    reply = api.write.reply(gone, "c", at=START)
    api.world.delete(gone)

    answer = api.http.get(COMMENTS, params={"part": "id", "id": f"{kept.id},{gone.id},{reply.id}"})

    assert ids_of(answer) == [kept.id]


def test_a_held_comment_is_found_by_its_owner_alone(api: SimpleNamespace) -> None:
    held = api.write.comment(api.write.video(at=START), "hm", at=START, moderation=Moderation.HELD)
    public = api.plain.get(f"{api.url}{COMMENTS}", params={"part": "id", "id": held.id, "key": "api-key"})

    assert ids_of(api.http.get(COMMENTS, params={"part": "id", "id": held.id})) == [held.id]
    assert ids_of(public) == []


# ---- paging --------------------------------------------------------------------------------------------------------


def test_a_page_filled_to_the_brim_has_no_token_for_an_empty_one(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    for _ in range(4):
        api.write.comment(video, "hej", at=START)

    assert "nextPageToken" not in threads(api, maxResults=4).json()
    assert "nextPageToken" in threads(api, maxResults=3).json()


def test_a_token_of_one_listing_is_refused_by_another(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    for _ in range(2):
        api.write.comment(video, "hej", at=START)
    token = threads(api, maxResults=1).json()["nextPageToken"]

    assert reason(threads(api, pageToken=token, moderationStatus="heldForReview")) == (400, "invalidPageToken")


def test_what_is_new_between_two_pages_moves_nothing(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    old = [api.write.comment(video, "hej", at=START - timedelta(minutes=n)) for n in range(3)]
    first = threads(api, maxResults=2).json()
    api.write.comment(video, "ny", at=START)

    rest = threads(api, maxResults=2, pageToken=first["nextPageToken"])

    assert ids_of(rest) == [min(old, key=lambda item: item.published_at).id]


def test_uploads_are_paged(api: SimpleNamespace) -> None:
    videos = [api.write.video(at=START - timedelta(hours=n)) for n in range(12)]

    listed = follow(api, UPLOADED, part="id", playlistId=UPLOADS)

    assert len(listed) == len(set(listed)) == len(videos)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    comments=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 4), st.booleans()), max_size=40),
    size=st.integers(1, 100),
    hours=st.integers(0, 9),
)
def test_following_the_tokens_gives_exactly_what_is_there_at_that_time(
    api: SimpleNamespace, comments: list[tuple[int, int, bool]], size: int, hours: int
) -> None:
    world = World(SimulatedClock(START + timedelta(hours=hours)), [account()])
    api.served.app = youtube.create_app(world, Faults())
    write = Writer(world)
    video = write.video(at=START)
    for minute, replies, is_deleted in comments:
        at = START + timedelta(minutes=minute)
        gone = START + timedelta(hours=5) if is_deleted else None
        top = write.comment(video, "hej", at=at, deleted_at=gone)
        for number in range(replies):
            write.reply(top, "svar", at=at + timedelta(minutes=number), deleted_at=gone)

    found = follow(api, THREADS, part="id", allThreadsRelatedToChannelId=ME, maxResults=size)
    under = [reply for top in found for reply in follow(api, COMMENTS, part="id", parentId=top, maxResults=size)]

    there = world.visible("kommun-yt", Kind.COMMENT)
    assert found == [item.id for item in reversed(there) if is_top_level(item)]
    assert sorted(under) == sorted(item.id for item in there if not is_top_level(item))


@given(st.text(min_size=1, max_size=30), st.integers(0, 12))
def test_embedded_replies_are_the_first_few_and_always_the_same(thread_id: str, count: int) -> None:
    top = WorldItem(
        id=thread_id, account="a", kind=Kind.COMMENT, author_id="c", author_name="c", text="", published_at=START
    )
    replies = [replace(top, id=f"{thread_id}.{number}") for number in range(count)]

    inside = embedded(thread_id, replies)

    assert inside == replies[: len(inside)]
    assert len(inside) <= 5


# ---- writes --------------------------------------------------------------------------------------------------------


def test_an_answer_stands_in_the_thread_as_the_channels_own(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "när?", at=START - timedelta(hours=1))

    body = {"snippet": {"parentId": top.id, "textOriginal": "I morgon."}}
    answer = api.http.post(COMMENTS, params={"part": "snippet"}, json=body)

    written = api.world.find(answer.json()["id"])
    assert answer.status_code == 200
    assert answer.json()["snippet"]["textOriginal"] == "I morgon."
    assert answer.json()["snippet"]["authorChannelId"] == {"value": ME}
    assert written.by_account
    assert ids_of(api.http.get(COMMENTS, params={"part": "id", "parentId": top.id})) == [written.id]


WRONG_ANSWERS = [
    ("no text", {"snippet": {"parentId": "TOP"}}, (400, "commentTextRequired")),
    ("blank text", {"snippet": {"parentId": "TOP", "textOriginal": " "}}, (400, "commentTextRequired")),
    ("too much text", {"snippet": {"parentId": "TOP", "textOriginal": "a" * 10_001}}, (400, "commentTextTooLong")),
    ("no parent", {"snippet": {"textOriginal": "a"}}, (400, "parentIdMissing")),
    ("an unknown parent", {"snippet": {"textOriginal": "a", "parentId": "x"}}, (404, "parentCommentNotFound")),
    ("a name nobody knows", {"snippet": {"textOriginal": "a", "parentId": "TOP", "to": "x"}}, (400, "badRequest")),
    ("no snippet", {"text": "a"}, (400, "badRequest")),
    ("no object", [], (400, "parseError")),
]


@pytest.mark.parametrize(("body", "why"), [row[1:] for row in WRONG_ANSWERS], ids=[row[0] for row in WRONG_ANSWERS])
def test_a_wrong_answer_is_refused(api: SimpleNamespace, body: object, why: tuple[int, str]) -> None:
    top = api.write.comment(api.write.video(at=START), "när?", at=START)
    if isinstance(body, dict) and body.get("snippet", {}).get("parentId") == "TOP":
        body = {"snippet": body["snippet"] | {"parentId": top.id}}

    assert reason(api.http.post(COMMENTS, params={"part": "snippet"}, json=body)) == why


def test_own_words_can_be_changed_and_taken_back_and_nobody_elses(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "när?", at=START)
    own = api.write.reply(top, "i går", at=START, author_id=ME, by_account=True)

    def change(item: WorldItem) -> httpx.Response:
        body = {"id": item.id, "snippet": {"textOriginal": "i morgon"}}
        answer: httpx.Response = api.http.put(COMMENTS, params={"part": "snippet"}, json=body)
        return answer

    assert change(own).json()["snippet"]["textOriginal"] == "i morgon"
    assert reason(change(top)) == (403, "forbidden")
    assert reason(api.http.delete(COMMENTS, params={"id": top.id})) == (403, "forbidden")
    assert api.http.delete(COMMENTS, params={"id": own.id}).status_code == 204
    assert reason(api.http.delete(COMMENTS, params={"id": own.id})) == (404, "commentNotFound")
    assert api.world.find(top.id).text_at(START) == "när?"


def test_a_comment_is_held_released_and_rejected(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "köp", at=START)

    def moderate(status: str) -> tuple[int, bytes, list[str], list[str]]:
        answer = api.http.post(MODERATE, params={"id": top.id, "moderationStatus": status})
        held = ids_of(threads(api, moderationStatus="heldForReview"))
        return answer.status_code, answer.content, ids_of(threads(api)), held

    assert moderate("heldForReview") == (204, b"", [], [top.id])
    assert moderate("published") == (204, b"", [top.id], [])
    assert moderate("rejected") == (204, b"", [], [])


WRONG_MODERATION = [
    ("no id", {"moderationStatus": "published"}, (400, "missingRequiredParameter")),
    ("no status", {"id": "TOP"}, (400, "missingRequiredParameter")),
    ("a part", {"id": "TOP", "moderationStatus": "published", "part": "id"}, (400, "badRequest")),
    ("an unknown comment", {"id": "TOP,x", "moderationStatus": "rejected"}, (404, "commentNotFound")),
    ("likely spam", {"id": "TOP", "moderationStatus": "likelySpam"}, (400, "operationNotSupported")),
    ("a ban alone", {"id": "TOP", "moderationStatus": "heldForReview", "banAuthor": "true"}, (403, "banWithoutReject")),
]


@pytest.mark.parametrize(
    ("params", "why"), [row[1:] for row in WRONG_MODERATION], ids=[row[0] for row in WRONG_MODERATION]
)
def test_wrong_moderation_is_refused_and_changes_nothing(
    api: SimpleNamespace, params: dict[str, str], why: tuple[int, str]
) -> None:
    top = api.write.comment(api.write.video(at=START), "köp", at=START)
    query = {name: value.replace("TOP", top.id) for name, value in params.items()}

    assert reason(api.http.post(MODERATE, params=query)) == why
    assert ids_of(threads(api)) == [top.id]


def test_another_channel_cannot_moderate(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "köp", at=START)
    api.world.put_account(account("other-yt", ids.youtube_channel("other"), "other-"))

    query = {"id": top.id, "moderationStatus": "rejected"}

    assert reason(api.http.post(MODERATE, params=query, headers=bearer("other-owner-token"))) == (403, "forbidden")


# ---- quota ---------------------------------------------------------------------------------------------------------


def test_each_request_costs_its_units_also_a_refused_one(api: SimpleNamespace) -> None:
    app = api.served.app
    threads(api)
    threads(api, maxResults=0)
    api.http.delete(COMMENTS, params={"id": "x"})
    api.http.get(THREADS, params=ALL, headers=bearer("wrong"))

    assert app.quota.used("", START) == 52


def test_a_spent_project_is_refused_until_midnight_in_california(api: SimpleNamespace) -> None:
    api.served.app = youtube.create_app(api.world, api.faults, daily_quota=60)
    comment = {"snippet": {"parentId": "x", "textOriginal": "a"}}
    api.http.post(COMMENTS, params={"part": "snippet"}, json=comment)

    too_dear = api.http.post(COMMENTS, params={"part": "snippet"}, json=comment)
    cheap = [threads(api) for _ in range(11)]
    api.clock.move_to(datetime(2026, 11, 3, 7, 59, tzinfo=UTC))
    before = threads(api)
    api.clock.move_to(datetime(2026, 11, 3, 8, 0, tzinfo=UTC))
    after = threads(api)

    assert reason(too_dear) == (403, "quotaExceeded")
    assert [answer.status_code for answer in cheap] == [200] * 10 + [403]
    assert reason(before) == (403, "quotaExceeded")
    assert after.status_code == 200


def test_projects_have_quotas_of_their_own(api: SimpleNamespace) -> None:
    api.served.app = youtube.create_app(api.world, api.faults, daily_quota=1)
    other = account("other-yt", ids.youtube_channel("other"), "other-")
    api.world.put_account(replace(other, extra={"project": "second"}))
    threads(api)

    assert reason(threads(api)) == (403, "quotaExceeded")
    assert api.http.get(THREADS, params=ALL, headers=bearer("other-owner-token")).status_code == 200


# ---- renewal and faults --------------------------------------------------------------------------------------------


def renew(api: SimpleNamespace, **more: str) -> httpx.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "refresh",
        "client_id": "client-1",
        "client_secret": "client-secret",
    }
    answer: httpx.Response = api.plain.post(f"{api.url}token", data=form | more)
    return answer


def test_a_refresh_token_stays_and_its_access_tokens_live_an_hour(api: SimpleNamespace) -> None:
    first = renew(api).json()["access_token"]
    api.clock.advance(timedelta(hours=1))
    second = renew(api).json()

    assert second["token_type"] == "Bearer"
    assert api.http.get(THREADS, params=ALL, headers=bearer(first)).status_code == 401
    assert api.http.get(THREADS, params=ALL, headers=bearer(second["access_token"])).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"refresh_token": "other"}, 400, "invalid_grant"),
        ({"refresh_token": "owner-token"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"client_secret": "other"}, 401, "invalid_client"),
    ],
)
def test_a_wrong_renewal_is_refused(api: SimpleNamespace, wrong: dict[str, str], status: int, error: str) -> None:
    answer = renew(api, **wrong)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN])
def test_a_consent_that_is_gone_ends_both_tokens(api: SimpleNamespace, kind: FaultKind) -> None:
    api.faults.add(Fault(kind=kind, platform="youtube", account="kommun-yt"))

    assert reason(threads(api)) == (401, "authError")
    assert renew(api).json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (FaultKind.MISSING_PERMISSION, (403, "insufficientPermissions")),
        (FaultKind.QUOTA, (403, "quotaExceeded")),
        (FaultKind.RATE_LIMIT, (403, "rateLimitExceeded")),
    ],
)
def test_a_fault_of_one_account_is_told_in_youtubes_words_while_it_lasts(
    api: SimpleNamespace, kind: FaultKind, why: tuple[int, str]
) -> None:
    over = START + timedelta(minutes=5)
    api.faults.add(Fault(kind=kind, platform="youtube", account="kommun-yt", path="commentThreads", to_at=over))

    during = threads(api)
    elsewhere = api.http.get(CHANNELS, params={"part": "id", "mine": "true"})
    api.clock.move_to(over)

    assert reason(during) == why
    assert elsewhere.status_code == 200
    assert threads(api).status_code == 200


def test_trouble_on_the_road_strikes_one_account(api: SimpleNamespace) -> None:
    api.world.put_account(account("other-yt", ids.youtube_channel("other"), "other-"))
    api.faults.add(Fault(kind=FaultKind.OUTAGE, platform="youtube", account="other-yt"))

    struck = api.http.get(CHANNELS, params={"part": "id", "mine": "true"}, headers=bearer("other-owner-token"))

    assert struck.status_code == 503
    assert threads(api).status_code == 200


def test_a_listing_can_be_emptied_or_hold_one_broken_item(api: SimpleNamespace) -> None:
    video = api.write.video(at=START)
    for _ in range(3):
        api.write.comment(video, "hej", at=START)

    api.faults.add(Fault(kind=FaultKind.MALFORMED_ITEM, platform="youtube", account="kommun-yt"))
    spoilt = threads(api).json()["items"]
    api.faults.clear()
    api.faults.add(Fault(kind=FaultKind.EMPTY_LIST, platform="youtube", account="kommun-yt"))
    empty = threads(api, maxResults=2).json()

    assert [bool(item["snippet"]) for item in spoilt] == [False, True, True]
    assert empty["items"] == []
    assert "nextPageToken" not in empty


# ---- the field's own client ----------------------------------------------------------------------------------------


def google(api: SimpleNamespace, **more: str):  # type: ignore[no-untyped-def]  # the client ships no types
    consent = {"refresh_token": "refresh", "client_id": "client-1", "client_secret": "client-secret"} | more
    credentials = Credentials(token=None, token_uri=f"{api.url}token", **consent)  # type: ignore[no-untyped-call]  # ships half its types
    return build(
        "youtube",
        "v3",
        credentials=credentials,
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": api.url},
    )


def test_googles_client_renews_reads_pages_and_moderates_unchanged(api: SimpleNamespace) -> None:
    video = api.write.video(at=START - timedelta(days=1))
    tops = [api.write.comment(video, f"fråga {n} å", at=START - timedelta(minutes=n)) for n in range(7)]

    with google(api) as client:
        channel = client.channels().list(part="id,snippet,contentDetails", mine=True).execute()
        request = client.commentThreads().list(
            part="id,snippet,replies", allThreadsRelatedToChannelId=ME, maxResults=3, textFormat="plainText"
        )
        found = []
        while request is not None:
            answer = request.execute()
            found += [item["id"] for item in answer["items"]]
            request = client.commentThreads().list_next(request, answer)
        body = {"snippet": {"parentId": tops[0].id, "textOriginal": "Hej!"}}
        reply = client.comments().insert(part="snippet", body=body).execute()
        client.comments().setModerationStatus(id=tops[1].id, moderationStatus="heldForReview").execute()
        client.comments().delete(id=reply["id"]).execute()

    assert channel["items"][0]["contentDetails"]["relatedPlaylists"]["uploads"] == UPLOADS
    assert found == [top.id for top in tops]
    assert api.world.find(reply["id"]) is None
    assert ids_of(threads(api, moderationStatus="heldForReview")) == [tops[1].id]


def test_googles_client_asks_for_many_ids_by_post(api: SimpleNamespace) -> None:
    top = api.write.comment(api.write.video(at=START), "hej", at=START)
    replies = [api.write.reply(top, "svar", at=START) for _ in range(50)]

    with google(api) as client:
        answer = client.comments().list(part="id", id=",".join(reply.id for reply in replies)).execute()

    assert {item["id"] for item in answer["items"]} == {reply.id for reply in replies}


def test_googles_client_knows_the_refusals(api: SimpleNamespace) -> None:
    with google(api) as client, pytest.raises(HttpError) as refusal:
        client.commentThreads().list(part="id", videoId="nothing").execute()
    with google(api, refresh_token="revoked") as client, pytest.raises(RefreshError, match="invalid_grant"):
        client.channels().list(part="id", mine=True).execute()

    assert refusal.value.status_code == 404
    assert refusal.value.error_details[0]["reason"] == "videoNotFound"
